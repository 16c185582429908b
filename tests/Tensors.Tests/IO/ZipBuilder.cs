using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Engine.Tensors.Tests.IO;

/// <summary>A zip archive made byte by byte, so that every number in it can be a lie.</summary>
internal sealed class ZipBuilder
{
    private readonly List<byte[]> directory = [];
    private readonly List<byte> data = [];

    /// <summary>Changes a directory entry before it is added.</summary>
    public Action<byte[]>? ChangeEntry { get; set; }

    /// <summary>Added to the number of entries at the end.</summary>
    public int CountError { get; set; }

    public ZipBuilder Add(string name, byte[] content, bool deflate = false, byte[]? raw = null, uint? size = null, ushort method = 0)
    {
        byte[] compressed = raw ?? (deflate ? Deflate(content) : content), nameBytes = Encoding.UTF8.GetBytes(name);
        byte[] entry = new byte[46 + nameBytes.Length], local = new byte[30 + nameBytes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014B50);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(10), method != 0 ? method : deflate ? (ushort)8 : (ushort)0);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(16), Checksum(content));
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(20), compressed.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(24), size ?? (uint)content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(28), (ushort)nameBytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(42), data.Count);
        nameBytes.CopyTo(entry, 46);
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034B50);
        entry.AsSpan(10, 20).CopyTo(local.AsSpan(8));
        nameBytes.CopyTo(local, 30);
        ChangeEntry?.Invoke(entry);
        directory.Add(entry);
        data.AddRange(local);
        data.AddRange(compressed);
        return this;
    }

    public byte[] Build()
    {
        byte[] end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054B50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), (ushort)(directory.Count + CountError));
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), (ushort)(directory.Count + CountError));
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(12), directory.Sum(e => e.Length));
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(16), data.Count);
        return [.. data, .. directory.SelectMany(e => e), .. end];
    }

    /// <summary>CRC-32, bit by bit.</summary>
    public static uint Checksum(byte[] content)
    {
        uint state = uint.MaxValue;
        foreach (byte b in content)
        {
            state ^= b;
            for (int i = 0; i < 8; i++) state = (state & 1) != 0 ? (state >> 1) ^ 0xEDB88320 : state >> 1;
        }
        return ~state;
    }

    public static byte[] Deflate(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var deflate = new DeflateStream(stream, CompressionLevel.Optimal)) deflate.Write(content);
        return stream.ToArray();
    }
}
