using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class CompoundTests
{
    [Fact]
    public void NamesArePathsOfNumbers()
    {
        Module net = new Linear(4, 3) >> new Relu() >> (new Linear(3, 3, bias: false) >> new Tanh()) + new Identity() >> new LayerNorm(3);
        Weights w = net.Initialize(Given.Key());
        Assert.Equal(["0.weight", "0.bias", "2.0.0.weight", "3.weight", "3.bias"], w.Names);
        Assert.Equal(5, net.WeightCount);
        Assert.Equal(12 + 3 + 9 + 6, w.ElementCount);
        Assert.Equal(["1.running_mean", "1.running_var"], (new Linear(2, 2) >> new BatchNorm(2)).InitializeBuffers().Names);
        Assert.Equal(["0.1.running_mean", "0.1.running_var"], (0.5 * (new Relu() >> new BatchNorm(2))).InitializeBuffers().Names);
    }

    [Fact]
    public void ChildrenDrawFromKeysOfTheirOwn()
    {
        Weights w = (new Linear(4, 4) >> new Linear(4, 4)).Initialize(Given.Key());
        Assert.NotEqual(w["0.weight"].ToArray<float>(), w["1.weight"].ToArray<float>());
        Assert.Equal(new Linear(4, 4).Initialize(Given.Key().Fold(1))["weight"].ToArray<float>(), w["1.weight"].ToArray<float>());
    }

    // Masses always add. Sensitivities: 1.1289 * 1/4 along a sequence, 1 + 1 over a sum, |-3| times inside, added over a concatenation.
    [Fact]
    public void MassAndSensitivityRecursion()
    {
        Module sequence = new Linear(4, 4, mass: 2) >> new Gelu() >> new Linear(4, 4) >> new Sigmoid() >> new LayerNorm(4);
        Assert.Equal(3.1, sequence.Mass, 1e-15);
        Assert.Equal(1.1289041451851548 / 4, sequence.Sensitivity, 1e-15);

        Module residual = sequence + new Identity();
        Assert.Equal(3.1, residual.Mass, 1e-15);
        Assert.Equal(1 + (1.1289041451851548 / 4), residual.Sensitivity, 1e-15);

        Module scaled = -3 * residual;
        Assert.Equal(3.1, scaled.Mass, 1e-15);
        Assert.Equal(3 * (1 + (1.1289041451851548 / 4)), scaled.Sensitivity, 1e-15);

        Module joined = new Concatenation(-1, new Linear(4, 2), new LeakyRelu(2), new Embed(3, 2, mass: 0.5));
        Assert.Equal(1.5, joined.Mass);
        Assert.Equal(1 + 2 + 1, joined.Sensitivity);

        Module tied = new Tied(new Linear(4, 4, mass: 3), shared => shared >> new Sigmoid() >> shared >> new Linear(4, 4));
        Assert.Equal(4, tied.Mass);
        Assert.Equal(0.25, tied.Sensitivity);
    }

    [Fact]
    public void CompoundsFollowTheirChildren()
    {
        var a = new Linear(3, 3);
        var b = new Conv2D(1, 2, 2);
        Weights wa = Differences.Irregular(a);
        Tensor x = Given.Values([2, 3]);
        Tensor y = a.Forward(wa, x);
        Weights under(params int[] path) => new(wa.Names.Select(n => $"{string.Join('.', path)}.{n}"), wa.Tensors);

        Given.Near([2, 3], (y * 2 + x).ToArray<double>(), (2 * a + new Identity()).Forward(under(0, 0), x));
        Given.Near([2, 6], Ops.Concat([y, x], 1).ToArray<double>(), new Concatenation(1, a, new Identity()).Forward(under(0), x));
        Given.Near([2, 3], Ops.Tanh(y).ToArray<double>(), (a >> new Tanh()).Forward(under(0), x));

        Weights wb = Differences.Irregular(b);
        Module net = new Reshape(1, 3, 1) >> new AvgPool(1) >> new Conv2D(1, 2, new Extent(2, 1)) >> new GlobalAvgPool();
        Assert.Equal([2, 2], net.Forward(net.Initialize(Given.Key(), DType.F64), x).Shape);
        Assert.Equal(["weight", "bias"], wb.Names);
    }

    [Fact]
    public void CompoundGradientsFollowDifferences()
    {
        Module net = new Conv2D(1, 3, 2) >> new BatchNorm(3) >> new Silu() >> new MaxPool(2) >> new Flatten() >> new LayerNorm(3)
            >> 0.5 * (new Linear(3, 3) >> new Gelu()) + new Identity() >> new Linear(3, 2);
        Buffers buffers = net.InitializeBuffers(DType.F64);
        Differences.Check(net, net.Initialize(Given.Key(), DType.F64), Given.Values([3, 1, 3, 3]), Pass.ForTraining(buffers: buffers), 1e-7);
        Differences.Check(net, Differences.Irregular(net), Given.Values([1, 1, 3, 3]), Pass.ForPrediction(buffers), 1e-7);
    }

    // With the two places given sets of their own, their gradients differ; sharing one set, the gradient is their sum.
    [Fact]
    public void TiedGradientIsTheSumOverPlaces()
    {
        Module shared = new Tied(new Linear(3, 3), cell => cell >> new Tanh() >> cell >> new Tanh() >> cell);
        Module separate = new Linear(3, 3) >> new Tanh() >> new Linear(3, 3) >> new Tanh() >> new Linear(3, 3);
        Tensor x = Given.Values([4, 3]);
        Weights w = Differences.Irregular(shared);
        Assert.Equal(["0.weight", "0.bias"], w.Names);
        Weights copies = new(
            ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"],
            [w["0.weight"], w["0.bias"], w["0.weight"], w["0.bias"], w["0.weight"], w["0.bias"]]);

        static Func<Weights, (Tensor, Gradient)> of(Module net, Tensor x) => Transform.ValueAndGrad((Weights p) => Ops.Sum(Ops.Square(net.Forward(p, x))));
        (Tensor value, Gradient gradient) = of(shared, x)(w);
        (Tensor valueApart, Gradient apart) = of(separate, x)(copies);

        Given.Near(valueApart.ToArray<double>(), value);
        Given.Near((apart["0.weight"] + apart["2.weight"] + apart["4.weight"]).ToArray<double>(), gradient["0.weight"]);
        Given.Near((apart["0.bias"] + apart["2.bias"] + apart["4.bias"]).ToArray<double>(), gradient["0.bias"]);
        Differences.Check(shared, w, x);
    }

    // Both places move the one running mean, one after the other: from 0 half way to the first batch mean, then half way on to the second.
    [Fact]
    public void TiedBuffersAreShared()
    {
        Module net = new Tied(new BatchNorm(2, momentum: 0.5), norm => norm >> new Linear(2, 2) >> norm);
        Buffers buffers = net.InitializeBuffers(DType.F64);
        Weights w = net.Initialize(Given.Key(), DType.F64).WithLeaves(
            [Given.Of([2], 1, 1), Given.Of([2], 0, 0), Given.Of([2, 2], 1, 0, 0, 1), Given.Of([2], 10, 20)]);
        Assert.Equal(["0.running_mean", "0.running_var"], buffers.Names);
        Assert.Equal(["0.weight", "0.bias", "1.1.weight", "1.1.bias"], w.Names);
        var sink = new BufferSink(buffers);
        net.Forward(w, Given.Of([2, 2], 1, 5, 3, 7), Pass.ForTraining(buffers: buffers, sink: sink));
        // The first batch has means 2 and 6; normalized it has mean 0, so the second has the linear layer's bias, 10 and 20.
        Given.Near([(2 / 4.0) + (10 / 2.0), (6 / 4.0) + (20 / 2.0)], sink.Result()["0.running_mean"]);
    }

    [Fact]
    public void SecondDerivativesGoThroughLayers()
    {
        Module net = new Linear(3, 4) >> new Tanh() >> new LayerNorm(4) >> new Linear(4, 2);
        Weights w = net.Initialize(Given.Key(), DType.F64);
        Tensor x = Given.Values([5, 3]), labels = Given.Classes([5], 0, 1, 1, 0, 1);
        Tensor loss(Weights p) => Losses.CrossEntropy(net.Forward(p, x), labels);
        Update direction = new(w.Names, w.Tensors.Select((t, i) => Given.Values(t.Shape, i + 9)));

        Gradient exact = Transform.Hvp(loss, w, direction);
        var gradient = Transform.Grad(loss);
        const double step = 1e-3;
        for (int leaf = 0; leaf < w.LeafCount; leaf++)
        {
            Tensor at(double s) => gradient(w + s * direction)[leaf];
            Tensor differences = (at(-2 * step) - at(-step) * 8 + at(step) * 8 - at(2 * step)) / (12 * step);
            Given.Near(differences.ToArray<double>(), exact[leaf], 1e-8);
        }
    }
}
