using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable32<L, F, I, M>
{
    /// <summary>0.7: significands are taken from [0.7, 1.4), so that log(m) and e log(2) do not cancel.</summary>
    private const int LogSplit = 0x3F333333;
    private const int Log2Split = 0x3F2AAAAB;
    private const int ExponentMask = unchecked((int)0xFF800000);

    /// <summary>log(2) with a 16-bit head, so that e * head is exact.</summary>
    private const float Ln2Head = 0.69314575f;
    private const float Ln2Tail = 1.4286068e-6f;
    private const float SmallestNormal = 1.1754944e-38f;

    /// <summary>Natural logarithm. Error at most 0.891 ulp; subnormals are scaled first; log(0) = -inf, NaN below 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Log(F x)
    {
        M subnormal = L.Less(x, C(SmallestNormal));
        I bits = L.Bits(L.Select(subnormal, L.Mul(x, PowerOfTwo(23)), x));
        I shifted = L.SubInt(bits, K(LogSplit));
        F e = L.Sub(L.ToFloat(L.ShiftRight(shifted, 23)), L.Select(subnormal, C(23), C(0)));
        F f = L.Sub(L.FromBits(L.SubInt(bits, L.And(shifted, K(ExponentMask)))), C(1));
        F y = L.Mul(L.Mul(f, f), LogCurve(f));
        F result = L.Fma(e, C(Ln2Head), L.Add(f, L.Fma(e, C(Ln2Tail), y)));
        return LogSpecials(result, x);
    }

    /// <summary>Logarithm to base 2. Error at most 0.934 ulp; exact at powers of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Log2(F x)
    {
        M subnormal = L.Less(x, C(SmallestNormal));
        I bits = L.Bits(L.Select(subnormal, L.Mul(x, PowerOfTwo(23)), x));
        I shifted = L.SubInt(bits, K(Log2Split));
        F e = L.Sub(L.ToFloat(L.ShiftRight(shifted, 23)), L.Select(subnormal, C(23), C(0)));
        F f = L.Sub(L.FromBits(L.SubInt(bits, L.And(shifted, K(ExponentMask)))), C(1));

        // f * log2(e) is kept as product and error, because near x = 1 it is the whole result.
        F p = L.Mul(f, C(Log2E));
        F pLow = ProductError(f, C(Log2E), p);
        F h = Horner(
            f, -0.7213475f, 0.4808967f, -0.36067152f, 0.28868645f, -0.2406327f, 0.20209965f, -0.17593358f, 0.20158799f, -0.18547387f);
        F t = L.Fma(L.Mul(f, f), h, L.Fma(f, C(1.925963e-8f), pLow));
        F sum = L.Add(e, p);
        F result = L.Add(sum, L.Add(FastSumError(e, p, sum), t));
        return LogSpecials(result, x);
    }

    /// <summary>log(1 + x). Error at most 0.891 ulp; keeps the sign of zero; log1p(-1) = -inf, NaN below -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Log1p(F x)
    {
        F u = L.Add(x, C(1));
        F result = LogOfSum(u, L.Sub(x, L.Sub(u, C(1))), C(0));
        result = L.Select(L.Less(x, C(-1)), C(float.NaN), result);
        result = L.Select(L.Equal(x, C(-1)), C(float.NegativeInfinity), result);
        return L.Select(L.Both(L.Less(x, C(Infinity)), L.NotEqual(x, C(0))), result, x);
    }

    /// <summary>log(u + uLow) + <paramref name="extra"/> log(2) for a normal u below 2^126 and |uLow| of at most an ulp of u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogOfSum(F u, F uLow, F extra)
    {
        I bits = L.Bits(u);
        I shifted = L.SubInt(bits, K(LogSplit));
        I exponentBits = L.And(shifted, K(ExponentMask));
        F e = L.Add(L.ToFloat(L.ShiftRight(shifted, 23)), extra);

        // The scale 2^-e underflows for the largest u, where the low part no longer matters.
        F low = L.Select(L.Less(u, C(1e9f)), L.Mul(uLow, L.FromBits(L.SubInt(K(OneBits), exponentBits))), C(0));
        F m = L.Sub(L.FromBits(L.SubInt(bits, exponentBits)), C(1));
        F f = L.Add(m, low);
        F fLow = L.Add(L.Sub(m, f), low);
        F y = L.Fma(e, C(Ln2Tail), L.Fma(L.Mul(f, f), LogCurve(f), L.Fma(L.Neg(fLow), f, fLow)));
        F head = L.Mul(e, C(Ln2Head));
        F sum = L.Add(head, f);
        return L.Add(sum, L.Add(y, L.Sub(f, L.Sub(sum, head))));
    }

    /// <summary>(log(1 + f) - f) / f^2 for f in [-0.3, 0.4].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogCurve(F f) => Horner(
        f, -0.4999999f, 0.33333293f, -0.25001356f, 0.20004372f, -0.16616587f, 0.14132738f, -0.13123073f, 0.1320797f, -0.08337886f);

    /// <summary>+inf and NaN map to themselves, negative numbers to NaN, both zeros to -inf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogSpecials(F result, F x)
    {
        result = L.Select(L.Less(x, C(Infinity)), result, x);
        result = L.Select(L.Less(x, C(0)), C(float.NaN), result);
        return L.Select(L.Equal(x, C(0)), C(float.NegativeInfinity), result);
    }
}
