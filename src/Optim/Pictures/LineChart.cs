using System.Text;

namespace Engine.Optim.Pictures;

/// <summary>
/// Lines over a common horizontal axis, such as losses over epochs, as an SVG picture: it stands alone, follows the viewer's light or dark mode, and needs no script.
/// Without any point to show, the picture says so.
/// </summary>
public sealed class LineChart
{
    private const double Left = 64;
    private const double Right = 24;
    private const double LegendRow = 20;

    /// <summary>The heading; may be empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>What the horizontal axis shows; may be empty.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>What the vertical axis shows; may be empty.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>The lines. Points that are not finite (or beyond 1e300), or not positive on a logarithmic axis, leave gaps; a point between two gaps becomes a dot.</summary>
    public IReadOnlyList<Series> Series { get; init; } = [];

    /// <summary>Whether the vertical axis is logarithmic.</summary>
    public bool LogY { get; init; }

    /// <summary>The width in pixels, at least 200.</summary>
    public int Width { get; init; } = 560;

    /// <summary>The height in pixels, at least 160.</summary>
    public int Height { get; init; } = 340;

    /// <summary>Draws the chart.</summary>
    /// <returns>An SVG document.</returns>
    /// <exception cref="ArgumentException">The picture is smaller than its axes.</exception>
    public string ToSvg()
    {
        if (Width < 200 || Height < 160) throw new ArgumentException($"a line chart is at least 200 x 160 pixels, got {Width} x {Height}");

        var svg = new SvgWriter(Width, Height, Title);
        double top = DrawLegend(svg, Title.Length > 0 ? 48 : 24);
        double bottom = Height - (XLabel.Length > 0 ? 48 : 32);
        if (YLabel.Length > 0)
        {
            top += 20;
            svg.Text(16, top - 16, SvgWriter.Fit(YLabel, Width - 32), "ec-soft", "start");
        }

        if (XLabel.Length > 0) svg.Text(0.5 * (Left + Width - Right), Height - 10, SvgWriter.Fit(XLabel, Width - Left - Right), "ec-soft", "middle");

        var visible = Series.SelectMany(s => Enumerable.Range(0, s.Y.Count).Where(i => IsVisible(s, i)).Select(i => (X: s.X[i], Y: s.Y[i]))).ToArray();
        if (visible.Length == 0)
        {
            svg.Line(Left, bottom, Width - Right, bottom, "ec-axis");
            svg.Text(0.5 * (Left + Width - Right), 0.5 * (top + bottom), "no data", "ec-soft", "middle");
            return svg.Finish();
        }

        bool whole = visible.All(static p => p.X == Math.Floor(p.X));
        var x = Scale.Linear(visible.Min(p => p.X), visible.Max(p => p.X), Math.Max(2, Width / 90), round: false, whole);
        double least = visible.Min(p => p.Y), greatest = visible.Max(p => p.Y);
        int rows = Math.Max(2, (int)(bottom - top) / 38);
        var y = LogY ? Scale.Logarithmic(least, greatest, rows) : Scale.Linear(least, greatest, rows, round: true);

        DrawAxes(svg, x, y, top, bottom);
        for (int i = 0; i < Series.Count; i++)
        {
            var series = Series[i];
            var (lines, dots) = Trace(series, v => Left + (Width - Left - Right) * x.At(v), v => bottom - (bottom - top) * y.At(v));
            if (lines.Length > 0) svg.Path(lines, LineStyle(i), Dash(i), series.Name);
            if (dots.Length > 0) svg.Path(dots, LineStyle(i) + " ec-dot", title: series.Name);
        }

        return svg.Finish();
    }

    private static string LineStyle(int i) => $"ec-line ec-s{i % SvgWriter.Colors}";

    /// <summary>After the colours are used up they return with dashes.</summary>
    private static string Dash(int i) => (i / SvgWriter.Colors % 3) switch { 0 => "", 1 => " stroke-dasharray=\"7 5\"", _ => " stroke-dasharray=\"1 5\"" };

    private bool IsVisible(Series series, int i) => Math.Abs(series.X[i]) <= Scale.Limit && Math.Abs(series.Y[i]) <= Scale.Limit && (!LogY || series.Y[i] >= 1 / Scale.Limit);

    private void DrawAxes(SvgWriter svg, Scale x, Scale y, double top, double bottom)
    {
        for (int i = 0; i < y.Ticks.Length; i++)
        {
            double at = bottom - (bottom - top) * y.At(y.Ticks[i]);
            svg.Line(Left, at, Width - Right, at, "ec-grid");
            svg.Text(Left - 10, at + 4, y.Labels[i], "ec-text", "end");
        }

        svg.Line(Left, bottom, Width - Right, bottom, "ec-axis");
        for (int i = 0; i < x.Ticks.Length; i++)
        {
            double at = Left + (Width - Left - Right) * x.At(x.Ticks[i]);
            svg.Line(at, bottom, at, bottom + 5, "ec-axis");
            svg.Text(at, bottom + 20, x.Labels[i], "ec-text", "middle");
        }
    }

    /// <summary>Draws one entry per series, in as many rows as it takes, and returns where the plot may begin.</summary>
    private double DrawLegend(SvgWriter svg, double top)
    {
        const double Swatch = 22, Gap = 20;
        if (Series.Count == 0) return top;

        double x = 16, y = top;
        for (int i = 0; i < Series.Count; i++)
        {
            var name = SvgWriter.Fit(Series[i].Name, Width - 32 - Swatch);
            double width = Swatch + SvgWriter.WidthOf(name);
            if (x > 16 && x + width > Width - 16) (x, y) = (16, y + LegendRow);
            svg.Line(x, y - 4, x + 15, y - 4, LineStyle(i), Dash(i));
            svg.Text(x + Swatch, y, name, "ec-text", "start");
            x += width + Gap;
        }

        return y + 16;
    }

    private (string Lines, string Dots) Trace(Series series, Func<double, double> toX, Func<double, double> toY)
    {
        StringBuilder lines = new(), dots = new();
        var run = new List<(double X, double Y)>();
        for (int i = 0; i <= series.Y.Count; i++)
        {
            if (i < series.Y.Count && IsVisible(series, i))
            {
                run.Add((toX(series.X[i]), toY(series.Y[i])));
                continue;
            }

            if (run.Count == 0) continue;
            var points = Thin(run);
            var path = points.Count == 1 ? dots : lines;
            path.Append('M').Append(SvgWriter.N(points[0].X)).Append(' ').Append(SvgWriter.N(points[0].Y));
            // A line of hardly any length with round ends is a dot.
            if (points.Count == 1) path.Append("h0.01");
            foreach (var (px, py) in points.Skip(1)) path.Append('L').Append(SvgWriter.N(px)).Append(' ').Append(SvgWriter.N(py));
            run.Clear();
        }

        return (lines.ToString(), dots.ToString());
    }

    /// <summary>Of neighbours within one pixel column only the first, the lowest, the highest and the last are kept: it looks the same and stays small.</summary>
    private List<(double X, double Y)> Thin(List<(double X, double Y)> run)
    {
        if (run.Count <= 2 * Width) return run;
        var kept = new List<(double X, double Y)>();
        for (int first = 0, next; first < run.Count; first = next)
        {
            int low = first, high = first;
            for (next = first + 1; next < run.Count && Math.Floor(run[next].X) == Math.Floor(run[first].X); next++)
            {
                if (run[next].Y < run[low].Y) low = next;
                if (run[next].Y > run[high].Y) high = next;
            }

            foreach (int i in new SortedSet<int> { first, low, high, next - 1 }) kept.Add(run[i]);
        }

        return kept;
    }
}
