using System.Text;

namespace Engine.Tensors.IO;

/// <summary>
/// Reads the Python dictionary in an npy header: the keys descr, fortran_order and shape once each, in any order. Strings without escapes, True and False,
/// and tuples of whole numbers are all of Python that is understood.
/// </summary>
internal ref struct NpyDictionary(ReadOnlySpan<byte> text, int offset, string where)
{
    private readonly ReadOnlySpan<byte> text = text;
    private int position;

    public (string Descr, bool Fortran, long[] Lengths) Read()
    {
        string? descr = null;
        bool? fortran = null;
        long[]? lengths = null;
        Expect('{');
        while (!Accept('}'))
        {
            string key = ReadString();
            Expect(':');
            bool repeated;
            switch (key)
            {
                case "descr":
                    repeated = descr is not null;
                    descr = ReadString();
                    break;
                case "fortran_order":
                    repeated = fortran is not null;
                    fortran = ReadBool();
                    break;
                case "shape":
                    repeated = lengths is not null;
                    lengths = ReadTuple();
                    break;
                default:
                    throw new DataFormatException($"{where}: the header has {Quoting.Quoted(key)}, expected descr, fortran_order and shape.");
            }
            if (repeated) throw new DataFormatException($"{where}: the header has {key} twice.");
            if (Accept(',')) continue;
            Expect('}');
            break;
        }
        if (Peek() is { } more) throw Unexpected("the end", more);
        if (descr is null || fortran is null || lengths is null)
            throw new DataFormatException($"{where}: the header has no {(descr is null ? "descr" : fortran is null ? "fortran_order" : "shape")}.");
        return (descr, fortran.Value, lengths);
    }

    /// <summary>The next byte that is no white space, without taking it; null at the end.</summary>
    private byte? Peek()
    {
        while (position < text.Length && text[position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') position++;
        return position < text.Length ? text[position] : null;
    }

    private bool Accept(char wanted)
    {
        if (Peek() != wanted) return false;
        position++;
        return true;
    }

    private void Expect(char wanted)
    {
        if (!Accept(wanted)) throw Unexpected($"'{wanted}'", Peek());
    }

    private string ReadString()
    {
        byte? quote = Peek();
        if (quote is not ((byte)'\'' or (byte)'"')) throw Unexpected("a string", quote);
        int length = text[(position + 1)..].IndexOf(quote.Value);
        if (length < 0) throw new DataFormatException($"{where}: the string at byte {offset + position} is never closed.");
        // Latin-1 decodes any byte; whatever is not ASCII is then refused as an unknown key or type.
        string value = Encoding.Latin1.GetString(text.Slice(position + 1, length));
        position += length + 2;
        return value;
    }

    private bool ReadBool()
    {
        byte? first = Peek();
        if (text[position..].StartsWith("True"u8))
        {
            position += 4;
            return true;
        }
        if (!text[position..].StartsWith("False"u8)) throw Unexpected("True or False", first);
        position += 5;
        return false;
    }

    private long[] ReadTuple()
    {
        List<long> numbers = [];
        Expect('(');
        while (!Accept(')'))
        {
            numbers.Add(ReadNumber());
            if (Accept(',')) continue;
            // (3) is a number in Python; only (3,) is a tuple.
            if (numbers.Count == 1) throw Unexpected("','", Peek());
            Expect(')');
            break;
        }
        return [.. numbers];
    }

    private long ReadNumber()
    {
        byte? first = Peek();
        int length = text[position..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (length < 0) length = text.Length - position;
        if (length == 0) throw Unexpected("a whole number", first);
        if (!long.TryParse(text.Slice(position, length), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long number))
            throw new DataFormatException($"{where}: the number at byte {offset + position} is more than {long.MaxValue}.");
        position += length;
        // Python 2 wrote long integers with an L.
        if (position < text.Length && text[position] == 'L') position++;
        return number;
    }

    private readonly DataFormatException Unexpected(string expected, byte? found)
    {
        string got = found switch
        {
            null => "its end",
            > 0x20 and < 0x7F => $"'{(char)found}'",
            _ => $"byte 0x{found:X2}",
        };
        return new($"{where}: expected {expected} at byte {offset + position} of the header, got {got}.");
    }
}
