using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.IO;

/// <summary>Reads the bytes of a file front to back and never allocates for bytes that are not there.</summary>
/// <param name="stream">Where the bytes come from.</param>
/// <param name="name">What messages call the file.</param>
/// <param name="length">How many bytes there are, or are said to be; null when only the end will tell.</param>
/// <param name="isPresent">True when <paramref name="length"/> is a fact, false when it is a claim, as of compressed data.</param>
internal sealed class DataReader(Stream stream, string name, long? length, bool isPresent)
{
    // Both are multiples of every element size. Blocks are small, because one of them is all that a false claim can cost.
    private const int Part = 1 << 20, Block = 1 << 14;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes not read yet; null when only the end will tell.</summary>
    public long? Remaining => length - Position;

    /// <summary>A reader of a stream that can seek.</summary>
    public static DataReader Of(Stream stream, string name) => new(stream, name, stream.Length, isPresent: true);

    /// <summary>Reads until the span is full or the bytes end; returns how many were read.</summary>
    public int Fill(Span<byte> destination)
    {
        try
        {
            int count = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            Position += count;
            return count;
        }
        catch (InvalidDataException e)
        {
            throw new DataFormatException($"{name}: the compressed data is damaged after byte {Position} of what it holds.", e);
        }
    }

    /// <summary>True when no byte is left. Called once, at the end.</summary>
    public bool AtEnd() => Fill(stackalloc byte[1]) == 0;

    /// <summary>Reads the elements of a tensor in row-major order.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="bytes">How many bytes they take, as <see cref="ShapeMath"/> gave it.</param>
    /// <param name="bigEndian">True when the most significant byte of each element comes first.</param>
    /// <param name="where">What messages call the tensor.</param>
    public HostStorage ReadValues(DType dtype, long bytes, bool bigEndian, string where)
    {
        if (isPresent && Remaining < bytes) throw Ends(where, bytes, Remaining.Value);
        List<byte[]> blocks = isPresent || bytes <= Block ? [] : ReadBlocks(bytes, where);
        Array values = dtype.Allocate((int)(bytes / dtype.Size()));
        int step = blocks.Count > 0 ? Block : Part;
        for (long start = 0; start < bytes; start += step)
        {
            Span<byte> part = Bytes(values, start, (int)Math.Min(step, bytes - start));
            if (blocks.Count > 0) blocks[(int)(start / Block)].CopyTo(part);
            else if (Fill(part) is var got && got < part.Length) throw Ends(where, bytes, start + got);
            if (bigEndian) ByteOrder.Reverse(part, dtype.Size());
            if (dtype == DType.Bool && part.IndexOfAnyExceptInRange((byte)0, (byte)1) is var bad and >= 0)
                throw new DataFormatException($"{where} has byte {part[bad]} at element {start + bad}, a bool is 0 or 1.");
        }
        return new(dtype, values);
    }

    /// <summary>Some bytes of an array, which may have more of them than a span can count.</summary>
    private static Span<byte> Bytes(Array values, long start, int count) =>
        MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(values), (nint)start), count);

    /// <summary>Compressed data may hold less than it claims, so the array is made only when all of it has come out.</summary>
    private List<byte[]> ReadBlocks(long bytes, string where)
    {
        List<byte[]> blocks = [];
        for (long start = 0; start < bytes; start += Block)
        {
            byte[] block = new byte[Math.Min(Block, bytes - start)];
            int got = Fill(block);
            if (got < block.Length) throw Ends(where, bytes, start + got);
            blocks.Add(block);
        }
        return blocks;
    }

    private static DataFormatException Ends(string where, long bytes, long got) => new($"{where} needs {bytes} bytes, the data ends after {got}.");
}
