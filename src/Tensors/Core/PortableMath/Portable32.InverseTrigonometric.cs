using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable32<L, F, I, M>
{
    private const float QuarterPi1 = 0.7853982f;
    private const float QuarterPi2 = -2.1855694e-8f;
    private const float ThreeQuarterPi1 = 2.3561945f;
    private const float ThreeQuarterPi2 = -5.9624403e-9f;
    private const float Pi1 = 3.1415927f;
    private const float Pi2 = -8.742278e-8f;

    /// <summary>Inverse sine. Error at most 0.65 ulp; keeps the sign of zero; NaN outside [-1, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Asin(F x)
    {
        M outer = AsinParts(x, out F s, out F tail);
        F doubled = L.Add(s, s);
        F high = L.Sub(C(HalfPi1), doubled);
        F far = L.Add(high, L.Add(FastSumError(C(HalfPi1), L.Neg(doubled), high), L.Fma(C(-2), tail, C(HalfPi2))));
        return OrSign(L.Select(outer, far, L.Add(s, tail)), x);
    }

    /// <summary>Inverse cosine. Error at most 0.65 ulp; NaN outside [-1, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Acos(F x)
    {
        M outer = AsinParts(x, out F s, out F tail);
        F factor = L.Select(outer, C(2), C(1));
        M positive = L.Less(C(0), x);

        // Inside: pi/2 - x - tail. Outside: 2 (s + tail) or pi minus that. One sum of base and signed term covers all three.
        F part = L.Mul(factor, s);
        F partLow = L.Mul(factor, tail);
        M subtract = L.Differ(outer, positive);
        F term = L.Select(subtract, L.Neg(part), part);
        F termLow = L.Select(subtract, L.Neg(partLow), partLow);
        F baseHigh = L.Select(outer, L.Select(positive, C(0), C(Pi1)), C(HalfPi1));
        F baseLow = L.Select(outer, L.Select(positive, C(0), C(Pi2)), C(HalfPi2));
        F high = L.Add(baseHigh, term);
        return L.Add(high, L.Add(FastSumError(baseHigh, term, high), L.Add(baseLow, termLow)));
    }

    /// <summary>Inverse tangent. Error at most 0.65 ulp; keeps the sign of zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Atan(F x)
    {
        F a = L.Abs(x);
        M steep = L.Less(C(1), a);
        F smaller = L.Select(steep, C(1), a);
        F larger = L.Select(steep, a, C(1));
        AtanParts(smaller, larger, out M middle, out F t, out F tail);
        F baseHigh = L.Select(middle, C(QuarterPi1), L.Select(steep, C(HalfPi1), C(0)));
        F baseLow = L.Select(middle, C(QuarterPi2), L.Select(steep, C(HalfPi2), C(0)));
        return OrSign(AddAngle(baseHigh, baseLow, t, tail, steep), x);
    }

    /// <summary>Angle of (x, y). Error at most 0.9 ulp; signed zeros, infinities and the quadrant as in IEEE 754 atan2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Atan2(F y, F x)
    {
        F ax = L.Abs(x);
        F ay = L.Abs(y);
        M steep = L.Less(ax, ay);
        F larger = L.Select(steep, ay, ax);
        F smaller = L.Select(steep, ax, ay);

        // Only the quotient counts: the sum of the two must not overflow, and equal infinities or zeros become 1 / 1 and 0 / 1.
        F scale = L.Select(L.Less(PowerOfTwo(126), larger), C(0.25f), C(1));
        M infinite = L.Equal(smaller, C(Infinity));
        smaller = L.Select(infinite, C(1), L.Mul(smaller, scale));
        larger = L.Select(L.Either(infinite, L.Equal(larger, C(0))), C(1), L.Mul(larger, scale));

        AtanParts(smaller, larger, out M middle, out F t, out F tail);
        M left = L.LessInt(L.Bits(x), K(0));
        F baseHigh = L.Select(
            middle,
            L.Select(left, C(ThreeQuarterPi1), C(QuarterPi1)),
            L.Select(steep, C(HalfPi1), L.Select(left, C(Pi1), C(0))));
        F baseLow = L.Select(
            middle,
            L.Select(left, C(ThreeQuarterPi2), C(QuarterPi2)),
            L.Select(steep, C(HalfPi2), L.Select(left, C(Pi2), C(0))));
        F result = OrSign(AddAngle(baseHigh, baseLow, t, tail, L.Differ(steep, left)), y);
        return L.Select(L.Both(L.Equal(x, x), L.Equal(y, y)), result, L.Add(x, y));
    }

    /// <summary>
    /// atan(smaller / larger) = t + tail, or pi/4 + t + tail in the middle, above tan(pi/8), where t is the quotient of difference and sum.
    /// The tail includes the rounding errors of both and of the quotient.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AtanParts(F smaller, F larger, out M middle, out F t, out F tail)
    {
        middle = L.Less(L.Mul(C(0.41421357f), larger), smaller);
        F difference = L.Sub(smaller, larger);
        F sum = L.Add(larger, smaller);
        F numerator = L.Select(middle, difference, smaller);
        F denominator = L.Select(middle, sum, larger);
        F numeratorLow = L.Select(middle, FastSumError(L.Neg(larger), smaller, difference), C(0));
        F denominatorLow = L.Select(middle, FastSumError(larger, smaller, sum), C(0));
        t = L.Div(numerator, denominator);
        F z = L.Mul(t, t);
        F remainder = L.Add(L.Fma(L.Neg(t), denominator, numerator), L.Fma(L.Neg(t), denominatorLow, numeratorLow));

        // The derivative of atan is 1 / (1 + t^2). The correction is not finite only where it does not matter.
        F correction = L.Div(remainder, L.Fma(denominator, z, denominator));
        F curve = Horner(z, -0.33333316f, 0.19998528f, -0.14244391f, 0.10599167f, -0.06090042f);
        tail = L.Fma(L.Mul(t, z), curve, L.Select(L.Less(L.Abs(correction), PowerOfTwo(-20)), correction, C(0)));
    }

    /// <summary>base + t + tail, or base - t - tail, rounded once to nearly full accuracy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F AddAngle(F baseHigh, F baseLow, F t, F tail, M subtract)
    {
        F term = L.Select(subtract, L.Neg(t), t);
        F termLow = L.Select(subtract, L.Neg(tail), tail);
        F high = L.Add(baseHigh, term);
        return L.Add(high, L.Add(FastSumError(baseHigh, term, high), L.Add(baseLow, termLow)));
    }

    /// <summary>
    /// asin(|x|) = s + tail for |x| &lt; 1/2; else, where the result is true, asin(|x|) = pi/2 - 2 (s + tail) with s = sqrt((1 - |x|) / 2),
    /// whose rounding error is in the tail.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static M AsinParts(F x, out F s, out F tail)
    {
        F a = L.Abs(x);
        M outer = L.LessOrEqual(C(0.5f), a);
        F halfGap = L.Mul(C(0.5f), L.Sub(C(1), a));
        F root = L.Sqrt(halfGap);
        F rootLow = L.Div(L.Fma(L.Neg(root), root, halfGap), L.MaxNative(C(SmallestNormal), L.Add(root, root)));
        F z = L.Select(outer, halfGap, L.Mul(a, a));
        s = L.Select(outer, root, a);
        F curve = Horner(z, 0.1666666f, 0.07500517f, 0.044514872f, 0.031822465f, 0.014390213f, 0.03757649f);
        tail = L.Fma(L.Mul(s, z), curve, L.Select(outer, rootLow, C(0)));
        return outer;
    }
}
