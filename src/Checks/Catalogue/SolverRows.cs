using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>
/// Solvers whose matrix is given by its products with vectors. A case builds it from free numbers, so that it is definite, symmetric or regular whatever they are.
/// </remarks>
internal static class SolverRows
{
    public static OpInfo[] All { get; } =
    [
        Equations("conjugateGradient", Definite, (a, b) => LinearSolvers.ConjugateGradient(a, b).Value),
        Equations("conjugateGradient preconditioned", Definite, (a, b) => LinearSolvers.ConjugateGradient(a, b, Ops.StopGradient(b) * 0.1, Improved).Value),
        Equations("minres", Indefinite, (a, b) => LinearSolvers.Minres(a, b).Value),
        Equations("gmres", Regular, (a, b) => LinearSolvers.Gmres(a, b).Value),
        Equations("gmres restarted", Regular, (a, b) => LinearSolvers.Gmres(a, b, preconditioner: Improved, restart: 2).Value),
        LargestPair("powerIteration value", pair => pair.Items[0], (values, _, n) => new([], [values[0, n - 1]])),
        LargestPair("powerIteration vector", pair => pair.Items[1], (_, vectors, n) => Grid.Build([n], i => vectors[i[0], n - 1])),
        new("lanczos", Lanczos) { SingleTolerance = 1e-4, Cost = 5 },
        Diagonal("stochasticTrace", Math.Sqrt, (a, n, type) => SpectralSolvers.StochasticTrace(a, n, Ops.Sqrt, RandomKey.FromSeed(3), probes: 2, dtype: type).Estimate),
        Diagonal("logDeterminant", Math.Log, (a, n, type) => SpectralSolvers.LogDeterminant(a, n, RandomKey.FromSeed(4), probes: 2, dtype: type).Estimate),
    ];

    /// <summary>A matrix from n n free numbers, by the engine and by plain loops.</summary>
    private sealed record Form(Func<Tensor, int, Tensor> Build, Func<double[,], double[,]> Reference);

    private static Form Definite => new((m, n) => (Ops.MatMul(m, m.T) * 0.25) + Ops.Diag(Count(n, m) + 4), m => Sum(Naive.Product(m, Naive.Turned(m)), 0.25, i => i + 4));

    private static Form Indefinite => new(
        (m, n) => ((m + m.T) * 0.1) + Ops.Diag((Count(n, m) + 4) * Ops.Cos(Count(n, m) * Math.PI)), m => Sum(Twice(m), 0.1, i => i % 2 == 0 ? i + 4 : -i - 4));

    private static Form Regular => new((m, n) => (m * 0.3) + Ops.Diag(Count(n, m) + 4), m => Sum(m, 0.3, i => i + 4));

    private static Form Separated => new((m, n) => ((m + m.T) * 0.1) + Ops.Diag((Count(n, m) * Count(n, m)) + 1), m => Sum(Twice(m), 0.1, i => (i * i) + 1));

    /// <summary>0, 1, 2, ...</summary>
    private static Tensor Count(int n, Tensor like) => Ops.Iota(n).Cast(like.DType);

    /// <summary>A preconditioner that is no multiple of the identity.</summary>
    private static Tensor Improved(Tensor r) => r / (Count(r.Count, r) + 4).Reshape(r.Shape.Lengths);

    private static double[,] Twice(double[,] m) => Naive.Build(m.GetLength(0), m.GetLength(0), (i, j) => m[i, j] + m[j, i]);

    private static double[,] Sum(double[,] m, double scale, Func<int, double> diagonal) =>
        Naive.Build(m.GetLength(0), m.GetLength(1), (i, j) => (scale * m[i, j]) + (i == j ? diagonal(i) : 0));

    private static double[,] Matrix(Grid x) => Naive.Build(x.Shape[0], x.Shape[1], (i, j) => x[i, j]);

    private static Func<Tensor, Tensor> Products(Tensor matrix) => v => Ops.MatMul(matrix, v.Reshape(v.Count, 1)).Reshape(v.Shape.Lengths);

    private static OpInfo Equations(string name, Form form, Func<Func<Tensor, Tensor>, Tensor, Tensor> solve) => new(name, g =>
    {
        int n = g.Integer(1, 3);
        return new(
            xs => Widened.Run(xs, x => solve(Products(form.Build(x[0], n)), x[1])), [new([n, n]) { TakesWild = false }, new([n]) { TakesWild = false }],
            a => new([n], [.. Naive.SolveEquations(form.Reference(Matrix(a[0])), Naive.Build(n, 1, (i, _) => a[1][i])).Cast<double>()]));
    })
    { SingleTolerance = 1e-4, Cost = 10 };

    private static OpInfo LargestPair(string name, Func<TensorList, Tensor> part, Func<double[,], double[,], int, Grid> reference) => new(name, g =>
    {
        int n = g.Integer(1, 3);
        return new(
            xs => Widened.Run(xs, x => part(SpectralSolvers.PowerIteration(Products(Separated.Build(x[0], n)), Count(n, x[0]) + 1).Value)), [new([n, n]) { TakesWild = false }],
            a =>
            {
                (double[,] values, double[,] vectors) = Naive.SymmetricEigen(Separated.Reference(Matrix(a[0])));
                return reference(values, vectors, n);
            });
    })
    { SingleTolerance = 1e-4, Cost = 5 };

    /// <summary>Both diagonals, then the basis.</summary>
    private static OpCase Lanczos(Generator g)
    {
        int n = g.Integer(2, 4);
        return new(
            xs => Widened.Run(xs, x =>
            {
                LanczosResult r = SpectralSolvers.Lanczos(Products(Separated.Build(x[0], n)), x[1], Math.Clamp(x[1].Count, 1, 2));
                return Ops.Concat([r.Diagonal, r.Beside, r.Basis.Reshape(r.Basis.Count)], 0);
            }),
            [new([n, n]) { TakesWild = false }, new([n]) { Domain = (0.5, 2), TakesWild = false }],
            a => Naive.TwoLanczosSteps(Separated.Reference(Matrix(a[0])), a[1].Values.ToArray()));
    }

    /// <summary>The trace of a function of a diagonal, which signs as probes give exactly.</summary>
    private static OpInfo Diagonal(string name, Func<double, double> f, Func<Func<Tensor, Tensor>, int, DType, Tensor> estimate) => new(name, g =>
    {
        int n = g.Integer(1, 3);
        return new(
            xs => Widened.Run(xs, x => estimate(v => v * ((x[0] * 0.2) + (Count(n, x[0]) * 2) + 1), n, x[0].DType)), [new([n]) { TakesWild = false }],
            a => new([], [Enumerable.Range(0, n).Sum(i => f((0.2 * a[0][i]) + (2 * i) + 1))]));
    })
    { SingleTolerance = 1e-4, Cost = 10 };
}
