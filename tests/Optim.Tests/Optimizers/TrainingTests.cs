using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing;
using static Engine.Autograd.Transform;

namespace Engine.Optim.Tests;

public sealed class TrainingTests
{
    private static readonly Module Net = new Linear(2, 16) >> new Tanh() >> new Linear(16, 16) >> new Relu() >> new Linear(16, 2);

    /// <summary>A batch of points and whether the product of their coordinates is positive, which no linear classifier can tell.</summary>
    private static Pair<Tensor, Tensor> Batch(int number)
    {
        Tensor x = Ops.RandomUniform(RandomKey.FromSeed(number), [32, 2], -1, 1);
        return new(x, (x[.., 0] * x[.., 1] > 0).Cast(DType.I64));
    }

    private static (Pair<Weights, OptimizerState> Next, Tensor Loss) Step(Optimizer optimizer, Pair<Weights, OptimizerState> state, Pair<Tensor, Tensor> batch)
    {
        (Weights weights, OptimizerState memory) = state;
        (Tensor loss, Gradient gradient) = ValueAndGrad((Weights w) => Losses.CrossEntropy(Net.Forward(w, batch.First), batch.Second))(weights);
        (Update update, memory) = optimizer.Step(gradient, memory, weights);
        return (new(weights + update, memory), loss);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("clipped")]
    [InlineData("sgd")]
    public void ACompiledLoopHasTheBitsOfAnEagerOne(string name)
    {
        Optimizer optimizer = name switch
        {
            "adam" => new Adam(0.01),
            "clipped" => new ClipByGlobalNorm(0.5) >> new AdamW(Schedule.LinearWarmup(10, Schedule.Cosine(0.01, 150))),
            _ => new Sgd(Schedule.Step(0.1, 50, 0.5), 0.9, nesterov: true),
        };
        Weights start = Net.Initialize(RandomKey.FromSeed(0));
        Pair<Weights, OptimizerState> eager = new(start, optimizer.Initialize(start));
        using var step = Function.CompileStep(eager, (Pair<Weights, OptimizerState> s, Pair<Tensor, Tensor> b) => Step(optimizer, s, b));
        float first = 0, last = 0;
        for (int i = 0; i < 200; i++)
        {
            Pair<Tensor, Tensor> batch = Batch(i);
            (eager, Tensor loss) = Step(optimizer, eager, batch);
            step.Run(batch);
            last = loss.ToScalar<float>();
            if (i == 0) first = last;
            Assert.Equal(last, step.Metrics().ToScalar<float>());
        }
        Pair<Weights, OptimizerState> compiled = step.Snapshot();
        for (int i = 0; i < start.LeafCount; i++) Assert.Equal(eager.First[i].ToArray<float>(), compiled.First[i].ToArray<float>());
        foreach (string leaf in eager.Second.Leaves.Names)
        {
            Tensor a = eager.Second[leaf], b = compiled.Second[leaf];
            Assert.Equal(a.Spec, b.Spec);
            if (a.DType == DType.I64) Assert.Equal(200, b.ToScalar<long>());
            else Assert.Equal(a.ToArray<float>(), b.ToArray<float>());
        }
        Assert.Equal(1, step.PlanCount);
        Assert.True(last < 0.7 * first, $"the loss went from {first} to {last}");
    }

    /// <summary>Roots and bases are renewed at some steps only, in pieces of two sizes, and handed over at once, at the next step and later.</summary>
    [Theory]
    [InlineData("shampoo")]
    [InlineData("newton")]
    [InlineData("kl")]
    [InlineData("soap")]
    public void KroneckerFactorsCompileToTheBitsOfEagerOnes(string name)
    {
        Optimizer optimizer = name switch
        {
            "shampoo" => new Shampoo(0.05, graft: Grafted.AdaGrad(), preconditioning: new(SquareSum.CorrectedMean, 0.9, interval: 3, delay: 2, blocks: new(12)), start: 2),
            "newton" => new Shampoo(0.05, preconditioning: new(interval: 2, method: InverseRootMethod.Newton)),
            "kl" => new KlShampoo(0.01, interval: 2),
            _ => new Soap(0.01, interval: 3, blocks: new(12)),
        };
        Weights start = Net.Initialize(RandomKey.FromSeed(0));
        Pair<Weights, OptimizerState> eager = new(start, optimizer.Initialize(start));
        using var step = Function.CompileStep(eager, (Pair<Weights, OptimizerState> s, Pair<Tensor, Tensor> b) => Step(optimizer, s, b));
        for (int i = 0; i < 12; i++)
        {
            (eager, Tensor loss) = Step(optimizer, eager, Batch(i));
            step.Run(Batch(i));
            Assert.Equal(loss.ToScalar<float>(), step.Metrics().ToScalar<float>());
            Assert.True(float.IsFinite(loss.ToScalar<float>()));
        }
        Pair<Weights, OptimizerState> compiled = step.Snapshot();
        for (int i = 0; i < start.LeafCount; i++) Assert.Equal(eager.First[i].ToArray<float>(), compiled.First[i].ToArray<float>());
        foreach (string leaf in eager.Second.Leaves.Names) Assert.Equal(eager.Second[leaf].Cast(DType.F64).ToArray<double>(), compiled.Second[leaf].Cast(DType.F64).ToArray<double>());
        for (int i = 0; i < 6; i++) step.Run();
        Assert.Equal(0, Allocations.Of(12, () => step.Run()));
    }

    [Fact]
    public void ASteadyStateAllocatesNothing()
    {
        var optimizer = new AdamW(Schedule.Cosine(0.01, 100));
        Weights start = Net.Initialize(RandomKey.FromSeed(0));
        using var step = Function.CompileStep(
            new Pair<Weights, OptimizerState>(start, optimizer.Initialize(start)), (Pair<Weights, OptimizerState> s, Pair<Tensor, Tensor> b) => Step(optimizer, s, b));
        step.Run(Batch(0));
        for (int i = 0; i < 50; i++) step.Run();
        Assert.Equal(0, Allocations.Of(50, () => step.Run()));
    }
}
