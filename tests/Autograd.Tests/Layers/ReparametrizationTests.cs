using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Golden results are those of torch 1.13's weight_norm and spectral_norm in double precision.</summary>
public sealed class ReparametrizationTests
{
    private static readonly WeightNorm Normalized = new(new Linear(3, 2));
    private static readonly SpectralNorm Spectral = new(new Linear(3, 2));

    private static readonly Weights SpectralWeights = Differences.Irregular(Spectral);
    private static readonly Buffers Vectors = new(["weight_u", "weight_v"], [Given.Of([2], 0.6, 0.8), Given.Of([3], 1 / 3.0, 2 / 3.0, 2 / 3.0)]);

    [Fact]
    public void GoldenWeightNorm()
    {
        Weights w = Differences.Irregular(Normalized);
        Tensor x = Given.Values([2, 3]);
        Given.Near([2, 2], [-0.9469812230123662, -0.9013561422900618, 0.2553405698903745, -0.5792688786572777], Normalized.Forward(w, x));
        var (_, gradient) = Transform.ValueAndGrad((Weights t) => Normalized.Forward(t, x).Sum())(w);
        Given.Near([2, 3], [1.0254939490619037, -0.008018310525101897, -1.0659481437822247, -0.24784919316901247, -0.03812599669278984, 0.31225544999495636], gradient["weight_v"]);
        Given.Near([2, 1], [-0.20493120141744306, -0.07478807750299427], gradient["weight_g"]);
        // (3, 4) has length 5: g = 10 gives (6, 8).
        Given.Near([1], [14], new WeightNorm(new Linear(2, 1, bias: false)).Forward(new(["weight_g", "weight_v"], [Given.Of([1, 1], 10), Given.Of([1, 2], 3, 4)]), Given.Of([2], 1, 1)));
    }

    [Fact]
    public void GoldenSpectralNorm()
    {
        Tensor x = Given.Values([2, 3]);
        var sink = new BufferSink(Vectors);
        Given.Near([2, 2], [1.0280772328858403, 0.10626340500203957, 1.6222248529286278, -0.4423247397729255], Spectral.Forward(SpectralWeights, x, Pass.ForTraining(null, Vectors, sink)));
        Given.Near([2], [0.6317248110164222, 0.7751927264534063], sink.Result()["weight_u"]);
        Given.Near([3], [0.618005443829257, 0.14680303259137437, -0.7723458687786053], sink.Result()["weight_v"]);
        Given.Near([2, 2], [1.0280772328858403, 0.10626340500203957, 1.6222248529286278, -0.4423247397729255], Spectral.Forward(SpectralWeights, x, Pass.ForPrediction(sink.Result())));
        var (_, gradient) = Transform.ValueAndGrad((Weights w) => Spectral.Forward(w, x, Pass.ForTraining(null, Vectors)).Sum())(SpectralWeights);
        Given.Near([2, 3], [0.1469093680369571, -0.10718790749033316, -0.131195377777227, -0.062115438291459935, -0.1568403430185777, 0.13003119757411175], gradient["weight_orig"]);
    }

    // diag(3, 1) has the singular values 3 and 1: after some iterations the weight is diag(1, 1/3).
    [Fact]
    public void PowerIterationFindsTheNorm()
    {
        var layer = new SpectralNorm(new Linear(2, 2, bias: false), iterations: 30);
        Weights w = new(["weight_orig"], [Given.Of([2, 2], 3, 0, 0, 1)]);
        Buffers vectors = layer.InitializeBuffers(DType.F64);
        Given.Near([2, 2], [1, 0, 0, 1 / 3.0], layer.Forward(w, Given.Of([2, 2], 1, 0, 0, 1), Pass.ForTraining(null, vectors)));
        Assert.Equal(1, Ops.Sum(Ops.Square(vectors["weight_u"])).ToScalar<double>(), 1e-12);
    }

    [Fact]
    public void ConvolutionsAreMatricesOfTheirKernels()
    {
        var layer = new SpectralNorm(new Conv2D(2, 3, 2));
        Assert.Equal([[3], [8]], layer.InitializeBuffers().Tensors.Select(t => t.Shape.Lengths.ToArray()));
        Weights w = layer.Initialize(Given.Key(), DType.F64);
        Assert.Equal(["weight_orig", "bias"], w.Names);
        Tensor x = Given.Values([1, 2, 4, 4]);
        Tensor twice = layer.Forward(new(w.Names, [w[0] * 2, w[1]]), x, Pass.ForPrediction(layer.InitializeBuffers(DType.F64)));
        Given.Near(layer.Forward(w, x, Pass.ForPrediction(layer.InitializeBuffers(DType.F64))).ToArray<double>(), twice);
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Differences.Check(Normalized, Differences.Irregular(Normalized), Given.Values([2, 3]));
        Differences.Check(new WeightNorm(new Conv2D(2, 2, 2)), Differences.Irregular(new WeightNorm(new Conv2D(2, 2, 2))), Given.Values([1, 2, 3, 3]));
        Differences.Check(Spectral, SpectralWeights, Given.Values([2, 3]), Pass.ForPrediction(Vectors), 1e-8);
    }

    [Fact]
    public void FreshWeightsAndGeometry()
    {
        Weights inner = new Linear(3, 2).Initialize(Given.Key(), DType.F64), w = Normalized.Initialize(Given.Key(), DType.F64);
        Assert.Equal(["weight_g", "weight_v", "bias"], w.Names);
        Given.Near(new Linear(3, 2).Forward(inner, Given.Values([2, 3])).ToArray<double>(), Normalized.Forward(w, Given.Values([2, 3])));
        Assert.Equal((1, 1, 3), (Normalized.Mass, Normalized.Sensitivity, Normalized.WeightCount));
        Assert.Equal((1, 1, 2), (Spectral.Mass, Spectral.Sensitivity, Spectral.WeightCount));
        Assert.Equal(["weight_u", "weight_v"], Spectral.InitializeBuffers().Names);
        Assert.Equal(0.1, new WeightNorm(new LayerNorm(3)).Mass);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("spectralNorm: the number of iterations must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new SpectralNorm(new Linear(2, 2), iterations: 0)));
        Assert.Equal("Weights: no tensor is named 'kernel'. Names: weight, bias.", Given.Message<KeyNotFoundException>(() => new WeightNorm(new Linear(2, 2), "kernel").Initialize(Given.Key())));
        Assert.Equal("buffer 'weight_u': the pass has no buffers. Use Pass.ForPrediction(buffers) or Pass.ForTraining(key, buffers, sink).",
            Given.Message<InvalidOperationException>(() => Spectral.Forward(SpectralWeights, Given.Values([2, 3]))));
        Assert.Equal("spectralNorm: the weight [2, 3] needs vectors of its first axis and of the rest, got [3] and [3].",
            Given.Message<ShapeException>(() => Spectral.Forward(SpectralWeights, Given.Values([2, 3]), Pass.ForPrediction(new(Vectors.Names, [Given.Values([3]), Given.Values([3])])))));
    }
}
