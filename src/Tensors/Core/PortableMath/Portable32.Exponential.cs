using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>
/// Elementary functions on binary32 lanes. Error bounds are in units in the last place of the exact result, with a margin over
/// the largest errors that the accuracy suite in perf finds over a regular seventeenth of all bit patterns.
/// </summary>
/// <remarks>
/// Idioms used throughout. Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits. <c>MinNative</c> and
/// <c>MaxNative</c> return their second operand for NaN, so clamps put the constant first and NaN passes. Scaling by 2^n is a
/// multiplication by a float built from bits, not an integer addition, so that NaN survives; where n may leave the normal range it is
/// done in two steps, which also rounds subnormal results correctly. Polynomials are minimax fits whose coefficients were rounded one
/// after another, the later ones refitted each time.
/// </remarks>
internal abstract partial class Portable32<L, F, I, M> : PortableArithmetic<L, F, I, M>
    where L : IFloatLanes<F, I, M>
{
    private const float Round = 1.2582912e7f;
    private const float Log2E = 1.442695f;

    /// <summary>log(2) = high + low, 48 bits; n * high is exact in a fused multiply-add with x near n log(2).</summary>
    private const float Ln2High = 0.6931472f;
    private const float Ln2Low = -1.9046542e-9f;
    private const float Infinity = float.PositiveInfinity;
    private const int OneBits = 0x3F800000;
    private const int SignBit = int.MinValue;

    /// <summary>e^x. Error at most 0.891 ulp, subnormal results and infinities included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Exp(F x)
    {
        x = L.MinNative(C(89), L.MaxNative(C(-104), x));
        F t = L.Fma(x, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = ExpRemainder(x, n);
        F p = L.Add(L.Add(r, ExpTail(r, n)), C(1));
        return L.HasScale ? L.Scale(p, n) : ScaleTwice(p, L.Bits(t));
    }

    /// <summary>2^x. Error at most 0.879 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Exp2(F x)
    {
        x = L.MinNative(C(129), L.MaxNative(C(-151), x));
        F t = L.Add(x, C(Round));
        F n = L.Sub(t, C(Round));
        F r = L.Sub(x, n);
        F p = L.Fma(Exp2Slope(r), r, C(1));
        return L.HasScale ? L.Scale(p, n) : ScaleTwice(p, L.Bits(t));
    }

    /// <summary>2^x for x &lt; 127, cheaper: 0 below -126.5, where results would be subnormal. Error at most 0.879 ulp; NaN passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Exp2Normal(F x)
    {
        x = L.MaxNative(C(-127), x);
        F t = L.Add(x, C(Round));
        F r = L.Sub(x, L.Sub(t, C(Round)));
        return L.Mul(L.Fma(Exp2Slope(r), r, C(1)), ScaleOnce(L.Bits(t)));
    }

    /// <summary>e^x - 1. Error at most 1.008 ulp; keeps the sign of zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Expm1(F x)
    {
        F clamped = L.MinNative(C(89), L.MaxNative(C(-18), x));
        F t = L.Fma(clamped, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F exact = ExpRemainder(clamped, n);
        F r = L.Fma(n, C(-Ln2Low), exact);
        F q = Horner(r, 0.5f, 0.16666666f, 0.041666493f, 0.008333547f, 0.0013932325f, 1.976063e-4f);
        F tail = L.Fma(n, C(-Ln2Low), L.Mul(L.Mul(r, r), q));
        F half = L.FromBits(L.AddInt(L.ShiftLeft(L.SubInt(L.Bits(t), K(1)), 23), K(OneBits)));
        F scale = L.Add(half, half);

        // From n = 25 on, 2^n - 1 is inexact: work with half the value and subtract a half. Below, for n <= 0 the remainder and its
        // tail are added first, because 2^n - 1 is then not the large term.
        F huge = L.Add(L.Fma(half, exact, L.Fma(half, tail, C(-0.5))), half);
        M positive = L.Less(C(0), n);
        F first = L.Select(positive, exact, L.Add(exact, tail));
        F second = L.Select(positive, tail, C(0));
        F usual = L.Fma(scale, second, L.Fma(scale, first, L.Sub(scale, C(1))));
        return OrSign(L.Select(L.Less(C(12), n), L.Add(huge, huge), usual), x);
    }

    /// <summary>1 / (1 + e^-x). Error at most 0.777 ulp, subnormal results included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Sigmoid(F x)
    {
        F a = L.MaxNative(C(-104), L.Neg(L.Abs(x)));
        F t = L.Fma(a, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = ExpRemainder(a, n);
        F tail = ExpTail(r, n);
        F sum = L.Add(r, C(1));
        F low = L.Add(L.Sub(r, L.Sub(sum, C(1))), tail);
        F high = L.Add(sum, low);
        low = L.Sub(low, L.Sub(high, sum));

        // e^a = z + zLow to about twice the precision; the quotient is corrected by its own remainder. For x < 0 the numerator is the
        // unscaled e^a, so that a subnormal result is rounded once, at the end.
        F scale1 = FirstScale(L.Bits(t));
        F scale2 = SecondScale(L.Bits(t));
        F z = L.Mul(L.Mul(high, scale1), scale2);
        F zLow = L.Mul(L.Mul(low, scale1), scale2);
        F s = L.Add(z, C(1));
        F sLow = L.Add(L.Sub(z, L.Sub(s, C(1))), zLow);
        M negative = L.Less(x, C(0));
        F numerator = L.Select(negative, high, C(1));
        F numeratorLow = L.Select(negative, low, C(0));
        F reciprocal = L.Div(C(1), s);
        F quotient = L.Mul(numerator, reciprocal);
        F remainder = L.Add(L.Fma(L.Neg(quotient), s, numerator), L.Fma(L.Neg(quotient), sLow, numeratorLow));
        F y = L.Fma(remainder, reciprocal, quotient);
        return L.Select(negative, L.Mul(L.Mul(y, scale1), scale2), y);
    }

    /// <summary>x - n * high part of log(2): exact, and added last where an unrounded remainder is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ExpRemainder(F x, F n) => L.Fma(n, C(-Ln2High), x);

    /// <summary>e^r - 1 - <paramref name="remainder"/> for the full remainder r, which includes the low part of n log(2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ExpTail(F remainder, F n)
    {
        F r = L.Fma(n, C(-Ln2Low), remainder);
        F q = ExpCurve(r);
        return L.Fma(n, C(-Ln2Low), L.Mul(L.Mul(r, r), q));
    }

    /// <summary>(2^r - 1) / r for |r| &lt;= 1/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Exp2Slope(F r) =>
        Horner(r, 0.6931472f, 0.24022648f, 0.0555036f, 0.009618506f, 0.0013390806f, 1.5326473e-4f);

    /// <summary>(e^r - 1 - r) / r^2 for |r| &lt;= log(2) / 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ExpCurve(F r) => Horner(r, 0.49999994f, 0.16666521f, 0.041668255f, 0.008368662f, 0.0013821452f);

    /// <summary>2^n for n in the low bits of a rounding sum, where 2^n is normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ScaleOnce(I n) => L.FromBits(L.AddInt(L.ShiftLeft(n, 23), K(OneBits)));

    /// <summary>p * 2^n for n in the low bits of a rounding sum, in two steps whose powers are normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ScaleTwice(F p, I n) => L.Mul(L.Mul(p, FirstScale(n)), SecondScale(n));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F FirstScale(I n) => ScaleOnce(L.ShiftRight(n, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F SecondScale(I n) => ScaleOnce(L.SubInt(n, L.ShiftRight(n, 1)));

    /// <summary>Sets the sign bit of a result that is not negative to that of <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F OrSign(F magnitude, F x) => L.FromBits(L.Or(L.Bits(magnitude), L.And(L.Bits(x), K(SignBit))));

    /// <summary>Flips the sign of <paramref name="value"/> where that of <paramref name="x"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F XorSign(F value, F x) => L.FromBits(L.Xor(L.Bits(value), L.And(L.Bits(x), K(SignBit))));
}
