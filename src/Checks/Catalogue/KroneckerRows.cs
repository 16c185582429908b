using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Roots of symmetric matrices whose eigenvalues a difference step leaves apart and positive, and the factors of K-FAC.</summary>
internal static class KroneckerRows
{
    private const double Ridge = 0.125;

    public static OpInfo[] All { get; } =
    [
        new("inverseRoots.of", g => Root(g, 4, Ridge, x => InverseRoots.Of(x, 4, ridge: Ridge))) { SingleTolerance = 2e-4 },
        new("inverseRoots.newton", g => Root(g, 2, 0, x => InverseRoots.Newton(x, 2, 0, x.DType == DType.F64 ? 1e-13 : 1e-6).Root))
        {
            SingleTolerance = 2e-4, Cost = 4, Derivative = DerivativeCheck.None, Note = "a While, which has no reverse derivative; the forward one is compared with differences in InverseRootTests",
        },
        new("kfac.mean", g =>
        {
            Shape shape = [g.Integer(1, 3), g.Integer(1, 3)];
            return new(
                xs => Kfac.Mean(new Buffers(["a"], [xs[0]]), new Buffers(["a"], [xs[1]]), 0.25)["a"], [new(shape), new(shape)],
                a => Grid.Build(shape, i => (0.25 * a[0][i]) + (0.75 * a[1][i])));
        }),
        new("kfac.measure", Measure) { SingleTolerance = 1e-4, Cost = 4 },
    ];

    private static OpCase Root(Generator g, int p, double ridge, Func<Tensor, Tensor> root)
    {
        int n = g.Integer(1, 4);
        int[] order = g.Permutation(n);
        Shape batch = g.OneIn(2) ? [] : [g.Integer(1, 3)];
        return new(
            xs => root((xs[0] + xs[0].T) * 0.1 + Ops.Diag(Tensor.Of(Array.ConvertAll(order, o => (2.0 * o) + 2)).Cast(xs[0].DType))),
            [new(batch.Concat([n, n])) { TakesWild = false }],
            a => Naive.EachMatrix(a[0], x =>
            {
                (double[,] values, double[,] v) = Naive.SymmetricEigen(Naive.Build(n, n, (i, j) => (0.1 * (x[i, j] + x[j, i])) + (i == j ? (2 * order[i]) + 2 : 0)));
                return Naive.Product(Naive.Build(n, n, (i, j) => v[i, j] * Math.Pow(values[0, j] + (ridge * values[0, n - 1]), -1.0 / p)), Naive.Turned(v));
            }));
    }

    /// <summary>Both factors of y = W x with the mean of squares as loss, which for n examples gives each the slope 2 y / n: as rows of one matrix.</summary>
    private static OpCase Measure(Generator g)
    {
        int n = g.Integer(1, 3), inputs = g.Integer(1, 3);
        return new(
            xs => Widened.Run(xs, x =>
            {
                Buffers factors = Kfac.Measure(new Linear(inputs, 1, bias: false), new Weights(["weight"], [x[1]]), x[0], y => Ops.Square(y).Sum() / n).Factors;
                return Ops.Concat([factors["input.weight"].Reshape(inputs * inputs), factors["output.weight"].Reshape(1)], 0);
            }),
            [new([n, inputs]) { TakesWild = false }, new([1, inputs]) { TakesWild = false }],
            a => Grid.Build([(inputs * inputs) + 1], at =>
            {
                double sum = 0;
                for (int row = 0; row < n; row++)
                {
                    double y = Enumerable.Range(0, inputs).Sum(k => a[0][(row * inputs) + k] * a[1][k]);
                    sum += at[0] == inputs * inputs ? 4 * y * y / n : a[0][(row * inputs) + (at[0] / inputs)] * a[0][(row * inputs) + (at[0] % inputs)] / n;
                }
                return sum;
            }));
    }
}
