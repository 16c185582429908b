using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Implicit;

/// <summary>Fixed points: closed forms, unrolled loops, finite differences, higher orders, batches, plans, captures, the ways to solve the derivative.</summary>
public sealed class FixedPointTests
{
    private static readonly Tensor Matrix = Tensor.Of(new double[,] { { 0.3, -0.4, 0.2 }, { 0.25, 0.1, 0.35 }, { -0.3, 0.2, 0.15 } });
    private static readonly Tensor Input = Tensor.Of([0.4, -0.7, 1.1]);

    private static Tensor Apply(Tensor a, Tensor z) => Ops.MatMul(a, z.Reshape(3, 1)).Reshape(3);

    /// <summary>z = tanh(A z + x), a deep equilibrium layer.</summary>
    private static Solution<Tensor> Layer(Tensor a, Tensor x, FixedPointOptions? options = null) => ImplicitDiff.FixedPoint(
        (p, z) => Ops.Tanh(Apply(p.First, z) + p.Second), new Pair<Tensor, Tensor>(a, x), Tensor.Zeros([3], DType.F64), options);

    private static Tensor Unrolled(Tensor a, Tensor x) => ControlFlow.Loop(80, Tensor.Zeros([3], DType.F64), (_, z) => Ops.Tanh(Apply(a, z) + x));

    public static TheoryData<FixedPointMethod> Methods => [FixedPointMethod.Plain, FixedPointMethod.Anderson, FixedPointMethod.Broyden];

    public static TheoryData<string, LinearSolver> Solvers => new()
    {
        { "gmres", LinearSolver.Gmres() }, { "restarted", LinearSolver.Gmres(restart: 2) }, { "neumann", LinearSolver.Neumann() }, { "direct", LinearSolver.Direct },
    };

