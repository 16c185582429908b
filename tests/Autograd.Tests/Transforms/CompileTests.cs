using Engine.Tensors;
using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;
using Engine.Testing;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>Compiled functions and steps.</summary>
public sealed class CompileTests
{
    private static readonly Tensor X = Tensor.Of(new double[,] { { 1, -2, 3 }, { 0.5, 4, -1 } });

    [Fact]
    public void CompiledIsEagerBitForBit()
    {
        Func<Tensor, Tensor> f = x => Ops.Softmax(Ops.Gelu(x.MatMul(x.T)) * 0.3 - Ops.Mean(x));
        Assert.Equal(f(X).ToArray<double>(), Function.Compile<Tensor, Tensor>(f).Invoke(X).ToArray<double>());
    }

    [Fact]
    public void APlanIsMadeOncePerFormOfTheInput()
    {
        int traced = 0;
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x =>
        {
            traced++;
            return x * 2;
        });
        f.Invoke(X);
        f.Invoke(X + 1);
        f.Invoke(X.T);
        f.Invoke(X.Cast(DType.F32));
        Assert.Equal(3, traced);
        Assert.Equal(3, f.PlanCount);
    }

    [Fact]
    public void InputsOfAnyLayoutGiveTheSameValues()
    {
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => Ops.CumSum(x, 0) * x);
        Tensor copy = Tensor.Of(X.T.ToArray<double>(), X.T.Shape);
        Assert.Equal(f.Invoke(copy).ToArray<double>(), f.Invoke(X.T).ToArray<double>());
        Assert.Equal([2.0, 4], Function.Compile<Tensor, Tensor>(x => x + 1).Invoke(Tensor.Of([9.0, 3, 9, 1])[Slice.Every(-2)]).ToArray<double>());
    }

    [Fact]
    public void CapturesAreBakedIn()
    {
        Tensor captured = Tensor.Of([1.0, 2, 3]);
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => x * captured);
        Assert.Equal([1.0, 4, 9], f.Invoke(Tensor.Of([1.0, 2, 3])).ToArray<double>());
        captured = Tensor.Of([10.0, 20, 30]);
        Assert.Equal([1.0, 4, 9], f.Invoke(Tensor.Of([1.0, 2, 3])).ToArray<double>());
        Assert.Contains("captures: f64[3]", f.Explain(Tensor.Of([1.0, 2, 3])), StringComparison.Ordinal);
    }

    [Fact]
    public void CapturedViewsKeepTheirLayout()
    {
        Tensor view = X.T, flipped = Ops.Flip(X[1], 0), spread = Tensor.Of([7.0]).BroadcastTo([3]);
        Func<Tensor, Tensor> f = x => x.MatMul(view) + Ops.Sum(flipped * spread * x);
        double[] expected = f(X).ToArray<double>();
        Assert.Equal(expected, Function.Compile<Tensor, Tensor>(f).Invoke(X).ToArray<double>());
        Tensor there = Tensor.Of(X.ToArray<double>(), X.Shape, new ReferenceDevice());
        double[] reference = Function.Compile<Tensor, Tensor>(f).Invoke(there).ToArray<double>();
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], reference[i], 12);
    }

    [Fact]
    public void KeysAreBakedInUnlessTheyAreInputs()
    {
        RandomKey key = RandomKey.FromSeed(1);
        Compiled<Tensor, Tensor> same = Function.Compile<Tensor, Tensor>(x => x + Ops.RandomUniform(key, [3], dtype: DType.F64));
        Tensor zero = Tensor.Zeros([3], DType.F64);
        Assert.Equal(same.Invoke(zero).ToArray<double>(), same.Invoke(zero).ToArray<double>());
        Compiled<RandomKey, Tensor> drawn = Function.Compile<RandomKey, Tensor>(k => Ops.RandomUniform(k, [3], dtype: DType.F64));
        Assert.NotEqual(drawn.Invoke(RandomKey.FromSeed(1)).ToArray<double>(), drawn.Invoke(RandomKey.FromSeed(2)).ToArray<double>());
        Assert.Equal(same.Invoke(zero).ToArray<double>(), drawn.Invoke(RandomKey.FromSeed(1)).ToArray<double>());
    }

    [Fact]
    public void ResultsThatAreInputsConstantsOrViews()
    {
        Tensor constant = Tensor.Of([5.0, 6]);
        Compiled<Tensor, Pair<Pair<Tensor, Tensor>, Tensor>> f = Function.Compile<Tensor, Pair<Pair<Tensor, Tensor>, Tensor>>(x => new(new(x, constant), x.T));
        var ((same, fixedValue), turned) = f.Invoke(X);
        Assert.Equal(X.ToArray<double>(), same.ToArray<double>());
        Assert.Equal([5.0, 6], fixedValue.ToArray<double>());
        Assert.Equal(X.T.ToArray<double>(), turned.ToArray<double>());
    }

    [Fact]
    public void CompiledFunctionsDifferentiateAndBatch()
    {
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => Ops.Sum(x * x * x));
        Assert.Equal(X.ToArray<double>().Select(x => 3 * x * x), Grad(f.Invoke)(X).ToArray<double>());
        Assert.Equal([20.0, 63.125], Vmap(f.Invoke)(X).ToArray<double>());
    }

    [Fact]
    public void EmptyTensorsPassThrough()
    {
        Tensor empty = Tensor.Zeros([0, 3], DType.F64);
        Assert.Equal([0.0, 0, 0], Function.Compile<Tensor, Tensor>(x => Ops.Sum(x * 2, [0])).Invoke(empty).ToArray<double>());
        Assert.Equal(new Shape().Insert(0, 0), Function.Compile<Tensor, Tensor>(x => Ops.Sum(Ops.Exp(x), [1])).Invoke(empty).Shape);
    }

    [Fact]
    public void ManyCallersGetTheirOwnResults()
    {
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => Ops.Sum(Ops.Exp(x * 0.01) * x));
        double[] expected = [.. Enumerable.Range(0, 64).Select(i => f.Invoke(X + i).ToScalar<double>())];
        double[] actual = new double[64];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (int round = 0; round < 20; round++)
            {
                for (int i = t; i < 64; i += 4) actual[i] = f.Invoke(X + i).ToScalar<double>();
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void AStepOwnsItsState()
    {
        Tensor start = Tensor.Of([1.0, 2]);
        using CompiledStep<Tensor, Tensor, Tensor> step = Function.CompileStep<Tensor, Tensor, Tensor>(start, (s, b) => (s + b, Ops.Sum(s * b)));
        step.Run(Tensor.Of([10.0, 20]));
        Assert.Equal(50, step.Metrics().ToScalar<double>());
        Assert.Equal([11.0, 22], step.Snapshot().ToArray<double>());
        Tensor kept = step.Snapshot();
        step.Inputs[0].Write<double>([1, 1]);
        step.Run();
        Assert.Equal(33, step.Metrics().ToScalar<double>());
        Assert.Equal([12.0, 23], step.Snapshot().ToArray<double>());
        Assert.Equal([11.0, 22], kept.ToArray<double>());
        Assert.Equal([1.0, 2], start.ToArray<double>());
        step.Load(start);
        Assert.Equal([1.0, 2], step.Snapshot().ToArray<double>());
        Assert.Equal(1, step.PlanCount);
    }

    [Fact]
    public void AStepMayExchangeAndRepeatItsState()
    {
        var state = new Pair<Tensor, Tensor>(Tensor.Of([1.0]), Tensor.Of([2.0]));
        using var step = Function.CompileStep<Pair<Tensor, Tensor>, Tensor, Tensor>(state, (s, b) => (new(s.Second, s.First), b));
        step.Run(Tensor.Of([0.0]));
        Assert.Equal(2, step.Snapshot().First.ToScalar<double>());
        step.Run();
        Assert.Equal(1, step.Snapshot().First.ToScalar<double>());
        using var same = Function.CompileStep<Pair<Tensor, Tensor>, Tensor, Tensor>(state, (s, b) => (new(s.First + b, s.First), b));
        same.Run(Tensor.Of([5.0]));
        same.Run();
        Assert.Equal((11.0, 6.0), (same.Snapshot().First.ToScalar<double>(), same.Snapshot().Second.ToScalar<double>()));
    }

    [Fact]
    public void AStepSaysWhatDoesNotFit()
    {
        using var growing = Function.CompileStep<Tensor, Tensor, Tensor>(Tensor.Of([1.0]), (s, b) => (Ops.Concat([s, b]), b));
        Assert.StartsWith("compileStep: leaf 0 of the state is f64[1], the step returns f64[2].",
            Assert.Throws<ShapeException>(() => growing.Run(Tensor.Of([1.0]))).Message, StringComparison.Ordinal);
        using var step = Function.CompileStep<Tensor, Tensor, Tensor>(Tensor.Of([1.0]), (s, b) => (s + b, b));
        Assert.Throws<InvalidOperationException>(step.Run);
        step.Prepare(Tensor.Of([1.0]));
        Assert.Throws<ShapeException>(() => step.Inputs[0].Write<double>([1, 2]));
        Assert.Throws<DTypeException>(() => step.Inputs[0].Write<float>([1]));
        Assert.Throws<ShapeException>(() => step.Load(Tensor.Of([1.0, 2])));
    }

    [Fact]
    public void AStepAllocatesNothing()
    {
        var device = new CpuDevice(1);
        Tensor w = Tensor.Of(new double[64 * 32], [64, 32], device), x = Tensor.Of(new double[16 * 32], [16, 32], device);
        using var step = Function.CompileStep<Tensor, Tensor, Tensor>(w, (s, b) =>
        {
            (Tensor loss, Tensor g) = ValueAndGrad(p => Ops.Mean(Ops.Square(Ops.Gelu(b.MatMul(p.T)) - 1)))(s);
            return (s - g * 0.1, loss);
        });
        step.Run(x);
        double[] batch = x.ToArray<double>();
        double[] loss = new double[1];
        for (int i = 0; i < 100; i++) step.Run();
        long allocated = Allocations.Of(100, () =>
        {
            step.Inputs[0].Write<double>(batch);
            step.Run();
            step.ReadMetric<double>(0, loss);
        });
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void PreparingRunsOnZeros()
    {
        Tensor table = Tensor.Of([1f, 2]);
        for (int round = 0; round < 20; round++)
        {
            // Memory that others have used comes back; as indices these bytes are out of every range.
            for (int i = 0; i < 100; i++) new byte[1 << 14].AsSpan().Fill(0xC0);
            GC.Collect(0);
            using var step = Function.CompileStep<Tensor, Tensor, Tensor>(table, (s, rows) => (s * 0.5, Ops.Sum(Ops.Take(s, rows))));
            step.Prepare(Tensor.Zeros([1000], DType.I64));
            Assert.Equal([1f, 2], step.Snapshot().ToArray<float>());
        }
    }

    [Fact]
    public void SpansRunWithoutTensorsAndWithoutAllocation()
    {
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => Ops.Softmax(x * 2));
        float[] x = [1, 2, 3, 4], y = new float[4];
        Assert.Equal("compile: there is no plan yet. Call Invoke with a tensor of the input's shape once.", Assert.Throws<InvalidOperationException>(() => f.Invoke(x, y)).Message);
        float[] expected = f.Invoke(Tensor.Of(x, [2, 2])).ToArray<float>();
        f.Invoke(x, y);
        Assert.Equal(expected, y);
        for (int i = 0; i < 100; i++) f.Invoke(x, y);
        Assert.Equal(0, Allocations.Of(100, () => f.Invoke(x, y)));
        Assert.StartsWith("compile: the plan maps 4 elements to 4, got spans of 3 and 4.", Assert.Throws<ShapeException>(() => f.Invoke(x.AsSpan(..3), y)).Message, StringComparison.Ordinal);
        Compiled<Tensor, Tensor> wide = Function.Compile<Tensor, Tensor>(x => x.Cast(DType.F64));
        wide.Invoke(Tensor.Of(x));
        Assert.Equal("compile: spans hold f32, the function maps f32 to f64. Call Invoke with tensors.", Assert.Throws<DTypeException>(() => wide.Invoke(x, y)).Message);
    }

    [Fact]
    public void ConcurrentSpanCallsDoNotDisturbEachOther()
    {
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => Ops.CumSum(x, 0) * 3);
        f.Invoke(Tensor.Of(new float[50]));
        Parallel.For(0, 64, i =>
        {
            float[] x = new float[50], y = new float[50];
            Array.Fill(x, i);
            for (int repeat = 0; repeat < 50; repeat++) f.Invoke(x, y);
            Assert.Equal(150f * i, y[^1]);
        });
    }

    [Fact]
    public void PreparingAStepLeavesItsStateAlone()
    {
        using var step = Function.CompileStep(X, (Tensor s, Tensor b) => (s + b, s.Sum()));
        step.Prepare(X);
        Assert.Equal(X.ToArray<double>(), step.Snapshot().ToArray<double>());
        step.Run(X);
        Assert.Equal((X + X).ToArray<double>(), step.Snapshot().ToArray<double>());
        Assert.Equal(1, step.PlanCount);
    }

    [Fact]
    public void ExplainNamesTheLinesWhenTracedWithSources()
    {
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x =>
        {
            Tensor e = Ops.Exp(x);
            return e + x.MatMul(x.T).Sum();
        }, new TraceOptions { Source = true });
        string plan = f.Explain(X);
        Assert.Matches(@"matmul .*\(CompileTests.cs:\d+\)", plan);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Matches(plan, @"CompileTests.cs:(\d+)").Select(m => m.Groups[1].Value).Distinct().Count());
        Assert.DoesNotContain("CompileTests.cs", Function.Compile<Tensor, Tensor>(x => x * 2).Explain(X), StringComparison.Ordinal);
    }

    [Fact]
    public void AChangeOfShapeIsCountedForTheHost()
    {
        long made = 0;
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        int thread = Environment.CurrentManagedThreadId;
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument is { Meter.Name: "Engine.Tensors", Name: "engine.plans.made" }) l.EnableMeasurementEvents(instrument);
        };
        // Other tests compile on other threads.
        listener.SetMeasurementEventCallback<long>((_, n, _, _) => made += Environment.CurrentManagedThreadId == thread ? n : 0);
        listener.Start();
        Compiled<Tensor, Tensor> f = Function.Compile<Tensor, Tensor>(x => x * 2);
        f.Invoke(X);
        f.Invoke(X);
        Assert.Equal(1, made);
        f.Invoke(X.T);
        Assert.Equal(2, made);
        Assert.Contains("plans of this function: 2", f.Explain(X), StringComparison.Ordinal);
    }

    [Theory, InlineData(1), InlineData(7), InlineData(1000), InlineData(100_003)]
    public void StateIsUpdatedInPlaceWithTheSameBits(int count)
    {
        // Every next value reads every old one, so the order in which they are written matters.
        static Three next(Three s, Tensor b)
        {
            Tensor product = s.A * s.B;
            return new((product * 0.9f) + (s.C * b), Ops.Tanh(product - s.B), s.A + (product * s.C) - b);
        }

        float[] values(int seed) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin((seed * 100) + i))];
        var state = new Three(Tensor.Of(values(1)), Tensor.Of(values(2)), Tensor.Of(values(3)));
        Tensor batch = Tensor.Of(values(4));
        using var step = Function.CompileStep(state, (Three s, Tensor b) => (next(s, b), s.A.Sum() + 0));
        step.Prepare(batch);
        Assert.Contains("updated in place: 3 of 4", step.Explain(), StringComparison.Ordinal);
        for (int i = 0; i < 5; i++)
        {
            float sum = state.A.Sum().ToScalar<float>();
            state = next(state, batch);
            step.Run(batch);
            Assert.Equal(sum, step.Metrics().ToScalar<float>());
        }
        foreach ((Tensor a, Tensor b) in Tree.Leaves(state).Zip(Tree.Leaves(step.Snapshot()))) Assert.Equal(a.ToArray<float>(), b.ToArray<float>());
    }

    [Fact]
    public void AnErrorLeavesTheStateAsItWas()
    {
        Tensor table = Tensor.Of([1.0, 2, 3]);
        using var step = Function.CompileStep(X, (Tensor s, Tensor at) => (s * 2 + Ops.Take(table, at, 0), Ops.Take(table, at, 0).Sum()));
        step.Run(Tensor.Of([0L, 1, 2]));
        double[] before = step.Snapshot().ToArray<double>();
        Assert.Throws<ShapeException>(() => step.Run(Tensor.Of([0L, 1, 3])));
        Assert.Equal(before, step.Snapshot().ToArray<double>());
        step.Run(Tensor.Of([0L, 1, 2]));
        Assert.NotEqual(before, step.Snapshot().ToArray<double>());
    }

    private sealed record Three(Tensor A, Tensor B, Tensor C) : ITree<Three>
    {
        public int LeafCount => 3;

        public object StructureKey => typeof(Three);

        public void CopyLeaves(Span<Tensor> leaves) => (leaves[0], leaves[1], leaves[2]) = (A, B, C);

        public Three WithLeaves(ReadOnlySpan<Tensor> leaves) => new(leaves[0], leaves[1], leaves[2]);
    }
}
