using Engine.Tensors;
using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;
using Engine.Testing;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>Loops, scans, whiles and branches: values, derivatives of every mode, batches, plans.</summary>
public sealed class ControlFlowTests
{
    private static readonly Tensor X = Tensor.Of([0.3, -1.2, 2.0]);

    [Fact]
    public void ALoopIsItsBodyWrittenOut()
    {
        Func<Tensor, Tensor> loop = x => ControlFlow.Loop(4, x, (t, s) => Ops.Sin(s) * x + t.Cast(DType.F64)), plain = x =>
        {
            Tensor s = x;
            for (int t = 0; t < 4; t++) s = Ops.Sin(s) * x + (double)t;
            return s;
        };
        Same(plain(X), loop(X));
        Same(Function.Compile<Tensor, Tensor>(plain).Invoke(X), Function.Compile<Tensor, Tensor>(loop).Invoke(X));
        Close(Grad(x => plain(x).Sum())(X), Grad(x => loop(x).Sum())(X));
        Close(Jvp(plain, X, X + 1).Tangent, Jvp(loop, X, X + 1).Tangent);
        Close(Hvp(x => plain(x).Sum(), X, X), Hvp(x => loop(x).Sum(), X, X));
        Close(Jacobian(plain)(X), Jacobian(loop)(X));
        Close(Hessian(x => plain(x).Sum())(X), Hessian(x => loop(x).Sum())(X));
        Tensor xs = Ops.Stack([X, X * 2, X - 1], 0);
        Close(Vmap(plain)(xs), Vmap(loop)(xs));
        Close(Vmap(Grad(x => plain(x).Sum()))(xs), Vmap(Grad(x => loop(x).Sum()))(xs));
        Close(Grad(x => Vmap(plain)(x).Sum())(xs), Grad(x => Vmap(loop)(x).Sum())(xs));
    }

    [Fact]
    public void ARecurrentNetworkTrainsThroughScan()
    {
        Tensor w = Tensor.Of(new double[,] { { 0.5, -0.3 }, { 0.2, 0.4 } }), h0 = Tensor.Of([0.1, -0.2]);
        Tensor xs = Tensor.Of(new double[,] { { 1, 2 }, { -1, 0.5 }, { 0.3, 0.7 }, { 2, -1 } });
        Func<Tensor, Tensor> scanned = p => ControlFlow.Scan(h0, xs, (Tensor h, Tensor x) =>
        {
            Tensor next = Ops.Tanh(Ops.MatMul(p, h.Reshape(2, 1)).Reshape(2) + x);
            return (next, next * next);
        }).Results.Sum();
        Func<Tensor, Tensor> plain = p =>
        {
            Tensor h = h0, sum = Tensor.Full(0.0, [], DType.F64);
            for (int t = 0; t < 4; t++)
            {
                h = Ops.Tanh(Ops.MatMul(p, h.Reshape(2, 1)).Reshape(2) + xs[t]);
                sum += (h * h).Sum();
            }
            return sum;
        };
        Close(plain(w), scanned(w));
        Close(Grad(plain)(w), Grad(scanned)(w));
        Close(Hessian(plain)(w), Hessian(scanned)(w));
        Close(Grad(plain)(w), Function.Compile<Tensor, Tensor>(Grad(scanned)).Invoke(w));
    }

    [Fact]
    public void WhileFollowsNewtonToTheRootAndItsTangent()
    {
        Func<Tensor, Tensor> root = a => ControlFlow.While(new Pair<Tensor, Tensor>(a, a * 0),
            s => Ops.Abs((s.First * s.First) - a) > 1e-14, s => new((s.First + (a / s.First)) * 0.5, s.Second + 1)).First;
        Tensor two = Tensor.Full(2.0, [], DType.F64);
        Assert.Equal(Math.Sqrt(2), root(two).ToScalar<double>(), 14);
        Assert.Equal(0.5 / Math.Sqrt(2), Jvp(root, two, Tensor.Full(1.0, [], DType.F64)).Tangent.ToScalar<double>(), 12);
        Tensor many = Tensor.Of([2.0, 9, 1e4, 0.25]);
        double[] mapped = Vmap(root)(many).ToArray<double>();
        Assert.Equal([.. many.ToArray<double>().Select(a => root(Tensor.Full(a, [], DType.F64)).ToScalar<double>())], mapped);
        var e = Assert.Throws<GradientException>(() => Grad(root)(two));
        Assert.Equal("while: the number of runs is not known, so there is no reverse rule. Use Loop with a fixed count, or FixedPoint or Root, which differentiate the solution itself.", e.Message);
    }

    [Fact]
    public void OnlyTheChosenBranchRuns()
    {
        // The other branch would index out of range.
        Tensor at = Tensor.Of([7L]);
        Func<Tensor, Tensor> f = x => ControlFlow.Cond((x > 0).Reshape(1), x, v => v * 2, v => Ops.Take(v.Reshape(1), at, 0).Reshape([]));
        Assert.Equal(6, f(Tensor.Full(3.0, [], DType.F64)).ToScalar<double>());
        Assert.Equal(2, Grad(f)(Tensor.Full(3.0, [], DType.F64)).ToScalar<double>());
        Assert.Throws<ShapeException>(() => f(Tensor.Full(-3.0, [], DType.F64)));
        Assert.Equal(6, Function.Compile<Tensor, Tensor>(f).Invoke(Tensor.Full(3.0, [], DType.F64)).ToScalar<double>());
    }

