using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class NormTests
{
    private static Weights Affine(Shape shape, double[] gain, double[] bias) => new(["weight", "bias"], [Given.Of(shape, gain), Given.Of(shape, bias)]);

    // (1, 3): mean 2, variance 1, so with eps 3 the divisor is 2 and the normalized values are -1/2 and 1/2.
    // (0, 0, 6): mean 2, variance (4 + 4 + 16) / 3 = 8, so with eps 1 the divisor is 3.
    [Fact]
    public void GoldenLayerNorm()
    {
        Given.Near([1, 2], [-0.5, 0.5], new LayerNorm(2, 3).Forward(Affine([2], [1, 1], [0, 0]), Given.Of([1, 2], 1, 3)));
        Given.Near([2], [0, 0.5], new LayerNorm(2, 3).Forward(Affine([2], [2, 3], [1, -1]), Given.Of([2], 1, 3)));
        Given.Near([3], [-2 / 3.0, -2 / 3.0, 4 / 3.0], new LayerNorm(3, 1).Forward(Affine([3], [1, 1, 1], [0, 0, 0]), Given.Of([3], 0, 0, 6)));
        Given.Near([2], [7, 8], new LayerNorm(2).Forward(Affine([2], [5, 5], [7, 8]), Given.Of([2], 4, 4)));
        Given.Near([2, 2], [-0.5, 1, -1.5, 2], new LayerNorm([2, 2], 3).Forward(Affine([2, 2], [1, 2, 3, 4], [0, 0, 0, 0]), Given.Of([2, 2], 1, 3, 1, 3)));
    }

    // (1, 7): mean square 25, so with eps 24 the divisor is 7. (3, 4): mean square 12.5, so with eps 12.5 the divisor is 5.
    [Fact]
    public void GoldenRmsNorm()
    {
        static Weights gain(params double[] values) => new(["weight"], [Given.Of([2], values)]);
        Given.Near([1, 2], [1 / 7.0, 1], new RmsNorm(2, 24).Forward(gain(1, 1), Given.Of([1, 2], 1, 7)));
        Given.Near([2], [1.2, -0.8], new RmsNorm(2, 12.5).Forward(gain(2, -1), Given.Of([2], 3, 4)));
        Given.Near([2], [0, 0], new RmsNorm(2).Forward(gain(2, -1), Given.Of([2], 0, 0)));
    }

    // Results of torch 1.13's GroupNorm and InstanceNorm in double precision.
    [Fact]
    public void GoldenGroupNorm()
    {
        var layer = new GroupNorm(2, 4);
        Given.Near([1, 4, 2], [0.8222022060094395, 1.1961487659101424, -0.5092699689553163, -1.1532559482768343, 0.8821554168562808, 0.9221721502010911, -0.5303088113458021, -0.4048473847805064],
            layer.Forward(Differences.Irregular(layer), Given.Values([1, 4, 2])));
        Given.Near([2, 4], [-0.30043872235838764, -1.1708645109220894, 0.9083084375594437, -0.46267650377822916, 1.6091206655773354, -0.6756886581827617, 0.9082738644265229, -0.46270408278754166],
            layer.Forward(Differences.Irregular(layer), Given.Values([2, 4])));
        // One group of (1, 3) as for layer normalization: mean 2, variance 1, divisor 2.
        Given.Near([1, 2], [-0.5, 0.5], new GroupNorm(1, 2, 3).Forward(Affine([2], [1, 1], [0, 0]), Given.Of([1, 2], 1, 3)));
    }

    [Fact]
    public void GoldenInstanceNorm()
    {
        Given.Near([2, 2, 3], [0.49685848086317586, 0.8982256115313645, -1.3950840923945402, 1.4118635232207364, -0.6355725250667642, -0.7762909981539721, -1.412624662284581, 0.6520729181189939, 0.7605517441655854, 1.306586091837979, -0.18468835209609202, -1.121897739741887],
            new InstanceNorm(2).Forward(Weights.Empty, Given.Values([2, 2, 3])));
        var affine = new InstanceNorm(2, affine: true);
        Given.Near([1, 2, 2, 2], [0.8222022060094395, 1.1961487659101424, -0.9404867705930986, 1.5429329392119826, -0.6990990030355247, -0.6625014620817783, -1.0933876428167109, -1.2372279387573084],
            affine.Forward(Differences.Irregular(affine), Given.Values([1, 2, 2, 2])));
        Given.Near([1, 1, 2], [-0.5, 0.5], new InstanceNorm(1, eps: 3).Forward(Weights.Empty, Given.Of([1, 1, 2], 1, 3)));
    }

    [Fact]
    public void LayerNormFollowsTheFormula()
    {
        var layer = new LayerNorm([3, 2]);
        Weights w = Differences.Irregular(layer);
        Tensor x = Given.Values([4, 3, 2]);
        double[] input = x.ToArray<double>(), gain = w["weight"].ToArray<double>(), bias = w["bias"].ToArray<double>(), expected = new double[24];
        for (int row = 0; row < 4; row++)
        {
            double[] line = input[(row * 6)..((row + 1) * 6)];
            double mean = line.Average(), variance = line.Average(v => (v - mean) * (v - mean));
            for (int i = 0; i < 6; i++) expected[(row * 6) + i] = ((line[i] - mean) / Math.Sqrt(variance + 1e-5) * gain[i]) + bias[i];
        }
        Given.Near([4, 3, 2], expected, layer.Forward(w, x));
    }

    [Fact]
    public void RmsNormFollowsTheFormula()
    {
        var layer = new RmsNorm(5);
        Weights w = Differences.Irregular(layer);
        Tensor x = Given.Values([2, 3, 5]);
        double[] input = x.ToArray<double>(), gain = w["weight"].ToArray<double>(), expected = new double[30];
        for (int i = 0; i < 30; i++)
        {
            double square = input[(i / 5 * 5)..((i / 5 * 5) + 5)].Average(v => v * v);
            expected[i] = input[i] / Math.Sqrt(square + 1e-5) * gain[i % 5];
        }
        Given.Near([2, 3, 5], expected, layer.Forward(w, x));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Differences.Check(new LayerNorm(4), Differences.Irregular(new LayerNorm(4)), Given.Values([3, 4]), tolerance: 1e-8);
        Differences.Check(new LayerNorm([2, 3]), Differences.Irregular(new LayerNorm([2, 3])), Given.Values([2, 2, 3]), tolerance: 1e-8);
        Differences.Check(new RmsNorm(4), Differences.Irregular(new RmsNorm(4)), Given.Values([3, 4]), tolerance: 1e-8);
        Differences.Check(new GroupNorm(2, 4), Differences.Irregular(new GroupNorm(2, 4)), Given.Values([2, 4, 3]), tolerance: 1e-8);
        Differences.Check(new InstanceNorm(2, true), Differences.Irregular(new InstanceNorm(2, true)), Given.Values([2, 2, 3]), tolerance: 1e-8);
    }

    [Fact]
    public void FreshWeightsAndGeometry()
    {
        Weights layer = new LayerNorm(3).Initialize(Given.Key()), rms = new RmsNorm(3).Initialize(Given.Key(), DType.F64);
        Assert.Equal(["weight", "bias"], layer.Names);
        Assert.Equal([1f, 1, 1], layer["weight"].ToArray<float>());
        Assert.Equal([0f, 0, 0], layer["bias"].ToArray<float>());
        Assert.Equal(["weight"], rms.Names);
        Assert.Equal([1.0, 1, 1], rms["weight"].ToArray<double>());
        Assert.Equal((0.1, 1, 2), (new LayerNorm(3).Mass, new LayerNorm(3).Sensitivity, new LayerNorm(3).WeightCount));
        Assert.Equal((0.1, 1, 1), (new RmsNorm(3).Mass, new RmsNorm(3).Sensitivity, new RmsNorm(3).WeightCount));
        Assert.Equal(["weight", "bias"], new GroupNorm(2, 4).Initialize(Given.Key()).Names);
        Assert.Equal((0.1, 1, 2), (new GroupNorm(2, 4).Mass, new GroupNorm(2, 4).Sensitivity, new GroupNorm(2, 4).WeightCount));
        Assert.Equal((0, 1, 0), (new InstanceNorm(4).Mass, new InstanceNorm(4).Sensitivity, new InstanceNorm(4).WeightCount));
        Assert.Equal((0.3, 2), (new InstanceNorm(4, true, mass: 0.3).Mass, new InstanceNorm(4, true).WeightCount));
        Assert.Empty(new InstanceNorm(4).Initialize(Given.Key()).Names);
        Assert.Equal(0, new LayerNorm([3], mass: 0).Mass);
        Assert.Equal(2, new RmsNorm(3, mass: 2).Mass);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("layerNorm: the number of features must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new LayerNorm(0)));
        Assert.Equal("layerNorm: the shape must have an axis and none of length 0, got [2, 0].", Given.Message<ArgumentException>(() => _ = new LayerNorm([2, 0])));
        Assert.Equal("layerNorm: the shape must have an axis and none of length 0, got [].", Given.Message<ArgumentException>(() => _ = new LayerNorm([])));
        Assert.Equal("layerNorm: eps must be finite and positive, got 0.", Given.Message<ArgumentException>(() => _ = new LayerNorm(2, eps: 0)));
        Assert.Equal("layerNorm: the mass must be finite and not negative, got -0.5.", Given.Message<ArgumentException>(() => _ = new LayerNorm(2, mass: -0.5)));
        Assert.Equal("groupNorm: 3 groups must divide the channels, got 4 channels.", Given.Message<ArgumentException>(() => _ = new GroupNorm(3, 4)));
        Assert.Equal("groupNorm: the number of groups must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new GroupNorm(0, 4)));
        Assert.Equal("groupNorm: the input must be [N, 4, ..], got [4]. Its second axis is the layer's number of channels.",
            Given.Message<ShapeException>(() => new GroupNorm(2, 4).Forward(Weights.Empty, Given.Values([4]))));
        Assert.Equal("instanceNorm: the input must be [N, 4, L..], got [2, 4]. A channel of one element has no deviation.",
            Given.Message<ShapeException>(() => new InstanceNorm(4).Forward(Weights.Empty, Given.Values([2, 4]))));
        Assert.Equal("rmsNorm: the number of features must be at least 1, got -1.", Given.Message<ArgumentException>(() => _ = new RmsNorm(-1)));
        Assert.Equal("rmsNorm: eps must be finite and positive, got NaN.", Given.Message<ArgumentException>(() => _ = new RmsNorm(2, eps: double.NaN)));
        Assert.Equal("layerNorm: the input must end in [2, 3], got [3, 2]. These are the axes that are normalized.",
            Given.Message<ShapeException>(() => new LayerNorm([2, 3]).Forward(Weights.Empty, Given.Values([3, 2]))));
        Assert.Equal("rmsNorm: the input must end in [4], got [4, 2]. These are the axes that are normalized.",
            Given.Message<ShapeException>(() => new RmsNorm(4).Forward(Weights.Empty, Given.Values([4, 2]))));
    }
}
