namespace Engine.Tensors;

/// <summary>
/// Modified Bessel functions I and spherical ones j as scalar expressions over binary64, divided by the power of the argument with which they begin: what is left is smooth,
/// even and has a derivative of the same kind, (I(n) / x^n)' = x I(n+1) / x^(n+1) and (j(n) / x^n)' = -x j(n+1) / x^(n+1).
/// </summary>
internal static class BesselFunctions
{
    private const double Accuracy = 1e-19;

    // sqrt(x) exp(-x) I(n, x) for x >= 10 as polynomials in 20 / x - 1: Chebyshev interpolation at 21 nodes in 40 digits, error 6e-17.
    private static readonly double[] LargeZero =
    [
        0.4015097608312065, 0.002645885967186204, 8.311327263721624e-05, 5.152033951272523e-06, 5.041257458220273e-07, 7.078400277725272e-08,
        1.3635290931204917e-08, 3.5594718586252564e-09, 1.2794854834486504e-09, 6.335710056030594e-10, 3.744336710674325e-10, 1.5156816932156447e-10,
        -1.1027480637908876e-10, -2.4247917231732244e-10, -9.716528662307308e-11, 1.0181138641337089e-10, 8.344367527867416e-11, -2.422590687289376e-11,
        -3.055960610486955e-11, 2.767339685555002e-12, 4.814005830000333e-12,
    ];

    private static readonly double[] LargeOne =
    [
        0.39133972251206706, -0.007730905126755938, -0.00013480146633788794, -7.012361313501271e-06, -6.294296321522071e-07, -8.389642841701125e-08,
        -1.5598306595784334e-08, -3.965028981256195e-09, -1.3948977726120614e-09, -6.794199209830196e-10, -3.9884173055440503e-10,
        -1.6494910233422713e-10, 1.0940018017898828e-10, 2.525391357033204e-10, 1.0544010174897499e-10, -1.0375420084722629e-10,
        -8.799565212017509e-11, 2.4193666878165042e-11, 3.1912473453295585e-11, -2.709236254103626e-12, -5.001818222312378e-12,
    ];

    /// <summary>I(order, x) / x^order, times exp(-|x|) when scaled.</summary>
    public static Expr ModifiedRatio(int order, bool scaled, Expr x)
    {
        Expr a = x.Abs();
        double limit = Limit(order);
        Expr large = ModifiedLarge(order, scaled, a);
        if (order > 0) large /= GammaFunctions.Power(a, order);
        large = AtInfinity(large, a, scaled);
        return (a < limit).Select(ModifiedSmall(order, scaled, a), large);
    }

    /// <summary>I(order, x) for order 0 or 1, times exp(-|x|) when scaled.</summary>
    public static Expr Modified(int order, bool scaled, Expr x)
    {
        if (order == 0) return ModifiedRatio(0, scaled, x);
        Expr a = x.Abs();
        Expr large = AtInfinity(ModifiedLarge(1, scaled, a), a, scaled);
        return (a < Limit(1)).Select(x * ModifiedSmall(1, scaled, a), (x < 0).Select(-large, large));
    }

    /// <summary>j(order, x) / x^order, where j(0, x) is sin(x) / x.</summary>
    public static Expr SphericalRatio(int order, Expr x)
    {
        double limit = Math.Max(2, order + 1);
        Expr square = x * x;
        // x^-n j(n, x) = sum of (-x^2 / 2)^k / (k! (2n + 2k + 1)!!).
        double first = 1;
        for (int i = 1; i <= order; i++) first /= (2 * i) + 1;
        List<double> terms = [first];
        double term = first, size = first;
        for (int k = 1; size > Accuracy * first; k++)
        {
            double factor = 1.0 / (2 * k * ((2 * order) + (2 * k) + 1));
            term *= -factor;
            size *= factor * limit * limit;
            terms.Add(term);
        }
        Expr small = GammaFunctions.Polynomial(square, [.. terms]);
        Expr large = x.Apply(ElementaryFunction.Sin) / x, before = x.Apply(ElementaryFunction.Cos);
        for (int n = 0; n < order; n++) (before, large) = (large, (n == 0 ? large - before : (large * ((2 * n) + 1)) - before) / square);
        return (x.Abs() < limit).Select(small, large);
    }

    // Below, a power series; above, recurrence upwards in the order, which is stable where the argument is larger.
    private static double Limit(int order) => 10 + (2 * Math.Max(0, order - 1));

    private static Expr ModifiedSmall(int order, bool scaled, Expr a)
    {
        double limit = Limit(order), first = 1;
        for (int i = 1; i <= order; i++) first /= 2 * i;
        // x^-n I(n, x) = sum of (x^2 / 4)^k / (2^n k! (n + k)!).
        List<double> terms = [first];
        double term = first, size = first, sum = first;
        for (int k = 1; size > Accuracy * sum; k++)
        {
            double factor = 0.25 / (k * (double)(order + k));
            term *= factor;
            size *= factor * limit * limit;
            sum += size;
            terms.Add(term);
        }
        Expr series = GammaFunctions.Polynomial(a * a, [.. terms]);
        return scaled ? series * (-a).Exp() : series;
    }

    private static Expr ModifiedLarge(int order, bool scaled, Expr a)
    {
        Expr place = 20 / a - 1, root = a.Sqrt();
        Expr result = GammaFunctions.Polynomial(place, LargeZero) / root;
        if (order > 0)
        {
            Expr before = result;
            result = GammaFunctions.Polynomial(place, LargeOne) / root;
            for (int n = 1; n < order; n++) (before, result) = (result, before - (2 * n / a) * result);
        }
        if (scaled) return result;
        // In two steps: e^x overflows before its product with the rest does.
        Expr half = (a * 0.5).Exp();
        return result * half * half;
    }

    private static Expr AtInfinity(Expr value, Expr a, bool scaled) =>
        a.EqualTo(a.Like(double.PositiveInfinity)).Select(a.Like(scaled ? 0 : double.PositiveInfinity), value);
}
