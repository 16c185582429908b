using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Engine.Tensors.IO;

/// <summary>One file of a zip archive: where its compressed bytes lie, and what the archive claims about them.</summary>
internal readonly record struct ZipEntry(string Name, bool IsDeflated, uint Checksum, long CompressedSize, long Size, long HeaderStart, long DataStart)
{
    public long DataEnd => DataStart + CompressedSize;
}

/// <summary>
/// Reads the directory of a zip archive, believing nothing: entries must lie inside the file one after another, agree with the header before their data,
/// and be stored or deflated. System.IO.Compression would list entries that overlap, repeat names, or cannot be read.
/// </summary>
internal sealed class ZipDirectory
{
    private const int MaxEntries = 10_000;
    private const uint EndMark = 0x06054B50, Zip64LocatorMark = 0x07064B50, Zip64EndMark = 0x06064B50, EntryMark = 0x02014B50, LocalMark = 0x04034B50;
    private const int EndSize = 22, Zip64LocatorSize = 20, Zip64EndSize = 56, EntrySize = 46, LocalSize = 30;

    private readonly Stream stream;
    private readonly string name;

    private ZipDirectory(Stream stream, string name)
    {
        this.stream = stream;
        this.name = name;
    }

    /// <summary>The entries of an archive, in the order of its directory.</summary>
    public static List<ZipEntry> Read(Stream stream, string name)
    {
        var directory = new ZipDirectory(stream, name);
        (long start, long size, long count) = directory.FindDirectory();
        List<ZipEntry> entries = directory.ReadEntries(start, size, count);
        directory.CheckOrder(entries, start);
        return entries;
    }

    /// <summary>Finds the record at the end of the file, behind which only a comment may stand.</summary>
    private (long Start, long Size, long Count) FindDirectory()
    {
        byte[] tail = Bytes(Math.Max(0, stream.Length - EndSize - ushort.MaxValue), (int)Math.Min(stream.Length, EndSize + ushort.MaxValue), "the end");
        int at = tail.Length - EndSize;
        while (at >= 0 && !(U32(tail, at) == EndMark && at + EndSize + U16(tail, at + 20) == tail.Length)) at--;
        if (at < 0) throw new DataFormatException($"{name}: is no zip archive: it does not end with a directory.");

        long end = stream.Length - tail.Length + at;
        (long start, long size, long count) = (U32(tail, at + 16), U32(tail, at + 12), U16(tail, at + 10));
        if (at >= Zip64LocatorSize && U32(tail, at - Zip64LocatorSize) == Zip64LocatorMark)
        {
            long record = I64(tail, at - Zip64LocatorSize + 8);
            byte[] wide = Bytes(record, Zip64EndSize, "the zip64 directory");
            if (U32(wide, 0) != Zip64EndMark) throw new DataFormatException($"{name}: has no zip64 directory record at byte {record}.");
            (start, size, count, end) = (I64(wide, 48), I64(wide, 40), I64(wide, 32), record);
        }
        if (count is < 0 or > MaxEntries) throw new DataFormatException($"{name}: the archive claims {count} entries, at most {MaxEntries} are read.");
        if (start < 0 || size < 0 || start > end || size != end - start)
            throw new DataFormatException($"{name}: the directory claims {size} bytes from byte {start}, expected it to end at byte {end}.");
        // Every entry takes at least its fixed part and is named by text, so a directory beyond this is not worth reading.
        if (size > (long)MaxEntries * 1024) throw new DataFormatException($"{name}: the directory has {size} bytes, at most {MaxEntries * 1024} are read.");
        return (start, size, count);
    }

