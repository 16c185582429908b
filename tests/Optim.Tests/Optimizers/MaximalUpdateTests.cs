using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Tests;

public sealed class MaximalUpdateTests
{
    private static Module Net(int width) => new Linear(8, width) >> new Tanh() >> new Linear(width, width) >> new Tanh() >> new Linear(width, 1);

    // 4 times as wide: the first layer gains outputs, the second both, the last inputs.
    [Fact]
    public void GoldenFactors()
    {
        var maximal = new MaximalUpdate(Net(16), Net(64));
        string[] names = ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"];
        Assert.Equal([1, 1, 0.25, 1, 0.25, 1], names.Select(maximal.AdamRate));
        Assert.Equal([4, 4, 1, 4, 0.25, 1], names.Select(maximal.SgdRate));
        Weights plain = Net(64).Initialize(RandomKey.FromSeed(1)), own = maximal.Initialize(RandomKey.FromSeed(1));
        for (int i = 0; i < 6; i++) Assert.Equal((plain[i] * (i == 4 ? 0.5 : 1)).ToArray<float>(), own[i].ToArray<float>());
    }

    [Fact]
    public void TablesGainOutputs()
    {
        var maximal = new MaximalUpdate(new Embed(10, 4) >> new Linear(4, 10), new Embed(10, 12) >> new Linear(12, 10));
        Assert.Equal((1, 3), (maximal.AdamRate("0.weight"), maximal.SgdRate("0.weight")));
        Assert.Equal(1 / 3.0, maximal.AdamRate("1.weight"), 1e-15);
    }

    // How far a few steps move the result: the same at every width, where Adam alone goes further the wider the network is.
    [Fact]
    public void WidthsMoveAlike()
    {
        Tensor x = Ops.RandomNormal(RandomKey.FromSeed(2), [16, 8]), y = Ops.RandomNormal(RandomKey.FromSeed(3), [16, 1]);
        double moved(int width, bool maximal)
        {
            Module net = Net(width);
            var by = new MaximalUpdate(Net(32), net);
            Weights start = maximal ? by.Initialize(RandomKey.FromSeed(1)) : net.Initialize(RandomKey.FromSeed(1)), w = start;
            Optimizer adam = maximal ? new Adam(0.003) >> new ScaleByLeaf(by.AdamRate) : new Adam(0.003);
            OptimizerState state = adam.Initialize(w);
            for (int i = 0; i < 3; i++)
            {
                (Update update, state) = adam.Step(Transform.Grad(p => Losses.MeanSquaredError(net.Forward(p, x), y))(w), state, w);
                w += update;
            }
            return Math.Sqrt(Ops.Mean(Ops.Square(net.Forward(w, x) - net.Forward(start, x))).ToScalar<float>());
        }
        Assert.InRange(moved(512, true) / moved(32, true), 0.5, 2);
        Assert.True(moved(512, false) / moved(32, false) > 4);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal(
            "maximalUpdate: the modules may differ in widths only, got '0.bias' [4] and '1.weight' [2, 8] for weight 1. Build both with one function of the width.",
            Given.Message<ArgumentException>(() => _ = new MaximalUpdate(new Linear(3, 4) >> new Linear(4, 2), new Linear(3, 8, bias: false) >> new Linear(8, 2))));
        Assert.Equal("maximalUpdate: the module has no weight 'x', got 0.weight, 0.bias, 2.weight, 2.bias, 4.weight, 4.bias. Take weights of the wide module.",
            Given.Message<ArgumentException>(() => new MaximalUpdate(Net(2), Net(4)).AdamRate("x")));
    }
}
