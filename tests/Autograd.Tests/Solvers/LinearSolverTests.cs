using Engine.Tensors;

namespace Engine.Autograd.Tests.Solvers;

/// <summary>Solutions against factorizations, their derivatives of two orders, maps over batches, compiled calls, and what cannot be solved.</summary>
public sealed class LinearSolverTests
{
    private delegate Solution<Tensor> Solver(Func<Tensor, Tensor> a, Tensor b);

    private static readonly Dictionary<string, (Solver Solve, Func<Tensor, Tensor> Matrix)> Solvers = new()
    {
        ["conjugate gradients"] = ((a, b) => LinearSolvers.ConjugateGradient(a, b), x => Ops.MatMul(x, x.T) + Eye(x)),
        ["minres"] = ((a, b) => LinearSolvers.Minres(a, b), x => x + x.T + Ops.Diag(Tensor.Of([3.0, -4, 5, -3, 4, -5]))),
        ["gmres"] = ((a, b) => LinearSolvers.Gmres(a, b), x => x + (Eye(x) * 3)),
        ["gmres, restarted"] = ((a, b) => LinearSolvers.Gmres(a, b, restart: 4), x => x + (Eye(x) * 3)),
        ["preconditioned conjugate gradients"] = (
            (a, b) => LinearSolvers.ConjugateGradient(a, b, Tensor.Ones(b.Shape, b.DType), r => r / Tensor.Of([1.0, 2, 3, 4, 5, 6]).Reshape(b.Shape.Lengths)), x => Ops.MatMul(x, x.T) + Eye(x)),
        ["preconditioned gmres"] = ((a, b) => LinearSolvers.Gmres(a, b, Tensor.Ones(b.Shape, b.DType), r => r * 0.25), x => x + (Eye(x) * 3)),
    };

    public static TheoryData<string> Names => [.. Solvers.Keys];

    [Theory, MemberData(nameof(Names))]
    public void SolutionsAndDerivativesAreThoseOfFactors(string name)
    {
        (Solver solve, Func<Tensor, Tensor> matrix) = Solvers[name];
        Tensor x = Given(36, 1).Reshape(6, 6), b = Given(6, 2), d = Given(36, 3).Reshape(6, 6), e = Given(6, 4);
        Tensor iterative(Tensor m, Tensor right) => solve(v => Times(m, v), right).Value;
        Tensor direct(Tensor m, Tensor right) => Ops.Solve(m, right.Reshape(6, 1)).Reshape(6);
        Solution<Tensor> result = solve(v => Times(matrix(x), v), b);
        Assert.True(result.Converged.ToScalar<bool>(), $"{result.Residual} after {result.Iterations}");
        Near(direct(matrix(x), b), result.Value);
        // In the right side and in what the operator uses; forward, reverse, and forward over reverse.
        Near(Transform.Jvp(r => direct(matrix(x), r), b, e).Tangent, Transform.Jvp(r => iterative(matrix(x), r), b, e).Tangent);
        Near(Transform.Jvp(m => direct(matrix(m), b), x, d).Tangent, Transform.Jvp(m => iterative(matrix(m), b), x, d).Tangent);
        Near(Transform.Grad(r => (direct(matrix(x), r) * e).Sum())(b), Transform.Grad(r => (iterative(matrix(x), r) * e).Sum())(b));
        Near(Transform.Grad(m => (direct(matrix(m), b) * e).Sum())(x), Transform.Grad(m => (iterative(matrix(m), b) * e).Sum())(x));
        Near(Transform.Hvp(m => Ops.Square(direct(matrix(m), b)).Sum(), x, d), Transform.Hvp(m => Ops.Square(iterative(matrix(m), b)).Sum(), x, d));
        // Over a batch of right sides and one of operators.
        Tensor rights = Given(18, 5).Reshape(3, 6), matrices = Given(72, 6).Reshape(2, 6, 6);
        Near(Transform.Vmap(r => direct(matrix(x), r))(rights), Transform.Vmap(r => iterative(matrix(x), r))(rights));
        Near(Transform.Vmap(m => direct(matrix(m), b))(matrices), Transform.Vmap(m => iterative(matrix(m), b))(matrices));
        // Vectors of another shape, in a compiled call.
        Func<Tensor, Tensor> compiled = Function.Compile<Tensor, Tensor>(r => solve(v => Times(matrix(x), v.Reshape(6)).Reshape(2, 3), r).Value).Invoke;
        Near(result.Value.Reshape(2, 3), compiled(b.Reshape(2, 3)));
    }

