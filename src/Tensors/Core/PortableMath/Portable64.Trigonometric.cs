using System.Runtime.CompilerServices;

namespace Engine.Tensors;

internal abstract partial class Portable64<L, F, I, M>
{
    private const double TwoOverPi = 0.6366197723675814;

    /// <summary>pi/2 = first + second + third, 53 bits each.</summary>
    private const double HalfPi1 = 1.5707963267948966;
    private const double HalfPi2 = 6.123233995736766e-17;
    private const double HalfPi3 = -1.4973849048591698e-33;

    /// <summary>Sine. Error at most 0.9 ulp for every finite input; keeps the sign of zero; NaN at infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Sin(F x)
    {
        ReduceQuadrant(x, out F r, out F low, out I quadrant);
        return L.Select(L.Equal(x, C(0)), x, SinOfQuadrant(r, low, quadrant));
    }

    /// <summary>Cosine. Error at most 0.9 ulp for every finite input; NaN at infinity.</summary>
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
        F curve = L.Mul(L.Mul(r, z), TanCurve(z));

        // tan(r + low) = tan(r) + low (1 + tan(r)^2), kept as two doubles so that the reciprocal in odd quadrants costs no accuracy.
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
        F sin = L.Add(L.Fma(L.Mul(r, z), SinCurve(z), low), r);
        F half = L.Mul(C(0.5), z);
        F w = L.Sub(C(1), half);
        F correction = L.Fma(L.Neg(r), low, L.Sub(L.Sub(C(1), w), half));
        F cos = L.Add(w, L.Fma(L.Mul(z, z), CosCurve(z), correction));
        M odd = L.EqualInt(L.And(quadrant, K(1)), K(1));
        I sign = L.ShiftLeft(L.And(quadrant, K(2)), 62);
        return L.FromBits(L.Xor(L.Bits(L.Select(odd, cos, sin)), sign));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F SinCurve(F z) => Horner(
        z, -0.16666666666666666, 0.008333333333333042, -0.00019841269840962432, 2.7557319073888503e-6, -2.5052070868401654e-8,
        1.605430001613819e-10, -7.388640206128239e-13);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F CosCurve(F z) => Horner(
        z, 0.041666666666666595, -0.0013888888888873342, 2.4801587289001527e-5, -2.755731421667032e-7, 2.0875705316347216e-9,
        -1.1358743631773665e-11);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F TanCurve(F z) => Horner(
        z, 0.33333333333332776, 0.13333333333414735, 0.05396825392664336, 0.02186948960917051, 0.008863219165469642, 0.0035922890476985706,
        0.0014547582316050424, 0.0005950634302804672, 0.00022238410777385137, 0.00013651594378072705, -2.6371711631961477e-5,
        8.94383097739148e-5, -4.4868640520011614e-5, 2.0861282758736695e-5);

    /// <summary>x = r + low + quadrant * pi/2 with |r| &lt;= pi/4, to about 2^-106 of r; only the low two bits of the quadrant count.</summary>
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

