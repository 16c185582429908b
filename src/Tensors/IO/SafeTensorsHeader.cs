using System.Buffers.Binary;

namespace Engine.Tensors.IO;

/// <summary>One tensor of a safetensors header; offsets count from the end of the header.</summary>
internal readonly record struct SafeTensorsEntry(string Name, DType DType, Shape Shape, long Begin, long End)
{
    public string Where(string file) => $"{file}: tensor {Quoting.Quoted(Name)}";
}

/// <summary>The header of a safetensors file, checked: every tensor has the bytes its shape needs, and together they are all the bytes there are.</summary>
internal sealed class SafeTensorsHeader
{
    public const string MetadataKey = "__metadata__";

    /// <summary>The longest header that is read, as in the format's own reader.</summary>
    public const int MaxBytes = 100_000_000;

    private static readonly string[] TypeNames = ["F32", "F64", "I32", "I64", "U8", "BOOL", "F16", "BF16"];

    public List<SafeTensorsEntry> Entries { get; } = [];

    public OrderedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>The format's name of an element type.</summary>
    public static string NameOf(DType dtype) => TypeNames[(int)dtype];

    /// <summary>The element type with a name of the format.</summary>
    public static DType TypeOf(string typeName, string where)
    {
        int index = Array.IndexOf(TypeNames, typeName);
        return index >= 0
            ? (DType)index
            : throw new DataFormatException($"{where} has dtype {Quoting.Quoted(typeName)}, expected one of {string.Join(", ", TypeNames)}.");
    }

    /// <summary>Reads the header; the reader is then at the first byte of the data.</summary>
    public static SafeTensorsHeader Read(DataReader reader, string name)
    {
        Span<byte> prefix = stackalloc byte[8];
        int got = reader.Fill(prefix);
        if (got < 8) throw new DataFormatException($"{name}: the file has {got} bytes, expected at least the 8 that give the length of its header.");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxBytes) throw new DataFormatException($"{name}: the header claims {length} bytes, at most {MaxBytes} are allowed.");
        long left = reader.Remaining!.Value;
        if ((long)length > left) throw new DataFormatException($"{name}: the header claims {length} bytes, only {left} follow.");
        byte[] json = new byte[length];
        if (reader.Fill(json) < json.Length) throw new DataFormatException($"{name}: the file became shorter while it was read.");

        var header = new SafeTensorsHeader();
        new SafeTensorsJson(json, name).Read(header);
        header.CheckCoverage(name, reader.Remaining!.Value);
        return header;
    }

    /// <summary>The tensors in the order of their data.</summary>
    public IEnumerable<SafeTensorsEntry> InDataOrder() => Entries.OrderBy(e => e.Begin).ThenBy(e => e.End);

    private void CheckCoverage(string name, long bytes)
    {
        long end = 0;
        SafeTensorsEntry? before = null;
        foreach (SafeTensorsEntry entry in InDataOrder())
        {
            if (entry.End > bytes) throw new DataFormatException($"{entry.Where(name)} spans bytes {entry.Begin} to {entry.End}, the data has {bytes}.");
            if (entry.Begin > end) throw new DataFormatException($"{name}: bytes {end} to {entry.Begin} of the data belong to no tensor.");
            if (entry.Begin < end)
            {
                throw new DataFormatException($"{entry.Where(name)} begins at byte {entry.Begin}, inside tensor {Quoting.Quoted(before!.Value.Name)}, "
                    + $"which ends at {end}.");
            }
            end = entry.End;
            before = entry;
        }
        if (end < bytes) throw new DataFormatException($"{name}: the tensors end at byte {end}, the data has {bytes}.");
    }
}
