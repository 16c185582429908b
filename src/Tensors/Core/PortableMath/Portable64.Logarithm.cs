using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable64<L, F, I, M>
{
    /// <summary>sqrt(1/2): significands are taken from [0.707, 1.415), so that log(m) and e log(2) do not cancel.</summary>
    private const long LogSplit = 0x3FE6A09E667F3BCD;
    private const long ExponentMask = unchecked((long)0xFFF0000000000000);

    /// <summary>log(2) with a 32-bit head, so that e * head is exact.</summary>
    private const double Ln2Head = 0.6931471803691238;
    private const double Ln2Tail = 1.9082149292705877e-10;
    private const double SmallestNormal = 2.2250738585072014e-308;

    /// <summary>Natural logarithm. Error at most 0.86 ulp; subnormals are scaled first; log(0) = -inf, NaN below 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Log(F x)
    {
        F f = SplitExponent(x, out F e);
        F s = L.Div(f, L.Add(f, C(2)));
        F half = L.Mul(L.Mul(C(0.5), f), f);
        F y = L.Fma(s, L.Add(half, LogCurve(s)), L.Mul(e, C(Ln2Tail)));
        F head = L.Mul(e, C(Ln2Head));
        F sum = L.Add(head, f);
        F result = L.Add(sum, L.Add(L.Sub(y, half), FastSumError(head, f, sum)));
        return LogSpecials(result, x);
    }

    /// <summary>Logarithm to base 2. Error at most 0.65 ulp; exact at powers of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Log2(F x)
    {
        F f = SplitExponent(x, out F e);
        F s = L.Div(f, L.Add(f, C(2)));

        // log(1 + f) = high + low, times log2(e) = Log2E + Log2ELow with the error of the leading product.
        F halfF = L.Mul(C(0.5), f);
        F half = L.Mul(halfF, f);
        F high = L.Sub(f, half);
        F low = L.Sub(FastSumError(f, L.Neg(half), high), ProductError(halfF, f, half));
        low = L.Fma(s, L.Add(half, LogCurve(s)), low);
        F p = L.Mul(high, C(Log2E));
        F pLow = L.Fma(low, C(Log2E), L.Fma(high, C(2.0355273740931033e-17), ProductError(high, C(Log2E), p)));
        F sum = L.Add(e, p);
        F result = L.Add(sum, L.Add(FastSumError(e, p, sum), pLow));
        return LogSpecials(result, x);
    }

    /// <summary>log(1 + x). Error at most 0.85 ulp; keeps the sign of zero; log1p(-1) = -inf, NaN below -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Log1p(F x)
    {
        F u = L.Add(x, C(1));
        F result = LogOfSum(u, L.Sub(x, L.Sub(u, C(1))), C(0));
        result = L.Select(L.Less(x, C(-1)), C(double.NaN), result);
        result = L.Select(L.Equal(x, C(-1)), C(double.NegativeInfinity), result);
        return L.Select(L.Both(L.Less(x, C(Infinity)), L.NotEqual(x, C(0))), result, x);
    }

    /// <summary>log(u + uLow) + <paramref name="extra"/> log(2) for a normal u below 2^1022 and |uLow| of at most an ulp of u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogOfSum(F u, F uLow, F extra)
    {
        I bits = L.Bits(u);
        I shifted = L.SubInt(bits, K(LogSplit));
        I exponentBits = L.And(shifted, K(ExponentMask));
        F e = L.Add(ExponentOf(shifted, C(1024)), extra);

        // The scale 2^-e underflows for the largest u, where the low part no longer matters.
        F low = L.Select(L.Less(u, C(1e18)), L.Mul(uLow, L.FromBits(L.SubInt(K(OneBits), exponentBits))), C(0));
        F m = L.Sub(L.FromBits(L.SubInt(bits, exponentBits)), C(1));
        F f = L.Add(m, low);
        F fLow = L.Add(L.Sub(m, f), low);
        F s = L.Div(f, L.Add(f, C(2)));
        F half = L.Mul(L.Mul(C(0.5), f), f);
        F tail = L.Fma(e, C(Ln2Tail), L.Fma(L.Neg(fLow), f, fLow));
        F y = L.Fma(s, L.Add(half, LogCurve(s)), tail);
        F head = L.Mul(e, C(Ln2Head));
        F sum = L.Add(head, f);
        return L.Add(sum, L.Add(L.Sub(y, half), FastSumError(head, f, sum)));
    }

    /// <summary>x = 2^e (1 + result) with 1 + result in [0.707, 1.415), for positive finite x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F SplitExponent(F x, out F e)
    {
        M subnormal = L.Less(x, C(SmallestNormal));
        I bits = L.Bits(L.Select(subnormal, L.Mul(x, PowerOfTwo(54)), x));
        I shifted = L.SubInt(bits, K(LogSplit));
        e = ExponentOf(shifted, L.Select(subnormal, C(1024 + 54), C(1024)));
        return L.Sub(L.FromBits(L.SubInt(bits, L.And(shifted, K(ExponentMask)))), C(1));
    }

    /// <summary>The signed exponent field, by a logical shift of the value with a bias of 1024 added, less <paramref name="bias"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ExponentOf(I shifted, F bias) =>
        L.Sub(L.ToFloat(L.ShiftRightLogical(L.AddInt(shifted, K(0x4000000000000000)), 52)), bias);

    /// <summary>(log(1 + f) - f + f^2/2) / s - f^2/2 for s = f / (2 + f).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogCurve(F s)
    {
        F z = L.Mul(s, s);
        return L.Mul(z, Horner(
            z, 0.6666666666666734, 0.39999999999413544, 0.2857142874266418, 0.22222198542467345, 0.18183566037020857, 0.15314003994486658,
            0.14796442202332746));
    }

    /// <summary>+inf and NaN map to themselves, negative numbers to NaN, both zeros to -inf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogSpecials(F result, F x)
    {
        result = L.Select(L.Less(x, C(Infinity)), result, x);
        result = L.Select(L.Less(x, C(0)), C(double.NaN), result);
        return L.Select(L.Equal(x, C(0)), C(double.NegativeInfinity), result);
    }
}
