using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable64<L, F, I, M>
{
    /// <summary>
    /// x^y. Error at most 1.5 ulp, subnormal results included. Special cases of IEEE 754: 1 for y = 0 or x = 1 even against NaN, and for
    /// (-1, ±inf); NaN for negative finite x and a y that is no integer; zeros and infinities by sign and parity.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Pow(F x, F y)
    {
        F a = L.Abs(x);
        F log = Log2Pair(a, out F logLow);
        log = L.Select(L.Equal(a, C(0)), C(double.NegativeInfinity), L.Select(L.Less(a, C(Infinity)), log, a));

        F product = L.Mul(y, log);
        F productLow = L.Fma(y, logLow, ProductError(y, log, product));
        productLow = L.Select(L.Less(L.Abs(product), C(1200)), productLow, C(0));
        product = L.MinNative(C(1200), L.MaxNative(C(-1200), product));
        F t = L.Add(product, C(Round));
        F n = L.Sub(t, C(Round));
        F r = L.Add(L.Sub(product, n), productLow);
        F magnitude = ScaleTwice(L.Fma(Exp2Slope(r), r, C(1)), n);

        F ay = L.Abs(y);
        M integer = L.Equal(RoundMagnitude(ay), ay);
        F halfY = L.Mul(C(0.5), ay);
        M odd = L.Both(integer, L.NotEqual(RoundMagnitude(halfY), halfY));
        I sign = L.SelectInt(odd, L.And(L.Bits(x), K(SignBit)), K(0));
        F result = L.FromBits(L.Or(L.Bits(magnitude), sign));

        M negativeFinite = L.Both(L.Less(x, C(0)), L.Less(a, C(Infinity)));
        result = L.Select(L.Both(negativeFinite, L.Not(integer)), C(double.NaN), result);
        M unordered = L.Either(L.NotEqual(x, x), L.NotEqual(y, y));
        result = L.Select(unordered, C(double.NaN), result);
        M minusOneToInfinity = L.Both(L.Equal(x, C(-1)), L.Equal(ay, C(Infinity)));
        M one = L.Either(L.Either(L.Equal(y, C(0)), L.Equal(x, C(1))), minusOneToInfinity);
        return L.Select(one, C(1), result);
    }

    /// <summary>
    /// log2(a) = result + <paramref name="low"/> for 0 &lt; a &lt; inf, with a relative error near 2^-65: by the series of atanh in
    /// s = (m - 1) / (m + 1), whose first terms are carried as pairs of floats.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Log2Pair(F a, out F low)
    {
        F f = SplitExponent(a, out F e);
        F d = L.Add(f, C(2));
        F dLow = FastSumError(C(2), f, d);
        F s = L.Div(f, d);
        F sLow = L.Div(L.Fma(L.Neg(s), dLow, L.Fma(L.Neg(s), d, f)), d);
        F z = L.Mul(s, s);
        F zLow = L.Fma(sLow, L.Add(s, s), ProductError(s, s, z));

        // 1 + z/3 + z^2 (1/5 + ...) as a pair.
        F third = L.Mul(z, C(0.3333333333333333));
        F thirdLow = L.Fma(z, C(1.850371707708594e-17), L.Fma(zLow, C(0.3333333333333333), ProductError(z, C(0.3333333333333333), third)));
        F rest = L.Fma(L.Mul(z, z), PowCurve(z), thirdLow);
        F series = L.Add(third, C(1));
        F seriesLow = L.Add(FastSumError(C(1), third, series), rest);

        // Times 2 s / log(2), plus the exponent.
        F factor = L.Mul(s, C(2.8853900817779268));
        F factorLow = L.Fma(s, C(4.0710547481862066e-17), L.Fma(sLow, C(2.8853900817779268), ProductError(s, C(2.8853900817779268), factor)));
        F log = L.Mul(factor, series);
        F logLow = L.Fma(factor, seriesLow, L.Fma(factorLow, series, ProductError(factor, series, log)));
        F sum = L.Add(e, log);
        F sumLow = L.Add(FastSumError(e, log, sum), logLow);
        F result = L.Add(sum, sumLow);
        low = FastSumError(sum, sumLow, result);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F PowCurve(F z) => Horner(
        z, 0.1999999999999999, 0.14285714285721923, 0.11111111108893736, 0.090909094221733, 0.07692279200461635, 0.06668132827148891,
        0.058378779608677246, 0.05990984006349128);

    /// <summary>Nearest integer of a number that is not negative; from 2^52 on every number is an integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F RoundMagnitude(F value) =>
        L.Select(L.Less(value, PowerOfTwo(52)), L.Sub(L.Add(value, PowerOfTwo(52)), PowerOfTwo(52)), value);
}