    private List<ZipEntry> ReadEntries(long start, long size, long count)
    {
        byte[] directory = Bytes(start, (int)size, "the directory");
        List<ZipEntry> entries = [];
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            if (directory.Length - at < EntrySize || U32(directory, at) != EntryMark) throw NoEntry(i, start + at);
            int nameLength = U16(directory, at + 28), extraLength = U16(directory, at + 30), commentLength = U16(directory, at + 32);
            int next = at + EntrySize + nameLength + extraLength + commentLength;
            if (next > directory.Length) throw NoEntry(i, start + at);
            ReadOnlySpan<byte> rawName = directory.AsSpan(at + EntrySize, nameLength);
            if (!Utf8.IsValid(rawName)) throw new DataFormatException($"{name}: the name of entry {i} is not valid UTF-8.");
            string entry = Encoding.UTF8.GetString(rawName);
            string where = $"{name}: entry {Quoting.Quoted(entry)}";
            if ((U16(directory, at + 8) & 1) != 0) throw new DataFormatException($"{where} is encrypted.");
            int method = U16(directory, at + 10);
            if (method is not (0 or 8)) throw new DataFormatException($"{where} has compression method {method}, expected 0 (stored) or 8 (deflate).");
            (long compressed, long plain, long header) = (U32(directory, at + 20), U32(directory, at + 24), U32(directory, at + 42));
            ReadZip64(directory.AsSpan(at + EntrySize + nameLength, extraLength), where, ref plain, ref compressed, ref header);
            if (method == 0 && compressed != plain)
                throw new DataFormatException($"{where} is stored, but claims {compressed} bytes in the archive and {plain} outside.");
            long data = DataStart(header, start, rawName, where);
            if (compressed < 0 || plain < 0 || compressed > start - data)
                throw new DataFormatException($"{where} claims {compressed} bytes from byte {data}, the directory begins at byte {start}.");
            entries.Add(new(entry, method == 8, U32(directory, at + 16), compressed, plain, header, data));
            at = next;
        }
        if (at != directory.Length) throw new DataFormatException($"{name}: the directory has {directory.Length} bytes, its {count} entries take {at}.");
        return entries;
    }

    /// <summary>Numbers that do not fit 32 bits are all ones, and stand in an extra field, in this order.</summary>
    private static void ReadZip64(ReadOnlySpan<byte> extra, string where, ref long plain, ref long compressed, ref long header)
    {
        if (plain != uint.MaxValue && compressed != uint.MaxValue && header != uint.MaxValue) return;
        while (extra.Length >= 4)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4) break;
            ReadOnlySpan<byte> field = extra.Slice(4, size);
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1 && Take(ref field, ref plain) && Take(ref field, ref compressed) && Take(ref field, ref header)) return;
            extra = extra[(4 + size)..];
        }
        throw new DataFormatException($"{where} has no zip64 field for the sizes it leaves out.");
    }

    private static bool Take(ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value != uint.MaxValue) return true;
        if (field.Length < 8) return false;
        value = BinaryPrimitives.ReadInt64LittleEndian(field);
        field = field[8..];
        return true;
    }

    /// <summary>Where the data begins: behind a header of its own, which must name the same file.</summary>
    private long DataStart(long header, long directory, ReadOnlySpan<byte> rawName, string where)
    {
        if (header < 0 || header > directory - LocalSize) throw new DataFormatException($"{where} claims to begin at byte {header}, the directory begins at byte {directory}.");
        byte[] local = Bytes(header, LocalSize, where);
        int nameLength = U16(local, 26);
        if (U32(local, 0) != LocalMark || nameLength != rawName.Length || !Bytes(header + LocalSize, nameLength, where).AsSpan().SequenceEqual(rawName))
            throw new DataFormatException($"{where} has no header of that name at byte {header}.");
        return header + LocalSize + nameLength + U16(local, 28);
    }

    private void CheckOrder(List<ZipEntry> entries, long directory)
    {
        ZipEntry[] sorted = [.. entries.OrderBy(e => e.HeaderStart)];
        for (int i = 0; i + 1 < sorted.Length; i++)
        {
            if (sorted[i].DataEnd > sorted[i + 1].HeaderStart)
            {
                throw new DataFormatException($"{name}: entries {Quoting.Quoted(sorted[i].Name)} and {Quoting.Quoted(sorted[i + 1].Name)} overlap: "
                    + $"one ends at byte {sorted[i].DataEnd}, the other begins at byte {sorted[i + 1].HeaderStart}.");
            }
        }
    }

    private byte[] Bytes(long start, int count, string what)
    {
        if (start < 0 || start > stream.Length - count) throw new DataFormatException($"{name}: {what} would lie at byte {start}, the file has {stream.Length}.");
        stream.Position = start;
        byte[] bytes = new byte[count];
        if (stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) < count) throw new DataFormatException($"{name}: the file became shorter while it was read.");
        return bytes;
    }

    private DataFormatException NoEntry(int index, long at) => new($"{name}: entry {index} of the directory is cut off or damaged at byte {at}.");

    private static int U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static long I64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
}
