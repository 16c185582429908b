using Engine.Autograd;

namespace Engine.Optim.Tests;

public sealed class ChainTests
{
    private static double[] Clipped(GradientStage stage, params double[] gradient) => Given.FirstUpdate(stage >> new DualityMap(Norm.Euclidean), Given.Gradient(gradient));

    // |(3, 0, 4, 0)| = 5 over both leaves together: limit 1 leaves a fifth, limit 10 all.
    [Fact]
    public void GoldenClipByGlobalNorm()
    {
        Given.Near([-0.6, 0, -0.8, 0], Clipped(new ClipByGlobalNorm(1), 3, 0, 4, 0));
        Given.Near([-0.6, 0, 0, -0.8], Clipped(new ClipByGlobalNorm(1), 3, 0, 0, 4));
        Assert.Equal([-3.0, 0, -4, 0], Clipped(new ClipByGlobalNorm(5), 3, 0, 4, 0));
        Assert.Equal([0.0, 0, 0, 0], Clipped(new ClipByGlobalNorm(5), 0, 0, 0, 0));
        Assert.Equal(double.NaN, Clipped(new ClipByGlobalNorm(5), 1, double.NaN, 0, 0)[1]);
    }

    [Fact]
    public void GoldenClipByValue()
    {
        Given.Near([-1, 1, -0.5, 0], Clipped(new ClipByValue(1), 3, -2, 0.5, 0));
        Given.Near([-2, 2, -0.5, -2], Clipped(new ClipByValue(2), 3, -2, 0.5, 1e300));
        Assert.Equal(double.NaN, Clipped(new ClipByValue(1), double.NaN, 0, 0, 0)[0]);
    }

    // The map alone is descent at rate 1; normalized it has norm 1 whatever the gradient.
    [Fact]
    public void GoldenDualityMap()
    {
        Given.Near([-3, 0, 0, -4], Given.FirstUpdate(new DualityMap(Norm.Euclidean), Given.Gradient(3, 0, 0, 4)));
        Given.Near([-0.6, 0, 0, -0.8], Given.FirstUpdate(new DualityMap(Norm.Euclidean, normalized: true), Given.Gradient(3, 0, 0, 4)));
        Given.Near([0, 0, 0, 0], Given.FirstUpdate(new DualityMap(Norm.Euclidean, normalized: true), Given.Gradient(0, 0, 0, 0)));
    }

    // Clip to (0.6, 0, 0.8, 0), turn around, less a tenth of the weights, times 2, times the rate 1/2.
    [Fact]
    public void StagesRunFirstToLast()
    {
        Optimizer chain = new ClipByGlobalNorm(1) >> new ClipByValue(0.7) >> new DualityMap(Norm.Euclidean)
            >> new WeightDecay(0.1) >> new ScaleBy(2) >> new ScaleByLearningRate(0.5);
        Given.Near([-0.6 - 0.1, -0.2, -0.7 - 0.3, -0.4], Given.FirstUpdate(chain, Given.Gradient(3, 0, 4, 0), Given.Weights(1, 2, 3, 4)));
    }

    [Fact]
    public void AdamIsAChainOfItsParts()
    {
        Optimizer parts = new ScaleByAdam() >> new WeightDecay(0.01) >> new ScaleByLearningRate(0.1);
        double[] start = [1, -2, 0.5, 3];
        Assert.Equal(Given.Run(new AdamW(0.1), 20, start), Given.Run(parts, 20, start));
    }

    [Fact]
    public void ChainsAreFlat()
    {
        Weights w = Given.Weights(1, 2, 3, 4);
        Optimizer chain = new ClipByGlobalNorm(1) >> new Momentum(0.9) >> new Adam(0.1) >> new ScaleBy(1);
        Assert.Equal(
            ["1.momentum.0.weight", "1.momentum.0.bias", "2.first.0.weight", "2.first.0.bias", "2.second.0.weight", "2.second.0.bias", "2.step", "3.step"],
            chain.Initialize(w).Leaves.Names);
        GradientStage stages = new Momentum(0.5) >> (new Momentum(0.9) >> new ClipByValue(1));
        Assert.Equal(["0.momentum.0.weight", "0.momentum.0.bias", "1.momentum.0.weight", "1.momentum.0.bias"], stages.Initialize(w).Leaves.Names);
        var (g, next) = stages.Step(Given.Gradient(0.25, 2, -3, 0), stages.Initialize(w), w);
        Given.Near([0.25, 1, -1, 0], Given.Numbers(g.Tensors));
        Given.Near([2], next["1.momentum.0.weight"].ToArray<double>()[1..2]);
    }

    [Fact]
    public void MoreThanTenStagesKeepTheirStates()
    {
        Optimizer chain = new Momentum(0.5) >> new DualityMap(Norm.Euclidean);
        for (int i = 0; i < 10; i++) chain >>= new ScaleByLearningRate(i == 9 ? 3 : 1);
        Weights w = Given.Weights(0, 0, 0, 0);
        (Update update, OptimizerState state) = chain.Step(Given.Gradient(1, 1, 1, 1), chain.Initialize(w), w);
        Given.Near([-3, -3, -3, -3], Given.Numbers(update.Tensors));
        Assert.Equal(12, state.LeafCount);
        Assert.Equal(1, state["11.step"].ToScalar<long>());
    }

    [Fact]
    public void StatesAreTrees()
    {
        var adam = new Adam(0.1);
        OptimizerState state = adam.Initialize(Given.Weights(1, 2, 3, 4));
        OptimizerState again = state.WithLeaves([.. state.Leaves.Tensors]);
        Assert.Equal(6, state.LeafCount);
        Assert.Equal(state.StructureKey, again.StructureKey);
        Assert.NotEqual(state.StructureKey, new Sgd(0.1).Initialize(Given.Weights(1, 2, 3, 4)).StructureKey);
        Assert.Equal(state.Leaves.Names, again.Leaves.Names);
        Assert.Equal(0, OptimizerState.Empty.LeafCount);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("clipByGlobalNorm: the limit must be finite and positive, got 0.", Given.Message<ArgumentException>(() => _ = new ClipByGlobalNorm(0)));
        Assert.Equal("clipByValue: the limit must be finite and positive, got -1.", Given.Message<ArgumentException>(() => _ = new ClipByValue(-1)));
        Assert.Equal("weightDecay: the rate must be finite and not negative, got NaN.", Given.Message<ArgumentException>(() => _ = new WeightDecay(double.NaN)));
    }
}
