using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class EmbedTests
{
    private static readonly Embed Layer = new(3, 2);

    private static readonly Weights Table = new(["weight"], [Given.Of([3, 2], 1, 2, 3, 4, 5, 6)]);

    [Fact]
    public void GoldenRows()
    {
        Given.Near([3, 2], [5, 6, 1, 2, 5, 6], Layer.Forward(Table, Tensor.Of([2L, 0, 2])));
        Given.Near([2, 1, 2], [3, 4, 1, 2], Layer.Forward(Table, Tensor.Of([1, 0], [2, 1])));
        Given.Near([2], [3, 4], Layer.Forward(Table, Tensor.Of([1L], [])));
        Given.Near([0, 2], [], Layer.Forward(Table, Tensor.Of(Array.Empty<long>())));
    }

    // A row's gradient is the number of times it was taken; row 1 never was.
    [Fact]
    public void GoldenGradient()
    {
        Tensor tokens = Tensor.Of([2L, 0, 2]);
        var (_, g) = Transform.ValueAndGrad((Weights w) => Layer.Forward(w, tokens).Sum())(Table);
        Given.Near([3, 2], [1, 1, 0, 0, 2, 2], g["weight"]);
    }

    [Fact]
    public void FollowsTheTable()
    {
        var layer = new Embed(7, 3);
        Weights w = Differences.Irregular(layer);
        long[] tokens = [6, 0, 3, 3, 5, 1, 0, 6];
        double[] table = w["weight"].ToArray<double>();
        double[] expected = [.. tokens.SelectMany(t => table.AsSpan((int)t * 3, 3).ToArray())];
        Given.Near([4, 2, 3], expected, layer.Forward(w, Tensor.Of(tokens, [4, 2])));
    }

    [Fact]
    public void GradientsFollowDifferences() => Differences.Check(new Embed(5, 3), Differences.Irregular(new Embed(5, 3)), Tensor.Of([4L, 0, 4, 2], [2, 2]));

    [Fact]
    public void FreshWeights()
    {
        Weights w = new Embed(100, 60).Initialize(Given.Key(), DType.F64);
        Assert.Equal(["weight"], w.Names);
        double[] values = w["weight"].ToArray<double>();
        // Mean and variance of 6000 standard normal numbers: within five deviations, 5 / sqrt(6000) and 5 sqrt(2 / 6000).
        Assert.InRange(values.Average(), -0.065, 0.065);
        Assert.InRange(values.Average(v => v * v), 0.908, 1.092);
    }

    [Fact]
    public void Geometry()
    {
        Assert.Equal((1, 1, 1), (Layer.Mass, Layer.Sensitivity, Layer.WeightCount));
        Assert.Equal(3, new Embed(3, 2, mass: 3).Mass);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("embed: the vocabulary must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Embed(0, 2)));
        Assert.Equal("embed: the width must be at least 1, got -2.", Given.Message<ArgumentException>(() => _ = new Embed(2, -2)));
        Assert.Equal("embed: tokens must be i64 or i32, got f64[2]. Cast them: tokens.Cast(DType.I64).",
            Given.Message<DTypeException>(() => Layer.Forward(Table, Given.Values([2]))));
    }
}
