using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Implicit;

/// <summary>Roots: closed forms, ridge regression, symmetric systems, Newton's convergence.</summary>
public sealed class RootTests
{
    private static readonly Tensor X = Tensor.Of(new double[,] { { 1, 0.2, -0.5 }, { 0.3, -1.1, 0.4 }, { 2, 0.1, 0.9 }, { -0.7, 1.3, 0.6 }, { 0.5, 0.5, -1.5 } });
    private static readonly Tensor Y = Tensor.Of([0.3, -1.2, 2.1, 0.4, -0.6]);

    /// <summary>X^T (X w - y) + lambda w = 0.</summary>
    private static Tensor Ridge(Tensor lambda, Tensor y, RootOptions options) => ImplicitDiff.Root(
        (p, w) => Ops.MatMul(X.T, Ops.MatMul(X, w.Reshape(3, 1)) - p.Second.Reshape(5, 1)).Reshape(3) + (p.First * w),
        new Pair<Tensor, Tensor>(lambda, y), Tensor.Zeros([3], DType.F64), options).Value;

    private static Tensor RidgeClosed(Tensor lambda, Tensor y) =>
        Ops.Solve(Ops.MatMul(X.T, X) + (lambda * Ops.Eye(3, dtype: DType.F64)), Ops.MatMul(X.T, y.Reshape(5, 1))).Reshape(3);

    public static TheoryData<string, LinearSolver> Solvers => new()
    {
        { "gmres", LinearSolver.Gmres() }, { "conjugate gradient", LinearSolver.ConjugateGradient() }, { "direct", LinearSolver.Direct },
    };

    [Theory]
    [MemberData(nameof(Solvers))]
    public void RidgeRegressionIsItsClosedFormWithAllDerivatives(string name, LinearSolver solver)
    {
        Assert.NotEmpty(name);
        var options = new RootOptions { Newton = solver, Derivative = solver };
        Tensor lambda = Tensor.Scalar(0.7, DType.F64);
        Close(RidgeClosed(lambda, Y), Ridge(lambda, Y, options), 1e-12);
        Func<Tensor, Tensor> loss = l => Ops.Square(Ridge(l, Y, options) - 0.2).Sum(), closed = l => Ops.Square(RidgeClosed(l, Y) - 0.2).Sum();
        Close(Grad(closed)(lambda), Grad(loss)(lambda), 1e-11);
        Close(Grad(Grad(closed))(lambda), Grad(Grad(loss))(lambda), 1e-10);
        Close(Hvp(closed, lambda, lambda), Hvp(loss, lambda, lambda), 1e-10);
        Close(Jacobian(y => RidgeClosed(lambda, y))(Y), Jacobian(y => Ridge(lambda, y, options))(Y), 1e-11);
        Assert.InRange(GradCheck.Check(y => Ops.Square(Ridge(lambda, y, options)).Sum(), Y, order: 2), 0, GradCheck.Tolerance);
    }

    [Fact]
    public void NewtonIsQuadraticOnACubic()
    {
        Func<Tensor, Solution<Tensor>> cube = t => ImplicitDiff.Root((p, z) => (z * z * z) - p, t, Tensor.Ones([2], DType.F64));
        Tensor at = Tensor.Of([2.0, 0.5]);
        Solution<Tensor> found = cube(at);
        Assert.True(found.Converged.ToScalar<bool>());
        Assert.InRange(found.Iterations.ToScalar<long>(), 3, 7);
        Close(Ops.Pow(at, 1.0 / 3), found.Value, 1e-13);
        Close(Ops.Pow(at, -2.0 / 3) / 3, Grad(t => cube(t).Value.Sum())(at), 1e-12);
        Close(Ops.Pow(at, -5.0 / 3) * (-2.0 / 9), Hvp(t => cube(t).Value.Sum(), at, Tensor.Ones([2], DType.F64)), 1e-11);
        Tensor batch = Ops.Stack([at, at + 1, at * 3], 0);
        Close(Ops.Pow(batch, 1.0 / 3), Vmap(t => cube(t).Value)(batch), 1e-13);
        Close(Ops.Pow(batch, -2.0 / 3) / 3, Grad(ts => Vmap(t => cube(t).Value)(ts).Sum())(batch), 1e-12);
        Close(found.Value, Function.Compile<Tensor, Tensor>(t => cube(t).Value).Invoke(at), 1e-14);
    }

    [Fact]
    public void BroydenFindsTheSameRoot()
    {
        // x = 0.5 cos y + p, y = 0.5 sin x - p.
        Func<Tensor, RootOptions, Tensor> root = (t, o) =>
        {
            var s = ImplicitDiff.Root(
                (p, z) => new Pair<Tensor, Tensor>(z.First - (0.5 * Ops.Cos(z.Second)) - p, z.Second - (0.5 * Ops.Sin(z.First)) + p), t, new Pair<Tensor, Tensor>(t, t), o);
            Assert.True(t.IsSymbolic || s.Converged.ToScalar<bool>());
            return Ops.Stack([s.Value.First, s.Value.Second], 0);
        };
        Tensor at = Tensor.Scalar(0.3, DType.F64);
        RootOptions newton = new(), broyden = new() { Method = RootMethod.Broyden };
        Close(root(at, newton), root(at, broyden), 1e-13);
        Close(Jacobian(t => root(t, newton))(at), Jacobian(t => root(t, broyden))(at), 1e-12);
    }

    [Fact]
    public void LargeSystemsNeedRestarts()
    {
        // (I + 0.9 R) z = b with a rotation-like R that makes the residual fall slowly.
        int n = 60;
        Tensor r = Ops.Roll(Ops.Eye(n, dtype: DType.F64), 1, 0), b = Ops.Sin(Ops.Iota(n).Cast(DType.F64));
        Tensor matrix = Ops.Eye(n, dtype: DType.F64) + (0.9 * r);
        Func<Tensor, Tensor> solved = p => ImplicitDiff.Root((q, z) => Ops.MatMul(matrix, z.Reshape(n, 1)).Reshape(n) - q, p, b * 0,
            new() { Newton = LinearSolver.Gmres(restart: 20, maxIterations: 2000), Derivative = LinearSolver.Gmres(restart: 20, maxIterations: 2000) }).Value;
        Close(Ops.Solve(matrix, b.Reshape(n, 1)).Reshape(n), solved(b), 1e-10);
        Close(Ops.Solve(matrix.T, b.Reshape(n, 1)).Reshape(n), Vjp(solved, b, b).Cotangent, 1e-10);
    }

    [Fact]
    public void NewtonHasNoInverseToShare() => Assert.Equal(
        "root: the shared inverse is made by Broyden's method only. Set Method to Broyden, or use LinearSolver.Gmres().",
        Assert.Throws<ArgumentException>(() => ImplicitDiff.Root((p, z) => z - p, Y, Y, new() { Derivative = LinearSolver.SharedInverse })).Message);

    private static void Close(Tensor a, Tensor b, double tolerance)
    {
        Assert.Equal(a.Shape, b.Shape);
        foreach ((double x, double y) in a.ToArray<double>().Zip(b.ToArray<double>())) Assert.Equal(x, y, tolerance * Math.Max(1, Math.Abs(x)));
    }
}
