using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>What the portable functions of both element types share: constants and polynomials.</summary>
internal abstract class PortableArithmetic<L, F, I, M>
    where L : IFloatLanes<F, I, M>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F C(double value) => L.Constant(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static I K(long value) => L.ConstantInt(value);

    /// <summary>2^exponent, for normal results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F PowerOfTwo(int exponent) => L.Constant(BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52));

    /// <summary>Where |a| >= |b| or a = 0, the error of the rounded sum <paramref name="sum"/> = a + b, exact (Dekker).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F FastSumError(F a, F b, F sum) => L.Sub(b, L.Sub(sum, a));

    /// <summary>For operands of any order, the error of the rounded sum <paramref name="sum"/> = a + b, exact (Knuth).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F SumError(F a, F b, F sum)
    {
        F shareOfB = L.Sub(sum, a);
        return L.Add(L.Sub(a, L.Sub(sum, shareOfB)), L.Sub(b, shareOfB));
    }

    /// <summary>The error of the rounded product <paramref name="product"/> = a * b, exact barring underflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F ProductError(F a, F b, F product) => L.Fma(a, b, L.Neg(product));

    /// <summary>Horner's rule by fused multiply-adds; coefficients from the lowest degree up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1) =>
        L.Fma(C(c1), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2) =>
        L.Fma(L.Fma(C(c2), x, C(c1)), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3) =>
        L.Fma(L.Fma(L.Fma(C(c3), x, C(c2)), x, C(c1)), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4) =>
        L.Fma(L.Fma(L.Fma(L.Fma(C(c4), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4, double c5) =>
        L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(C(c5), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6) =>
        L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(C(c6), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7) =>
        L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(C(c7), x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7, double c8)
    {
        F high = L.Fma(C(c8), x, C(c7));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7, double c8, double c9)
    {
        F high = L.Fma(L.Fma(C(c9), x, C(c8)), x, C(c7));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7, double c8, double c9, double c10)
    {
        F high = L.Fma(L.Fma(L.Fma(C(c10), x, C(c9)), x, C(c8)), x, C(c7));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(
        F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7,
        double c8, double c9, double c10, double c11)
    {
        F high = L.Fma(L.Fma(L.Fma(L.Fma(C(c11), x, C(c10)), x, C(c9)), x, C(c8)), x, C(c7));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(
        F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7,
        double c8, double c9, double c10, double c11, double c12)
    {
        F high = L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(C(c12), x, C(c11)), x, C(c10)), x, C(c9)), x, C(c8)), x, C(c7));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F Horner(
        F x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7,
        double c8, double c9, double c10, double c11, double c12, double c13)
    {
        F high = L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(C(c13), x, C(c12)), x, C(c11)), x, C(c10)), x, C(c9)), x, C(c8)), x, C(c7));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c6)), x, C(c5)), x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }

    /// <summary>Continues a polynomial whose higher part is <paramref name="top"/>: ((top * x + c9) * x + c8) ... + c0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static F HornerBelow(F x, F top, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7, double c8, double c9)
    {
        F high = L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(top, x, C(c9)), x, C(c8)), x, C(c7)), x, C(c6)), x, C(c5));
        return L.Fma(L.Fma(L.Fma(L.Fma(L.Fma(high, x, C(c4)), x, C(c3)), x, C(c2)), x, C(c1)), x, C(c0));
    }
}
