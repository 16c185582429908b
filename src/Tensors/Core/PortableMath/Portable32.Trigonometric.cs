using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable32<L, F, I, M>
{
    private const float TwoOverPi = 0.63661975f;

    /// <summary>pi/2 = first + second + third, 24 bits each.</summary>
    private const float HalfPi1 = 1.5707964f;
    private const float HalfPi2 = -4.371139e-8f;
    private const float HalfPi3 = -1.7151245e-15f;

    /// <summary>Sine. Error at most 0.89 ulp for every finite input; keeps the sign of zero; NaN at infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Sin(F x)
    {
        ReduceQuadrant(x, out F r, out F low, out I quadrant);
        return L.Select(L.Equal(x, C(0)), x, SinOfQuadrant(r, low, quadrant));
    }

    /// <summary>Cosine. Error at most 0.89 ulp for every finite input; NaN at infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Cos(F x)
    {
        ReduceQuadrant(x, out F r, out F low, out I quadrant);
        return SinOfQuadrant(r, low, L.AddInt(quadrant, K(1)));
    }

    /// <summary>Tangent. Error at most 1.2 ulp for every finite input; keeps the sign of zero; NaN at infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Tan(F x)
    {
        ReduceQuadrant(x, out F r, out F low, out I quadrant);
        F z = L.Mul(r, r);
        F curve = L.Mul(
            L.Mul(r, z), Horner(z, 0.3333335f, 0.13332677f, 0.054058682f, 0.021287538f, 0.01082383f, 1.0292955e-4f, 0.004370362f));

        // tan(r + low) = tan(r) + low (1 + tan(r)^2), kept as two floats so that the reciprocal in odd quadrants costs no accuracy.
        F approximate = L.Add(r, curve);
        F tail = L.Fma(low, L.Fma(approximate, approximate, C(1)), curve);
        F tan = L.Add(r, tail);
        F tanLow = FastSumError(r, tail, tan);
        F inverse = L.Div(C(-1), tan);
        F residual = L.Fma(inverse, tanLow, L.Fma(inverse, tan, C(1)));
        F cotangent = L.Fma(inverse, residual, inverse);
        M odd = L.EqualInt(L.And(quadrant, K(1)), K(1));
        return L.Select(L.Equal(x, C(0)), x, L.Select(odd, cotangent, tan));
    }

    /// <summary>sin(r + low + quadrant * pi/2) for |r| &lt;= pi/4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F SinOfQuadrant(F r, F low, I quadrant)
    {
        F z = L.Mul(r, r);
        F sin = L.Add(L.Fma(L.Mul(r, z), Horner(z, -0.16666655f, 0.008332188f, -1.9518095e-4f), low), r);
        F half = L.Mul(C(0.5f), z);
        F w = L.Sub(C(1), half);
        F correction = L.Fma(L.Neg(r), low, L.Sub(L.Sub(C(1), w), half));
        F cos = L.Add(w, L.Fma(L.Mul(z, z), Horner(z, 0.041666646f, -0.001388731f, 2.4432327e-5f), correction));
        M odd = L.EqualInt(L.And(quadrant, K(1)), K(1));
        I sign = L.ShiftLeft(L.And(quadrant, K(2)), 30);
        return L.FromBits(L.Xor(L.Bits(L.Select(odd, cos, sin)), sign));
    }

    /// <summary>x = r + low + quadrant * pi/2 with |r| &lt;= pi/4, to about 2^-48 of r; only the low two bits of the quadrant count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReduceQuadrant(F x, out F r, out F low, out I quadrant)
    {
        F t = L.Fma(x, C(TwoOverPi), C(Round));
        F n = L.Sub(t, C(Round));
        F first = L.Fma(n, C(-HalfPi1), x);
        F second = L.Mul(n, C(HalfPi2));
        F secondLow = L.Fma(n, C(HalfPi3), ProductError(n, C(HalfPi2), second));

        // The difference needs its full error term: where it cancels, first and second are of the same size.
        r = L.Sub(first, second);
        F taken = L.Sub(r, first);
        low = L.Sub(L.Sub(L.Sub(first, L.Sub(r, taken)), L.Add(second, taken)), secondLow);
        quadrant = L.Bits(t);

        M huge = L.Less(C(1e5f), L.Abs(x));
        if (L.MayHold(huge))
        {
            ReduceHuge(x, out F hugeR, out F hugeLow, out I hugeQuadrant);
            r = L.Select(huge, hugeR, r);
            low = L.Select(huge, hugeLow, low);
            quadrant = L.SelectInt(huge, hugeQuadrant, quadrant);
        }
    }

    /// <summary>
    /// As <see cref="ReduceQuadrant"/> for |x| > 2^16, after Payne and Hanek: x times those bits of 2/pi that neither give multiples of
    /// four quadrants nor fall below the result. 2/pi is cut into 24-bit pieces; five of them are picked by the exponent of x.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void ReduceHuge(F x, out F r, out F low, out I quadrant)
    {
        F a = L.Abs(x);
        M by4 = L.LessOrEqual(PowerOfTwo(121), a);
        a = L.Select(by4, L.Mul(a, PowerOfTwo(-96)), a);
        F p0 = L.Select(by4, C(0.9578379f), C(0.63661975f));
        F p1 = L.Select(by4, C(0.7533475f), C(0.43088174f));
        F p2 = L.Select(by4, C(0.5843694f), C(0.08267188f));
        F p3 = L.Select(by4, C(0.2639199f), C(0.15368372f));
        F p4 = L.Select(by4, C(0.99342936f), C(0.9578379f));
        M by2 = L.LessOrEqual(PowerOfTwo(73), a);
        a = L.Select(by2, L.Mul(a, PowerOfTwo(-48)), a);
        p0 = L.Select(by2, p2, p0);
        p1 = L.Select(by2, p3, p1);
        p2 = L.Select(by2, p4, p2);
        p3 = L.Select(by2, C(0.7533475f), p3);
        p4 = L.Select(by2, C(0.5843694f), p4);
        F p5 = L.Select(by2, C(0.2639199f), C(0.7533475f));
        M by1 = L.LessOrEqual(PowerOfTwo(49), a);
        a = L.Select(by1, L.Mul(a, PowerOfTwo(-24)), a);
        p0 = L.Select(by1, p1, p0);
        p1 = L.Select(by1, p2, p1);
        p2 = L.Select(by1, p3, p2);
        p3 = L.Select(by1, p4, p3);
        p4 = L.Select(by1, p5, p4);

        // Exact products, most significant first, each reduced modulo 4 where it can reach 4.
        F a1 = L.Mul(a, PowerOfTwo(-24));
        F a2 = L.Mul(a, PowerOfTwo(-48));
        F a3 = L.Mul(a, PowerOfTwo(-72));
        F q0 = L.Mul(a, p0);
        F q1 = L.Mul(a1, p1);
        F q2 = L.Mul(a2, p2);
        F q3 = L.Mul(a3, p3);
        F q0Low = ModuloFour(ProductError(a, p0, q0));
        F q1Low = ProductError(a1, p1, q1);
        F q2Low = ProductError(a2, p2, q2);
        F q3Low = L.Fma(L.Mul(a, PowerOfTwo(-96)), p4, ProductError(a3, p3, q3));
        q0 = ModuloFour(q0);
        q1 = ModuloFour(q1);

        // Sum as three floats: the integer part is the quadrant, and the fraction may cancel down to 2^-33.
        F s1 = L.Add(q0, q0Low);
        F e1 = SumError(q0, q0Low, s1);
        F s2 = L.Add(s1, q1);
        F e2 = SumError(s1, q1, s2);
        F s3 = L.Add(s2, q1Low);
        F e3 = SumError(s2, q1Low, s3);
        F s4 = L.Add(s3, q2);
        F e4 = SumError(s3, q2, s4);
        F u1 = L.Add(e1, e2);
        F f1 = SumError(e1, e2, u1);
        F u2 = L.Add(u1, e3);
        F f2 = SumError(u1, e3, u2);
        F u3 = L.Add(u2, e4);
        F f3 = SumError(u2, e4, u3);
        F u4 = L.Add(u3, q2Low);
        F f4 = SumError(u3, q2Low, u4);
        F u5 = L.Add(u4, q3);
        F f5 = SumError(u4, q3, u5);
        F v = L.Add(L.Add(L.Add(f1, f2), L.Add(f3, f4)), L.Add(f5, q3Low));

        F t = L.Add(s4, C(Round));
        F fraction = L.Sub(s4, L.Sub(t, C(Round)));
        F high = L.Add(fraction, u5);
        F rest = L.Add(SumError(fraction, u5, high), v);
        F sum = L.Add(high, rest);
        rest = FastSumError(high, rest, sum);

        F product = L.Mul(sum, C(HalfPi1));
        F productLow = L.Add(ProductError(sum, C(HalfPi1), product), L.Fma(sum, C(HalfPi2), L.Mul(rest, C(HalfPi1))));
        F angle = L.Add(product, productLow);
        r = XorSign(angle, x);
        low = XorSign(FastSumError(product, productLow, angle), x);
        quadrant = L.SelectInt(L.Less(x, C(0)), L.SubInt(K(0), L.Bits(t)), L.Bits(t));
    }

    /// <summary>A number in [-4, 4] that differs from <paramref name="value"/> by a multiple of 4; exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F ModuloFour(F value)
    {
        F quarter = L.Mul(C(0.25f), value);
        F integer = L.Sub(L.Add(quarter, C(Round)), C(Round));
        return L.Fma(C(-4), L.Select(L.Less(L.Abs(quarter), PowerOfTwo(23)), integer, quarter), value);
    }
}
