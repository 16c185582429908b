namespace Engine.Optim.Pictures;

/// <summary>A named line of a <see cref="LineChart"/>.</summary>
public sealed class Series
{
    /// <summary>Creates a series.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="x">Where the points are along the horizontal axis.</param>
    /// <param name="y">The values; NaN and infinities leave a gap in the line.</param>
    /// <exception cref="ArgumentException"><paramref name="x"/> and <paramref name="y"/> differ in length.</exception>
    public Series(string name, IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count != y.Count) throw new ArgumentException($"series '{name}': got {x.Count} x and {y.Count} y values; each point has one of each", nameof(y));
        (Name, X, Y) = (name, [.. x], [.. y]);
    }

    /// <summary>Creates a series whose points are at 0, 1, 2 and so on.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="y">The values; NaN and infinities leave a gap in the line.</param>
    public Series(string name, IReadOnlyList<double> y) : this(name, Count(y), y)
    {
    }

    /// <summary>The name in the legend.</summary>
    public string Name { get; }

    /// <summary>Where the points are along the horizontal axis.</summary>
    public IReadOnlyList<double> X { get; }

    /// <summary>The values.</summary>
    public IReadOnlyList<double> Y { get; }

    private static double[] Count(IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(y);
        return [.. Enumerable.Range(0, y.Count).Select(i => (double)i)];
    }
}
