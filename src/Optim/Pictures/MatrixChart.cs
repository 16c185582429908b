using System.Globalization;
using System.Text;

namespace Engine.Optim.Pictures;

/// <summary>
/// A table of numbers as coloured cells, with the numbers in them while there is room, as an SVG picture that stands alone and follows light and dark mode.
/// Cells grow fainter towards 0: positive values are blue, negative ones orange, NaN grey.
/// </summary>
public sealed class MatrixChart
{
    private const int Shades = 40;
    private const double Widest = 440;

    private readonly double[,] values;
    private bool[,]? warm;

    /// <summary>Creates a chart.</summary>
    /// <param name="values">The numbers by row and column.</param>
    /// <exception cref="ArgumentException">There are no cells.</exception>
    public MatrixChart(double[,] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length == 0) throw new ArgumentException($"a matrix chart needs at least one cell, got [{values.GetLength(0)}, {values.GetLength(1)}]", nameof(values));
        this.values = (double[,])values.Clone();
    }

    /// <summary>The heading; may be empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>What the columns are; may be empty.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>What the rows are; may be empty.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>A name per row, or none.</summary>
    public IReadOnlyList<string> RowLabels { get; init; } = [];

    /// <summary>A name per column, or none.</summary>
    public IReadOnlyList<string> ColumnLabels { get; init; } = [];

    /// <summary>What stands in each cell; the number when null.</summary>
    public string[,]? Texts { get; init; }

    private int Rows => values.GetLength(0);

    private int Columns => values.GetLength(1);

    /// <summary>
    /// A confusion matrix: how often each true class was taken for each class. Colours show shares of the row, so that rare classes are visible too: blue on the diagonal, orange off it.
    /// </summary>
    /// <param name="counts">How often, by true class (row) and predicted class (column).</param>
    /// <param name="labels">A name per class; empty for the numbers 0, 1, 2 and so on.</param>
    /// <param name="title">The heading; may be empty.</param>
    /// <returns>The chart.</returns>
    /// <exception cref="ArgumentException">The matrix is empty, not square or has negative counts, or the number of labels is wrong.</exception>
    public static MatrixChart Confusion(int[,] counts, IReadOnlyList<string> labels, string title = "Confusion matrix")
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(labels);
        int n = counts.GetLength(0);
        if (n == 0 || counts.GetLength(1) != n) throw new ArgumentException($"a confusion matrix is square and not empty, got [{n}, {counts.GetLength(1)}]", nameof(counts));

        var shares = new double[n, n];
        var texts = new string[n, n];
        var errors = new bool[n, n];
        for (int row = 0; row < n; row++)
        {
            double total = 0;
            for (int c = 0; c < n; c++) total += counts[row, c] >= 0 ? counts[row, c] : throw new ArgumentException($"a count is not negative, got {counts[row, c]} at [{row}, {c}]", nameof(counts));
            for (int c = 0; c < n; c++)
            {
                // The square root makes the few errors of a good model visible.
                shares[row, c] = Math.Sqrt(counts[row, c] / Math.Max(1, total));
                texts[row, c] = counts[row, c] == 0 ? "" : counts[row, c].ToString(CultureInfo.InvariantCulture);
                errors[row, c] = row != c;
            }
        }

        var names = labels.Count > 0 ? labels : [.. Enumerable.Range(0, n).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        return new MatrixChart(shares) { Title = title, XLabel = "predicted", YLabel = "true", RowLabels = names, ColumnLabels = names, Texts = texts, warm = errors };
    }

    /// <summary>Draws the chart.</summary>
    /// <returns>An SVG document.</returns>
    /// <exception cref="ArgumentException">There are labels, but not one per row or column.</exception>
    public string ToSvg()
    {
        if (RowLabels.Count > 0 && RowLabels.Count != Rows) throw new ArgumentException($"the matrix has {Rows} rows, got {RowLabels.Count} row labels");
        if (Texts is not null && (Texts.GetLength(0) != Rows || Texts.GetLength(1) != Columns))
            throw new ArgumentException($"the matrix is {Rows} by {Columns}, got {Texts.GetLength(0)} by {Texts.GetLength(1)} texts");
        if (ColumnLabels.Count > 0 && ColumnLabels.Count != Columns) throw new ArgumentException($"the matrix has {Columns} columns, got {ColumnLabels.Count} column labels");

        const double LongestLabel = 120;
        double cell = Math.Clamp(Widest / Math.Max(Rows, Columns), 2, 40);
        double fontSize = Math.Min(12, Math.Max(8, 0.62 * cell));
        double rowRoom = RowLabels.Count == 0 ? 0 : Math.Min(LongestLabel, RowLabels.Max(l => SvgWriter.WidthOf(l, fontSize))) + 8;
        double widestColumn = ColumnLabels.Count == 0 ? 0 : Math.Min(LongestLabel, ColumnLabels.Max(l => SvgWriter.WidthOf(l, fontSize)));
        bool turned = widestColumn > cell - 2 && (widestColumn > 3 * fontSize || cell >= 12);
        double columnRoom = ColumnLabels.Count == 0 ? 0 : (turned ? widestColumn : fontSize) + 8;

        double left = 16 + (YLabel.Length > 0 ? 20 : 0) + rowRoom;
        double top = (Title.Length > 0 ? 40 : 16) + (XLabel.Length > 0 ? 20 : 0) + columnRoom;
        double titleWidth = Math.Min(Widest, SvgWriter.WidthOf(Title, SvgWriter.TitleSize)) + 32;
        double largest = Largest();
        var shown = CellTexts();
        double textSize = TextSize(shown, cell);
        string key = warm is null ? $"full colour: {Scale.Short(largest)}" : "blue: right, orange: wrong, full colour: all of a row";
        double keyWidth = textSize > 0 ? 0 : 16 + SvgWriter.WidthOf(key) + 16;
        double width = Math.Max(left + cell * Columns + 20, Math.Max(titleWidth, keyWidth)), bottom = top + cell * Rows;
        var svg = new SvgWriter(width, bottom + (textSize > 0 ? 20 : 40), Title);

        if (XLabel.Length > 0) svg.Text(left + 0.5 * cell * Columns, top - columnRoom - 6, XLabel, "ec-soft", "middle");
        if (YLabel.Length > 0) svg.Text(26, top + 0.5 * cell * Rows, YLabel, "ec-soft", "middle", turn: 90);
        DrawLabels(svg, left, top, cell, fontSize, turned, widestColumn);
        svg.Rectangle(left, top, cell * Columns, cell * Rows, "ec-empty");
        DrawCells(svg, left, top, cell, largest);
        if (textSize > 0) DrawTexts(svg, left, top, cell, textSize, shown, largest);
        else svg.Text(16, bottom + 24, key, "ec-soft", "start");
        return svg.Finish();
    }

    private void DrawLabels(SvgWriter svg, double left, double top, double cell, double fontSize, bool turned, double widestColumn)
    {
        // Where labels would touch, only every second, fifth, tenth and so on is written.
        int rowStep = Step((fontSize + 3) / cell), columnStep = turned ? rowStep : Step((widestColumn + 4) / cell);
        for (int r = 0; r < RowLabels.Count; r += rowStep)
            svg.Text(left - 7, top + cell * (r + 0.5) + 0.35 * fontSize, SvgWriter.Fit(RowLabels[r], 120, fontSize), "ec-text", "end", size: fontSize);
        for (int c = 0; c < ColumnLabels.Count; c += columnStep)
        {
            double x = left + cell * (c + 0.5);
            string label = SvgWriter.Fit(ColumnLabels[c], 120, fontSize);
            if (turned) svg.Text(x + 0.35 * fontSize, top - 7, label, "ec-text", "start", turn: 90, fontSize);
            else svg.Text(x, top - 7, label, "ec-text", "middle", size: fontSize);
        }
    }

    private static int Step(double least)
    {
        int step = 1;
        for (int i = 0; step < least; i++) step = step * (i % 3 == 1 ? 5 : 4) / 2;
        return step;
    }

    private double Largest()
    {
        double largest = 0;
        foreach (double value in values)
        {
            if (double.IsFinite(value)) largest = Math.Max(largest, Math.Abs(value));
        }

        return largest > 0 ? largest : 1;
    }

    private int Shade(double value, double largest) => (int)Math.Round(Shades * Math.Min(1, Math.Abs(value) / largest));

    /// <summary>Draws all cells of one colour as one path: a hundred classes have ten thousand cells. Cells at 0 show the background.</summary>
    private void DrawCells(SvgWriter svg, double left, double top, double cell, double largest)
    {
        var paths = new SortedDictionary<(string Style, int Shade), StringBuilder>();
        double gap = cell >= 10 ? 1 : 0;
        string size = SvgWriter.N(cell - gap);
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Columns; c++)
            {
                double value = values[r, c];
                int shade = double.IsNaN(value) ? Shades : Shade(value, largest);
                if (shade == 0 && value == 0) continue;
                string style = double.IsNaN(value) ? "ec-none" : warm?[r, c] ?? value < 0 ? "ec-warm" : "ec-cool";
                var key = (style, Math.Max(1, shade));
                if (!paths.TryGetValue(key, out var path)) paths.Add(key, path = new StringBuilder());
                path.Append(CultureInfo.InvariantCulture, $"M{SvgWriter.N(left + cell * c + 0.5 * gap)} {SvgWriter.N(top + cell * r + 0.5 * gap)}h{size}v{size}h-{size}z");
            }
        }

        foreach (var ((style, shade), path) in paths) svg.Path(path.ToString(), style, $" fill-opacity=\"{SvgWriter.N(shade / (double)Shades)}\"");
    }

    private string[,] CellTexts()
    {
        if (Texts is not null) return Texts;

        bool whole = true;
        foreach (double value in values) whole &= double.IsNaN(value) || value == Math.Floor(value);
        var shown = new string[Rows, Columns];
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Columns; c++)
            {
                double value = values[r, c];
                shown[r, c] = Math.Abs(value) >= 100 ? Scale.Short(value) : value.ToString(whole ? "0" : "0.00", CultureInfo.InvariantCulture);
            }
        }

        return shown;
    }

    /// <summary>The size of the text in the cells, or 0 when it would be too small to read.</summary>
    private static double TextSize(string[,] shown, double cell)
    {
        const double Smallest = 8;
        double widest = 1;
        foreach (string text in shown) widest = Math.Max(widest, SvgWriter.WidthOf(text, 1));
        double size = Math.Min(12, (cell - 4) / widest);
        return size < Smallest ? 0 : size;
    }

    private void DrawTexts(SvgWriter svg, double left, double top, double cell, double size, string[,] shown, double largest)
    {
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Columns; c++)
            {
                if (shown[r, c].Length == 0) continue;
                string style = Shade(values[r, c], largest) > 0.55 * Shades ? "ec-on" : "ec-text";
                svg.Text(left + cell * (c + 0.5), top + cell * (r + 0.5) + 0.35 * size, shown[r, c], style, "middle", size: size);
            }
        }
    }
}
