using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class DropoutTests
{
    private static readonly Pass Training = Pass.ForTraining(Given.Key());

    [Fact]
    public void PredictionIsTheInputItself()
    {
        Tensor x = Given.Values([3, 4]);
        Assert.Same(x, new Dropout(0.5).Forward(Weights.Empty, x));
        Assert.Same(x, new Dropout(0.5).Forward(Weights.Empty, x, Pass.ForPrediction()));
        Assert.Same(x, new Dropout(0).Forward(Weights.Empty, x, Pass.ForTraining()));
    }

    // Kept elements are divided by the probability of keeping: 1 / (1 - 1/2) = 2, 1 / (1 - 3/4) = 4, 1 / (1 - 1/5) = 5/4.
    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0.75, 4)]
    [InlineData(0.2, 1.25)]
    public void KeptElementsKeepTheExpectation(double rate, double factor)
    {
        const int n = 20_000;
        double[] y = new Dropout(rate).Forward(Weights.Empty, Tensor.Of(Enumerable.Repeat(3.0, n).ToArray()), Training).ToArray<double>();
        Assert.All(y, v => Assert.True(v == 0 || Math.Abs(v - (3 * factor)) < 1e-12, $"{v}"));
        // The number kept is binomial: within five deviations.
        double kept = y.Count(v => v != 0);
        Assert.InRange(kept, (n * (1 - rate)) - (5 * Math.Sqrt(n * rate * (1 - rate))), (n * (1 - rate)) + (5 * Math.Sqrt(n * rate * (1 - rate))));
    }

    [Fact]
    public void DropsByKeyAlone()
    {
        Tensor x = Given.Values([50]);
        double[] once = new Dropout(0.5).Forward(Weights.Empty, x, Training).ToArray<double>();
        Assert.Equal(once, new Dropout(0.5).Forward(Weights.Empty, x, Training).ToArray<double>());
        Assert.NotEqual(once, new Dropout(0.5).Forward(Weights.Empty, x, Pass.ForTraining(Given.Key(8))).ToArray<double>());
    }

    [Fact]
    public void PlacesInACompoundDropDifferently()
    {
        Module twice = new Dropout(0.5) + new Dropout(0.5);
        double[] y = twice.Forward(Weights.Empty, Tensor.Of(Enumerable.Repeat(1.0, 100).ToArray()), Training).ToArray<double>();
        Assert.Contains(2.0, y);
    }

    // The gradient is the factor where an element was kept, and 0 where it was dropped: the result itself at an input of ones.
    [Fact]
    public void Gradients()
    {
        var layer = new Dropout(0.4);
        double[] factors = layer.Forward(Weights.Empty, Tensor.Ones([4, 5], DType.F64), Training).ToArray<double>();
        Given.Near([4, 5], factors, Transform.Grad(t => layer.Forward(Weights.Empty, t, Training).Sum())(Given.Values([4, 5])));
        Differences.Check(layer, Weights.Empty, Given.Values([4, 5]), Training);
    }

    [Fact]
    public void DroppedInfinitiesAreZero()
    {
        double[] y = new Dropout(0.5).Forward(Weights.Empty, Tensor.Full(double.PositiveInfinity, [40], DType.F64), Training).ToArray<double>();
        Assert.All(y, v => Assert.True(v is 0 or double.PositiveInfinity));
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("dropout: the rate must lie in [0, 1), got 1.", Given.Message<ArgumentException>(() => _ = new Dropout(1)));
        Assert.Equal("dropout: the rate must lie in [0, 1), got -0.1.", Given.Message<ArgumentException>(() => _ = new Dropout(-0.1)));
        Assert.Equal("dropout: the rate must lie in [0, 1), got NaN.", Given.Message<ArgumentException>(() => _ = new Dropout(double.NaN)));
        Assert.Equal("dropout: a training pass needs a random key. Use Pass.ForTraining(key).",
            Given.Message<InvalidOperationException>(() => new Dropout(0.5).Forward(Weights.Empty, Given.Values([2]), Pass.ForTraining())));
    }
}
