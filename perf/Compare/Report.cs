using System.Globalization;

namespace Engine.Perf.Compare;

/// <summary>Tables in Markdown, to a file and to the console as they come.</summary>
internal sealed class Report(string path)
{
    private Func<double, double, double> unit = (_, seconds) => seconds;
    private readonly List<double> ratios = [];

    /// <summary>Writes a line.</summary>
    public void Line(string text = "")
    {
        Console.WriteLine(text);
        File.AppendAllText(path, text + "\n");
    }

    /// <summary>Begins a table of GFLOP/s.</summary>
    public void Rates(string title, string subject, IEnumerable<string> columns)
    {
        unit = (work, seconds) => work / seconds * 1e-9;
        Begin($"{title} (GFLOP/s)", subject, columns);
    }

    /// <summary>Begins a table of microseconds.</summary>
    public void Times(string title, string subject, IEnumerable<string> columns)
    {
        unit = (_, seconds) => seconds * 1e6;
        Begin($"{title} (microseconds)", subject, columns);
    }

    /// <summary>A row: best and median of each contender, and how many times as fast the first is as the fastest of the others.</summary>
    /// <param name="name">What was computed.</param>
    /// <param name="contenders">The engine first.</param>
    /// <param name="work">Floating point operations of a call, where the table shows rates.</param>
    /// <param name="more">Further cells.</param>
    public void Row(string name, IReadOnlyList<Contender?> contenders, double work = 0, params string[] more) =>
        Row(name, [contenders[0]!], [.. contenders.Skip(1)], work, more);

    /// <summary>A row in which the ratio is of the best of one side to the best of the other.</summary>
    public void Row(string name, IReadOnlyList<Contender> engine, IReadOnlyList<Contender?> peers, double work, params string[] more)
    {
        IEnumerable<string> cells = ((Contender?[])[.. engine, .. peers])
            .Select(c => c is null ? "" : $"{Number(unit(work, c.Samples.Best))} ({Number(unit(work, c.Samples.Median))})");
        double ratio = peers.OfType<Contender>().Select(c => c.Samples.Best).DefaultIfEmpty(double.NaN).Min() / engine.Min(c => c.Samples.Best);
        if (double.IsFinite(ratio)) ratios.Add(ratio);
        Line(Cells([name, .. cells, double.IsNaN(ratio) ? "" : ratio.ToString("F2", CultureInfo.InvariantCulture), .. more]));
    }

    /// <summary>Ends a table with the geometric mean and the least of its ratios.</summary>
    public void Summary()
    {
        if (ratios.Count == 0) return;
        double mean = Math.Exp(ratios.Average(Math.Log));
        Line();
        Line(string.Create(CultureInfo.InvariantCulture, $"Ratios over {ratios.Count} rows: geometric mean {mean:F2}, least {ratios.Min():F2}."));
    }

    public static string Number(double value) => value.ToString(value >= 1000 ? "F0" : value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);

    public static string Percent(double fraction) => fraction.ToString("P1", CultureInfo.InvariantCulture);

    private void Begin(string title, string subject, IEnumerable<string> columns)
    {
        ratios.Clear();
        string[] heads = [subject, .. columns];
        Line();
        Line($"## {title}");
        Line();
        Line(Cells(heads));
        Line(Cells(heads.Select(_ => "---")));
    }

    private static string Cells(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
