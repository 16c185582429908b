namespace Engine.Tensors.IO;

/// <summary>Opens what a format reads: a file, or bytes in memory, as a stream that can seek.</summary>
internal static class InputFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; messages name it as it is given here.</param>
    /// <param name="kind">What is expected, for messages: an npy file.</param>
    /// <param name="parse">Reads the content; the second argument is what messages call the file.</param>
    public static T Read<T>(string path, string kind, Func<Stream, string, T> parse)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new IOException($"{path}: is a folder, expected {kind}");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: no such file", path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (!stream.CanSeek) throw new IOException($"{path}: is no regular file, expected {kind}");
        return parse(stream, path);
    }

    /// <summary>Reads bytes in memory, in place.</summary>
    public static unsafe T Parse<T>(ReadOnlySpan<byte> content, string name, Func<Stream, string, T> parse)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (content.IsEmpty) return parse(Stream.Null, name);
        fixed (byte* first = content)
        {
            using var stream = new UnmanagedMemoryStream(first, content.Length);
            return parse(stream, name);
        }
    }
}
