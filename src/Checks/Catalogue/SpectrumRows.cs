using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Eigenvalues and singular values of matrices that a difference step leaves far from those with equal ones, and with vectors whose greatest element stays where it is.</summary>
internal static class SpectrumRows
{
    private const double Single = 2e-4;

    public static OpInfo[] All { get; } =
    [
        new("symmetricEigen values", g => Eigen(g, x => Ops.Unsqueeze(Ops.SymmetricEigen(x).Values, -2), a => Naive.SymmetricEigen(a).Values)) { SingleTolerance = Single },
        new("symmetricEigen vectors", g => Eigen(g, x => Ops.SymmetricEigen(x).Vectors, a => Naive.SymmetricEigen(a).Vectors)) { SingleTolerance = Single },
        new("svd u", g => Svd(g, x => Ops.Svd(x).U, a => Naive.Svd(a).U)) { SingleTolerance = Single },
        new("svd s", g => Svd(g, x => Ops.Unsqueeze(Ops.Svd(x).S, -2), a => Naive.Svd(a).S)) { SingleTolerance = Single },
        new("svd vt", g => Svd(g, x => Ops.Svd(x).Vt, a => Naive.Svd(a).Vt)) { SingleTolerance = Single },
        new("pseudoInverse full rank", g => Svd(g, x => Ops.PseudoInverse(x), a => Naive.PseudoInverse(a))) { SingleTolerance = Single },
        new("pseudoInverse low rank", g => LowRank(g, (x, _) => Ops.PseudoInverse(x, 1e-4), (c, f) => Naive.PseudoInverse(c, f))) { SingleTolerance = 1e-3 },
        new("leastSquares low rank", LeastSquares) { SingleTolerance = 1e-3 },
        new("matrixRank", g => LowRank(g, (x, _) => Ops.Unsqueeze(Ops.Unsqueeze(Ops.MatrixRank(x, 1e-4), -1), -1), (c, _) => new double[,] { { c.GetLength(1) } }))
        {
            Derivative = DerivativeCheck.None, Note = "an integer result",
        },
        new("nuclearNorm", g => Svd(g, x => Ops.Unsqueeze(Ops.Unsqueeze(Ops.NuclearNorm(x), -1), -1), a => new[,] { { Naive.Svd(a).S.Cast<double>().Sum() } })) { SingleTolerance = Single },
        new("spectralNorm", g => Svd(g, x => Ops.Unsqueeze(Ops.Unsqueeze(Ops.SpectralNorm(x), -1), -1), a => new[,] { { Naive.Svd(a).S[0, 0] } })) { SingleTolerance = Single },
    ];

    private static OpCase Eigen(Generator g, Func<Tensor, Tensor> function, Func<double[,], double[,]> reference)
    {
        int n = g.Scale == Scale.Large ? g.Integer(5, 12) : g.OneIn(12) ? 0 : g.Integer(1, 4);
        int[] order = g.Permutation(n);
        return new(
            xs => function((xs[0] + xs[0].T) * 0.1 + Ops.Diag(Steps(order, xs[0].DType))), [new(Batch(g).Concat([n, n])) { TakesWild = false }],
            a => Naive.EachMatrix(a[0], x => reference(Naive.Build(n, n, (i, j) => (0.1 * (x[i, j] + x[j, i])) + (i == j ? (2 * order[i]) - 3 : 0)))))
        { Attributes = $"diagonal {string.Join(' ', order)}" };
    }

    private static OpCase Svd(Generator g, Func<Tensor, Tensor> function, Func<double[,], double[,]> reference)
    {
        int most = g.Scale == Scale.Large ? 12 : 4, m = g.Integer(1, most), n = g.Integer(1, most);
        int[] order = g.Permutation(Math.Min(m, n));
        return new(
            xs => function((xs[0] * 0.15) + Steps(order, m, n, xs[0].DType)), [new(Batch(g).Concat([m, n])) { TakesWild = false }],
            a => Naive.EachMatrix(a[0], x => reference(Naive.Build(m, n, (i, j) => (0.15 * x[i, j]) + (i == j ? (2 * order[i]) + 2 : 0)))))
        { Attributes = $"diagonal {string.Join(' ', order)}" };
    }

    /// <summary>Of a product [m, r] [r, n] whose factors are near those of the identity.</summary>
    private static OpCase LowRank(Generator g, Func<Tensor, int, Tensor> function, Func<double[,], double[,], double[,]> reference)
    {
        int m = g.Integer(2, 4), n = g.Integer(2, 4), rank = g.Integer(1, Math.Min(m, n) - 1);
        Shape batch = Batch(g);
        return new(
            xs => function(Ops.MatMul(Near(xs[0], m, rank), Near(xs[1], rank, n)), m), [new(batch.Concat([m, rank])) { TakesWild = false }, new(batch.Concat([rank, n])) { TakesWild = false }],
            a => Naive.EachMatrix(a[0], a[1], (c, f) => reference(Near(c), Near(f))));
    }

    private static OpCase LeastSquares(Generator g)
    {
        int columns = g.Integer(1, 2);
        return LowRank(
            g, (x, m) => Ops.LeastSquares(x, Ops.Eye(m, columns, dtype: x.DType) - 0.5, 1e-4),
            (c, f) => Naive.Product(Naive.PseudoInverse(c, f), Naive.Build(c.GetLength(0), columns, (i, j) => (i == j ? 1 : 0) - 0.5)));
    }

    private static Tensor Near(Tensor x, int rows, int columns) => (x * 0.15) + Ops.Eye(rows, columns, dtype: x.DType);

    private static double[,] Near(double[,] x) => Naive.Build(x.GetLength(0), x.GetLength(1), (i, j) => (0.15 * x[i, j]) + (i == j ? 1 : 0));

    private static Tensor Steps(int[] order, int m, int n, DType type)
    {
        double[] diagonal = new double[m * n];
        for (int i = 0; i < order.Length; i++) diagonal[(i * n) + i] = (2 * order[i]) + 2;
        return Tensor.Of(diagonal, [m, n]).Cast(type);
    }

    private static Tensor Steps(int[] order, DType type) => Tensor.Of(Array.ConvertAll(order, o => (2.0 * o) - 3)).Cast(type);

    private static Shape Batch(Generator g) => g.Integer(0, 2) switch { 0 => [], 1 => [g.Integer(1, 3)], _ => [g.Integer(1, 2), g.Integer(1, 2)] };
}
