using Engine.Optim.Data;
using Engine.Tensors;

namespace Engine.Optim.Tests.Data;

public sealed class NormalizationTests
{
    [Fact]
    public void ColumnsGetMeanZeroAndDeviationOne()
    {
        float[] rows = [1, 10, 2, 20, 3, 30, 6, 60];
        Normalization normalization = Normalization.PerColumn(Tensor.Of(rows, [4, 2]));
        Assert.Equal([3.0, 30.0], normalization.Mean);
        Assert.Equal(Math.Sqrt(3.5), normalization.Deviation[0], 12);

        float[] changed = [.. rows];
        normalization.Apply(changed);
        for (int c = 0; c < 2; c++)
        {
            double[] column = [.. changed.Where((_, i) => i % 2 == c).Select(v => (double)v)];
            Assert.Equal(0, column.Average(), 6);
            Assert.Equal(1, column.Average(v => v * v), 6);
        }
        normalization.Invert(changed);
        for (int i = 0; i < rows.Length; i++) Assert.Equal(rows[i], changed[i], 4);
    }

    [Fact]
    public void OneScaleForAllKeepsProportions()
    {
        Normalization normalization = Normalization.Shared(Tensor.Of<float>([0, 0, 0, 4], [2, 2]));
        Assert.Equal(1.0, Assert.Single(normalization.Mean));
        float[] values = [1, 5, 1, 9];
        normalization.Apply(values);
        Assert.Equal(0, values[0]);
        Assert.Equal(2 * values[1], values[3], 5);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.1f)]
    [InlineData(-1e30f)]
    public void ConstantColumnsBecomeZero(float constant)
    {
        float[] values = [constant, 1, constant, 2, constant, 3];
        Normalization.PerColumn(Tensor.Of(values, [3, 2])).Apply(values);
        for (int i = 0; i < 6; i += 2) Assert.Equal(0, values[i]);
    }

    [Fact]
    public void SmallSpreadOnALargeMeanIsKept()
    {
        float[] values = [1000000, 1000001, 1000002, 1000003];
        Normalization.PerColumn(Tensor.Of(values, [4, 1])).Apply(values);
        Assert.Equal(1.3416, values[3], 3);
    }

    [Theory]
    [InlineData(16, 255, true)]
    [InlineData(16, 16, true)]
    [InlineData(15, 255, false)]
    [InlineData(16, 256, false)]
    [InlineData(16, 0.5, false)]
    public void TablesThatLookLikePicturesGetOneScale(int columns, float greatest, bool shared)
    {
        // The first columns are nearly empty, as the borders of pictures are.
        float[] values = [.. Enumerable.Range(0, 8 * columns).Select(i => i % columns < 4 ? (i < columns ? 1 : 0) : i / columns == i % 8 ? greatest : 0)];
        DataSet data = DataSet.ForTargets("table", [.. Enumerable.Range(0, columns).Select(i => $"c{i}")], values, new float[8]);
        Assert.Equal(shared ? 1 : columns, Normalization.For(data).Mean.Count);
        Assert.Single(Normalization.For(data.WithImage(new(1, columns))).Mean);
    }

    [Fact]
    public void ColumnsOfDifferentRangesGetScalesOfTheirOwn()
    {
        float[] values = [.. Enumerable.Range(0, 8 * 16).Select(i => (float)(i % 16))];
        DataSet data = DataSet.ForTargets("table", [.. Enumerable.Range(0, 16).Select(i => $"c{i}")], values, new float[8]);
        Assert.Equal(16, Normalization.For(data).Mean.Count);
    }

    [Fact]
    public void NumbersThatCannotBeAreRefused()
    {
        Assert.Throws<ArgumentException>(() => new Normalization([0], [0]));
        Assert.Throws<ArgumentException>(() => new Normalization([double.NaN], [1]));
        Assert.Throws<ArgumentException>(() => new Normalization([0, 1], [1]));
        Assert.Throws<ArgumentException>(() => new Normalization([], []));
    }
}
