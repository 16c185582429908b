namespace Engine.Cli.Bench;

/// <summary>Times of the same call, in seconds.</summary>
internal sealed class Samples
{
    private readonly List<double> values = [];

    /// <summary>The fastest.</summary>
    public double Best => values.Min();

    /// <summary>The median.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. values.Order()];
            return sorted[sorted.Length / 2];
        }
    }

    public void Add(double seconds) => values.Add(seconds);
}
