using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class BatchNormTests
{
    private static readonly Weights Plain = new(["weight", "bias"], [Given.Of([1], 1), Given.Of([1], 0)]);

    private static (Tensor Result, Buffers Next) Train(BatchNorm layer, Weights w, Tensor x, Buffers? buffers = null)
    {
        Buffers before = buffers ?? layer.InitializeBuffers(DType.F64);
        var sink = new BufferSink(before);
        return (layer.Forward(w, x, Pass.ForTraining(buffers: before, sink: sink)), sink.Result());
    }

    // (1, 3): mean 2, variance 1, so with eps 3 the divisor is 2. The buffers start at 0 and 1; with momentum 0.1 the mean moves to 0.2,
    // and the variance, whose unbiased estimate is 2, to 0.9 + 0.2 = 1.1.
    [Fact]
    public void GoldenTraining()
    {
        var (y, next) = Train(new BatchNorm(1, eps: 3), Plain, Given.Of([2, 1], 1, 3));
        Given.Near([2, 1], [-0.5, 0.5], y);
        Given.Near([1], [0.2], next["running_mean"]);
        Given.Near([1], [1.1], next["running_var"]);
    }

    // The same numbers as images: four values, variance 1, unbiased 4/3.
    [Fact]
    public void GoldenTrainingOnImages()
    {
        Weights w = new(["weight", "bias"], [Given.Of([1], 4), Given.Of([1], 1)]);
        var (y, next) = Train(new BatchNorm(1, eps: 3, momentum: 0.5), w, Given.Of([2, 1, 1, 2], 1, 3, 1, 3));
        Given.Near([2, 1, 1, 2], [-1, 3, -1, 3], y);
        Given.Near([1], [1], next["running_mean"]);
        Given.Near([1], [0.5 + (2 / 3.0)], next["running_var"]);
    }

    // Mean 2 and variance 1 come from the buffers: (5 - 2) / 2 = 1.5.
    [Fact]
    public void GoldenPrediction()
    {
        var buffers = new Buffers(["running_mean", "running_var"], [Given.Of([1], 2), Given.Of([1], 1)]);
        Given.Near([1, 1], [1.5], new BatchNorm(1, eps: 3).Forward(Plain, Given.Of([1, 1], 5), Pass.ForPrediction(buffers)));
        Given.Near([1, 1, 1, 2], [-1, 1.5], new BatchNorm(1, eps: 3).Forward(Plain, Given.Of([1, 1, 1, 2], 0, 5), Pass.ForPrediction(buffers)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FollowsTheFormula(bool images)
    {
        const int features = 3;
        var layer = new BatchNorm(features);
        Weights w = Differences.Irregular(layer);
        Tensor x = Given.Values(images ? [4, features, 2, 2] : [5, features]);
        double[] input = x.ToArray<double>(), gain = w["weight"].ToArray<double>(), bias = w["bias"].ToArray<double>(), expected = new double[input.Length];
        double[] means = new double[features], variances = new double[features];
        int inner = images ? 4 : 1, count = input.Length / features;
        for (int c = 0; c < features; c++)
        {
            int[] own = [.. Enumerable.Range(0, input.Length).Where(i => i / inner % features == c)];
            double mean = own.Average(i => input[i]), variance = own.Average(i => (input[i] - mean) * (input[i] - mean));
            foreach (int i in own) expected[i] = ((input[i] - mean) / Math.Sqrt(variance + 1e-5) * gain[c]) + bias[c];
            (means[c], variances[c]) = (0.1 * mean, 0.9 + (0.1 * variance * count / (count - 1)));
        }
        var (y, next) = Train(layer, w, x);
        Given.Near(x.Shape, expected, y);
        Given.Near(means, next["running_mean"]);
        Given.Near(variances, next["running_var"]);
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        var layer = new BatchNorm(2);
        Weights w = Differences.Irregular(layer);
        var buffers = new Buffers(["running_mean", "running_var"], [Given.Of([2], 0.3, -0.2), Given.Of([2], 0.5, 2)]);
        Differences.Check(layer, w, Given.Values([5, 2]), Pass.ForTraining(buffers: buffers), 1e-8);
        Differences.Check(layer, w, Given.Values([2, 2, 2, 2]), Pass.ForTraining(buffers: buffers), 1e-8);
        Differences.Check(layer, w, Given.Values([3, 2]), Pass.ForPrediction(buffers));
    }

    [Fact]
    public void NewBuffersComeOutOfAGradientAsAux()
    {
        var net = new Linear(2, 1) >> new BatchNorm(1) >> new Relu();
        Weights w = net.Initialize(Given.Key(), DType.F64);
        Buffers buffers = net.InitializeBuffers(DType.F64);
        Tensor x = Given.Values([4, 2]);
        Assert.Equal(["1.running_mean", "1.running_var"], buffers.Names);

        var step = Transform.ValueAndGrad((Weights p, Tensor input) =>
        {
            var sink = new BufferSink(buffers);
            Tensor loss = net.Forward(p, input, Pass.ForTraining(buffers: buffers, sink: sink)).Sum();
            return (loss, sink.Result());
        });
        var (_, next, gradient) = step(w, x);

        double[] outputs = new Linear(2, 1).Forward(new(["weight", "bias"], [w["0.weight"], w["0.bias"]]), x).ToArray<double>();
        Given.Near([0.1 * outputs.Average()], next["1.running_mean"]);
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], gradient.Names);
        Assert.False(next["1.running_var"].IsSymbolic);
    }

    [Fact]
    public void WithoutASinkNewBuffersAreDropped()
    {
        var layer = new BatchNorm(1, eps: 3);
        Given.Near([-0.5, 0.5], layer.Forward(Plain, Given.Of([2, 1], 1, 3), Pass.ForTraining(buffers: layer.InitializeBuffers(DType.F64))));
    }

    [Fact]
    public void FreshStateAndGeometry()
    {
        var layer = new BatchNorm(2);
        Assert.Equal(["weight", "bias"], layer.Initialize(Given.Key()).Names);
        Assert.Equal([1f, 1], layer.Initialize(Given.Key())["weight"].ToArray<float>());
        Assert.Equal([0f, 0], layer.Initialize(Given.Key())["bias"].ToArray<float>());
        Assert.Equal([0.0, 0], layer.InitializeBuffers(DType.F64)["running_mean"].ToArray<double>());
        Assert.Equal([1.0, 1], layer.InitializeBuffers(DType.F64)["running_var"].ToArray<double>());
        Assert.Equal((0.1, 1, 2), (layer.Mass, layer.Sensitivity, layer.WeightCount));
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("batchNorm: the number of features must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new BatchNorm(0)));
        Assert.Equal("batchNorm: eps must be finite and positive, got -1.", Given.Message<ArgumentException>(() => _ = new BatchNorm(1, eps: -1)));
        Assert.Equal("batchNorm: the momentum must lie in [0, 1], got 1.5.", Given.Message<ArgumentException>(() => _ = new BatchNorm(1, momentum: 1.5)));
        var layer = new BatchNorm(2);
        Weights w = layer.Initialize(Given.Key(), DType.F64);
        var pass = Pass.ForTraining(buffers: layer.InitializeBuffers(DType.F64));
        Assert.Equal("batchNorm: the input must be [N, 2] or [N, 2, H, W], got [4, 3]. Its second axis is the layer's number of features.",
            Given.Message<ShapeException>(() => layer.Forward(w, Given.Values([4, 3]), pass)));
        Assert.Equal("batchNorm: training needs at least 2 values per feature, got 1 in [1, 2]. Use a larger batch.",
            Given.Message<ShapeException>(() => layer.Forward(w, Given.Values([1, 2]), pass)));
        Assert.Equal("buffer 'running_mean': the pass has no buffers. Use Pass.ForPrediction(buffers) or Pass.ForTraining(key, buffers, sink).",
            Given.Message<InvalidOperationException>(() => layer.Forward(w, Given.Values([4, 2]))));
    }
}
