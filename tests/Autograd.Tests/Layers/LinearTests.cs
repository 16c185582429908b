using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class LinearTests
{
    private static readonly Weights Small = new(["weight", "bias"], [Given.Of([3, 2], 1, 2, 3, 4, 5, 6), Given.Of([3], 1, 0, -1)]);

    // Row i of the result is w_i . x + b_i with w = (1 2; 3 4; 5 6) and b = (1, 0, -1).
    [Theory]
    [InlineData(new[] { 1.0, 1 }, new[] { 4.0, 7, 10 })]
    [InlineData(new[] { 1.0, 0 }, new[] { 2.0, 3, 4 })]
    [InlineData(new[] { 2.0, -1 }, new[] { 1.0, 2, 3 })]
    [InlineData(new[] { 0.5, -0.25 }, new[] { 1.0, 0.5, 0 })]
    public void GoldenRows(double[] x, double[] y)
    {
        var layer = new Linear(2, 3);
        Given.Near([3], y, layer.Forward(Small, Given.Of([2], x)));
        Given.Near([1, 3], y, layer.Forward(Small, Given.Of([1, 2], x)));
    }

    [Fact]
    public void WithoutBias() =>
        Given.Near([3], [0, 0.5, 1], new Linear(2, 3, bias: false).Forward(new(["weight"], [Small["weight"]]), Given.Of([2], 0.5, -0.25)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FollowsTheSum(bool bias)
    {
        var layer = new Linear(4, 3, bias);
        Weights w = Differences.Irregular(layer);
        Tensor x = Given.Values([2, 5, 4]);
        double[] weight = w["weight"].ToArray<double>(), input = x.ToArray<double>(), expected = new double[2 * 5 * 3];
        for (int row = 0; row < 10; row++)
        {
            for (int o = 0; o < 3; o++)
            {
                double sum = bias ? w["bias"].ToArray<double>()[o] : 0;
                for (int k = 0; k < 4; k++) sum += weight[(o * 4) + k] * input[(row * 4) + k];
                expected[(row * 3) + o] = sum;
            }
        }
        Given.Near([2, 5, 3], expected, layer.Forward(w, x));
    }

    // d sum(y) / dW has the sum of the inputs in every row, / db the number of rows, / dx the column sums of W.
    [Fact]
    public void GoldenGradients()
    {
        var layer = new Linear(2, 3);
        Tensor x = Given.Of([2, 2], 1, 2, 10, 20);
        var (_, g) = Transform.ValueAndGrad((Weights w) => layer.Forward(w, x).Sum())(Small);
        Given.Near([3, 2], [11, 22, 11, 22, 11, 22], g["weight"]);
        Given.Near([3], [2, 2, 2], g["bias"]);
        Given.Near([2, 2], [9, 12, 9, 12], Transform.Grad(t => layer.Forward(Small, t).Sum())(x));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Differences.Check(new Linear(4, 3), Differences.Irregular(new Linear(4, 3)), Given.Values([5, 4]));
        Differences.Check(new Linear(4, 3, bias: false), Differences.Irregular(new Linear(4, 3, bias: false)), Given.Values([5, 4]));
    }

    [Fact]
    public void FreshWeights()
    {
        Weights w = new Linear(100, 60).Initialize(Given.Key());
        Assert.Equal(["weight", "bias"], w.Names);
        Assert.Equal(new TensorSpec(DType.F32, [60, 100]), w["weight"].Spec);
        Assert.Equal(new TensorSpec(DType.F32, [60]), w["bias"].Spec);
        float[] values = w["weight"].ToArray<float>();
        // Uniform in ±1 / sqrt(100): all inside, and close to both ends among 6000.
        Assert.InRange(values.Max(), 0.0995f, 0.1f);
        Assert.InRange(values.Min(), -0.1f, -0.0995f);
        Assert.All(w["bias"].ToArray<float>(), b => Assert.Equal(0, b));
        Assert.Equal(values, new Linear(100, 60).Initialize(Given.Key())["weight"].ToArray<float>());
        Assert.Equal(["weight"], new Linear(2, 2, bias: false).Initialize(Given.Key()).Names);
        Assert.Equal(DType.F64, new Linear(2, 2).Initialize(Given.Key(), DType.F64)["weight"].DType);
        Assert.All(new Linear(2, 2, initializer: Initializers.Ones).Initialize(Given.Key())["weight"].ToArray<float>(), v => Assert.Equal(1, v));
    }

    [Fact]
    public void Geometry()
    {
        Assert.Equal(1, new Linear(2, 3).Mass);
        Assert.Equal(2.5, new Linear(2, 3, mass: 2.5).Mass);
        Assert.Equal(1, new Linear(2, 3).Sensitivity);
        Assert.Equal(2, new Linear(2, 3).WeightCount);
        Assert.Equal(1, new Linear(2, 3, bias: false).WeightCount);
        Assert.Empty(new Linear(2, 3).InitializeBuffers().Names);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("linear: the number of inputs must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Linear(0, 3)));
        Assert.Equal("linear: the number of outputs must be at least 1, got -4.", Given.Message<ArgumentException>(() => _ = new Linear(3, -4)));
        Assert.Equal("linear: the mass must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => _ = new Linear(3, 4, mass: -1)));
        Assert.Equal("linear: the input must be [.., 2], got [2, 3]. Its last axis is the layer's number of inputs.",
            Given.Message<ShapeException>(() => new Linear(2, 3).Forward(Small, Given.Values([2, 3]))));
        Assert.Equal("linear: the input must be [.., 2], got []. Its last axis is the layer's number of inputs.",
            Given.Message<ShapeException>(() => new Linear(2, 3).Forward(Small, Given.Values([]))));
        Assert.Equal("Weights: no tensor is named 'bias'. Names: weight.",
            Given.Message<KeyNotFoundException>(() => new Linear(2, 3).Forward(new(["weight"], [Small["weight"]]), Given.Values([2, 2]))));
    }
}
