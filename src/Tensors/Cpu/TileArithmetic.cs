using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>An exactly rounded operation of one operand, on vectors and on single elements.</summary>
internal interface IUnaryLeaf<T> where T : unmanaged
{
    static abstract Vector<T> Apply(Vector<T> a);

    static abstract T Apply(T a);
}

/// <summary>An exactly rounded operation of two operands.</summary>
internal interface IBinaryLeaf<T> where T : unmanaged
{
    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b);

    static abstract T Apply(T a, T b);
}

/// <summary>An operation of two operands that the hardware has on single elements only.</summary>
internal interface IScalarLeaf<T> where T : unmanaged
{
    static abstract T Apply(T a, T b);
}

/// <summary>An operation of three operands.</summary>
internal interface ITernaryLeaf<T> where T : unmanaged
{
    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c);

    static abstract T Apply(T a, T b, T c);
}

/// <summary>A shift by a number of bits below the width of the element.</summary>
internal interface IShiftLeaf<T> where T : unmanaged
{
    static abstract Vector<T> Apply(Vector<T> a, int bits);

    static abstract T Apply(T a, int bits);
}

/// <summary>Loops over vectors, four at a time, then single elements for what is left.</summary>
internal static unsafe partial class TileLoops
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unary<T, TLeaf>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, IUnaryLeaf<T>
    {
        T* d = (T*)target, a = (T*)first;
        nint i = 0;
        int w = Vector<T>.Count;
        for (; i <= count - (4 * w); i += 4 * w)
        {
            Vector<T> x = Load(a + i), y = Load(a + i + w), z = Load(a + i + (2 * w)), u = Load(a + i + (3 * w));
            Store(d + i, TLeaf.Apply(x));
            Store(d + i + w, TLeaf.Apply(y));
            Store(d + i + (2 * w), TLeaf.Apply(z));
            Store(d + i + (3 * w), TLeaf.Apply(u));
        }
        for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(Load(a + i)));
        for (; i < count; i++) d[i] = TLeaf.Apply(a[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Binary<T, TLeaf>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, IBinaryLeaf<T>
    {
        T* d = (T*)target, a = (T*)first, b = (T*)second;
        int w = Vector<T>.Count;
        nint i = 0;
        switch (flags & 3)
        {
            case 3:
                for (; i <= count - (4 * w); i += 4 * w)
                {
                    Vector<T> x = TLeaf.Apply(Load(a + i), Load(b + i)), y = TLeaf.Apply(Load(a + i + w), Load(b + i + w));
                    Vector<T> z = TLeaf.Apply(Load(a + i + (2 * w)), Load(b + i + (2 * w))), u = TLeaf.Apply(Load(a + i + (3 * w)), Load(b + i + (3 * w)));
                    Store4(d + i, x, y, z, u);
                }
                for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(Load(a + i), Load(b + i)));
                for (; i < count; i++) d[i] = TLeaf.Apply(a[i], b[i]);
                break;
            case 1:
                Vector<T> right = Load(b);
                for (; i <= count - (4 * w); i += 4 * w)
                {
                    Vector<T> x = TLeaf.Apply(Load(a + i), right), y = TLeaf.Apply(Load(a + i + w), right);
                    Vector<T> z = TLeaf.Apply(Load(a + i + (2 * w)), right), u = TLeaf.Apply(Load(a + i + (3 * w)), right);
                    Store4(d + i, x, y, z, u);
                }
                for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(Load(a + i), right));
                for (; i < count; i++) d[i] = TLeaf.Apply(a[i], *b);
                break;
            case 2:
                Vector<T> left = Load(a);
                for (; i <= count - (4 * w); i += 4 * w)
                {
                    Vector<T> x = TLeaf.Apply(left, Load(b + i)), y = TLeaf.Apply(left, Load(b + i + w));
                    Vector<T> z = TLeaf.Apply(left, Load(b + i + (2 * w))), u = TLeaf.Apply(left, Load(b + i + (3 * w)));
                    Store4(d + i, x, y, z, u);
                }
                for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(left, Load(b + i)));
                for (; i < count; i++) d[i] = TLeaf.Apply(*a, b[i]);
                break;
            default:
                *d = TLeaf.Apply(*a, *b);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Ternary<T, TLeaf>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, ITernaryLeaf<T>
    {
        T* d = (T*)target, a = (T*)first, b = (T*)second, c = (T*)third;
        int w = Vector<T>.Count;
        // A single value is spread over several vectors, so an operand that does not move is read from the same place each time.
        nint ma = flags & 1, mb = (flags >> 1) & 1, mc = (flags >> 2) & 1;
        nint i = 0;
        for (; i <= count - (2 * w); i += 2 * w)
        {
            Vector<T> x = TLeaf.Apply(Load(a), Load(b), Load(c)), y = TLeaf.Apply(Load(a + w), Load(b + w), Load(c + w));
            Store(d + i, x);
            Store(d + i + w, y);
            a += 2 * w * ma;
            b += 2 * w * mb;
            c += 2 * w * mc;
        }
        for (; i < count; i++)
        {
            d[i] = TLeaf.Apply(*a, *b, *c);
            a += ma;
            b += mb;
            c += mc;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BinaryScalar<T, TLeaf>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, IScalarLeaf<T>
    {
        T* d = (T*)target, a = (T*)first, b = (T*)second;
        nint ma = flags & 1, mb = (flags >> 1) & 1;
        for (nint i = 0; i < count; i++) d[i] = TLeaf.Apply(a[i * ma], b[i * mb]);
    }

    /// <summary>Upper halves of unsigned 32 x 32 bit products. The hardware multiplies every other element to 64 bits: even ones, then odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MulHigh(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
    {
        uint* d = (uint*)target, a = (uint*)first, b = (uint*)second;
        nint ma = flags & 1, mb = (flags >> 1) & 1, i = 0;
        if (Avx2.IsSupported)
        {
            for (; i <= count - 8; i += 8)
            {
                Vector256<uint> x = Vector256.Load(a + (i * ma)), y = Vector256.Load(b + (i * mb));
                Vector256<ulong> even = Avx2.Multiply(x, y), odd = Avx2.Multiply((x.AsUInt64() >>> 32).AsUInt32(), (y.AsUInt64() >>> 32).AsUInt32());
                ((even >>> 32) | (odd & Vector256.Create(0xFFFF_FFFF_0000_0000UL))).AsUInt32().Store(d + i);
            }
        }
        for (; i < count; i++) d[i] = (uint)(((ulong)a[i * ma] * b[i * mb]) >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Shift<T, TLeaf>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged, IBinaryInteger<T> where TLeaf : struct, IShiftLeaf<T>
    {
        T* d = (T*)target, a = (T*)first, b = (T*)second;
        int mask = (8 * sizeof(T)) - 1;
        int w = Vector<T>.Count;
        nint i = 0, ma = flags & 1;
        if ((flags & 2) != 0)
        {
            for (; i < count; i++) d[i] = TLeaf.Apply(a[i * ma], int.CreateTruncating(b[i]) & mask);
            return;
        }
        int bits = int.CreateTruncating(*b) & mask;
        if (ma != 0)
            for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(Load(a + i), bits));
        for (; i < count; i++) d[i] = TLeaf.Apply(a[i * ma], bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MoveLoop<T>(byte* target, byte* first, byte* second, byte* third, nint count, int flags) where T : unmanaged
    {
        if ((flags & 1) == 0) new Span<T>(target, (int)count).Fill(*(T*)first);
        else if (target != first) Buffer.MemoryCopy(first, target, count * sizeof(T), count * sizeof(T));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Load<T>(T* address) where T : unmanaged => Unsafe.ReadUnaligned<Vector<T>>(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(T* address, Vector<T> value) where T : unmanaged => Unsafe.WriteUnaligned(address, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4<T>(T* address, Vector<T> x, Vector<T> y, Vector<T> z, Vector<T> u) where T : unmanaged
    {
        int w = Vector<T>.Count;
        Store(address, x);
        Store(address + w, y);
        Store(address + (2 * w), z);
        Store(address + (3 * w), u);
    }
}
