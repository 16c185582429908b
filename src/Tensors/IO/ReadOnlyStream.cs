namespace Engine.Tensors.IO;

/// <summary>A stream that is only read, front to back.</summary>
internal abstract class ReadOnlyStream : Stream
{
    public sealed override bool CanRead => true;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => false;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override int Read(Span<byte> buffer);

    public sealed override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public sealed override void Flush()
    {
    }

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>The next bytes of another stream, and no more of it. The last byte is handed out alone, so that <see cref="IsConsumed"/> tells whether a decoder needed it.</summary>
internal sealed class SectionStream(Stream stream, long length) : ReadOnlyStream
{
    private long left = length;

    /// <summary>True when every byte has been asked for. A decoder that found the end of its data before leaves this false.</summary>
    public bool IsConsumed => left == 0;

    public override int Read(Span<byte> buffer)
    {
        long most = left > 1 ? left - 1 : left;
        int got = stream.Read(buffer[..(int)Math.Min(buffer.Length, most)]);
        left -= got;
        return got;
    }
}

/// <summary>Passes bytes on and keeps their CRC-32 (the one of zip and gzip, polynomial 0xEDB88320).</summary>
internal sealed class Crc32Stream(Stream stream) : ReadOnlyStream
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    private uint state = uint.MaxValue;

    /// <summary>The checksum of the bytes read so far.</summary>
    public uint Checksum => ~state;

    public override int Read(Span<byte> buffer)
    {
        int got = stream.Read(buffer);
        foreach (byte b in buffer[..got]) state = Table[(byte)(state ^ b)] ^ (state >> 8);
        return got;
    }

    private static uint Entry(int index)
    {
        uint value = (uint)index;
        for (int bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
        return value;
    }
}
