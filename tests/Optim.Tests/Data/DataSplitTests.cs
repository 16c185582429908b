using Engine.Optim.Data;
using Engine.Optim.Tests.Training;

namespace Engine.Optim.Tests.Data;

public sealed class DataSplitTests
{
    [Fact]
    public void EveryRowIsInExactlyOnePart()
    {
        float[] numbers = [.. Enumerable.Range(0, 50).Select(i => (float)i)];
        DataSet data = DataSet.ForTargets("rows", ["value"], numbers, [.. numbers.Select(n => 10 * n)]);
        DataSplit split = DataSplit.Of(data, 0.2, 3);

        Assert.Equal((40, 10), (split.Train.Rows, split.Test.Rows));
        float[] values = [.. split.Train.FeatureValues, .. split.Test.FeatureValues];
        Assert.Equal(numbers, values.Order());
        Assert.NotEqual(values.Order(), values);
        Assert.Equal(values.Select(v => 10 * v), (float[])[.. split.Train.Targets, .. split.Test.Targets]);
    }

    [Fact]
    public void TheSeedAloneDecides()
    {
        DataSet data = Blobs.Classes(40, 1), same = Blobs.Classes(40, 1);
        Assert.Equal(DataSplit.Of(data, 0.25, 7).Test.Labels.ToArray(), DataSplit.Of(same, 0.25, 7).Test.Labels.ToArray());
        Assert.Equal(DataSplit.Of(data, 0.25, 7).Test.Fingerprint(), DataSplit.Of(same, 0.25, 7).Test.Fingerprint());
        Assert.NotEqual(DataSplit.Of(data, 0.25, 7).Test.Fingerprint(), DataSplit.Of(data, 0.25, 8).Test.Fingerprint());
    }

    [Theory]
    [InlineData(2, 0.01, 1)]
    [InlineData(2, 0.99, 1)]
    [InlineData(10, 0.25, 2)]
    [InlineData(1000, 0.1, 100)]
    public void BothPartsGetRows(int rows, double fraction, int test) => Assert.Equal(test, DataSplit.Of(Blobs.Classes(rows), fraction, 0).Test.Rows);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void TheFractionLiesBetweenZeroAndOne(double fraction) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DataSplit.Of(Blobs.Classes(10), fraction, 0));

    [Fact]
    public void OneRowCannotBeSplit() => Assert.Throws<ArgumentException>(() => DataSplit.Of(Blobs.Classes(1), 0.5, 0));
}
