using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>
/// Elementary functions on binary64 lanes. Error bounds are in units in the last place of the exact result, with a margin over
/// the largest errors in samples of all bit patterns and of the ranges where each function is hard, as measured by the accuracy suite in perf.
/// </summary>
/// <remarks>
/// Written as <see cref="Portable32{L, F, I, M}"/> is, with two differences: no arithmetic shift of integer lanes, which 64-bit lanes lack
/// before AVX-512, and longer polynomials. Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits. <c>MinNative</c> and
/// <c>MaxNative</c> return their second operand for NaN, so clamps put the constant first and NaN passes. Scaling by 2^n is a
/// multiplication by a float built from bits, not an integer addition, so that NaN survives; where n may leave the normal range it is
/// done in two steps, which also rounds subnormal results correctly. Polynomials are minimax fits whose coefficients were rounded one
/// after another, the later ones refitted each time.
/// </remarks>
internal abstract partial class Portable64<L, F, I, M> : PortableArithmetic<L, F, I, M>
    where L : IFloatLanes<F, I, M>
{
    private const double Round = 6755399441055744.0;
    private const double Log2E = 1.4426950408889634;

    /// <summary>log(2) = high + low, 106 bits; n * high is exact in a fused multiply-add with x near n log(2).</summary>
    private const double Ln2High = 0.6931471805599453;
    private const double Ln2Low = 2.3190468138462996e-17;
    private const double Infinity = double.PositiveInfinity;
    private const long OneBits = 0x3FF0000000000000;
    private const long SignBit = long.MinValue;

    /// <summary>e^x. Error at most 0.93 ulp, subnormal results and infinities included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Exp(F x)
    {
        x = L.MinNative(C(710), L.MaxNative(C(-746), x));
        F t = L.Fma(x, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = ExpRemainder(x, n);
        F p = L.Add(L.Add(r, ExpTail(r, n)), C(1));
        return ScaleTwice(p, n);
    }

    /// <summary>2^x. Error at most 0.85 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Exp2(F x)
    {
        x = L.MinNative(C(1025), L.MaxNative(C(-1076), x));
        F t = L.Add(x, C(Round));
        F n = L.Sub(t, C(Round));
        F r = L.Sub(x, n);
        return ScaleTwice(L.Fma(Exp2Slope(r), r, C(1)), n);
    }

    /// <summary>2^x for x &lt; 1023, cheaper: 0 below -1022.5, where results would be subnormal. Error at most 0.85 ulp; NaN passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Exp2Normal(F x)
    {
        x = L.MaxNative(C(-1023), x);
        F t = L.Add(x, C(Round));
        F r = L.Sub(x, L.Sub(t, C(Round)));
        return L.Mul(L.Fma(Exp2Slope(r), r, C(1)), ScaleOnce(L.Bits(t)));
    }

    /// <summary>e^x - 1. Error at most 1.1 ulp; keeps the sign of zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Expm1(F x)
    {
        F clamped = L.MinNative(C(710), L.MaxNative(C(-40), x));
        F t = L.Fma(clamped, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F exact = ExpRemainder(clamped, n);
        F r = L.Fma(n, C(-Ln2Low), exact);
        F q = Horner(
            r, 0.5, 0.16666666666666677, 0.04166666666666665, 0.008333333333321476, 0.001388888888889951, 0.0001984126988643192, 2.480158728662651e-5,
            2.7557243958630726e-6, 2.7557311373566515e-7, 2.510911014411292e-8, 2.0902062358436504e-9);
        F tail = L.Fma(n, C(-Ln2Low), L.Mul(L.Mul(r, r), q));
        F half = ScaleOnce(L.SubInt(L.Bits(t), K(1)));
        F scale = L.Add(half, half);

        // From n = 54 on, 2^n - 1 is inexact: work with half the value and subtract a half. Below, for n <= 0 the remainder and its
        // tail are added first, because 2^n - 1 is then not the large term.
        F huge = L.Add(L.Fma(half, exact, L.Fma(half, tail, C(-0.5))), half);
        M positive = L.Less(C(0), n);
        F first = L.Select(positive, exact, L.Add(exact, tail));
        F second = L.Select(positive, tail, C(0));
        F usual = L.Fma(scale, second, L.Fma(scale, first, L.Sub(scale, C(1))));
        return OrSign(L.Select(L.Less(C(25), n), L.Add(huge, huge), usual), x);
    }

    /// <summary>1 / (1 + e^-x). Error at most 0.8 ulp, subnormal results included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Sigmoid(F x)
    {
        F a = L.MaxNative(C(-746), L.Neg(L.Abs(x)));
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
        F scale1 = FirstScale(n, out F rounded);
        F scale2 = SecondScale(n, rounded);
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
        Horner(
            r, 0.6931471805599453, 0.2402265069591007, 0.0555041086648235, 0.009618129107629865, 0.0013333558145982795, 0.000154035303903395,
            1.5252734232002165e-5, 1.3215489545185183e-6, 1.0177899951502746e-7, 7.053811570718439e-9, 4.4787853298997763e-10,
            2.7299613656552764e-11);

    /// <summary>(e^r - 1 - r) / r^2 for |r| &lt;= log(2) / 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ExpCurve(F r) => Horner(
        r, 0.5000000000000011, 0.16666666666666413, 0.041666666666530155, 0.00833333333349446, 0.0013888888943630205, 0.00019841269506579748,
        2.4801493098818066e-5, 2.7557586375895884e-6, 2.7630248407465575e-7, 2.500006022014549e-8);

    /// <summary>2^n for n in the low bits of a rounding sum, where 2^n is normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ScaleOnce(I n) => L.FromBits(L.AddInt(L.ShiftLeft(n, 52), K(OneBits)));

    /// <summary>p * 2^n in two steps whose powers are normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ScaleTwice(F p, F n) =>
        L.HasScale ? L.Scale(p, n) : L.Mul(L.Mul(p, FirstScale(n, out F rounded)), SecondScale(n, rounded));

    /// <summary>2^h for h = n / 2 rounded to an integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F FirstScale(F n, out F rounded)
    {
        rounded = L.Fma(n, C(0.5), C(Round));
        return ScaleOnce(L.Bits(rounded));
    }

    /// <summary>2^(n - h) for the h of <see cref="FirstScale"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F SecondScale(F n, F rounded) => ScaleOnce(L.Bits(L.Add(L.Sub(n, L.Sub(rounded, C(Round))), C(Round))));

    /// <summary>Sets the sign bit of a result that is not negative to that of <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F OrSign(F magnitude, F x) => L.FromBits(L.Or(L.Bits(magnitude), L.And(L.Bits(x), K(SignBit))));

    /// <summary>Flips the sign of <paramref name="value"/> where that of <paramref name="x"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F XorSign(F value, F x) => L.FromBits(L.Xor(L.Bits(value), L.And(L.Bits(x), K(SignBit))));
}
