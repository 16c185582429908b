using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Engine.Tensors.IO;

/// <summary>
/// The safetensors format: named tensors behind a JSON header. Element types F32, F64, I32, I64, U8, BOOL, F16 and BF16.
/// Reading is strict: the tensors must cover the data exactly, without holes or overlap, and nothing is allocated for a file that does not hold what it says.
/// Format: <c>https://github.com/huggingface/safetensors</c>.
/// </summary>
public static class SafeTensors
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; error messages name it as it is given here.</param>
    /// <returns>Its tensors, in host memory, and its metadata.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static SafeTensorsFile Read(string path) => InputFile.Read(path, "a safetensors file", Read);

    /// <summary>Reads the content of a file from memory.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="name">What error messages call the file.</param>
    /// <returns>Its tensors, copied, and its metadata.</returns>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static SafeTensorsFile Parse(ReadOnlySpan<byte> content, string name) => InputFile.Parse(content, name, Read);

    /// <summary>
    /// Writes a file, atomically (see <see cref="AtomicFile"/>). The header lists the tensors in the order given, and the metadata by key;
    /// in the data, larger elements come first, so that every tensor is aligned. Equal tensors give equal bytes.
    /// </summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="tensors">Names and tensors; the names must be distinct. Any shape, layout and device.</param>
    /// <param name="metadata">Text to keep with the tensors.</param>
    /// <exception cref="ArgumentException">A name occurs twice, is <c>__metadata__</c>, or is not valid Unicode; a tensor has more than 64 axes; or the header passes 100,000,000 bytes.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        KeyValuePair<string, Tensor>[] all = [.. tensors];
        byte[] header = Header(all, metadata);
        AtomicFile.Write(path, stream => Write(stream, header, all));
    }

    /// <summary>Writes the content of a file to a stream.</summary>
    /// <param name="stream">Where the bytes go.</param>
    /// <param name="tensors">Names and tensors; the names must be distinct.</param>
    /// <param name="metadata">Text to keep with the tensors.</param>
    /// <inheritdoc cref="Write(string, IEnumerable{KeyValuePair{string, Tensor}}, IReadOnlyDictionary{string, string})" path="/exception"/>
    public static void Write(Stream stream, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        KeyValuePair<string, Tensor>[] all = [.. tensors];
        Write(stream, Header(all, metadata), all);
    }

    private static SafeTensorsFile Read(Stream stream, string name)
    {
        DataReader reader = DataReader.Of(stream, name);
        SafeTensorsHeader header = SafeTensorsHeader.Read(reader, name);
        var tensors = new OrderedDictionary<string, Tensor>(header.Entries.Count, StringComparer.Ordinal);
        // The order of the header is kept; the data may lie in another.
        foreach (SafeTensorsEntry entry in header.Entries) tensors.Add(entry.Name, null!);
        foreach (SafeTensorsEntry entry in header.InDataOrder())
        {
            HostStorage values = reader.ReadValues(entry.DType, entry.End - entry.Begin, bigEndian: false, entry.Where(name));
            tensors[entry.Name] = new Tensor(values, Layout.Contiguous(entry.Shape), Device.Cpu);
        }
        return new SafeTensorsFile(name, tensors, header.Metadata);
    }

    private static void Write(Stream stream, byte[] header, KeyValuePair<string, Tensor>[] tensors)
    {
        stream.Write(header);
        foreach ((_, Tensor tensor) in InDataOrder(tensors)) TensorBytes.Write(stream, tensor);
    }

    /// <summary>Sizes of elements are powers of two, so with the largest first every tensor begins at a multiple of its own.</summary>
    private static IEnumerable<KeyValuePair<string, Tensor>> InDataOrder(KeyValuePair<string, Tensor>[] tensors) =>
        tensors.OrderByDescending(t => t.Value.DType.Size());

    private static byte[] Header(KeyValuePair<string, Tensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var begins = new Dictionary<string, long>(StringComparer.Ordinal);
        long end = 0;
        foreach ((string name, Tensor tensor) in InDataOrder(tensors))
        {
            if (name == SafeTensorsHeader.MetadataKey) throw new ArgumentException($"safetensors: {name} cannot be the name of a tensor.", nameof(tensors));
            if (!begins.TryAdd(name, end)) throw new ArgumentException($"safetensors: two tensors are named {Quoting.Quoted(name)}.", nameof(tensors));
            if (tensor.Rank > ShapeMath.MaxRank) throw new ArgumentException($"safetensors: {Quoting.Quoted(name)} has {tensor.Rank} axes, at most {ShapeMath.MaxRank} are read.", nameof(tensors));
            end += TensorBytes.Size(tensor);
        }
        var buffer = new ArrayBufferWriter<byte>();
        // The length of the header is filled in at the end.
        buffer.Write(stackalloc byte[8]);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafeTensorsHeader.MetadataKey);
                foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(Valid(key), Valid(value));
                json.WriteEndObject();
            }
            foreach ((string name, Tensor tensor) in tensors)
            {
                json.WriteStartObject(Valid(name));
                json.WriteString("dtype", SafeTensorsHeader.NameOf(tensor.DType));
                json.WriteStartArray("shape");
                foreach (int length in tensor.Shape.Lengths) json.WriteNumberValue(length);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begins[name]);
                json.WriteNumberValue(begins[name] + TensorBytes.Size(tensor));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        buffer.Write("       "u8[..(-buffer.WrittenCount & 7)]);
        byte[] header = buffer.WrittenSpan.ToArray();
        if (header.Length - 8 > SafeTensorsHeader.MaxBytes)
            throw new ArgumentException($"safetensors: the header takes {header.Length - 8} bytes, at most {SafeTensorsHeader.MaxBytes} are allowed.", nameof(tensors));
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }

    private static string Valid(string text)
    {
        try
        {
            StrictUtf8.GetByteCount(text);
            return text;
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"safetensors: {Quoting.Quoted(text)} holds half of a surrogate pair, which UTF-8 cannot express.", e);
        }
    }
}
