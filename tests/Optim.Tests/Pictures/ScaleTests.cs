using Engine.Optim.Pictures;

namespace Engine.Optim.Tests.Pictures;

public sealed class ScaleTests
{
    [Theory]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0.01, 2.2, "0.0 0.5 1.0 1.5 2.0 2.5")]
    [InlineData(-3, 7, "-4 -2 0 2 4 6 8")]
    [InlineData(0.9731, 0.9889, "0.970 0.975 0.980 0.985 0.990")]
    [InlineData(0, 50_000, "0 10k 20k 30k 40k 50k")]
    [InlineData(0, 4e6, "0 1000k 2000k 3000k 4000k")]
    [InlineData(0, 4e7, "0 10M 20M 30M 40M")]
    [InlineData(0, 4e-8, "0 1e-8 2e-8 3e-8 4e-8")]
    [InlineData(1e20, 2e20, "1e20 1.2e20 1.4e20 1.6e20 1.8e20 2e20")]
    [InlineData(5, 5, "4.4 4.6 4.8 5.0 5.2 5.4 5.6")]
    [InlineData(0, 0, "-1.0 -0.5 0.0 0.5 1.0")]
    [InlineData(-0.2, -0.2, "-0.22 -0.21 -0.20 -0.19 -0.18")]
    public void LinearTicksAreRoundAndNamedAlike(double min, double max, string labels)
    {
        var scale = Scale.Linear(min, max, 5, round: true);

        Assert.Equal(labels, string.Join(' ', scale.Labels));
        Assert.Equal(0, scale.At(scale.Ticks[0]));
        Assert.Equal(1, scale.At(scale.Ticks[^1]));
    }

    [Theory]
    [InlineData(1, 20, "5 10 15 20")]
    [InlineData(0, 3, "0 1 2 3")]
    [InlineData(7, 7, "6 7 8")]
    public void WholeNumbersHaveWholeTicks(double min, double max, string labels) =>
        Assert.Equal(labels, string.Join(' ', Scale.Linear(min, max, 6, round: false, whole: true).Labels));

    [Theory]
    [InlineData(1e-4, 1, "1e-4 0.001 0.01 0.1 1")]
    [InlineData(0.05, 2.3, "0.05 0.1 0.2 0.5 1 2")]
    [InlineData(1e-30, 1e30, "1e-28 1e-14 1 1e14 1e28")]
    [InlineData(0.9, 1.1, "0.9 1.0 1.1 1.2")]
    public void LogarithmicTicksArePowersOfTen(double min, double max, string labels)
    {
        var scale = Scale.Logarithmic(min, max, 5);

        Assert.Equal(labels, string.Join(' ', scale.Labels));
        Assert.InRange(scale.At(min), 0, 0.5);
        Assert.InRange(scale.At(max), 0.5, 1);
    }

    /// <summary>Whatever the numbers, there are a few ticks, in order, inside the axis, with different names.</summary>
    [Fact]
    public void AnyRangeHasAFewDistinctTicks()
    {
        var random = new Random(3);
        for (int i = 0; i < 5000; i++)
        {
            double size = Math.Pow(10, random.Next(-300, 300)), a = (random.NextDouble() - 0.5) * size, b = a + (random.NextDouble() * Math.Pow(10, random.Next(-8, 1)) * size);
            foreach (bool round in new[] { true, false })
            {
                var scale = Scale.Linear(Math.Min(a, b), Math.Max(a, b), 6, round);
                Assert.InRange(scale.Ticks.Length, 2, 10);
                Assert.Equal(scale.Labels.Length, scale.Labels.Distinct().Count());
                Assert.All(scale.Ticks, t => Assert.InRange(scale.At(t), -1e-6, 1 + 1e-6));
            }
        }

        foreach (var (low, high) in new[] { (-Scale.Limit, Scale.Limit), (double.Epsilon, Scale.Limit), (0, double.Epsilon) })
        {
            var scale = Scale.Linear(low, high, 6, round: true);
            Assert.InRange(scale.Ticks.Length, 2, 12);
            Assert.InRange(scale.At(high), 0.4, 1);
        }
    }
}