        M huge = L.Less(C(1e9), L.Abs(x));
        if (L.MayHold(huge))
        {
            ReduceHuge(x, out F hugeR, out F hugeLow, out I hugeQuadrant);
            r = L.Select(huge, hugeR, r);
            low = L.Select(huge, hugeLow, low);
            quadrant = L.SelectInt(huge, hugeQuadrant, quadrant);
        }
    }

    /// <summary>
    /// As <see cref="ReduceQuadrant"/> for |x| > 2^29, after Payne and Hanek: x times those bits of 2/pi that neither give multiples of
    /// four quadrants nor fall below the result. 2/pi is cut into 53-bit pieces; the five from number floor((exponent of x - 54) / 53) on
    /// are picked by halving: each step drops 16, 8, 4, 2 or 1 pieces where x is large enough.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void ReduceHuge(F x, out F r, out F low, out I quadrant)
    {
        F a = L.Abs(x);
        M by16 = L.LessOrEqual(PowerOfTwo(902), a);
        a = L.Select(by16, L.Mul(a, PowerOfTwo(-848)), a);
        F p0 = L.Select(by16, C(0.495348441190541), C(0.6366197723675813));
        F p1 = L.Select(by16, C(0.9093006150323975), C(0.6455004762340146));
        F p2 = L.Select(by16, C(0.7102755855591438), C(0.8260347502167291));
        F p3 = L.Select(by16, C(0.9716433593102769), C(0.6177029686506639));
        F p4 = L.Select(by16, C(0.645159640989469), C(0.22946046207480975));
        F p5 = L.Select(by16, C(0.38377539675336436), C(0.28461387860774945));
        F p6 = L.Select(by16, C(0.7971457910852385), C(0.006138546976630632));
        M by8 = L.LessOrEqual(PowerOfTwo(478), a);
        a = L.Select(by8, L.Mul(a, PowerOfTwo(-424)), a);
        p0 = L.Select(by8, C(0.16270821739654884), p0);
        p1 = L.Select(by8, C(0.6478181222020806), p1);
        p2 = L.Select(by8, C(0.752362340216695), p2);
        p3 = L.Select(by8, C(0.7848375294503177), p3);
        p4 = L.Select(by8, C(0.2882121784458589), p4);
        p5 = L.Select(by8, C(0.3143043483578357), p5);
        p6 = L.Select(by8, C(0.505462883924126), p6);
        F p7 = L.Select(by8, C(0.35474129975356194), C(0.5660391411155584));
        F p8 = L.Select(by8, C(0.495348441190541), C(0.16270821739654884));
        F p9 = L.Select(by8, C(0.9093006150323975), C(0.6478181222020806));
        F p10 = L.Select(by8, C(0.7102755855591438), C(0.752362340216695));
        F p11 = L.Select(by8, C(0.9716433593102769), C(0.7848375294503177));
        M by4 = L.LessOrEqual(PowerOfTwo(266), a);
        a = L.Select(by4, L.Mul(a, PowerOfTwo(-212)), a);
        p0 = L.Select(by4, p4, p0);
        p1 = L.Select(by4, p5, p1);
        p2 = L.Select(by4, p6, p2);
        p3 = L.Select(by4, p7, p3);
        p4 = L.Select(by4, p8, p4);
        p5 = L.Select(by4, p9, p5);
        p6 = L.Select(by4, p10, p6);
        p7 = L.Select(by4, p11, p7);
        M by2 = L.LessOrEqual(PowerOfTwo(160), a);
        a = L.Select(by2, L.Mul(a, PowerOfTwo(-106)), a);
        p0 = L.Select(by2, p2, p0);
        p1 = L.Select(by2, p3, p1);
        p2 = L.Select(by2, p4, p2);
        p3 = L.Select(by2, p5, p3);
        p4 = L.Select(by2, p6, p4);
        p5 = L.Select(by2, p7, p5);
        M by1 = L.LessOrEqual(PowerOfTwo(107), a);
        a = L.Select(by1, L.Mul(a, PowerOfTwo(-53)), a);
        p0 = L.Select(by1, p1, p0);
        p1 = L.Select(by1, p2, p1);
        p2 = L.Select(by1, p3, p2);
        p3 = L.Select(by1, p4, p3);
        p4 = L.Select(by1, p5, p4);

        // Exact products, most significant first, each reduced modulo 4 where it can reach 4.
        F a1 = L.Mul(a, PowerOfTwo(-53));
        F a2 = L.Mul(a, PowerOfTwo(-106));
        F a3 = L.Mul(a, PowerOfTwo(-159));
        F q0 = L.Mul(a, p0);
        F q1 = L.Mul(a1, p1);
        F q2 = L.Mul(a2, p2);
        F q3 = L.Mul(a3, p3);
        F q0Low = ModuloFour(ProductError(a, p0, q0));
        F q1Low = ProductError(a1, p1, q1);
        F q2Low = ProductError(a2, p2, q2);
        F q3Low = L.Fma(L.Mul(a, PowerOfTwo(-212)), p4, ProductError(a3, p3, q3));
        q0 = ModuloFour(q0);
        q1 = ModuloFour(q1);

        // Sum as three doubles: the integer part is the quadrant, and the fraction may cancel down to 2^-62.
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
        F quarter = L.Mul(C(0.25), value);
        F integer = L.Sub(L.Add(quarter, C(Round)), C(Round));
        return L.Fma(C(-4), L.Select(L.Less(L.Abs(quarter), PowerOfTwo(52)), integer, quarter), value);
    }
}
