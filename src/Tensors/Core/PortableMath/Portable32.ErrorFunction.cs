using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable32<L, F, I, M>
{
    /// <summary>Error function. Error at most 0.936 ulp; keeps relative accuracy and the sign of zero near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Erf(F x)
    {
        F a = L.MinNative(C(4), L.Abs(x));

        // Away from 0: 1 - 2^(c0 a + a^2 g(a)); the linear term apart, since a polynomial with it inside rounds worse.
        F square = L.Mul(a, a);
        F g = Horner(a, -0.9163733f, -0.15319616f, 0.03422085f, -0.0052267066f, 4.5885146e-4f, -1.5527214e-5f);
        F t = L.Add(L.Fma(square, g, L.Mul(a, C(-1.6282847f))), C(Round));
        F r = L.Fma(square, g, L.Fma(a, C(-1.6282847f), L.Neg(L.Sub(t, C(Round)))));
        F scale = ScaleOnce(L.Bits(t));
        F large = L.Fma(L.Neg(scale), L.Mul(Exp2Slope(r), r), L.Sub(C(1), scale));
        F near = L.Abs(L.Fma(x, ErfSlope(L.Mul(x, x)), x));
        return OrSign(L.Select(L.Less(L.Abs(x), C(0.95f)), near, large), x);
    }

    /// <summary>1 - erf(x). Error at most 1.1 ulp, subnormal results included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Erfc(F x)
    {
        F a = L.MinNative(C(10.5f), L.Abs(x));

        // e^(-a^2) d / (1 + 2a), where d = (1 + 2a) e^(a^2) erfc(a) is a polynomial in (a - 2) / (a + 2) between 1 and 1.28.
        // Every factor is kept as a sum of two floats until the last rounding.
        F square = L.Mul(a, a);
        F squareLow = ProductError(a, a, square);
        F t = L.Fma(square, C(-Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = ExpRemainder(L.Neg(square), n);
        F exponential = L.Add(r, C(1));
        F exponentialLow = L.Add(FastSumError(C(1), r, exponential), ErfcExpTail(r, n, squareLow));

        F q = L.Div(L.Sub(a, C(2)), L.Add(a, C(2)));
        F d = ErfcCurve(q);
        F numerator = L.Add(d, C(1));
        F numeratorLow = FastSumError(C(1), d, numerator);
        F denominator = L.Fma(C(2), a, C(1));
        F denominatorLow = L.Fma(C(2), a, L.Sub(C(1), denominator));

        F product = L.Mul(numerator, exponential);
        F productLow = L.Add(ProductError(numerator, exponential, product), L.Fma(numerator, exponentialLow, L.Mul(numeratorLow, exponential)));
        F quotient = L.Div(product, denominator);
        F remainder = L.Add(L.Fma(L.Neg(quotient), denominator, product), L.Fma(L.Neg(quotient), denominatorLow, productLow));
        F far = ScaleTwice(L.Add(quotient, L.Div(remainder, denominator)), L.Bits(t));

        F near = L.Sub(C(1), L.Fma(x, ErfSlope(L.Mul(x, x)), x));
        far = L.Select(L.Less(x, C(0)), L.Sub(C(2), far), far);
        return L.Select(L.Less(L.Abs(x), C(0.47f)), near, far);
    }

    /// <summary>erf(x) / x - 1 as a polynomial in z = x^2, for |x| &lt; 0.95.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ErfSlope(F z) => Horner(
        z, 0.12837917f, -0.3761263f, 0.11283626f, -0.02685574f, 0.0051924605f, -8.050804e-4f, 8.002775e-5f);

    /// <summary>As <see cref="ExpTail"/>, with a further <paramref name="low"/> subtracted from the argument.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ErfcExpTail(F remainder, F n, F low)
    {
        F lowest = L.Fma(n, C(-Ln2Low), L.Neg(low));
        F r = L.Add(remainder, lowest);
        F q = ExpCurve(r);
        return L.Fma(L.Mul(r, r), q, lowest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ErfcCurve(F q) => Horner(
        q, 0.27697837f, -0.09276381f, -0.16603048f, 0.16404979f, -0.054213546f, -0.008013279f, 0.008663483f, 0.0011697711f,
        -0.0012662224f, -2.5171647e-4f);
}
