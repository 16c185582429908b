using System.Text.Json;
using System.Text.Unicode;

namespace Engine.Tensors.IO;

/// <summary>Reads the JSON of a safetensors header token by token, accepting nothing but what the format says.</summary>
internal ref struct SafeTensorsJson
{
    // Where the header begins in the file, so that messages can give offsets in it.
    private const int Start = 8;

    private readonly string name;
    private Utf8JsonReader reader;

    public SafeTensorsJson(ReadOnlySpan<byte> json, string name)
    {
        this.name = name;
        if (json.IsEmpty || json[0] != '{')
        {
            string found = json.IsEmpty ? "nothing" : $"byte 0x{json[0]:X2}";
            throw new DataFormatException($"{name}: the header must begin with '{{', got {found}.");
        }
        if (!Utf8.IsValid(json)) throw new DataFormatException($"{name}: the header is not valid UTF-8.");
        reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
    }

    public void Read(SafeTensorsHeader header)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Expect(JsonTokenType.StartObject, "an object");
        while (NextProperty() is { } key)
        {
            if (!names.Add(key)) throw new DataFormatException($"{name}: the header names {Quoting.Quoted(key)} twice.");
            if (key == SafeTensorsHeader.MetadataKey) ReadMetadata(header.Metadata);
            else header.Entries.Add(ReadEntry(key));
        }
        // One more token would be text after the object, which the reader refuses itself.
        Advance();
    }

    private void ReadMetadata(OrderedDictionary<string, string> metadata)
    {
        Expect(JsonTokenType.StartObject, "an object");
        while (NextProperty() is { } key)
        {
            Expect(JsonTokenType.String, "a string");
            if (!metadata.TryAdd(key, Text())) throw new DataFormatException($"{name}: the metadata names {Quoting.Quoted(key)} twice.");
        }
    }

    private SafeTensorsEntry ReadEntry(string tensor)
    {
        string where = $"{name}: tensor {Quoting.Quoted(tensor)}";
        string? dtype = null;
        List<long>? lengths = null, offsets = null;
        Expect(JsonTokenType.StartObject, "an object");
        while (NextProperty() is { } key)
        {
            bool repeated;
            switch (key)
            {
                case "dtype":
                    repeated = dtype is not null;
                    Expect(JsonTokenType.String, "a string");
                    dtype = Text();
                    break;
                case "shape":
                    repeated = lengths is not null;
                    lengths = ReadNumbers();
                    break;
                case "data_offsets":
                    repeated = offsets is not null;
                    offsets = ReadNumbers();
                    break;
                default:
                    throw new DataFormatException($"{where} has {Quoting.Quoted(key)}, expected dtype, shape and data_offsets.");
            }
            if (repeated) throw new DataFormatException($"{where} has {key} twice.");
        }
        if (dtype is null || lengths is null || offsets is null)
        {
            string missing = dtype is null ? "dtype" : lengths is null ? "shape" : "data_offsets";
            throw new DataFormatException($"{where} has no {missing}.");
        }
        if (offsets.Count != 2) throw new DataFormatException($"{where} has {offsets.Count} data_offsets, expected 2.");
        DType type = SafeTensorsHeader.TypeOf(dtype, where);
        Shape shape = ShapeMath.Checked([.. lengths], type, where, out long bytes);
        (long begin, long end) = (offsets[0], offsets[1]);
        // Both offsets are at least 0, so the difference cannot overflow; a negative one equals no size.
        if (end - begin != bytes)
            throw new DataFormatException($"{where} spans bytes {begin} to {end}, its shape {shape} of {type.Name()} needs {bytes}.");
        return new(tensor, type, shape, begin, end);
    }

    private List<long> ReadNumbers()
    {
        List<long> numbers = [];
        Expect(JsonTokenType.StartArray, "a list");
        while (true)
        {
            Advance();
            if (reader.TokenType == JsonTokenType.EndArray) return numbers;
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0) throw Unexpected("a whole number from 0 to 9223372036854775807");
            if (numbers.Count == ShapeMath.MaxRank)
                throw new DataFormatException($"{name}: the list has more than {ShapeMath.MaxRank} numbers at byte {Start + reader.TokenStartIndex}.");
            numbers.Add(number);
        }
    }

    /// <summary>The next key of an object; null at its end.</summary>
    private string? NextProperty()
    {
        Advance();
        return reader.TokenType == JsonTokenType.EndObject ? null : Text();
    }

    private void Expect(JsonTokenType type, string what)
    {
        Advance();
        if (reader.TokenType != type) throw Unexpected(what);
    }

    private readonly string Text()
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new DataFormatException($"{name}: the text at byte {Start + reader.TokenStartIndex} holds half of a surrogate pair.", e);
        }
    }

    private void Advance()
    {
        try
        {
            reader.Read();
        }
        catch (JsonException e)
        {
            throw new DataFormatException($"{name}: the header is not valid JSON after byte {Start + reader.BytesConsumed}.", e);
        }
    }

    private readonly DataFormatException Unexpected(string expected) =>
        new($"{name}: expected {expected} at byte {Start + reader.TokenStartIndex}, got {Describe(reader.TokenType)}.");

    private static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "another number",
        JsonTokenType.Null => "null",
        _ => type.ToString().ToLowerInvariant(),
    };
}
