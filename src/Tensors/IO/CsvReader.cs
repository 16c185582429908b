using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Engine.Tensors.IO;

/// <summary>
/// Walks over CSV bytes row by row and finds where each cell begins, without decoding anything.
/// Quotes follow RFC 4180, strictly: a quote that a lenient reader would take literally is where columns silently shift.
/// </summary>
internal ref struct CsvReader
{
    private const byte Quote = (byte)'"';

    private static readonly SearchValues<byte> CellEnds = SearchValues.Create(",\"\r\n"u8);

    private readonly ReadOnlySpan<byte> data;
    private readonly string name;
    private int position;
    private int line;

    public CsvReader(ReadOnlySpan<byte> data, string name)
    {
        this.data = data;
        this.name = name;
        position = data.StartsWith("\uFEFF"u8) ? 3 : 0;
        line = 1;
        if (!Utf8.IsValid(data)) throw InvalidUtf8();
    }

    /// <summary>The line on which the row that was read last began, from 1.</summary>
    public int RowLine { get; private set; }

    /// <summary>True when nothing but line ends is left.</summary>
    public readonly bool AtEnd => data[position..].IndexOfAnyExcept((byte)'\r', (byte)'\n') < 0;

    /// <summary>Reads one row and appends the offset of each of its cells; returns how many there are.</summary>
    public int ReadRow(List<int> starts)
    {
        RowLine = line;
        if (data[position] is (byte)'\r' or (byte)'\n') throw Error(line, "the line is empty");

        for (int count = 1; ; count++)
        {
            starts.Add(position);
            position = EndOfCell(position);
            if (position == data.Length) return count;

            byte delimiter = data[position++];
            if (delimiter == ',') continue;
            if (delimiter == '\r')
            {
                if (position == data.Length || data[position] != '\n') throw Error(line, "carriage return without a line feed");
                position++;
            }

            line++;
            return count;
        }
    }

    /// <summary>The bytes of the cell that begins at an offset which <see cref="ReadRow"/> gave; <paramref name="escaped"/> when it holds doubled quotes.</summary>
    public static ReadOnlySpan<byte> Cell(ReadOnlySpan<byte> data, int start, out bool escaped)
    {
        escaped = false;
        var rest = data[start..];
        if (rest.IsEmpty || rest[0] != Quote)
        {
            int end = rest.IndexOfAny(CellEnds);
            return end < 0 ? rest : rest[..end];
        }

        rest = rest[1..];
        for (int i = 0; ; i += 2)
        {
            i += rest[i..].IndexOf(Quote);
            if (i + 1 == rest.Length || rest[i + 1] != Quote) return rest[..i];
            escaped = true;
        }
    }

    private int EndOfCell(int start)
    {
        int end = data[start..].IndexOfAny(CellEnds);
        if (end < 0) return data.Length;
        if (data[start + end] != Quote) return start + end;
        if (end > 0) throw Error(line, "quote inside a cell that does not begin with one");

        int openedAt = line;
        for (int i = start + 1; ; i += 2)
        {
            int next = data[i..].IndexOf(Quote);
            if (next < 0) throw Error(openedAt, "the quote that begins here is never closed");
            line += data.Slice(i, next).Count((byte)'\n');
            i += next;
            if (i + 1 == data.Length || data[i + 1] is (byte)',' or (byte)'\r' or (byte)'\n') return i + 1;
            if (data[i + 1] != Quote) throw Error(line, "text after a closing quote, expected a comma or the end of the line");
        }
    }

    private readonly DataFormatException InvalidUtf8()
    {
        int i = 0;
        while (Rune.DecodeFromUtf8(data[i..], out _, out int length) == OperationStatus.Done) i += length;
        return Error(data[..i].Count((byte)'\n') + 1, $"byte 0x{data[i].ToString("X2", CultureInfo.InvariantCulture)} is not valid UTF-8. Save the file as UTF-8.");
    }

    private readonly DataFormatException Error(int atLine, string message) => new(string.Create(CultureInfo.InvariantCulture, $"{name} line {atLine}: {message}"));
}
