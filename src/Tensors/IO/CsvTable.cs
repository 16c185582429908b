using System.Globalization;
using System.Text;
using static Engine.Tensors.IO.Quoting;

namespace Engine.Tensors.IO;

/// <summary>
/// A CSV file in memory: UTF-8 (a byte order mark is accepted), commas, quotes as in RFC 4180, LF or CRLF, numbers in invariant culture, and a header line with distinct names.
/// Empty lines are accepted at the end of the file only. Cells are decoded when a column is asked for.
/// </summary>
public sealed class CsvTable
{
    private readonly string name;
    private readonly byte[] data;
    private readonly string[] columns;
    private readonly int[] starts;

    private CsvTable(string name, byte[] data)
    {
        this.name = name;
        this.data = data;

        var reader = new CsvReader(data, name);
        if (reader.AtEnd) throw new DataFormatException($"{name}: the file is empty");

        var offsets = new List<int>();
        reader.ReadRow(offsets);
        columns = [.. offsets.Select(Text)];
        CheckDistinct(columns);

        if (reader.AtEnd) throw new DataFormatException($"{name}: no data rows");
        offsets.Clear();
        while (!reader.AtEnd)
        {
            int count = reader.ReadRow(offsets);
            if (count != columns.Length)
            {
                string found = count == 1 ? "1 column" : Invariant($"{count} columns");
                throw new DataFormatException(Invariant($"{name} line {reader.RowLine}: {found}, expected {columns.Length} as in the header"));
            }
        }

        starts = [.. offsets];
    }

    /// <summary>The names in the header line, in order.</summary>
    public IReadOnlyList<string> Columns => columns;

    /// <summary>The number of data rows, at least 1.</summary>
    public int RowCount => starts.Length / columns.Length;

    /// <summary>Reads a CSV file.</summary>
    /// <param name="path">The file; error messages name it as it is given here.</param>
    /// <returns>The table; every row has as many cells as the header.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="DataFormatException">The content is not a CSV table; the message names the line.</exception>
    public static CsvTable Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new IOException($"{path}: is a folder, expected a CSV file");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: no such file", path);
        return new CsvTable(path, File.ReadAllBytes(path));
    }

    /// <summary>Reads a CSV table from memory.</summary>
    /// <param name="utf8">The content of the file.</param>
    /// <param name="name">What error messages call the file.</param>
    /// <returns>The table, independent of <paramref name="utf8"/>.</returns>
    /// <exception cref="DataFormatException">The content is not a CSV table; the message names the line.</exception>
    public static CsvTable Parse(ReadOnlySpan<byte> utf8, string name) => new(name, utf8.ToArray());

    /// <summary>The index of a column.</summary>
    /// <param name="column">The name, as in the header.</param>
    /// <returns>The zero-based index.</returns>
    /// <exception cref="DataFormatException">No column has this name; the message lists the names there are.</exception>
    public int IndexOf(string column)
    {
        int index = Array.IndexOf(columns, column);
        if (index >= 0) return index;

        const int Shown = 10;
        string names = string.Join(", ", columns.Take(Shown).Select(Quoted)) + (columns.Length > Shown ? Invariant($" and {columns.Length - Shown} more") : "");
        throw new DataFormatException($"{name}: no column {Quoted(column)}, the columns are {names}");
    }

    /// <summary>The cells of a column as numbers, one per row.</summary>
    /// <param name="column">The zero-based index of the column.</param>
    /// <returns>Finite numbers; spaces around a number are ignored.</returns>
    /// <exception cref="DataFormatException">A cell is empty, not a number, or not finite; the message names the line, the column and the cell.</exception>
    public double[] NumericColumn(int column)
    {
        CheckColumn(column);
        var values = new double[RowCount];
        for (int row = 0; row < values.Length; row++)
        {
            int start = starts[row * columns.Length + column];
            var cell = CsvReader.Cell(data, start, out _);
            if (!double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out values[row])) throw CellError(column, start, "is not a number");
            if (!double.IsFinite(values[row])) throw CellError(column, start, "is not finite");
        }

        return values;
    }

    /// <summary>The cells of a column as text, one per row, without their quotes.</summary>
    /// <param name="column">The zero-based index of the column.</param>
    /// <returns>The text; spaces are kept, an empty cell is an empty string.</returns>
    public string[] TextColumn(int column)
    {
        CheckColumn(column);
        var values = new string[RowCount];
        for (int row = 0; row < values.Length; row++) values[row] = Text(starts[row * columns.Length + column]);
        return values;
    }

    /// <summary>The line of the file on which a data row begins, from 1.</summary>
    /// <param name="row">The zero-based index of the row.</param>
    public int LineOf(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        return LineAt(starts[row * columns.Length]);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private string Text(int start)
    {
        var text = Encoding.UTF8.GetString(CsvReader.Cell(data, start, out bool escaped));
        return escaped ? text.Replace("\"\"", "\"", StringComparison.Ordinal) : text;
    }

    private void CheckDistinct(string[] names)
    {
        var seen = new Dictionary<string, int>(names.Length, StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            if (!seen.TryAdd(names[i], i))
                throw new DataFormatException(Invariant($"{name} line 1: columns {seen[names[i]] + 1} and {i + 1} are both named {Quoted(names[i])}"));
        }
    }

    private void CheckColumn(int column)
    {
        if ((uint)column >= (uint)columns.Length)
            throw new ArgumentOutOfRangeException(nameof(column), column, Invariant($"{name}: there are {columns.Length} columns, counted from 0"));
    }

    /// <summary>A quoted cell may span lines, so a row's line is not a function of its index: it is counted, for messages only.</summary>
    private int LineAt(int start) => data.AsSpan(0, start).Count((byte)'\n') + 1;

    private DataFormatException CellError(int column, int start, string problem)
    {
        return new DataFormatException(Invariant($"{name} line {LineAt(start)}, column {Quoted(columns[column])}: {Quoted(Text(start))} {problem}"));
    }
}
