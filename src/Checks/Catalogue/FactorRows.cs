using Engine.Tensors;

namespace Engine.Checks;

/// <summary>
/// Factorizations and equations. Their matrices are built inside the case from free operands, so that a difference step leaves them positive definite, or with the same pivots.
/// </summary>
internal static class FactorRows
{
    private const double Single = 1e-4;

    public static OpInfo[] All { get; } =
    [
        new("cholesky", Cholesky) { SingleTolerance = Single },
        new("choleskySolve", CholeskySolve) { SingleTolerance = Single },
        new("triangularSolve", TriangularSolve) { SingleTolerance = Single },
        new("lu l", g => Rectangular(g, x => Ops.Lu(x).L, a => Naive.Lu(a).L)) { SingleTolerance = Single },
        new("lu u", g => Rectangular(g, x => Ops.Lu(x).U, a => Naive.Lu(a).U)) { SingleTolerance = Single },
        new("lu permutation", g => Rectangular(g, x => Ops.Unsqueeze(Ops.Lu(x).Permutation, -1), a => Naive.Lu(a).Order))
        {
            Derivative = DerivativeCheck.None, Covers = ["LuOp"], Note = "an integer result",
        },
        new("solve", Solve) { SingleTolerance = Single },
        new("inverse", g => Square(g, Ops.Inverse, a => Naive.SolveEquations(a, Identity(a.GetLength(0))), false)) { SingleTolerance = Single },
        new("det", g => Square(g, Ops.Det, a => One(Naive.Determinant(a)), true)) { SingleTolerance = Single },
        new("signLogDet sign", g => Square(g, x => Ops.SignLogDet(x).Sign, a => One(Math.Sign(Naive.Determinant(a))), true)),
        new("signLogDet logarithm", g => Square(g, x => Ops.SignLogDet(x).Logarithm, a => One(Math.Log(Math.Abs(Naive.Determinant(a)))), true)) { SingleTolerance = Single },
        new("qr q", g => Rectangular(g, x => Ops.Qr(x).Q, a => Naive.Qr(a).Q)) { SingleTolerance = Single },
        new("qr r", g => Rectangular(g, x => Ops.Qr(x).R, a => Naive.Qr(a).R)) { SingleTolerance = Single },
        new("leastSquares", LeastSquares) { SingleTolerance = Single },
        new("kronecker", Kronecker),
    ];

    private static OpCase Cholesky(Generator g)
    {
        Shape shape = Matrix(g, out int n);
        return new(xs => Ops.Cholesky(Positive(xs[0])), [Free(shape)], a => Naive.EachMatrix(a[0], x => Naive.Cholesky(Positive(x)))) { Attributes = $"n {n}" };
    }

    private static OpCase CholeskySolve(Generator g)
    {
        Shape shape = Matrix(g, out int n), batch = shape[..^2];
        Shape right = g.Broadcastable(batch).Concat([n, g.Integer(1, 3)]);
        return new(
            xs => Ops.CholeskySolve(Ops.Cholesky(Positive(xs[0])), xs[1]), [Free(shape), Free(right)],
            a => Naive.EachMatrix(a[0], a[1], (x, b) => Naive.SolveEquations(Positive(x), b)));
    }

    private static OpCase TriangularSolve(Generator g)
    {
        Shape shape = Matrix(g, out int n), batch = shape[..^2];
        Shape left = g.Broadcastable(batch).Concat([n, n]), right = g.Broadcastable(batch).Concat([n, Columns(g)]);
        bool lower = g.OneIn(2), transpose = g.OneIn(2), unit = g.OneIn(3);
        double[,] read(double[,] x)
        {
            double[,] a = Naive.Build(n, n, (i, j) => (0.3 * x[i, j]) + (i == j ? 2 : 0));
            a = Naive.Build(n, n, (i, j) => i == j && unit ? 1 : (lower ? i >= j : i <= j) ? a[i, j] : 0);
            return transpose ? Naive.Turned(a) : a;
        }
        return new(
            xs => Ops.TriangularSolve((xs[0] * 0.3) + (Identity(n, xs[0]) * 2), xs[1], lower, transpose, unit), [Free(left), Free(right)],
            a => Naive.EachMatrix(a[0], a[1], (x, b) => Naive.SolveEquations(read(x), b)))
        {
            Attributes = $"lower {lower} transpose {transpose} unitDiagonal {unit}",
        };
    }

    private static OpCase Rectangular(Generator g, Func<Tensor, Tensor> function, Func<double[,], double[,]> reference)
    {
        int most = g.Scale == Scale.Large ? 70 : 4;
        int m = g.Integer(1, most), n = g.Integer(1, most);
        int[] order = g.Permutation(m);
        return new(
            xs => function(Shifted(xs[0], order, n)), [Free(Batch(g).Concat([m, n]))],
            a => Naive.EachMatrix(a[0], x => reference(Shifted(x, order))))
        { Attributes = $"rows {string.Join(' ', order)}" };
    }