    [Theory]
    [InlineData(2.0)]
    [InlineData(0.09)]
    [InlineData(1e4)]
    public void TheBabylonianRootHasTheDerivativesOfTheSquareRoot(double theta)
    {
        Func<Tensor, Tensor> root = t => ImplicitDiff.FixedPoint((p, z) => 0.5 * (z + (p / z)), t, Tensor.Scalar(1, DType.F64)).Value;
        Tensor at = Tensor.Scalar(theta, DType.F64), one = at.Like(1);
        double s = Math.Sqrt(theta);
        Near(s, root(at));
        Near(0.5 / s, Grad(root)(at));
        Near(0.5 / s, Jvp(root, at, one).Tangent);
        Near(-0.25 / (s * theta), Grad(Grad(root))(at));
        Near(-0.25 / (s * theta), Hvp(root, at, one));
        Near(-0.25 / (s * theta), Jvp(t => Jvp(root, t, one).Tangent, at, one).Tangent);
        Near(-0.25 / (s * theta), Grad(t => Jvp(root, t, one).Tangent)(at));
        Near(0.375 / (s * theta * theta), Grad(Grad(Grad(root)))(at));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void EveryMethodFindsTheLoopsPointAndItsGradient(FixedPointMethod method)
    {
        var options = new FixedPointOptions { Method = method };
        Solution<Tensor> found = Layer(Matrix, Input, options);
        Assert.True(found.Converged.ToScalar<bool>());
        Assert.InRange(found.Iterations.ToScalar<long>(), 1, method == FixedPointMethod.Plain ? 60 : 14);
        Assert.InRange(found.Residual.ToScalar<double>(), 0, 1e-13);
        Close(Unrolled(Matrix, Input), found.Value, 1e-12);
        Close(Grad(a => Unrolled(a, Input).Sum())(Matrix), Grad(a => Layer(a, Input, options).Value.Sum())(Matrix), 1e-10);
        Close(Grad(x => Unrolled(Matrix, x).Sum())(Input), Grad(x => Layer(Matrix, x, options).Value.Sum())(Input), 1e-10);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void EverySolverGivesTheDerivativesOfTheLoop(string name, LinearSolver solver)
    {
        Assert.NotEmpty(name);
        var options = new FixedPointOptions { Derivative = solver };
        Func<Tensor, Tensor> implicitly = x => Layer(Matrix, x, options).Value, unrolled = x => Unrolled(Matrix, x);
        Close(Jacobian(unrolled)(Input), Jacobian(implicitly)(Input), 1e-10);
        Close(Jvp(unrolled, Input, Input + 1).Tangent, Jvp(implicitly, Input, Input + 1).Tangent, 1e-10);
        Func<Tensor, Tensor> f = x => (implicitly(x) * Input).Sum(), g = x => (unrolled(x) * Input).Sum();
        Close(Hvp(g, Input, Input), Hvp(f, Input, Input), 1e-10);
        Close(Grad(x => (Grad(g)(x) * Input).Sum())(Input), Grad(x => (Grad(f)(x) * Input).Sum())(Input), 1e-10);
    }

    [Fact]
    public void FiniteDifferencesAgreeToTheSecondOrder() =>
        Assert.InRange(GradCheck.Check(x => (Layer(Matrix, x).Value * Input).Sum(), Input, order: 2), 0, GradCheck.Tolerance);

    [Fact]
    public void OuterTensorsAreDifferentiated()
    {
        Func<Tensor, Tensor> captured = a => ImplicitDiff.FixedPoint((x, z) => Ops.Tanh(Apply(a, z) + x), Input, Tensor.Zeros([3], DType.F64)).Value.Sum();
        Close(Grad(a => Layer(a, Input).Value.Sum())(Matrix), Grad(captured)(Matrix), 1e-14);
        Close(Hvp(a => Layer(a, Input).Value.Sum(), Matrix, Matrix), Hvp(captured, Matrix, Matrix), 1e-13);
        // The first guess is not.
        Close(Input * 0, Grad(z => ImplicitDiff.FixedPoint((x, s) => Ops.Tanh(Apply(Matrix, s) + x), Input, z).Value.Sum())(Input), 0);
    }

    [Fact]
    public void ABatchIsItsExamplesInEveryOrderOfTransforms()
    {
        Tensor batch = Ops.Stack([Input, Input * 2, Input - 1], 0);
        Func<Tensor, Tensor> f = x => Layer(Matrix, x).Value;
        Close(Ops.Stack([f(batch[0]), f(batch[1]), f(batch[2])], 0), Vmap(f)(batch), 1e-13);
        Func<Tensor, Tensor> slope = Grad(x => (f(x) * f(x)).Sum());
        Tensor rows = Ops.Stack([slope(batch[0]), slope(batch[1]), slope(batch[2])], 0);
        Close(rows, Vmap(slope)(batch), 1e-12);
        Close(rows, Grad(xs => Ops.Square(Vmap(f)(xs)).Sum())(batch), 1e-12);
        Tensor along = Jvp(Vmap(f), batch, batch).Tangent;
        Close(Ops.Stack([Jvp(f, batch[0], batch[0]).Tangent, Jvp(f, batch[1], batch[1]).Tangent, Jvp(f, batch[2], batch[2]).Tangent], 0), along, 1e-12);
        // Shared parameters collect the cotangents of all examples.
        Tensor shared = Grad(a => Vmap(x => Layer(a, x).Value)(batch).Sum())(Matrix);
        Close(Grad(a => Layer(a, batch[0]).Value.Sum() + Layer(a, batch[1]).Value.Sum() + Layer(a, batch[2]).Value.Sum())(Matrix), shared, 1e-12);
        Close(Hvp(a => Layer(a, batch[0]).Value.Sum() + Layer(a, batch[1]).Value.Sum() + Layer(a, batch[2]).Value.Sum(), Matrix, Matrix),
            Hvp(a => Vmap(x => Layer(a, x).Value)(batch).Sum(), Matrix, Matrix), 1e-11);
        // A map of a map.
        Close(Vmap(f)(batch), Vmap(x => Vmap(f)(x))(batch.Reshape(1, 3, 3)).Reshape(3, 3), 1e-14);
        Close(rows.Reshape(1, 3, 3), Grad(xs => Ops.Square(Vmap(x => Vmap(f)(x))(xs)).Sum())(batch.Reshape(1, 3, 3)), 1e-12);
    }

    [Fact]
    public void EachExampleStopsAtItsOwnStep()
    {
        Tensor thetas = Tensor.Of([1.0, 2, 1e6]);
        Solution<Tensor> all = Vmap((Tensor t) => ImplicitDiff.FixedPoint((p, z) => 0.5 * (z + (p / z)), t, Tensor.Scalar(1, DType.F64)))(thetas);
        long[] steps = all.Iterations.ToArray<long>();
        Assert.Equal(0, steps[0]);
        Assert.True(steps[1] < steps[2]);
        Assert.Equal([true, true, true], all.Converged.ToArray<bool>());
    }

    [Fact]
    public void OnePlanGivesTheSame()
    {
        Func<Tensor, Tensor> value = x => Layer(Matrix, x, new() { Method = FixedPointMethod.Anderson }).Value, slope = Grad(x => value(x).Sum());
        Close(value(Input), Function.Compile(value).Invoke(Input), 1e-14);
        Close(slope(Input), Function.Compile(slope).Invoke(Input), 1e-13);
        Assert.Contains("while", Function.Compile(slope).Explain(Input), StringComparison.Ordinal);
        Close(Vmap(slope)(Input.Reshape(1, 3)), Function.Compile(Vmap(slope)).Invoke(Input.Reshape(1, 3)), 1e-13);
    }

    [Fact]
    public void StatesAreTreesAndSinglesWork()
    {
        // x = cos(y), y = x / 2.
        var pair = ImplicitDiff.FixedPoint((p, s) => new Pair<Tensor, Tensor>(Ops.Cos(s.Second) * p, s.First * 0.5), Tensor.Scalar(1),
            new Pair<Tensor, Tensor>(Tensor.Ones([1, 1]), Tensor.Ones([1, 1])));
        Assert.True(pair.Converged.ToScalar<bool>());
        Assert.Equal([1, 1], pair.Value.First.Shape.Lengths.ToArray());
        float x = pair.Value.First.ToArray<float>()[0];
        Assert.Equal(MathF.Cos(x / 2), x, 1e-5);
    }

    [Fact]
    public void WhatDoesNotConvergeSaysSo()
    {
        Tensor two = Tensor.Scalar(2, DType.F64);
        Solution<Tensor> cut = ImplicitDiff.FixedPoint((p, z) => 0.5 * (z + (p / z)), two, two, new() { MaxIterations = 2 });
        Assert.False(cut.Converged.ToScalar<bool>());
        Assert.Equal(2, cut.Iterations.ToScalar<long>());
        Assert.Equal(Math.Abs((0.5 * (17.0 / 12 + 24.0 / 17)) - (17.0 / 12)), cut.Residual.ToScalar<double>(), 1e-15);
        Solution<Tensor> broken = ImplicitDiff.FixedPoint((p, z) => Ops.Log(z - p), two, two);
        Assert.False(broken.Converged.ToScalar<bool>());
        Assert.InRange(broken.Iterations.ToScalar<long>(), 0, 3);
    }

    [Fact]
    public void TheSharedInverseIsNearAndTheIdentityLessSo()
    {
        // z = tanh(A z + x) of 40 unknowns; the means over a few cotangents.
        var key = RandomKey.FromSeed(3);
        Tensor a = 0.8 / Math.Sqrt(40) * Ops.RandomNormal(key, [40, 40], DType.F64) * 0.7, x = Ops.RandomNormal(RandomKey.FromSeed(4), [40], DType.F64);
        Tensor cotangents = Ops.RandomNormal(RandomKey.FromSeed(5), [10, 40], DType.F64);
        double cosine(LinearSolver solver)
        {
            Tensor back(LinearSolver s, Tensor v) => Vjp(b => ImplicitDiff.FixedPoint((p, z) => Ops.Tanh(Ops.MatMul(a, z.Reshape(40, 1)).Reshape(40) + p), b, b * 0,
                new() { Method = FixedPointMethod.Broyden, Memory = 30, Derivative = s }).Value, x, v).Cotangent;
            double sum = 0;
            for (int i = 0; i < 10; i++)
            {
                Tensor exact = back(LinearSolver.Gmres(), cotangents[i]), near = back(solver, cotangents[i]);
                sum += ((exact * near).Sum() / Ops.Sqrt((exact * exact).Sum() * (near * near).Sum())).ToScalar<double>();
            }
            return sum / 10;
        }
        double shared = cosine(LinearSolver.SharedInverse), identity = cosine(LinearSolver.JacobianFree);
        Assert.InRange(identity, 0.7, 0.99999);
        Assert.InRange(shared, identity, 1);
    }

    [Fact]
    public void TheSharedInverseIsThatOfTheDenseMethod()
    {
        var options = new FixedPointOptions { Method = FixedPointMethod.Broyden, Derivative = LinearSolver.SharedInverse, MaxIterations = 4 };
        Func<Tensor, Tensor> shared = x => ImplicitDiff.FixedPoint((p, z) => Apply(Matrix, z) + p, x, x * 0, options).Value;
        // Four steps with the inverse as a matrix: H += (s - H y) (s^T H) / (s^T H y). The derivative of z - A z - x in x is -I.
        Tensor h = Ops.Eye(3, dtype: DType.F64), z = Input * 0;
        Func<Tensor, Tensor> g = v => v - Apply(Matrix, v) - Input;
        for (int k = 0; k < 4; k++)
        {
            Tensor step = -Apply(h, g(z)), y = g(z + step) - g(z), hy = Apply(h, y);
            h += Ops.Outer(step - hy, Apply(h.T, step)) / (step * hy).Sum();
            z += step;
        }
        Close(z, shared(Input), 1e-13);
        Close(h, Jacobian(shared)(Input), 1e-11);
        Close(Apply(h, Input), Jvp(shared, Input, Input).Tangent, 1e-11);
        string message = "sharedInverse: the estimate has no derivative, so only first derivatives exist. Use LinearSolver.Gmres() for higher ones.";
        Assert.Equal(message, Assert.Throws<GradientException>(() => Hvp(x => shared(x).Sum(), Input, Input)).Message);
        Assert.Equal(message, Assert.Throws<GradientException>(() => Grad(x => Grad(y => Ops.Square(shared(y)).Sum())(x).Sum())(Input)).Message);
        Close(Jacobian(shared)(Input), Jacobian(x => Vmap(shared)(x.Reshape(1, 3)).Reshape(3))(Input), 1e-12);
    }

    [Fact]
    public void MisuseIsExplained()
    {
        Tensor x = Tensor.Of([1.0, 2]);
        Assert.Equal("fixedPoint: leaf 0 of the state is f64[2], the function returns f64[]. It must keep the form of the state.",
            Assert.Throws<ShapeException>(() => ImplicitDiff.FixedPoint((p, z) => z.Sum(), x, x)).Message);
        Assert.Equal("fixedPoint: the state must be all f32 or all f64, got i64[1]. Cast its leaves.",
            Assert.Throws<DTypeException>(() => ImplicitDiff.FixedPoint((p, z) => z, x, Tensor.Of([1L]))).Message);
        Assert.Equal("fixedPoint: the state has no elements.",
            Assert.Throws<ShapeException>(() => ImplicitDiff.FixedPoint((p, z) => z, x, Tensor.Zeros([0]))).Message);
        Assert.Equal("fixedPoint: the shared inverse is made by Broyden's method only. Set Method to Broyden, or use LinearSolver.Gmres().",
            Assert.Throws<ArgumentException>(() => ImplicitDiff.FixedPoint((p, z) => z, x, x, new() { Derivative = LinearSolver.SharedInverse })).Message);
        Assert.StartsWith("fixedPoint: iterations and memory must be positive, got 0 and 10.",
            Assert.Throws<ArgumentOutOfRangeException>(() => ImplicitDiff.FixedPoint((p, z) => z, x, x, new() { MaxIterations = 0 })).Message, StringComparison.Ordinal);
        Assert.StartsWith("linearSolver: the tolerance must not be negative, got -1.",
            Assert.Throws<ArgumentOutOfRangeException>(() => LinearSolver.Gmres(-1)).Message, StringComparison.Ordinal);
    }

    private static void Near(double expected, Tensor actual) => Assert.Equal(expected, actual.ToScalar<double>(), 1e-10 * Math.Max(1, Math.Abs(expected)));

    private static void Close(Tensor a, Tensor b, double tolerance)
    {
        Assert.Equal(a.Shape, b.Shape);
        foreach ((double x, double y) in a.ToArray<double>().Zip(b.ToArray<double>())) Assert.Equal(x, y, tolerance * Math.Max(1, Math.Abs(x)));
    }
}
