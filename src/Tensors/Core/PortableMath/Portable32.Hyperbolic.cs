using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable32<L, F, I, M>
{
    /// <summary>Hyperbolic tangent. Error at most 0.980 ulp, with full relative accuracy down to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Tanh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = Horner(
            z, -0.33333322f, 0.13332981f, -0.053929474f, 0.021664092f, -0.008265454f, 0.0025834232f, -4.557081e-4f);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // 1 - 2 / (e^2a + 1); the algebraically equal (d - 2) / d is worse.
        F doubled = L.Mul(C(2), L.MinNative(C(10), a));
        F t = L.Fma(doubled, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = L.Fma(n, C(-Ln2Low), ExpRemainder(doubled, n));
        F q = ExpCurve(r);
        F scale = ScaleOnce(L.Bits(t));
        F denominator = L.Fma(L.Fma(q, L.Mul(r, r), r), scale, L.Add(scale, C(1)));
        F far = L.Sub(C(1), L.Div(C(2), denominator));
        return OrSign(L.Select(L.Less(a, C(0.9f)), near, far), x);
    }

    /// <summary>Hyperbolic sine. Error at most 0.8 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Sinh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F near = L.Fma(L.Mul(a, z), Horner(z, 0.16666667f, 0.0083333105f, 1.9842894e-4f, 2.7822293e-6f), a);

        // With u = e^a / 4: sinh(a) = 2u - 1/(8u), halved until the last doubling so that e^a may overflow first.
        F u = QuarterExp(a, out F uLow);
        F inverse = L.Div(C(0.0625f), u);
        F difference = L.Sub(u, inverse);
        F low = L.Add(FastSumError(u, L.Neg(inverse), difference), uLow);
        F half = L.Add(difference, low);
        return OrSign(L.Select(L.Less(a, C(1)), near, L.Add(half, half)), x);
    }

    /// <summary>Hyperbolic cosine. Error at most 0.9 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Cosh(F x)
    {
        F u = QuarterExp(L.Abs(x), out F uLow);
        F inverse = L.Div(C(0.0625f), u);
        F sum = L.Add(u, inverse);
        F half = L.Add(sum, L.Add(FastSumError(u, inverse, sum), uLow));
        return L.Add(half, half);
    }

    /// <summary>Inverse hyperbolic sine. Error at most 0.7 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Asinh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = Horner(z, -0.16666666f, 0.07499907f, -0.044616096f, 0.03003357f, -0.020049587f, 0.009256639f);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // log(a + sqrt(a^2 + 1)), the sum kept as two floats; log(2a) once 1 no longer matters.
        F w = L.Add(z, C(1));
        F wLow = L.Add(SumError(z, C(1), w), ProductError(a, a, z));
        F far = LogOfSqrtSum(a, w, wLow);
        far = L.Select(L.Less(a, C(Infinity)), far, a);
        return OrSign(L.Select(L.Less(a, C(0.5f)), near, far), x);
    }

    /// <summary>Inverse hyperbolic cosine. Error at most 0.7 ulp; NaN below 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Acosh(F x)
    {
        // Near 1, sqrt(2t) (1 + t p(t)) with t = x - 1, which is exact; the rounding error of the root is put back.
        F t = L.Sub(x, C(1));
        F doubled = L.Add(t, t);
        F root = L.Sqrt(doubled);
        F rootLow = L.Div(L.Fma(L.Neg(root), root, doubled), L.MaxNative(C(SmallestNormal), L.Add(root, root)));
        F curve = Horner(t, -0.08333333f, 0.018749768f, -0.005577012f, 0.0018770981f, -6.265496e-4f, 1.4463498e-4f);
        F near = L.Add(root, L.Fma(L.Mul(root, t), curve, rootLow));

        F square = L.Mul(x, x);
        F w = L.Sub(square, C(1));
        F wLow = L.Add(FastSumError(square, C(-1), w), ProductError(x, x, square));
        F far = LogOfSqrtSum(x, w, wLow);
        far = L.Select(L.Less(x, C(Infinity)), far, x);
        return L.Select(L.Less(x, C(1.5f)), near, far);
    }

    /// <summary>Inverse hyperbolic tangent. Error at most 0.7 ulp; infinite at -1 and 1, NaN outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Atanh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = Horner(
            z, 0.33333337f, 0.19999626f, 0.14297599f, 0.10932973f, 0.10497738f, 0.017889813f, 0.1839168f);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // log((1 + a) / (1 - a)) / 2: the denominator is exact here, numerator and quotient are kept as two floats.
        F numerator = L.Add(a, C(1));
        F numeratorLow = FastSumError(C(1), a, numerator);
        F denominator = L.Sub(C(1), a);
        F quotient = L.Div(numerator, denominator);
        F quotientLow = L.Div(L.Add(L.Fma(L.Neg(quotient), denominator, numerator), numeratorLow), denominator);
        F far = L.Mul(C(0.5f), LogOfSum(quotient, quotientLow, C(0)));
        far = L.Select(L.Equal(a, C(1)), C(Infinity), far);
        far = L.Select(L.LessOrEqual(a, C(1)), far, C(float.NaN));
        return OrSign(L.Select(L.Less(a, C(0.5f)), near, far), x);
    }

    /// <summary>e^a / 4 as a sum of two floats, for a >= 0; infinite only where e^a / 2 is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F QuarterExp(F a, out F low)
    {
        a = L.MinNative(C(89.5f), a);
        F t = L.Fma(a, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = ExpRemainder(a, n);
        F p = L.Add(r, C(1));
        F scale = ScaleOnce(L.SubInt(L.Bits(t), K(2)));
        low = L.Add(FastSumError(C(1), r, p), ExpTail(r, n));
        F high = L.Add(p, low);
        low = L.Mul(FastSumError(p, low, high), scale);
        return L.Mul(high, scale);
    }

    /// <summary>log(a + sqrt(w + wLow)) for a >= 1/2, where w is a^2 + 1 or a^2 - 1; log(2a) from 2^12 on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogOfSqrtSum(F a, F w, F wLow)
    {
        F root = L.Sqrt(w);
        F rootLow = L.Div(L.Add(L.Fma(L.Neg(root), root, w), wLow), L.Add(root, root));
        F sum = L.Add(root, a);
        F sumLow = L.Add(SumError(root, a, sum), rootLow);
        M large = L.Less(C(4096), a);
        sum = L.Select(large, a, sum);
        sumLow = L.Select(large, C(0), sumLow);
        return LogOfSum(sum, sumLow, L.Select(large, C(1), C(0)));
    }
}
