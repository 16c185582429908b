using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable64<L, F, I, M>
{
    /// <summary>Error function. Error at most 0.9 ulp; keeps relative accuracy and the sign of zero near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Erf(F x)
    {
        F a = L.Abs(x);
        F near = L.Abs(L.Fma(x, ErfSlope(L.Mul(x, x)), x));
        F far = L.Sub(C(1), ErfcFar(L.MinNative(C(6), a)));
        return OrSign(L.Select(L.Less(a, C(0.95)), near, far), x);
    }

    /// <summary>1 - erf(x). Error at most 1.25 ulp, subnormal results included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Erfc(F x)
    {
        F near = L.Sub(C(1), L.Fma(x, ErfSlope(L.Mul(x, x)), x));
        F far = ErfcFar(L.MinNative(C(27.5), L.Abs(x)));
        far = L.Select(L.Less(x, C(0)), L.Sub(C(2), far), far);
        return L.Select(L.Less(L.Abs(x), C(0.47)), near, far);
    }

    /// <summary>
    /// erfc(a) for 0.47 &lt;= a &lt;= 27.5 as e^(-a^2) d / (1 + 2a), where d = (1 + 2a) e^(a^2) erfc(a) is a polynomial in (a - 3) / (a + 3)
    /// between 1 and 1.28. Every factor is kept as a sum of two doubles until the last rounding.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ErfcFar(F a)
    {
        F square = L.Mul(a, a);
        F squareLow = ProductError(a, a, square);
        F t = L.Fma(square, C(-Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = ExpRemainder(L.Neg(square), n);
        F lowest = L.Fma(n, C(-Ln2Low), L.Neg(squareLow));
        F whole = L.Add(r, lowest);
        F tail = L.Fma(L.Mul(whole, whole), ExpCurve(whole), lowest);
        F exponential = L.Add(r, C(1));
        F exponentialLow = L.Add(FastSumError(C(1), r, exponential), tail);

        F d = ErfcCurve(L.Div(L.Sub(a, C(3)), L.Add(a, C(3))));
        F numerator = L.Add(d, C(1));
        F numeratorLow = FastSumError(C(1), d, numerator);
        F denominator = L.Fma(C(2), a, C(1));
        F denominatorLow = L.Fma(C(2), a, L.Sub(C(1), denominator));

        F product = L.Mul(numerator, exponential);
        F productLow = L.Add(ProductError(numerator, exponential, product), L.Fma(numerator, exponentialLow, L.Mul(numeratorLow, exponential)));
        F quotient = L.Div(product, denominator);
        F remainder = L.Add(L.Fma(L.Neg(quotient), denominator, product), L.Fma(L.Neg(quotient), denominatorLow, productLow));
        return ScaleTwice(L.Add(quotient, L.Div(remainder, denominator)), n);
    }

    /// <summary>erf(x) / x - 1 as a polynomial in z = x^2, for |x| &lt; 0.95.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ErfSlope(F z) => Horner(
        z, 0.1283791670955126, -0.37612638903184126, 0.11283791670974126, -0.026866170648957577, 0.0052239776654649005, -0.000854832950150568,
        0.00012055430449274608, -1.4928177042842218e-5, 1.6505826515627375e-6, -1.6864970380439807e-7, 1.841056240676018e-8,
        -2.7088674694838237e-9, 3.478636818574086e-10);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ErfcCurve(F q) => HornerBelow(
        q,
        Horner(
            q, -0.00010515953887952637, 0.00012510011751944007, 4.94785505465311e-6, -2.0103472547090552e-5, -7.252167877307846e-7,
            3.479180879268469e-6, 3.415028930288517e-7, -6.258628280930497e-7, -1.184420516243416e-7, 1.0804272697551142e-7,
            2.158986907996191e-8, -1.3922837686028284e-8),
        0.25300805826972966, -0.1356211061245812, -0.04756229435345173, 0.12964515870277127, -0.11927366341531088, 0.06830802734342062,
        -0.02377051491760221, 0.002529391827584561, 0.001888690335113324, -0.0007798323952391167);
}
