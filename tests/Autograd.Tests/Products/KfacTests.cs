using Engine.Autograd.Layers;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Products;

public sealed class KfacTests
{
    private static Tensor Random(int seed, params int[] shape) => Ops.RandomNormal(RandomKey.FromSeed(seed), Shape.Create(shape), DType.F64);

    // The gradient of a weight is that of the results' rows, turned, times the inputs' rows: whatever the windows are, both must agree on them.
    [Theory]
    [InlineData(1, 1, 0, 1)]
    [InlineData(2, 2, 1, 1)]
    [InlineData(2, 1, 2, 2)]
    public void RowsOfAConvolutionMakeItsGradient(int groups, int stride, int padding, int dilation)
    {
        var layer = new Conv2D(4, 6, new Extent(2, 3), stride, padding, dilation, groups);
        Weights weights = layer.Initialize(RandomKey.FromSeed(1), DType.F64);
        Tensor x = Random(2, 3, 4, 5, 6), y = layer.Forward(weights, x), slope = Random(3, [.. y.Shape.Lengths]);
        Gradient expected = Transform.Grad((Weights w) => (layer.Forward(w, x) * slope).Sum())(weights);
        Tensor a = layer.InputRows(x)!, g = layer.OutputRows(slope);
        Given.Near(expected["weight"].ToArray<double>(), g.T.MatMul(a).Reshape(expected["weight"].Shape.Lengths), 1e-12);
        Given.Near(expected["bias"].ToArray<double>(), Ops.Sum(g, [1]).Reshape(6), 1e-12);
    }

    // Two layers and a squared loss: by hand, example by example.
    [Fact]
    public void FactorsAreMeansOverExamples()
    {
        Module net = new Linear(3, 2) >> new Tanh() >> new Linear(2, 2, bias: false);
        Weights weights = net.Initialize(RandomKey.FromSeed(1), DType.F64);
        Tensor x = Random(2, 5, 3), goal = Random(3, 5, 2);
        Tensor loss(Tensor y) => Ops.Square(y - goal).Sum() / 5;
        (Tensor value, Gradient gradient, Buffers factors) = Kfac.Measure(net, weights, x, loss);
        (Tensor plain, Gradient expected) = Transform.ValueAndGrad((Weights w) => loss(net.Forward(w, x)))(weights);
        Assert.Equal(plain.ToScalar<double>(), value.ToScalar<double>());
        for (int i = 0; i < 3; i++) Assert.Equal(expected[i].ToArray<double>(), gradient[i].ToArray<double>());
        Assert.Equal(["input.0.weight", "output.0.weight", "input.0.bias", "output.0.bias", "input.2.weight", "output.2.weight"], factors.Names);
        Tensor hidden = Ops.Tanh(x.MatMul(weights["0.weight"].T) + weights["0.bias"]), last = (hidden.MatMul(weights["2.weight"].T) - goal) * 2;
        Tensor first = last.MatMul(weights["2.weight"]) * (1 - Ops.Square(hidden));
        Given.Near((x.T.MatMul(x) / 5).ToArray<double>(), factors["input.0.weight"].Reshape(3, 3));
        Given.Near((first.T.MatMul(first) / 5).ToArray<double>(), factors["output.0.weight"].Reshape(2, 2));
        Given.Near([1], factors["input.0.bias"].Reshape(1));
        Assert.Equal(factors["output.0.weight"].ToArray<double>(), factors["output.0.bias"].ToArray<double>());
        Given.Near((hidden.T.MatMul(hidden) / 5).ToArray<double>(), factors["input.2.weight"].Reshape(2, 2));
        Given.Near((last.T.MatMul(last) / 5).ToArray<double>(), factors["output.2.weight"].Reshape(2, 2));
    }

    // A layer alone, positions of a sequence, and the mean over them.
    [Fact]
    public void PositionsAreRows()
    {
        var layer = new Linear(3, 2);
        Weights weights = layer.Initialize(RandomKey.FromSeed(1), DType.F64);
        Tensor x = Random(2, 4, 5, 3);
        Buffers factors = Kfac.Measure(layer, weights, x, y => Ops.Square(y).Sum() / 4).Factors;
        Tensor rows = x.Reshape(20, 3), slopes = layer.Forward(weights, rows) * 2;
        Given.Near((rows.T.MatMul(rows) / 4).ToArray<double>(), factors["input.weight"].Reshape(3, 3));
        Given.Near((slopes.T.MatMul(slopes) / 20).ToArray<double>(), factors["output.weight"].Reshape(2, 2));
        Given.Near([5], factors["input.bias"].Reshape(1));
        Buffers mean = Kfac.Mean(factors, factors.Map(t => t * 3), 0.75);
        Given.Near((factors[0] * 1.5).ToArray<double>(), mean[0]);
        Assert.Equal("kfac: the decay must lie in [0, 1), got 1.", Assert.Throws<ArgumentException>(() => Kfac.Mean(factors, factors, 1)).Message);
    }

    // Modules with buffers and random keys run twice, once for their shapes; layers that are no plain maps have no factors.
    [Fact]
    public void OtherLayersHaveNoFactors()
    {
        Module net = new Embed(5, 3) >> new LayerNorm(3) >> new Dropout(0.5) >> new Linear(3, 2) >> new BatchNorm(2);
        Weights weights = net.Initialize(RandomKey.FromSeed(1), DType.F64);
        Buffers buffers = net.InitializeBuffers(DType.F64);
        var sink = new BufferSink(buffers);
        Pass pass = Pass.ForTraining(RandomKey.FromSeed(2), buffers, sink);
        (Tensor loss, Gradient gradient, Buffers factors) = Kfac.Measure(net, weights, Tensor.Of([1L, 4, 2]), y => Ops.Square(y - 1).Sum(), pass);
        Assert.Equal(["input.3.weight", "output.3.weight", "input.3.bias", "output.3.bias"], factors.Names);
        Assert.Equal(weights.Names, gradient.Names);
        Assert.True(double.IsFinite(loss.ToScalar<double>()));
        for (int i = 0; i < buffers.LeafCount; i++) Assert.Equal(buffers[i].ToArray<double>(), sink.Result()[i].ToArray<double>());
    }
}
