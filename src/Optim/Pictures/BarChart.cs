using System.Globalization;

namespace Engine.Optim.Pictures;

/// <summary>Horizontal bars, one per label, with their values written beside them, as an SVG picture that stands alone and follows light and dark mode.</summary>
public sealed class BarChart
{
    private const double Row = 26;

    /// <summary>The heading; may be empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>What each bar is, from top to bottom.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The length of each bar. A value that is not finite (or beyond 1e300) has no bar and is written as it is.</summary>
    public IReadOnlyList<double> Values { get; init; } = [];

    /// <summary>What is written after each value, such as <c>" ms"</c>.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The width in pixels, at least 200; the height follows from the number of bars.</summary>
    public int Width { get; init; } = 560;

    /// <summary>Draws the chart.</summary>
    /// <returns>An SVG document.</returns>
    /// <exception cref="ArgumentException">There are not as many labels as values, or the picture is too narrow.</exception>
    public string ToSvg()
    {
        if (Labels.Count != Values.Count) throw new ArgumentException($"a bar has a label and a value, got {Labels.Count} labels and {Values.Count} values");
        if (Width < 200) throw new ArgumentException($"a bar chart is at least 200 pixels wide, got {Width}");

        double top = Title.Length > 0 ? 44 : 16;
        var svg = new SvgWriter(Width, top + Row * Math.Max(1, Values.Count) + 12, Title);
        if (Values.Count == 0)
        {
            svg.Text(0.5 * Width, top + 18, "no data", "ec-soft", "middle");
            return svg.Finish();
        }

        string[] texts = [.. Values.Select(v => HasBar(v) ? Scale.Short(v) + Unit : v.ToString(CultureInfo.InvariantCulture))];
        double labelWidth = Math.Min(0.4 * Width, Labels.Max(l => SvgWriter.WidthOf(l)) + 4);
        double left = 16 + labelWidth + 10, right = Width - 16 - texts.Max(t => SvgWriter.WidthOf(t)) - 8;
        double room = Math.Max(20, right - left);
        var finite = Values.Where(HasBar).Append(0).ToArray();
        double low = finite.Min(), high = finite.Max(), span = high > low ? high - low : 1;
        double zero = left + room * -low / span;

        for (int i = 0; i < Values.Count; i++)
        {
            double y = top + Row * i, length = HasBar(Values[i]) ? room * Values[i] / span : 0;
            svg.Text(left - 10, y + 17, SvgWriter.Fit(Labels[i], labelWidth), "ec-text", "end");
            svg.Rectangle(left, y + 4, room, Row - 8, "ec-empty");
            if (length != 0) svg.Rectangle(zero + Math.Min(0, length), y + 4, Math.Abs(length), Row - 8, length < 0 ? "ec-warm" : "ec-cool");
            svg.Text(left + room + 8, y + 17, texts[i], "ec-text", "start");
        }

        return svg.Finish();
    }

    private static bool HasBar(double value) => Math.Abs(value) <= Scale.Limit;
}
