using System.IO.Compression;

namespace Engine.Tensors.IO;

/// <summary>
/// The npz format of NumPy: a zip archive of npy files, one per name. Stored and deflated entries are read, and their checksums verified.
/// </summary>
public static class Npz
{
    private const string Suffix = ".npy";

    // The earliest time a zip archive can hold: equal tensors give equal archives, whenever they are written.
    private static readonly DateTimeOffset Timeless = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; error messages name it as it is given here.</param>
    /// <returns>The arrays by name, without <c>.npy</c>, in the order of the archive.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static IReadOnlyDictionary<string, Tensor> Read(string path) => InputFile.Read(path, "an npz file", Read);

    /// <summary>Reads the content of a file from memory.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="name">What error messages call the file.</param>
    /// <returns>The arrays by name, copied, in the order of the archive.</returns>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static IReadOnlyDictionary<string, Tensor> Parse(ReadOnlySpan<byte> content, string name) => InputFile.Parse(content, name, Read);

    /// <summary>Writes a file, atomically (see <see cref="AtomicFile"/>), in the order given.</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="tensors">Names and tensors; any element type but bf16.</param>
    /// <param name="compress">True to deflate the arrays, false to store them as they are.</param>
    /// <exception cref="ArgumentException">A name is empty, occurs twice, is an absolute path or leads out of a folder; or a tensor has more than 64 axes.</exception>
    /// <exception cref="DTypeException">A tensor is bf16, which the format does not have.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, bool compress = false)
    {
        KeyValuePair<string, Tensor>[] all = Checked(tensors);
        AtomicFile.Write(path, stream => Write(stream, all, compress));
    }

    /// <summary>Writes the content of a file to a stream.</summary>
    /// <param name="stream">Where the bytes go.</param>
    /// <param name="tensors">Names and tensors; any element type but bf16.</param>
    /// <param name="compress">True to deflate the arrays, false to store them as they are.</param>
    /// <inheritdoc cref="Write(string, IEnumerable{KeyValuePair{string, Tensor}}, bool)" path="/exception"/>
    public static void Write(Stream stream, IEnumerable<KeyValuePair<string, Tensor>> tensors, bool compress = false) => Write(stream, Checked(tensors), compress);

    private static OrderedDictionary<string, Tensor> Read(Stream stream, string name)
    {
        List<ZipEntry> entries = ZipDirectory.Read(stream, name);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (ZipEntry entry in entries)
        {
            if (!names.Add(entry.Name)) throw new DataFormatException($"{name}: two entries are named {Quoting.Quoted(entry.Name)}.");
            if (Problem(entry.Name) is { } problem) throw new DataFormatException($"{name}: entry {Quoting.Quoted(entry.Name)} {problem}.");
        }
        var tensors = new OrderedDictionary<string, Tensor>(entries.Count, StringComparer.Ordinal);
        foreach (ZipEntry entry in entries) tensors.Add(entry.Name[..^Suffix.Length], Read(stream, entry, $"{name}: entry {Quoting.Quoted(entry.Name)}"));
        return tensors;
    }

    private static Tensor Read(Stream stream, ZipEntry entry, string where)
    {
        stream.Position = entry.DataStart;
        var section = new SectionStream(stream, entry.CompressedSize);
        using Stream inflated = entry.IsDeflated ? new DeflateStream(section, CompressionMode.Decompress) : section;
        var counted = new Crc32Stream(inflated);
        var reader = new DataReader(counted, where, entry.Size, isPresent: !entry.IsDeflated);
        Tensor tensor = Npy.Read(reader, where);
        if (!reader.AtEnd()) throw new DataFormatException($"{where} holds more than the {entry.Size} bytes it claims.");
        if (!section.IsConsumed) throw new DataFormatException($"{where} goes on after the end of its compressed data.");
        if (counted.Checksum != entry.Checksum) throw new DataFormatException($"{where} is damaged: its checksum is {counted.Checksum:X8}, expected {entry.Checksum:X8}.");
        return tensor;
    }

    private static KeyValuePair<string, Tensor>[] Checked(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        KeyValuePair<string, Tensor>[] all = [.. tensors];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, Tensor tensor) in all)
        {
            if (!names.Add(name)) throw new ArgumentException($"npz: two tensors are named {Quoting.Quoted(name)}.", nameof(tensors));
            if (Problem(name + Suffix) is { } problem) throw new ArgumentException($"npz: {Quoting.Quoted(name)} {problem}.", nameof(tensors));
            NpyHeader.Format(tensor.Spec);
        }
        return all;
    }

    private static void Write(Stream stream, KeyValuePair<string, Tensor>[] tensors, bool compress)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, Tensor tensor) in tensors)
        {
            ZipArchiveEntry entry = archive.CreateEntry(name + Suffix, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = Timeless;
            using Stream content = entry.Open();
            Npy.Write(content, tensor);
        }
    }

    /// <summary>
    /// What is wrong with the name of an entry; null when nothing is. Nothing is ever unpacked to disk here, but a name that would be dangerous there is a sign of an attack.
    /// </summary>
    private static string? Problem(string entry)
    {
        if (!entry.EndsWith(Suffix, StringComparison.Ordinal)) return "is no npy file";
        if (entry.Length == Suffix.Length) return "has no name";
        if (entry[0] == '/' || entry.Contains('\\') || entry[1] == ':') return "is an absolute path or one of another system";
        return entry.Split('/').Contains("..") ? "leads out of its folder" : null;
    }
}
