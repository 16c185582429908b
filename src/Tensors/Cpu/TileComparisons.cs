using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A comparison: all bits of an element set where it holds.</summary>
internal interface IComparisonLeaf<T> where T : unmanaged
{
    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b);

    static abstract bool Apply(T a, T b);
}

internal readonly struct EqualLeaf<T> : IComparisonLeaf<T> where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Apply(T a, T b) => a == b;
}

internal readonly struct LessLeaf<T> : IComparisonLeaf<T> where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Apply(T a, T b) => a < b;
}

internal readonly struct LessEqualLeaf<T> : IComparisonLeaf<T> where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.LessThanOrEqual(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Apply(T a, T b) => a <= b;
}

/// <summary>Comparisons, which write bytes of 0 and 1, and selections, which read them.</summary>
internal static unsafe partial class TileLoops
{
    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindComparison(ExprOp op, DType operand) => operand switch
    {
        DType.F32 => FindComparison<float>(op),
        DType.F64 => FindComparison<double>(op),
        DType.I32 => FindComparison<int>(op),
        DType.I64 => FindComparison<long>(op),
        _ => FindComparison<byte>(op),
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindComparison<T>(ExprOp op) where T : unmanaged, INumber<T> => op switch
    {
        ExprOp.Equal => &Compare<T, EqualLeaf<T>>,
        ExprOp.Less => &Compare<T, LessLeaf<T>>,
        _ => &Compare<T, LessEqualLeaf<T>>,
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindSelect(int size) => size switch
    {
        1 => &Select<byte>,
        2 => &Select<ushort>,
        4 => &Select<uint>,
        _ => &Select<ulong>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compare<T, TLeaf>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, IComparisonLeaf<T>
    {
        T* a = (T*)first, b = (T*)second;
        nint ma = flags & 1, mb = (flags >> 1) & 1;
        int w = Vector<T>.Count;
        nint i = 0;
        // One vector of bytes at a time, so that its masks are narrowed together.
        for (; i <= count - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector<byte> bytes;
            if (sizeof(T) == 1)
            {
                bytes = TLeaf.Apply(Load(a), Load(b)).As<T, byte>();
            }
            else if (sizeof(T) == 4)
            {
                Vector<ushort> low = Vector.Narrow(Mask<T, TLeaf, uint>(a, b), Mask<T, TLeaf, uint>(a + (w * ma), b + (w * mb)));
                Vector<ushort> high = Vector.Narrow(Mask<T, TLeaf, uint>(a + (2 * w * ma), b + (2 * w * mb)), Mask<T, TLeaf, uint>(a + (3 * w * ma), b + (3 * w * mb)));
                bytes = Vector.Narrow(low, high);
            }
            else
            {
                bytes = Vector.Narrow(Narrow8<T, TLeaf>(a, b, ma, mb), Narrow8<T, TLeaf>(a + (4 * w * ma), b + (4 * w * mb), ma, mb));
            }
            Store(target + i, bytes & Vector<byte>.One);
            a += Vector<byte>.Count * ma;
            b += Vector<byte>.Count * mb;
        }
        for (; i < count; i++)
        {
            target[i] = TLeaf.Apply(*a, *b) ? (byte)1 : (byte)0;
            a += ma;
            b += mb;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<TMask> Mask<T, TLeaf, TMask>(T* a, T* b)
        where T : unmanaged where TLeaf : struct, IComparisonLeaf<T> where TMask : unmanaged =>
        TLeaf.Apply(Load(a), Load(b)).As<T, TMask>();

    /// <summary>Four vectors of 8-byte masks as one of 2-byte masks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ushort> Narrow8<T, TLeaf>(T* a, T* b, nint ma, nint mb) where T : unmanaged where TLeaf : struct, IComparisonLeaf<T>
    {
        int w = Vector<T>.Count;
        Vector<uint> low = Vector.Narrow(Mask<T, TLeaf, ulong>(a, b), Mask<T, TLeaf, ulong>(a + (w * ma), b + (w * mb)));
        Vector<uint> high = Vector.Narrow(Mask<T, TLeaf, ulong>(a + (2 * w * ma), b + (2 * w * mb)), Mask<T, TLeaf, ulong>(a + (3 * w * ma), b + (3 * w * mb)));
        return Vector.Narrow(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Select<T>(byte* target, byte* first, byte* second, byte* third, nint count, int flags) where T : unmanaged, INumber<T>
    {
        T* d = (T*)target, yes = (T*)second, no = (T*)third;
        nint mc = flags & 1, my = (flags >> 1) & 1, mn = (flags >> 2) & 1;
        int w = Vector<T>.Count;
        nint i = 0;
        for (; i <= count - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector<byte> zero = Vector.Equals(Load(first), Vector<byte>.Zero);
            if (sizeof(T) == 1)
            {
                Store(d, Vector.ConditionalSelect(zero.As<byte, T>(), Load(no), Load(yes)));
            }
            else
            {
                // Widening as signed numbers repeats the mask's bits.
                Vector.Widen(zero.As<byte, sbyte>(), out Vector<short> low, out Vector<short> high);
                Choose(low, d, yes, no, my, mn);
                nint half = Vector<short>.Count;
                Choose(high, d + half, yes + (half * my), no + (half * mn), my, mn);
            }
            first += Vector<byte>.Count * mc;
            yes += Vector<byte>.Count * my;
            no += Vector<byte>.Count * mn;
            d += Vector<byte>.Count;
        }
        for (; i < count; i++)
        {
            *d++ = *first != 0 ? *yes : *no;
            first += mc;
            yes += my;
            no += mn;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Choose<T>(Vector<short> mask, T* d, T* yes, T* no, nint my, nint mn) where T : unmanaged
    {
        if (sizeof(T) == 2)
        {
            Store(d, Vector.ConditionalSelect(mask.As<short, T>(), Load(no), Load(yes)));
            return;
        }
        Vector.Widen(mask, out Vector<int> low, out Vector<int> high);
        Choose(low, d, yes, no, my, mn);
        nint half = Vector<int>.Count;
        Choose(high, d + half, yes + (half * my), no + (half * mn), my, mn);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Choose<T>(Vector<int> mask, T* d, T* yes, T* no, nint my, nint mn) where T : unmanaged
    {
        if (sizeof(T) == 4)
        {
            Store(d, Vector.ConditionalSelect(mask.As<int, T>(), Load(no), Load(yes)));
            return;
        }
        Vector.Widen(mask, out Vector<long> low, out Vector<long> high);
        int w = Vector<long>.Count;
        Store(d, Vector.ConditionalSelect(low.As<long, T>(), Load(no), Load(yes)));
        Store(d + w, Vector.ConditionalSelect(high.As<long, T>(), Load(no + (w * mn)), Load(yes + (w * my))));
    }
}
