using Engine.Tensors;

namespace Engine.Optim.Data;

/// <summary>Data in two parts: one to learn from, one to judge by.</summary>
/// <param name="Train">The rows to learn from.</param>
/// <param name="Test">The rows kept apart.</param>
public sealed record DataSplit(DataSet Train, DataSet Test)
{
    /// <summary>Deals the rows out in a random order that depends on the seed and the number of rows only.</summary>
    /// <param name="data">At least two rows.</param>
    /// <param name="testFraction">The share of rows kept apart, between 0 and 1; each part gets at least one row.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1.</exception>
    /// <exception cref="ArgumentException">There are fewer than two rows.</exception>
    public static DataSplit Of(DataSet data, double testFraction, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (testFraction is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "the test fraction lies between 0 and 1");
        if (data.Rows < 2) throw new ArgumentException($"{data.Name}: {data.Rows} row cannot be split into two parts", nameof(data));
        long[] order = Ops.RandomPermutation(RandomKey.FromSeed(seed), data.Rows).ToArray<long>();
        int test = Math.Clamp((int)Math.Round(data.Rows * testFraction), 1, data.Rows - 1);
        return new(data.Select(order.AsSpan(test)), data.Select(order.AsSpan(0, test)));
    }
}
