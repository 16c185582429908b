namespace Engine.Tensors;

/// <summary>The inverse of the error function as a scalar expression over binary64.</summary>
internal static class InverseErrorFunction
{
    // erfinv(a) / a in (w - 2.5) / 2.5 for w = -log(1 - a^2) below 5, and erfinv(a) in (sqrt(w) - 4.12) / 1.9 above: Chebyshev interpolation, relative error 2e-8.
    private static readonly double[] Central =
    [
        1.501409360450329, 0.6166006976365915, -0.02610870547001968, -0.019573849871456703, 0.008529272899990876, -0.00048558786029831555,
        -0.0008456995282308036, 0.00028572469974080887, 3.560786010087296e-05, -3.407259357545556e-05,
    ];

    private static readonly double[] Tail =
    [
        3.9609396076432706, 1.9185462717238664, 0.0035025244517271513, -0.004977393956936586, 0.0032481642753164146, -0.0016651026246581465,
        0.0008157329553529246, -0.0005329493969213434, 0.00016814773882993712, 0.0001869680582769857, -0.0001269583116399921,
    ];

    /// <summary>y with erf(y) = x; infinite at 1 and -1, NaN beyond. A polynomial and one step of Halley's iteration, which triples its digits.</summary>
    public static Expr Define(Expr x)
    {
        Expr a = x.Abs(), w = -((1 - a) * (1 + a)).Log();
        Expr near = a * GammaFunctions.Polynomial((w - 2.5) / 2.5, Central);
        Expr far = GammaFunctions.Polynomial((w.Sqrt() - 4.12) / 1.9, Tail);
        Expr y = (w < 5).Select(near, far);
        Expr excess = (a < 0.5).Select(y.Erf() - a, (1 - a) - y.Apply(ElementaryFunction.Erfc));
        Expr step = excess * (0.5 * Math.Sqrt(Math.PI)) * (y * y).Exp();
        y -= step / y.Fma(step, y.Like(1));
        y = a.EqualTo(a.Like(1)).Select(a.Like(double.PositiveInfinity), y);
        return (x < 0).Select(-y, x.EqualTo(x.Like(0)).Select(x, y));
    }
}
