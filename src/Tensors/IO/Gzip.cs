using System.Buffers.Binary;
using System.IO.Compression;

namespace Engine.Tensors.IO;

/// <summary>
/// Reads a gzip file of one member (RFC 1952) and verifies its checksum. GZipStream alone takes a file that was cut off for a complete one.
/// </summary>
internal static class Gzip
{
    private const int HeaderSize = 10, TrailerSize = 8, Deflate = 8;
    private const int HasHeaderChecksum = 2, HasExtra = 4, HasName = 8, HasComment = 16, Reserved = 0xE0;

    /// <summary>True when a stream begins as a gzip file. It is then at its start again.</summary>
    public static bool Begins(Stream stream)
    {
        Span<byte> mark = stackalloc byte[2];
        int got = stream.ReadAtLeast(mark, 2, throwOnEndOfStream: false);
        stream.Position = 0;
        return got == 2 && mark[0] == 0x1F && mark[1] == 0x8B;
    }

    /// <summary>Reads what the file holds.</summary>
    /// <param name="stream">The file, at its start.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="parse">Reads the content to its end; the reader's length is unknown.</param>
    public static T Read<T>(Stream stream, string name, Func<DataReader, string, T> parse)
    {
        long start = DataStart(stream, name), end = stream.Length - TrailerSize;
        if (start > end) throw new DataFormatException($"{name}: the gzip file is cut off after {stream.Length} bytes.");
        stream.Position = end;
        Span<byte> trailer = stackalloc byte[TrailerSize];
        stream.ReadExactly(trailer);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(trailer), size = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);

        stream.Position = start;
        var section = new SectionStream(stream, end - start);
        using var inflated = new DeflateStream(section, CompressionMode.Decompress);
        var summed = new Crc32Stream(inflated);
        var reader = new DataReader(summed, name, length: null, isPresent: false);
        T result = parse(reader, name);
        if (summed.Checksum != checksum) throw new DataFormatException($"{name}: the gzip file is damaged: its checksum is {summed.Checksum:X8}, expected {checksum:X8}.");
        if (!section.IsConsumed) throw new DataFormatException($"{name}: the gzip file goes on after the end of its compressed data.");
        if ((uint)reader.Position != size) throw new DataFormatException($"{name}: the gzip file is damaged: it holds {reader.Position} bytes, its end says {size}.");
        return result;
    }

    private static long DataStart(Stream stream, string name)
    {
        var reader = DataReader.Of(stream, name);
        Span<byte> header = stackalloc byte[HeaderSize];
        bool whole = reader.Fill(header) == HeaderSize;
        if (whole && (header[2] != Deflate || (header[3] & Reserved) != 0))
            throw new DataFormatException($"{name}: the gzip file has method {header[2]} and flags 0x{header[3]:X2}, expected method 8 and no flag above 0x1F.");
        int flags = header[3];
        if (whole && (flags & HasExtra) != 0)
        {
            Span<byte> length = stackalloc byte[2];
            whole = reader.Fill(length) == 2 && Skip(reader, BinaryPrimitives.ReadUInt16LittleEndian(length));
        }
        if (whole && (flags & HasName) != 0) whole = SkipText(reader);
        if (whole && (flags & HasComment) != 0) whole = SkipText(reader);
        if (whole && (flags & HasHeaderChecksum) != 0) whole = Skip(reader, 2);
        return whole ? reader.Position : throw new DataFormatException($"{name}: the gzip file is cut off after {stream.Length} bytes.");
    }

    private static bool Skip(DataReader reader, int count)
    {
        byte[] skipped = new byte[count];
        return reader.Fill(skipped) == count;
    }

    private static bool SkipText(DataReader reader)
    {
        Span<byte> one = stackalloc byte[1];
        while (reader.Fill(one) == 1)
        {
            if (one[0] == 0) return true;
        }
        return false;
    }
}
