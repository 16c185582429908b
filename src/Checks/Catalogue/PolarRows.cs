using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Polar factors of matrices whose singular values a difference step leaves far from 0, against functions of the naive singular values.</summary>
internal static class PolarRows
{
    private const double Single = 1e-3;

    public static OpInfo[] All { get; } =
    [
        new("polar.factor exact", g => Of(g, x => Polar.Factor(x, PolarAccuracy.Exact), Naive.Polar)) { SingleTolerance = Single, Covers = ["ExactPolarOp"] },
        new("polar.factor exact, cotangent", Cotangent) { SingleTolerance = Single, Covers = ["LyapunovOp"], Cost = 4 },
        new("polar.factor fast", g => Factor(g, PolarAccuracy.Fast, (s, norm) => Halley(s / norm, 2))) { SingleTolerance = Single, Cost = 2 },
        new("polar.factor default", g => Factor(g, PolarAccuracy.Default, (s, norm) => Halley(s / norm, 3))) { SingleTolerance = Single, Cost = 2 },
        new("polar.factor high", g => Of(g, x => Polar.Factor(x, PolarAccuracy.High), Naive.Polar))
        {
            SingleTolerance = Single, Cost = 4, Derivative = DerivativeCheck.AdjointOnly, Note = "Polar.Factor high comes to 1 in waves that are shorter than the steps of differences",
        },
        new("polar.apply", g => Matrices(
            g, x => Polar.Apply(x, PolarSchedule.Cubic(3), PolarPrescale.Frobenius()), (s, all) => Cubic(s / Math.Sqrt(all.Sum(v => v * v)), 3))) { SingleTolerance = Single },
    ];

    private static OpCase Factor(Generator g, PolarAccuracy accuracy, Func<double, double, double> value) =>
        Matrices(g, x => Polar.Factor(x, accuracy), (s, all) => value(s, Math.Pow(all.Sum(v => Math.Pow(v, 4)), 0.25)));

    /// <summary>Singular values, given with all of them, to others.</summary>
    private static OpCase Matrices(Generator g, Func<Tensor, Tensor> function, Func<double, double[], double> value) => Of(g, function, x =>
    {
        (double[,] u, double[,] s, double[,] vt) = Naive.Svd(x);
        double[] all = [.. s.Cast<double>()];
        return Naive.Product(Naive.Build(u.GetLength(0), all.Length, (i, j) => u[i, j] * value(all[j], all)), vt);
    });

    private static OpCase Of(Generator g, Func<Tensor, Tensor> function, Func<double[,], double[,]> reference)
    {
        Shape shape = Matrix(g);
        return new(xs => function(Shifted(xs[0], shape)), [new(shape) { TakesWild = false }], a => Naive.EachMatrix(a[0], x => reference(Shifted(x))));
    }

    /// <summary>
    /// With T = U^T C V for a cotangent C: U K V^T with K[i, j] = (T[i, j] - T[j, i]) / (s[i] + s[j]), plus what is outside the spaces of U and V, divided by singular values.
    /// </summary>
    private static OpCase Cotangent(Generator g)
    {
        Shape shape = Matrix(g);
        return new(
            xs => Transform.Vjp(x => Polar.Factor(x, PolarAccuracy.Exact), Shifted(xs[0], shape), xs[1]).Cotangent, [new(shape) { TakesWild = false }, new(shape) { TakesWild = false }],
            a => Naive.EachMatrix(a[0], a[1], (x, cotangent) =>
            {
                (double[,] u, double[,] s, double[,] vt) = Naive.Svd(Shifted(x));
                double[,] ut = Naive.Turned(u), v = Naive.Turned(vt), t = Naive.Product(Naive.Product(ut, cotangent), v);
                int k = t.GetLength(0);
                double[,] within = Naive.Product(Naive.Product(u, Naive.Build(k, k, (i, j) => (t[i, j] - t[j, i]) / (s[0, i] + s[0, j]))), vt);
                double[,] right = Naive.Product(cotangent, v), left = Naive.Product(ut, cotangent), kept = Naive.Product(u, t), across = Naive.Product(t, vt);
                double[,] outsideU = Naive.Product(Naive.Build(u.GetLength(0), k, (i, j) => (right[i, j] - kept[i, j]) / s[0, j]), vt);
                double[,] outsideV = Naive.Product(u, Naive.Build(k, v.GetLength(0), (i, j) => (left[i, j] - across[i, j]) / s[0, i]));
                return Naive.Build(within.GetLength(0), within.GetLength(1), (i, j) => within[i, j] + outsideU[i, j] + outsideV[i, j]);
            }));
    }

    private static Shape Matrix(Generator g)
    {
        int most = g.Scale == Scale.Large ? 10 : 4;
        Shape batch = g.OneIn(3) ? [g.Integer(1, 2)] : [];
        return batch.Concat([g.Integer(1, most), g.Integer(1, most)]);
    }

    private static Tensor Shifted(Tensor x, Shape shape) => (x * 0.2) + (Ops.Eye(shape[^2], shape[^1], dtype: x.DType) * 2);

    private static double[,] Shifted(double[,] x) => Naive.Build(x.GetLength(0), x.GetLength(1), (i, j) => (0.2 * x[i, j]) + (i == j ? 2 : 0));

    private static double Cubic(double sigma, int steps)
    {
        for (int i = 0; i < steps; i++) sigma = ((3 * sigma) - (sigma * sigma * sigma)) / 2;
        return sigma;
    }

    /// <summary>Weighted Halley steps for singular values from 1e-3 on, with the weights in the form of Nakatsukasa and Freund 2016, (3.14).</summary>
    private static double Halley(double sigma, int steps)
    {
        double lower = 1e-3;
        for (int i = 0; i < steps; i++)
        {
            double gamma = Math.Cbrt(4 * (1 - (lower * lower)) / Math.Pow(lower, 4)), root = Math.Sqrt(1 + gamma);
            double a = root + Math.Sqrt(2 - gamma + (2 * (2 - (lower * lower)) / (lower * lower * root))), b = (a - 1) * (a - 1) / 4, c = a + b - 1;
            double step(double x) => x * (a + (b * x * x)) / (1 + (c * x * x));
            (sigma, lower) = (step(sigma), Math.Min(1, step(lower)));
        }
        return sigma;
    }
}
