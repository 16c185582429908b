using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class ReshapingTests
{
    private static Tensor At(Module bond, Tensor x) => bond.Forward(Weights.Empty, x);

    [Fact]
    public void Golden()
    {
        Tensor x = Given.Of([2, 3, 1], 1, 2, 3, 4, 5, 6);
        Given.Near([2, 3], [1, 2, 3, 4, 5, 6], At(new Flatten(), x));
        Given.Near([2, 1], [7, 8], At(new Flatten(), Given.Of([2], 7, 8)));
        Given.Near([0, 6], [], At(new Flatten(), Given.Values([0, 3, 2])));
        Given.Near([2, 1, 3], [1, 2, 3, 4, 5, 6], At(new Reshape(1, 3), x));
        Given.Near([2, 1, 3, 1], [1, 2, 3, 4, 5, 6], At(new Reshape(1, -1, 1), x));
        Given.Near([2], [7, 8], At(new Reshape(), Given.Of([2, 1], 7, 8)));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Differences.Check(new Flatten(), Weights.Empty, Given.Values([2, 3, 2]));
        Differences.Check(new Reshape(2, 3), Weights.Empty, Given.Values([2, 3, 2]));
    }

    [Fact]
    public void Geometry()
    {
        Module[] bonds = [new Flatten(), new Reshape(2)];
        Assert.All(bonds, bond => Assert.Equal((0, 1, 0), (bond.Mass, bond.Sensitivity, bond.WeightCount)));
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("reshape: lengths must not be negative, and at most one may be -1, got [2, -2].", Given.Message<ArgumentException>(() => _ = new Reshape(2, -2)));
        Assert.Equal("reshape: lengths must not be negative, and at most one may be -1, got [-1, -1].", Given.Message<ArgumentException>(() => _ = new Reshape(-1, -1)));
        Assert.Equal("reshape: [2, 3] with 6 elements does not fit [2, 4], which holds 8.", Given.Message<ShapeException>(() => At(new Reshape(4), Given.Values([2, 3]))));
        Assert.Equal("reshape: the input must have a batch axis, got [].", Given.Message<ShapeException>(() => At(new Reshape(1), Given.Values([]))));
        Assert.Equal("flatten: the input must have a batch axis, got [].", Given.Message<ShapeException>(() => At(new Flatten(), Given.Values([]))));
    }
}
