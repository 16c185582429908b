namespace Engine.Tensors.Tests.Core;

/// <summary>Which lengths make a shape.</summary>
public sealed class ShapeTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(-7)]
    [InlineData(int.MinValue)]
    public void NegativeLengthsAreRefused(int length)
    {
        var error = Assert.Throws<ShapeException>(() => Shape.Create([2, length]));
        Assert.Equal($"shape: axis lengths must not be negative, got [2, {length}].", error.Message);
    }

    [Fact]
    public void TheCountOfElementsFitsAnInt()
    {
        Assert.Equal(int.MaxValue, Shape.Create([int.MaxValue, 1]).Count);
        // One length of 0 makes all others fit.
        Assert.Equal(0, Shape.Create([int.MaxValue, int.MaxValue, 0]).Count);
        Assert.Equal(0, Shape.Create([0, int.MaxValue, 2]).Count);
        foreach (int[] lengths in (int[][])[[1 << 16, 1 << 15], [int.MaxValue, int.MaxValue, int.MaxValue], [2, 1 << 30]])
        {
            var error = Assert.Throws<ShapeException>(() => Shape.Create(lengths));
            Assert.Equal($"shape: [{string.Join(", ", lengths)}] has more than 2147483647 elements, the most a tensor can hold.", error.Message);
        }
    }
}
