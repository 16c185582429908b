using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable64<L, F, I, M>
{
    /// <summary>Hyperbolic tangent. Error at most 1 ulp, with full relative accuracy down to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Tanh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = HornerBelow(
            z,
            Horner(z, -3.756658252419156e-5, 1.362087200490484e-5, -4.1526925522253024e-6, 9.046096920132046e-7, -1.011814445980453e-7),
            -0.33333333333333304, 0.1333333333332961, -0.05396825396659972, 0.02186948849864053, -0.008863235020409898, 0.0035921235063694993,
            -0.0014558065224450556, 0.0005899046002914938, -0.00023873208553816988, 9.596191958798447e-5);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // 1 - 2 / (e^2a + 1); the algebraically equal (d - 2) / d is worse.
        F doubled = L.Mul(C(2), L.MinNative(C(20), a));
        F t = L.Fma(doubled, C(Log2E), C(Round));
        F n = L.Sub(t, C(Round));
        F r = L.Fma(n, C(-Ln2Low), ExpRemainder(doubled, n));
        F q = ExpCurve(r);
        F scale = ScaleOnce(L.Bits(t));
        F denominator = L.Fma(L.Fma(q, L.Mul(r, r), r), scale, L.Add(scale, C(1)));
        F far = L.Sub(C(1), L.Div(C(2), denominator));
        return OrSign(L.Select(L.Less(a, C(0.9)), near, far), x);
    }

    /// <summary>Hyperbolic sine. Error at most 0.8 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Sinh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = Horner(
            z, 0.16666666666666669, 0.008333333333332924, 0.000198412698415794, 2.7557319112323043e-6, 2.505212999993502e-8,
            1.605674230788536e-10, 7.773987805485418e-13);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // With u = e^a / 4: sinh(a) = 2u - 1/(8u), halved until the last doubling so that e^a may overflow first.
        F u = QuarterExp(a, out F uLow);
        F inverse = L.Div(C(0.0625), u);
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
        F inverse = L.Div(C(0.0625), u);
        F sum = L.Add(u, inverse);
        F half = L.Add(sum, L.Add(FastSumError(u, inverse, sum), uLow));
        return L.Add(half, half);
    }

    /// <summary>Inverse hyperbolic sine. Error at most 0.65 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Asinh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = Horner(
            z, -0.1666666666666661, 0.07499999999984423, -0.04464285712783745, 0.03038194371662207, -0.022372138363201993, 0.017352387023034585,
            -0.013960232873696748, 0.011512987814643933, -0.009534157295306921, 0.007465636090608022, -0.004747562865273761, 0.0017181141256314932);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // log(a + sqrt(a^2 + 1)), the sum kept as two doubles; log(2a) once 1 no longer matters.
        F w = L.Add(z, C(1));
        F wLow = L.Add(SumError(z, C(1), w), ProductError(a, a, z));
        F far = LogOfSqrtSum(a, w, wLow);
        far = L.Select(L.Less(a, C(Infinity)), far, a);
        return OrSign(L.Select(L.Less(a, C(0.5)), near, far), x);
    }

    /// <summary>Inverse hyperbolic cosine. Error at most 0.65 ulp; NaN below 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Acosh(F x)
    {
        // Near 1, sqrt(2t) (1 + t p(t)) with t = x - 1, which is exact; the rounding error of the root is put back.
        F t = L.Sub(x, C(1));
        F doubled = L.Add(t, t);
        F root = L.Sqrt(doubled);
        F rootLow = L.Div(L.Fma(L.Neg(root), root, doubled), L.MaxNative(C(SmallestNormal), L.Add(root, root)));
        F curve = Horner(
            t, -0.08333333333333305, 0.018749999999961058, -0.005580357140979681, 0.0018988714822888793, -0.0006991293238500623,
            0.0002711310472349154, -0.00010906431932575566, 4.497260865095213e-5, -1.8621400967394568e-5, 7.2906602447317955e-6,
            -2.3181459303072983e-6, 4.194614564522331e-7);
        F near = L.Add(root, L.Fma(L.Mul(root, t), curve, rootLow));

        F square = L.Mul(x, x);
        F w = L.Sub(square, C(1));
        F wLow = L.Add(FastSumError(square, C(-1), w), ProductError(x, x, square));
        F far = LogOfSqrtSum(x, w, wLow);
        far = L.Select(L.Less(x, C(Infinity)), far, x);
        return L.Select(L.Less(x, C(1.5)), near, far);
    }

    /// <summary>Inverse hyperbolic tangent. Error at most 0.65 ulp; infinite at -1 and 1, NaN outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Atanh(F x)
    {
        F a = L.Abs(x);
        F z = L.Mul(a, a);
        F curve = Horner(
            z, 0.3333333333333328, 0.20000000000018447, 0.14285714283410647, 0.11111111256545844, 0.09090903651950705, 0.07692439081940458,
            0.0666450837129051, 0.05907198031282554, 0.050597641959199684, 0.059472772049837745, -0.0050041209539155845, 0.17416888696391944,
            -0.1950675336333353, 0.24049181120438498);
        F near = L.Fma(L.Mul(a, z), curve, a);

        // log((1 + a) / (1 - a)) / 2: the denominator is exact here, numerator and quotient are kept as two doubles.
        F numerator = L.Add(a, C(1));
        F numeratorLow = FastSumError(C(1), a, numerator);
        F denominator = L.Sub(C(1), a);
        F quotient = L.Div(numerator, denominator);
        F quotientLow = L.Div(L.Add(L.Fma(L.Neg(quotient), denominator, numerator), numeratorLow), denominator);
        F far = L.Mul(C(0.5), LogOfSum(quotient, quotientLow, C(0)));
        far = L.Select(L.Equal(a, C(1)), C(Infinity), far);
        far = L.Select(L.LessOrEqual(a, C(1)), far, C(double.NaN));
        return OrSign(L.Select(L.Less(a, C(0.5)), near, far), x);
    }

    /// <summary>e^a / 4 as a sum of two doubles, for a >= 0; infinite only where e^a / 2 is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F QuarterExp(F a, out F low)
    {
        a = L.MinNative(C(710.6), a);
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

    /// <summary>log(a + sqrt(w + wLow)) for a >= 1/2, where w is a^2 + 1 or a^2 - 1; log(2a) from 2^28 on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F LogOfSqrtSum(F a, F w, F wLow)
    {
        F root = L.Sqrt(w);
        F rootLow = L.Div(L.Add(L.Fma(L.Neg(root), root, w), wLow), L.Add(root, root));
        F sum = L.Add(root, a);
        F sumLow = L.Add(SumError(root, a, sum), rootLow);
        M large = L.Less(PowerOfTwo(28), a);
        sum = L.Select(large, a, sum);
        sumLow = L.Select(large, C(0), sumLow);
        return LogOfSum(sum, sumLow, L.Select(large, C(1), C(0)));
    }
}
