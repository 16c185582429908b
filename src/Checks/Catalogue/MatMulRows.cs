using Engine.Tensors;

namespace Engine.Checks;

internal static class MatMulRows
{
    public static OpInfo[] All { get; } =
    [
        new("matMul", g => Matrices(g, batched: false)) { SingleTolerance = 1e-4 },
        new("matMul batched", g => Matrices(g, batched: true)) { Covers = ["MatMulOp"], SingleTolerance = 1e-4 },
        new("matMul vectors", Vectors) { Covers = ["MatMulOp"], SingleTolerance = 1e-4 },
        new("symmetricMatMul", Symmetric) { SingleTolerance = 1e-4 },
    ];

    private static OpCase Matrices(Generator g, bool batched)
    {
        int most = g.Scale == Scale.Large ? 150 : 4;
        int m = g.Integer(1, most), k = g.OneIn(12) ? 0 : g.Integer(1, most), n = g.Integer(1, most);
        Shape batch = batched ? [g.Integer(1, 2), g.Integer(1, 2)] : [];
        Shape left = batched ? g.Broadcastable(batch) : [], right = batched ? g.Broadcastable(batch) : [];
        return new(
            xs => Ops.MatMul(xs[0], xs[1]),
            [new(left.Concat([m, k])), new(right.Concat([k, n]))],
            a => Naive.MatMul(a[0], a[1]));
    }

    private static OpCase Vectors(Generator g)
    {
        int m = g.Length(1, 5), k = g.Length(1, 5);
        int form = g.Integer(0, 2);
        Shape a = form == 1 ? [m, k] : [k], b = form == 0 ? [k, m] : [k];
        return new(xs => Ops.MatMul(xs[0], xs[1]), [new(a), new(b)], x => Naive.MatMul(x[0], x[1]));
    }

    /// <summary>A symmetric matrix times a polynomial in it.</summary>
    private static OpCase Symmetric(Generator g)
    {
        int n = g.Integer(1, g.Scale == Scale.Large ? 150 : 4);
        Shape batch = g.OneIn(2) ? [] : [g.Integer(1, 2)];
        static Tensor even(Tensor x) => (x + x.T) * 0.5;
        return new(
            xs => Ops.SymmetricMatMul(even(xs[0]), Ops.MatMul(even(xs[0]), even(xs[0])) + even(xs[0])),
            [new(batch.Concat([n, n]))],
            a => Naive.EachMatrix(a[0], x =>
            {
                double[,] s = Naive.Build(n, n, (i, j) => (x[i, j] + x[j, i]) / 2), square = Naive.Product(s, s);
                return Naive.Product(s, Naive.Build(n, n, (i, j) => square[i, j] + s[i, j]));
            }));
    }
}
