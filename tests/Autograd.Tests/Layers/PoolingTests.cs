using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class PoolingTests
{
    private static readonly Tensor Image = Given.Of([1, 1, 3, 4], 1, 2, 3, 4, 8, 7, 6, 5, 9, 12, 11, 10);

    private static Tensor At(Module bond, Tensor x) => bond.Forward(Weights.Empty, x);

    // Tiles of 2 by 2: the greatest of 1 2 8 7 and of 3 4 6 5; their means 18/4 both; the third row has no full tile.
    [Fact]
    public void GoldenTiles()
    {
        Given.Near([1, 1, 1, 2], [8, 6], At(new MaxPool(2), Image));
        Given.Near([1, 1, 1, 2], [4.5, 4.5], At(new AvgPool(2), Image));
    }

    // Steps of 1 down, 2 across, windows one row high and two wide.
    [Fact]
    public void GoldenStride()
    {
        Given.Near([1, 1, 3, 2], [2, 4, 8, 6, 12, 11], At(new MaxPool(new Extent(1, 2), new Extent(1, 2)), Image));
        Given.Near([1, 1, 2, 1], [2.5, 6.5], At(new AvgPool(new Extent(1, 4), new Extent(1, 1)), Given.Of([1, 1, 2, 4], 1, 2, 3, 4, 8, 7, 6, 5)));
    }

    // Padding never wins a maximum, also among negative numbers, and counts as zeros in a mean: -4 / 4.
    [Fact]
    public void GoldenPadding()
    {
        Tensor negative = Given.Of([1, 1, 2, 2], -4, -8, -12, -16);
        Given.Near([1, 1, 2, 2], [-4, -8, -12, -16], At(new MaxPool(2, padding: 1), negative));
        Given.Near([1, 1, 2, 2], [-1, -2, -3, -4], At(new AvgPool(2, padding: 1), negative));
    }

    [Fact]
    public void GoldenGlobalMean() =>
        Given.Near([2, 2], [1.5, 3.5, 5.5, 7.5], At(new GlobalAvgPool(), Given.Of([2, 2, 1, 2], 1, 2, 3, 4, 5, 6, 7, 8)));

    [Theory]
    [InlineData(2, 1, 0)]
    [InlineData(3, 2, 1)]
    [InlineData(2, 3, 1)]
    public void FollowsTheWindows(int size, int stride, int padding)
    {
        const int n = 4, h = 5, w = 6;
        Tensor x = Given.Values([2, 2, h, w]);
        double[] input = x.ToArray<double>();
        int rows = ((h + (2 * padding) - size) / stride) + 1, columns = ((w + (2 * padding) - size) / stride) + 1;
        List<double> greatest = [], means = [];
        for (int i = 0; i < n * rows * columns; i++)
        {
            int column = i % columns, row = i / columns % rows, plane = i / columns / rows;
            List<double> inside = [];
            for (int k = 0; k < size * size; k++)
            {
                int y = (row * stride) - padding + (k / size), z = (column * stride) - padding + (k % size);
                if (y >= 0 && y < h && z >= 0 && z < w) inside.Add(input[(((plane * h) + y) * w) + z]);
            }
            greatest.Add(inside.Max());
            means.Add(inside.Sum() / (size * size));
        }
        Given.Near([2, 2, rows, columns], [.. greatest], At(new MaxPool(size, stride, padding), x));
        Given.Near([2, 2, rows, columns], [.. means], At(new AvgPool(size, stride, padding), x));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Tensor x = Given.Values([1, 2, 5, 5]);
        Module[] pools = [new MaxPool(2), new MaxPool(3, 2, 1), new AvgPool(2), new AvgPool(3, 1, 1), new GlobalAvgPool()];
        Assert.All(pools, pool => Differences.Check(pool, Weights.Empty, x));
    }

    [Fact]
    public void Geometry()
    {
        Module[] pools = [new MaxPool(2), new AvgPool(2), new GlobalAvgPool()];
        Assert.All(pools, pool => Assert.Equal((0, 1, 0), (pool.Mass, pool.Sensitivity, pool.WeightCount)));
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("maxPool: the window must be at least 1, got [0, 0].", Given.Message<ArgumentException>(() => _ = new MaxPool(0)));
        Assert.Equal("maxPool: the stride must be at least 1, got [2, 0].", Given.Message<ArgumentException>(() => _ = new MaxPool(2, new Extent(2, 0))));
        Assert.Equal("avgPool: the padding must be at least 0, got [-1, -1].", Given.Message<ArgumentException>(() => _ = new AvgPool(2, padding: -1)));
        Assert.Equal("avgPool: the padding must be at most half the window [3, 3], got [2, 2]. More would leave windows without an element.",
            Given.Message<ArgumentException>(() => _ = new AvgPool(3, padding: 2)));
        Assert.Equal("globalAvgPool: the input must be [N, C, H, W], got [2, 3]. Reshape it to four axes.",
            Given.Message<ShapeException>(() => At(new GlobalAvgPool(), Given.Values([2, 3]))));
        Assert.Equal("maxPool: the input must be [N, C, H, W], got [4, 2, 3]. Reshape it to four axes.",
            Given.Message<ShapeException>(() => At(new MaxPool(2), Given.Values([4, 2, 3]))));
        Assert.Equal("windows: a window of 3 elements does not fit axis 2 of [1, 1, 2, 4], which is 2. Pad first.",
            Given.Message<ShapeException>(() => At(new MaxPool(3), Given.Values([1, 1, 2, 4]))));
    }
}
