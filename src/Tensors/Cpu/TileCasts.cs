using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A value conversion of one element.</summary>
internal interface IConversion<TFrom, TTo> where TFrom : unmanaged where TTo : unmanaged
{
    static abstract TTo Apply(TFrom value);
}

/// <summary>Between numbers: floating to integer truncates and saturates, NaN gives 0; between integers the low bits are kept; to floating is rounded once.</summary>
internal readonly struct NumberConversion<TFrom, TTo> : IConversion<TFrom, TTo>
    where TFrom : unmanaged, INumber<TFrom> where TTo : unmanaged, INumber<TTo>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TTo Apply(TFrom value) =>
        typeof(TFrom) == typeof(float) || typeof(TFrom) == typeof(double) || typeof(TFrom) == typeof(Half) ? TTo.CreateSaturating(value) : TTo.CreateTruncating(value);
}

/// <summary>To bool: whether the value differs from 0 (NaN does).</summary>
internal readonly struct ToBool<TFrom> : IConversion<TFrom, byte> where TFrom : unmanaged, INumber<TFrom>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Apply(TFrom value) => value != TFrom.Zero ? (byte)1 : (byte)0;
}

internal readonly struct BrainToBool : IConversion<BFloat16, byte>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Apply(BFloat16 value) => (value.ToBits() & 0x7FFF) != 0 ? (byte)1 : (byte)0;
}

/// <summary>From bf16, exactly through f32.</summary>
internal readonly struct FromBrain<TTo> : IConversion<BFloat16, TTo> where TTo : unmanaged, INumber<TTo>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TTo Apply(BFloat16 value) => TTo.CreateSaturating((float)value);
}

/// <summary>To bf16, through f32.</summary>
internal readonly struct ToBrain<TFrom> : IConversion<TFrom, BFloat16> where TFrom : unmanaged, INumber<TFrom>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BFloat16 Apply(TFrom value) => (BFloat16)float.CreateTruncating(value);
}

