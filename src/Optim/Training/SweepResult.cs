using System.Globalization;
using Engine.Optim.Pictures;

namespace Engine.Optim.Training;

/// <summary>What a rate came to: the median over seeds.</summary>
/// <param name="Rate">The rate, a power of 2.</param>
/// <param name="Loss">Training loss at the end, infinite where it diverged.</param>
/// <param name="Steps">Steps until the loss to reach; null where there is none or it was not reached.</param>
public sealed record SweepRun(double Rate, double Loss, double? Steps);

/// <summary>The best rate of an optimizer for a size of network.</summary>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="Width">Width of the hidden layers.</param>
/// <param name="Depth">Number of matrices.</param>
/// <param name="Best">The best run.</param>
/// <param name="Runs">All rates tried, in order.</param>
public sealed record SweepResult(string Optimizer, int Width, int Depth, SweepRun Best, IReadOnlyList<SweepRun> Runs)
{
    /// <summary>The best rates as a table: a row per optimizer and depth, a column per width, coloured by octaves from the optimizer's first.</summary>
    /// <param name="results">One for every width, within every depth, within every optimizer.</param>
    /// <exception cref="ArgumentException">A size is missing or there twice.</exception>
    public static MatrixChart Chart(IReadOnlyList<SweepResult> results)
    {
        (string Optimizer, int Depth)[] rows = [.. results.Select(r => (r.Optimizer, r.Depth)).Distinct()];
        int[] widths = [.. results.Select(r => r.Width).Distinct()];
        if (results.Count != rows.Length * widths.Length || !results.Select((r, i) => (r.Optimizer, r.Depth) == rows[i / widths.Length] && r.Width == widths[i % widths.Length]).All(fits => fits))
            throw new ArgumentException($"sweep: a picture needs every width once for every optimizer and depth, in order; got {results.Count} results for {rows.Length} rows of {widths.Length} widths.");
        double[,] octaves = new double[rows.Length, widths.Length];
        string[,] texts = new string[rows.Length, widths.Length];
        for (int i = 0; i < results.Count; i++)
        {
            double own = Math.Log2(results[i].Best.Rate);
            octaves[i / widths.Length, i % widths.Length] = own - Math.Log2(results.First(r => r.Optimizer == results[i].Optimizer).Best.Rate);
            texts[i / widths.Length, i % widths.Length] = string.Create(CultureInfo.InvariantCulture, $"2^{own:0}");
        }
        return new(octaves)
        {
            Title = "Best learning rate, coloured by octaves from the first size",
            XLabel = "width",
            RowLabels = [.. rows.Select(r => $"{r.Optimizer}, depth {r.Depth}")],
            ColumnLabels = [.. widths.Select(w => w.ToString(CultureInfo.InvariantCulture))],
            Texts = texts,
        };
    }
}
