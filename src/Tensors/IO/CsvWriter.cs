using System.Buffers;
using System.Globalization;

namespace Engine.Tensors.IO;

/// <summary>Writes CSV that <see cref="CsvTable"/> reads back unchanged: commas, line feeds, quotes where needed, numbers in invariant culture.</summary>
public static class CsvWriter
{
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",\"\r\n");

    /// <summary>Writes one row of text.</summary>
    /// <param name="writer">Where the row goes.</param>
    /// <param name="cells">The cells, at least one; those that need quotes get them.</param>
    /// <exception cref="ArgumentException">There are no cells.</exception>
    public static void WriteRow(TextWriter writer, params ReadOnlySpan<string> cells)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (cells.IsEmpty) throw new ArgumentException("a row has at least one cell", nameof(cells));

        // A single empty cell without quotes would be an empty line, which is not a row.
        if (cells.Length == 1 && cells[0].Length == 0) writer.Write("\"\"");
        for (int i = 0; i < cells.Length; i++)
        {
            if (i > 0) writer.Write(',');
            writer.Write(Quote(cells[i]));
        }

        writer.Write('\n');
    }

    /// <summary>Writes one row of numbers, each in the shortest form that reads back as the same value.</summary>
    /// <param name="writer">Where the row goes.</param>
    /// <param name="cells">The cells, at least one.</param>
    /// <exception cref="ArgumentException">There are no cells.</exception>
    public static void WriteRow(TextWriter writer, ReadOnlySpan<double> cells)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (cells.IsEmpty) throw new ArgumentException("a row has at least one cell", nameof(cells));

        for (int i = 0; i < cells.Length; i++)
        {
            if (i > 0) writer.Write(',');
            writer.Write(Number(cells[i]));
        }

        writer.Write('\n');
    }

    /// <summary>A number as a cell for rows that mix text and numbers: the shortest form that reads back as the same value.</summary>
    /// <param name="value">The number. <see cref="CsvTable"/> does not read NaN and infinities back.</param>
    /// <returns>The number in invariant culture.</returns>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A number as a cell for rows that mix text and numbers: the shortest form that reads back as the same value.</summary>
    /// <param name="value">The number. <see cref="CsvTable"/> does not read NaN and infinities back.</param>
    /// <returns>The number in invariant culture.</returns>
    public static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A cell as it stands in the file: in quotes, with quotes doubled, when it holds a comma, a quote or a line end.</summary>
    /// <param name="cell">The text.</param>
    /// <returns>The text, quoted if needed.</returns>
    public static string Quote(string cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return cell.AsSpan().ContainsAny(NeedQuotes) ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
    }
}