/// <summary>Conversions between element types.</summary>
internal static unsafe partial class TileLoops
{
    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindCast(DType from, DType to)
    {
        if (from == to || (from == DType.Bool && to == DType.U8)) return Move(from.Size());
        return from switch
        {
            DType.F32 => FindCastFrom<float>(to),
            DType.F64 => FindCastFrom<double>(to),
            DType.I32 => FindCastFrom<int>(to),
            DType.I64 => FindCastFrom<long>(to),
            DType.F16 => FindCastFrom<Half>(to),
            DType.BF16 => FindCastFromBrain(to),
            _ => FindCastFrom<byte>(to),
        };
    }

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindCastFrom<T>(DType to) where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float) && to == DType.F64) return &WidenFloats;
        if (typeof(T) == typeof(double) && to == DType.F32) return &NarrowDoubles;
        if (typeof(T) == typeof(int) && to == DType.F32) return &IntegersToFloats;
        if (typeof(T) == typeof(byte) && to == DType.F32) return &BytesToFloats;
        if (typeof(T) == typeof(float) && to == DType.I32) return &FloatsToIntegers;
        if (typeof(T) == typeof(float) && to == DType.F16) return &FloatsToHalves;
        if (typeof(T) == typeof(Half) && to == DType.F32) return &HalvesToFloats;
        if (typeof(T) == typeof(float) && to == DType.BF16) return &FloatsToBrain;
        if (typeof(T) == typeof(long) && to == DType.I32) return &NarrowIntegers;
        if (typeof(T) == typeof(int) && to == DType.I64) return &WidenIntegers;
        return to switch
        {
            DType.F32 => &Convert<T, float, NumberConversion<T, float>>,
            DType.F64 => &Convert<T, double, NumberConversion<T, double>>,
            DType.I32 => &Convert<T, int, NumberConversion<T, int>>,
            DType.I64 => &Convert<T, long, NumberConversion<T, long>>,
            DType.U8 => &Convert<T, byte, NumberConversion<T, byte>>,
            DType.Bool => &Convert<T, byte, ToBool<T>>,
            DType.F16 => &Convert<T, Half, NumberConversion<T, Half>>,
            _ => &Convert<T, BFloat16, ToBrain<T>>,
        };
    }

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindCastFromBrain(DType to) => to switch
    {
        DType.F32 => &BrainToFloats,
        DType.F64 => &Convert<BFloat16, double, FromBrain<double>>,
        DType.I32 => &Convert<BFloat16, int, FromBrain<int>>,
        DType.I64 => &Convert<BFloat16, long, FromBrain<long>>,
        DType.U8 => &Convert<BFloat16, byte, FromBrain<byte>>,
        DType.Bool => &Convert<BFloat16, byte, BrainToBool>,
        _ => &Convert<BFloat16, Half, FromBrain<Half>>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convert<TFrom, TTo, TConversion>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where TFrom : unmanaged where TTo : unmanaged where TConversion : struct, IConversion<TFrom, TTo>
    {
        TTo* d = (TTo*)target;
        TFrom* a = (TFrom*)first;
        nint step = flags & 1;
        for (nint i = 0; i < count; i++) d[i] = TConversion.Apply(a[i * step]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenFloats(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        double* d = (double*)target;
        float* a = (float*)first;
        nint i = 0, step = flags & 1;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Load(a + (i * step)), out Vector<double> low, out Vector<double> high);
            Store(d + i, low);
            Store(d + i + Vector<double>.Count, high);
        }
        for (; i < count; i++) d[i] = a[i * step];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NarrowDoubles(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        float* d = (float*)target;
        double* a = (double*)first;
        nint i = 0, step = flags & 1;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            double* p = a + (i * step);
            Store(d + i, Vector.Narrow(Load(p), Load(p + Vector<double>.Count)));
        }
        for (; i < count; i++) d[i] = (float)a[i * step];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void IntegersToFloats(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        float* d = (float*)target;
        int* a = (int*)first;
        nint i = 0, step = flags & 1;
        for (; i <= count - Vector<int>.Count; i += Vector<int>.Count) Store(d + i, Vector.ConvertToSingle(Load(a + (i * step))));
        for (; i < count; i++) d[i] = a[i * step];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BytesToFloats(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        float* d = (float*)target;
        nint i = 0, step = flags & 1;
        int w = Vector<float>.Count;
        for (; i <= count - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector.Widen(Load(first + (i * step)), out Vector<ushort> low, out Vector<ushort> high);
            Vector.Widen(low, out Vector<uint> a, out Vector<uint> b);
            Vector.Widen(high, out Vector<uint> c, out Vector<uint> e);
            Store(d + i, Vector.ConvertToSingle(a.As<uint, int>()));
            Store(d + i + w, Vector.ConvertToSingle(b.As<uint, int>()));
            Store(d + i + (2 * w), Vector.ConvertToSingle(c.As<uint, int>()));
            Store(d + i + (3 * w), Vector.ConvertToSingle(e.As<uint, int>()));
        }
        for (; i < count; i++) d[i] = first[i * step];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BrainToFloats(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        uint* d = (uint*)target;
        ushort* a = (ushort*)first;
        nint i = 0, step = flags & 1;
        int w = Vector<uint>.Count;
        for (; i <= count - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(Load(a + (i * step)), out Vector<uint> low, out Vector<uint> high);
            Store(d + i, low << 16);
            Store(d + i + w, high << 16);
        }
        for (; i < count; i++) d[i] = (uint)a[i * step] << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FloatsToIntegers(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        int* d = (int*)target;
        float* a = (float*)first;
        nint i = 0, step = flags & 1;
        // Both forms saturate and give 0 for NaN.
        for (; i <= count - Vector<int>.Count; i += Vector<int>.Count) Store(d + i, Vector.ConvertToInt32(Load(a + (i * step))));
        for (; i < count; i++) d[i] = int.CreateSaturating(a[i * step]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NarrowIntegers(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        int* d = (int*)target;
        long* a = (long*)first;
        nint i = 0, step = flags & 1;
        for (; i <= count - Vector<int>.Count; i += Vector<int>.Count)
        {
            long* p = a + (i * step);
            Store(d + i, Vector.Narrow(Load(p), Load(p + Vector<long>.Count)));
        }
        for (; i < count; i++) d[i] = unchecked((int)a[i * step]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenIntegers(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        long* d = (long*)target;
        int* a = (int*)first;
        nint i = 0, step = flags & 1;
        for (; i <= count - Vector<int>.Count; i += Vector<int>.Count)
        {
            Vector.Widen(Load(a + (i * step)), out Vector<long> low, out Vector<long> high);
            Store(d + i, low);
            Store(d + i + Vector<long>.Count, high);
        }
        for (; i < count; i++) d[i] = a[i * step];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FloatsToBrain(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        ushort* d = (ushort*)target;
        float* a = (float*)first;
        nint i = 0, step = flags & 1;
        for (; i <= count - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            float* p = a + (i * step);
            Store(d + i, Vector.Narrow(RoundToBrain(Load(p)), RoundToBrain(Load(p + Vector<float>.Count))));
        }
        for (; i < count; i++) d[i] = ((BFloat16)a[i * step]).ToBits();
    }

    /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> RoundToBrain(Vector<float> value)
    {
        Vector<uint> bits = value.As<float, uint>(), upper = bits >>> 16;
        Vector<uint> rounded = (bits + new Vector<uint>(0x7FFF) + (upper & Vector<uint>.One)) >>> 16;
        return Vector.ConditionalSelect(Vector.Equals(value, value).As<int, uint>(), rounded, upper | new Vector<uint>(0x40));
    }

    private static void FloatsToHalves(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        if ((flags & 1) != 0) TensorPrimitives.ConvertToHalf(new ReadOnlySpan<float>(first, (int)count), new Span<Half>(target, (int)count));
        else new Span<Half>(target, (int)count).Fill((Half)(*(float*)first));
    }

    private static void HalvesToFloats(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        if ((flags & 1) != 0) TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(first, (int)count), new Span<float>(target, (int)count));
        else new Span<float>(target, (int)count).Fill((float)(*(Half*)first));
    }
}