    [Fact]
    public void NoMoreStepsThanUnknowns()
    {
        Tensor m = Ops.Diag(Tensor.Of([1.0, 2, 2, 3, 3, 3])), b = Given(6, 7);
        // Three different eigenvalues: three steps.
        Assert.Equal(3, LinearSolvers.ConjugateGradient(v => Times(m, v), b).Iterations.ToScalar<long>());
        Assert.Equal(3, LinearSolvers.Minres(v => Times(m, v), b).Iterations.ToScalar<long>());
        // The inverse as preconditioner, or the solution as first guess.
        Tensor inverse = Ops.Inverse(m), x = Times(inverse, b);
        Assert.Equal(1, LinearSolvers.ConjugateGradient(v => Times(m, v), b, null, r => Times(inverse, r)).Iterations.ToScalar<long>());
        Assert.Equal(0, LinearSolvers.ConjugateGradient(v => Times(m, v), b, x).Iterations.ToScalar<long>());
        Assert.Equal(0, LinearSolvers.Minres(v => Times(m, v), b, x).Iterations.ToScalar<long>());
        Assert.Equal(0, LinearSolvers.Gmres(v => Times(m, v), b, x).Iterations.ToScalar<long>());
    }

    [Fact]
    public void ZeroSingularAndUnfinished()
    {
        Tensor m = Ops.Diag(Tensor.Of([1.0, -2, 0, 3])), b = Tensor.Of([1.0, 2, 0, 6]), none = b * 0;
        foreach (Solution<Tensor> s in (Solution<Tensor>[])[LinearSolvers.ConjugateGradient(v => v * 2, none), LinearSolvers.Minres(v => v * 2, none), LinearSolvers.Gmres(v => v * 2, none)])
        {
            Near(none, s.Value);
            Assert.True(s.Converged.ToScalar<bool>());
        }
        Solution<Tensor> range = LinearSolvers.Minres(v => Times(m, v), b);
        Near(Tensor.Of([1.0, -1, 0, 2]), range.Value);
        Assert.True(range.Converged.ToScalar<bool>());
        // One step is too few, and the residual is what is left.
        Solution<Tensor> early = LinearSolvers.ConjugateGradient(v => Times(Ops.Diag(Tensor.Of([1.0, 2, 3, 4])), v), b, maxIterations: 1);
        Assert.False(early.Converged.ToScalar<bool>());
        Assert.Equal(1, early.Iterations.ToScalar<long>());
        Near(Ops.Sqrt(Ops.Square(b - (early.Value * Tensor.Of([1.0, 2, 3, 4]))).Sum()), early.Residual);
        Assert.False(LinearSolvers.Minres(v => Times(m, v), b + 1).Converged.ToScalar<bool>());
        Assert.False(LinearSolvers.Gmres(v => v * double.NaN, b).Converged.ToScalar<bool>());
    }

    [Fact]
    public void OperandsThatDoNotFit()
    {
        Tensor b = Tensor.Zeros([3]);
        Assert.Equal(
            "conjugateGradient: the operator gives f32[2] for f32[3]. It must keep shape and element type.",
            Assert.Throws<ShapeException>(() => LinearSolvers.ConjugateGradient(x => x[..2], b)).Message);
        Assert.Equal(
            "minres: the first guess is f32[2], the right side f32[3]. They must be alike.",
            Assert.Throws<ShapeException>(() => LinearSolvers.Minres(x => x, b, Tensor.Zeros([2]))).Message);
        Assert.Equal(
            "gmres: the right side must be f32 or f64, got i32[3]. Cast it.", Assert.Throws<DTypeException>(() => LinearSolvers.Gmres(x => x, b.Cast(DType.I32))).Message);
        Assert.Equal("gmres: the right side f32[0] has no elements.", Assert.Throws<ShapeException>(() => LinearSolvers.Gmres(x => x, Tensor.Zeros([0]))).Message);
    }

    private static Tensor Eye(Tensor like) => Ops.Eye(like.Shape[^1], dtype: like.DType);

    private static Tensor Times(Tensor m, Tensor v) => Ops.MatMul(m, v.Reshape(v.Count, 1)).Reshape(v.Count);

    private static Tensor Given(int count, int seed)
    {
        var random = new Random(seed);
        return Tensor.Of([.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 2) - 1)]);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] left = expected.ToArray<double>(), right = actual.ToArray<double>();
        for (int i = 0; i < left.Length; i++) Assert.Equal(left[i], right[i], 1e-9 * Math.Max(1, Math.Abs(left[i])));
    }
}