    private static OpCase Square(Generator g, Func<Tensor, Tensor> function, Func<double[,], double[,]> reference, bool scalar)
    {
        Shape shape = Matrix(g, out int n);
        int[] order = g.Permutation(n);
        return new(
            xs => function(Shifted(xs[0], order, n)), [Free(shape)], a => Naive.EachMatrix(a[0], x => reference(Shifted(x, order)), scalar))
        { Attributes = $"rows {string.Join(' ', order)}" };
    }

    private static OpCase Solve(Generator g)
    {
        Shape shape = Matrix(g, out int n), batch = shape[..^2];
        Shape left = g.Broadcastable(batch).Concat([n, n]), right = g.Broadcastable(batch).Concat([n, Columns(g)]);
        int[] order = g.Permutation(n);
        return new(
            xs => Ops.Solve(Shifted(xs[0], order, n), xs[1]), [Free(left), Free(right)],
            a => Naive.EachMatrix(a[0], a[1], (x, b) => Naive.SolveEquations(Shifted(x, order), b)))
        { Attributes = $"rows {string.Join(' ', order)}" };
    }

    private static OpCase LeastSquares(Generator g)
    {
        int most = g.Scale == Scale.Large ? 50 : 4;
        int m = g.Integer(1, most), n = g.Integer(1, most);
        Shape batch = Batch(g);
        int[] order = g.Permutation(m);
        return new(
            xs => Ops.LeastSquares(Shifted(xs[0], order, n), xs[1]),
            [Free(g.Broadcastable(batch).Concat([m, n])), Free(g.Broadcastable(batch).Concat([m, Columns(g)]))],
            a => Naive.EachMatrix(a[0], a[1], (x, b) => Naive.LeastSquares(Shifted(x, order), b)))
        { Attributes = $"rows {string.Join(' ', order)}" };
    }

    private static OpCase Kronecker(Generator g)
    {
        int most = g.Scale == Scale.Large ? 12 : 3;
        int m = g.Integer(1, most), n = g.Integer(1, most), p = g.OneIn(10) ? 0 : g.Integer(1, most), q = g.Integer(1, most);
        Shape batch = Batch(g);
        return new(
            xs => Ops.Kronecker(xs[0], xs[1]), [new(g.Broadcastable(batch).Concat([m, n])), new(g.Broadcastable(batch).Concat([p, q]))],
            a => Naive.EachMatrix(a[0], a[1], (x, y) => Naive.Build(m * p, n * q, (i, j) => x[i / p, j / q] * y[i % p, j % q])));
    }

    private static Shape Batch(Generator g) => g.Integer(0, 2) switch { 0 => [], 1 => [g.Integer(1, 3)], _ => [g.Integer(1, 2), g.Integer(1, 2)] };

    private static Shape Matrix(Generator g, out int n)
    {
        n = g.Scale == Scale.Large ? g.Integer(30, 70) : g.OneIn(12) ? 0 : g.Integer(1, 4);
        return Batch(g).Concat([n, n]);
    }

    private static int Columns(Generator g) => g.Scale == Scale.Large ? g.Integer(1, 80) : g.OneIn(16) ? 0 : g.Integer(1, 3);

    /// <summary>NaN would be an error, and infinities give NaN in an order that is not defined.</summary>
    private static Operand Free(Shape shape) => new(shape) { TakesWild = false };

    private static Tensor Identity(int n, Tensor like) => Ops.OneHot(Ops.Iota(n), n, like.DType);

    private static double[,] Identity(int n) => Naive.Build(n, n, (i, j) => i == j ? 1 : 0);

    private static double[,] One(double value) => new[,] { { value } };

    private static Tensor Positive(Tensor x) => (Ops.MatMul(x, x.T) * 0.3) + (Identity(x.Shape[^1], x) * 2);

    private static double[,] Positive(double[,] x)
    {
        double[,] square = Naive.Product(x, Naive.Turned(x));
        return Naive.Build(x.GetLength(0), x.GetLength(0), (i, j) => (0.3 * square[i, j]) + (i == j ? 2 : 0));
    }

    /// <summary>A matrix whose greatest element in every row is at a place that is given.</summary>
    private static Tensor Shifted(Tensor x, int[] order, int columns)
    {
        Tensor places = Tensor.Of(Array.ConvertAll(order, o => (long)o));
        return (x * 0.2) + (Ops.OneHot(places, columns, x.DType) * 3);
    }

    private static double[,] Shifted(double[,] x, int[] order) =>
        Naive.Build(x.GetLength(0), x.GetLength(1), (i, j) => (0.2 * x[i, j]) + (order[i] == j ? 3 : 0));
}
