using System.Text.Json;
using Engine.Autograd;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Optim.Tests;

public sealed class OrthogonalDescentTests
{
    private static Weights One(Tensor w) => new(["w"], [w]);

    [Fact]
    public void AStepOfTheReference()
    {
        using Stream stream = typeof(OrthogonalDescentTests).Assembly.GetManifestResourceStream("muon.json")!;
        using var file = JsonDocument.Parse(stream);
        JsonElement step = file.RootElement.GetProperty("orthogonal_manifold");
        Weights w = One(Goldens.Tensor(step.GetProperty("W")));
        var descent = new OrthogonalDescent(step.GetProperty("eta").GetDouble());
        (Update update, _) = descent.Step(new Gradient(["w"], [Goldens.Tensor(step.GetProperty("G"))]), descent.Initialize(w), w);
        Given.Near(Goldens.Tensor(step.GetProperty("W_next")).ToArray<double>(), (w + update)[0].ToArray<double>(), 1e-9);
    }

    [Fact]
    public void ACompiledStepHasTheBitsOfAnEagerOne()
    {
        var descent = new OrthogonalDescent(Schedule.Linear(0.1, 20));
        Weights start = One(Ops.RandomOrthogonal(RandomKey.FromSeed(3), 5));
        Pair<Weights, OptimizerState> eager = new(start, descent.Initialize(start));
        (Pair<Weights, OptimizerState> Next, Tensor Size) advance(Pair<Weights, OptimizerState> s, Tensor g)
        {
            (Update update, OptimizerState next) = descent.Step(new Gradient(["w"], [g]), s.Second, s.First);
            return (new(s.First + update, next), Ops.Sum(update[0]));
        }
        using var step = Function.CompileStep(eager, (Pair<Weights, OptimizerState> s, Tensor g) => advance(s, g));
        for (int i = 0; i < 10; i++)
        {
            Tensor g = Ops.RandomNormal(RandomKey.FromSeed(i), [5, 5]);
            (eager, _) = advance(eager, g);
            step.Run(g);
        }
        Assert.Equal(eager.First[0].ToArray<float>(), step.Snapshot().First[0].ToArray<float>());
        Assert.Equal(0, Allocations.Of(20, () => step.Run()));
    }

    // Sizes 5 and 7 have skew matrices without an inverse.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void WeightsStayOrthogonalAndComeToTheNearest(int size)
    {
        // The orthogonal matrix closest to one with positive determinant: |w - target|^2 falls until it is the polar factor.
        Tensor start = Ops.RandomOrthogonal(RandomKey.FromSeed(1), size, DType.F64);
        Tensor target = start.MatMul(Ops.Eye(size, dtype: DType.F64) * 2 + Ops.RandomNormal(RandomKey.FromSeed(2), [size, size], DType.F64) * 0.2);
        var descent = new OrthogonalDescent(Schedule.Linear(0.05, 200));
        Weights w = One(start);
        OptimizerState state = descent.Initialize(w);
        for (int i = 0; i < 200; i++)
        {
            (Update update, state) = descent.Step(new Gradient(["w"], [w[0] - target]), state, w);
            w += update;
        }
        Assert.InRange(Ops.Max(Ops.Abs(w[0].T.MatMul(w[0]) - Ops.Eye(size, dtype: DType.F64))).ToScalar<double>(), 0, 1e-12);
        Given.Near(Engine.Autograd.Duality.Polar.Factor(target, Engine.Autograd.Duality.PolarAccuracy.Exact).ToArray<double>(), w[0].ToArray<double>(), 5e-3);
    }
}
