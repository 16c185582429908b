using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable32<L, F, I, M>
{
    /// <summary>
    /// x^y. Error at most 1.1 ulp, subnormal results included. Special cases of IEEE 754: 1 for y = 0 or x = 1 even against NaN, and for
    /// (-1, ±inf); NaN for negative finite x and a y that is no integer; zeros and infinities by sign and parity.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Pow(F x, F y)
    {
        F a = L.Abs(x);
        F log = Log2Pair(a, out F logLow);
        log = L.Select(L.Equal(a, C(0)), C(float.NegativeInfinity), L.Select(L.Less(a, C(Infinity)), log, a));

        F product = L.Mul(y, log);
        F productLow = L.Fma(y, logLow, ProductError(y, log, product));
        productLow = L.Select(L.Less(L.Abs(product), C(200)), productLow, C(0));
        product = L.MinNative(C(200), L.MaxNative(C(-200), product));
        F t = L.Add(product, C(Round));
        F r = L.Add(L.Sub(product, L.Sub(t, C(Round))), productLow);
        F magnitude = ScaleTwice(L.Fma(Exp2Slope(r), r, C(1)), L.Bits(t));

        F ay = L.Abs(y);
        M integer = L.Equal(RoundMagnitude(ay), ay);
        F halfY = L.Mul(C(0.5f), ay);
        M odd = L.Both(integer, L.NotEqual(RoundMagnitude(halfY), halfY));
        I sign = L.SelectInt(odd, L.And(L.Bits(x), K(SignBit)), K(0));
        F result = L.FromBits(L.Or(L.Bits(magnitude), sign));

        M negativeFinite = L.Both(L.Less(x, C(0)), L.Less(a, C(Infinity)));
        result = L.Select(L.Both(negativeFinite, L.Not(integer)), C(float.NaN), result);
        M unordered = L.Either(L.NotEqual(x, x), L.NotEqual(y, y));
        result = L.Select(unordered, C(float.NaN), result);
        M minusOneToInfinity = L.Both(L.Equal(x, C(-1)), L.Equal(ay, C(Infinity)));
        M one = L.Either(L.Either(L.Equal(y, C(0)), L.Equal(x, C(1))), minusOneToInfinity);
        return L.Select(one, C(1), result);
    }

    /// <summary>
    /// log2(a) = result + <paramref name="low"/> for 0 &lt; a &lt; inf, with a relative error near 2^-34: by the series of atanh in
    /// s = (m - 1) / (m + 1), whose first terms are carried as pairs of floats.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Log2Pair(F a, out F low)
    {
        M subnormal = L.Less(a, C(SmallestNormal));
        I bits = L.Bits(L.Select(subnormal, L.Mul(a, PowerOfTwo(23)), a));
        I shifted = L.SubInt(bits, K(Log2Split));
        F e = L.Sub(L.ToFloat(L.ShiftRight(shifted, 23)), L.Select(subnormal, C(23), C(0)));
        F f = L.Sub(L.FromBits(L.SubInt(bits, L.And(shifted, K(ExponentMask)))), C(1));

        F d = L.Add(f, C(2));
        F dLow = FastSumError(C(2), f, d);
        F s = L.Div(f, d);
        F sLow = L.Div(L.Fma(L.Neg(s), dLow, L.Fma(L.Neg(s), d, f)), d);
        F z = L.Mul(s, s);
        F zLow = L.Fma(sLow, L.Add(s, s), ProductError(s, s, z));

        // 1 + z/3 + z^2 (1/5 + ...) as a pair.
        F third = L.Mul(z, C(0.33333334f));
        F thirdLow = L.Fma(z, C(-9.934108e-9f), L.Fma(zLow, C(0.33333334f), ProductError(z, C(0.33333334f), third)));
        F rest = L.Fma(L.Mul(z, z), Horner(z, 0.19999997f, 0.14286232f, 0.11077866f, 0.09958782f), thirdLow);
        F series = L.Add(third, C(1));
        F seriesLow = L.Add(FastSumError(C(1), third, series), rest);

        // Times 2 s / log(2), plus the exponent.
        F factor = L.Mul(s, C(2.88539f));
        F factorLow = L.Fma(s, C(3.851926e-8f), L.Fma(sLow, C(2.88539f), ProductError(s, C(2.88539f), factor)));
        F log = L.Mul(factor, series);
        F logLow = L.Fma(factor, seriesLow, L.Fma(factorLow, series, ProductError(factor, series, log)));
        F sum = L.Add(e, log);
        F sumLow = L.Add(FastSumError(e, log, sum), logLow);
        F result = L.Add(sum, sumLow);
        low = FastSumError(sum, sumLow, result);
        return result;
    }

    /// <summary>Nearest integer of a number that is not negative; from 2^23 on every number is an integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F RoundMagnitude(F value) =>
        L.Select(L.Less(value, PowerOfTwo(23)), L.Sub(L.Add(value, PowerOfTwo(23)), PowerOfTwo(23)), value);
}