    [Fact]
    public void ABatchWithBothKindsTakesBothBranches()
    {
        Func<Tensor, Tensor> f = x => ControlFlow.Cond(x > 0, x, Ops.Sqrt, v => v * v);
        Assert.Equal([2.0, 9, 3], Vmap(f)(Tensor.Of([4.0, -3, 9])).ToArray<double>());
        Assert.Equal([0.25, -6, 1 / 6.0], Vmap(Grad(f))(Tensor.Of([4.0, -3, 9])).ToArray<double>());
    }

    [Fact]
    public void BodiesMayHoldBodies()
    {
        Func<Tensor, Tensor> f = x => ControlFlow.Loop(3, x, (t, s) => ControlFlow.Cond(t > 0, s, v => ControlFlow.Loop(2, v, (_, u) => Ops.Sin(u) + x), v => v * v));
        Func<Tensor, Tensor> plain = x =>
        {
            Tensor s = x * x;
            for (int i = 0; i < 4; i++) s = Ops.Sin(s) + x;
            return s;
        };
        Close(plain(X), f(X));
        Close(Grad(x => plain(x).Sum())(X), Grad(x => f(x).Sum())(X));
        Close(Hvp(x => plain(x).Sum(), X, X), Hvp(x => f(x).Sum(), X, X));
        string plan = Function.Compile<Tensor, Tensor>(f).Explain(X);
        Assert.Contains("loop", plan, StringComparison.Ordinal);
        Assert.Contains("otherwise", plan, StringComparison.Ordinal);
    }

    [Fact]
    public void TheReferenceDeviceGivesTheSameValues()
    {
        var reference = new ReferenceDevice();
        Func<Tensor, Tensor> f = x => ControlFlow.While(ControlFlow.Loop(3, x, (t, s) => s * 2), s => Ops.Max(s) > 1, s => ControlFlow.Cond(Ops.Min(s) < 0, s, v => v * 0.5, v => v - 1));
        Close(f(X), f(X.To(reference)));
    }

    [Fact]
    public void ACompiledLoopAllocatesNothing()
    {
        using var step = Function.CompileStep(Tensor.Of(new float[64]), (Tensor s, Tensor x) =>
        {
            Tensor next = ControlFlow.Loop(5, s, (_, v) => (v * 0.5f) + x);
            return (next, ControlFlow.While(next, v => Ops.Max(v) > 0.5, v => v * 0.5));
        });
        step.Run(Tensor.Of(Enumerable.Range(0, 64).Select(i => i / 64f).ToArray()));
        for (int i = 0; i < 100; i++) step.Run();
        Assert.Equal(0, Allocations.Of(200, () => step.Run()));
    }

    [Fact]
    public void ThreadsDoNotChangeALoop()
    {
        Func<Tensor, Tensor> f = x => ControlFlow.Loop(3, x, (_, s) => Ops.MatMul(s, Ops.Softmax(x)) + Ops.Tanh(s));
        float[] values = [.. Enumerable.Range(0, 200 * 200).Select(i => MathF.Sin(i))];
        float[] one = f(Tensor.Of(values, [200, 200], new CpuDevice(1))).ToArray<float>();
        foreach (int threads in (int[])[2, 3]) Assert.Equal(one, f(Tensor.Of(values, [200, 200], new CpuDevice(threads))).ToArray<float>());
    }

    [Fact]
    public void MisuseIsExplained()
    {
        Assert.StartsWith("loop: the count must not be negative, got -1.", Assert.Throws<ArgumentOutOfRangeException>(() => ControlFlow.Loop(-1, X, (_, s) => s)).Message, StringComparison.Ordinal);
        Assert.Equal("loop: leaf 0 of the state is f64[3], the body returns f64[]. A body must keep the form of its state.",
            Assert.Throws<ShapeException>(() => ControlFlow.Loop(2, X, (_, s) => s.Sum())).Message);
        Assert.Equal("scan: the tensors have 3 and 2 slices along axis 0. Lengths must be equal.", Assert.Throws<ShapeException>(
            () => ControlFlow.Scan(X, new Pair<Tensor, Tensor>(X, Tensor.Of([1.0, 2])), (Tensor s, Pair<Tensor, Tensor> x) => (s, s))).Message);
        Assert.Equal("while: the condition must be a bool, got f64[]. Compare: x > 0.", Assert.Throws<DTypeException>(() => ControlFlow.While(X, s => s.Sum(), s => s)).Message);
        Assert.Equal("cond: the predicate must be one element, got bool[3]. Reduce it first.", Assert.Throws<ShapeException>(() => ControlFlow.Cond(X > 0, X, s => s, s => s)).Message);
        Assert.Equal("cond: leaf 0 of the results is f64[3] and f64[]. Both functions must return the same form.",
            Assert.Throws<ShapeException>(() => ControlFlow.Cond(X.Sum() > 0, X, s => s, s => s.Sum())).Message);
        Assert.Equal("toScalar: a tensor inside loop has no value yet. Return it, or use Where instead of an if on its value.",
            Assert.Throws<TraceException>(() => ControlFlow.Loop(2, X, (_, s) => s.Sum().ToScalar<double>() > 0 ? s : -s)).Message);
    }

    private static void Same(Tensor a, Tensor b) => Assert.Equal(a.ToArray<double>(), b.ToArray<double>());

    private static void Close(Tensor a, Tensor b)
    {
        Assert.Equal(a.Shape, b.Shape);
        foreach ((double x, double y) in a.ToArray<double>().Zip(b.ToArray<double>())) Assert.Equal(x, y, 1e-12 * Math.Max(1, Math.Abs(x)));
    }
}
