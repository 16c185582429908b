using System.IO.Compression;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

public sealed class IdxTests : IDisposable
{
    private static readonly DType[] Types = [DType.U8, DType.I32, DType.F32, DType.F64];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    internal static byte[] Written(Tensor tensor)
    {
        using var stream = new MemoryStream();
        Idx.Write(stream, tensor);
        return stream.ToArray();
    }

    internal static byte[] Zipped(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal)) gzip.Write(content);
        return stream.ToArray();
    }

    private static string Rejected(params byte[] content) => Assert.Throws<DataFormatException>(() => Idx.Parse(content, "t.idx")).Message;

    [Fact]
    public void ReadsAFileMadeByHand()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];

        Assert.Equal("u8[2, 1, 2]", Idx.Parse(images, "t.idx").Spec.ToString());
        Assert.Equal([1, 2, 3, 255], Idx.Parse(images, "t.idx").ToArray<byte>());
        Assert.Equal([1, 2, 3, 255], Idx.Parse(Zipped(images), "t.idx").ToArray<byte>());
        Assert.Equal([1f], Idx.Parse([0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0x80, 0, 0], "t.idx").ToArray<float>());
        Assert.Equal(-2, Idx.Parse([0, 0, 0x0C, 0, 255, 255, 255, 254], "t.idx").ToScalar<int>());
        Assert.Equal(images, Written(Idx.Parse(images, "t.idx")));
    }

    [Fact]
    public void RoundTripsKeepEveryBit()
    {
        var random = new Random(4);
        for (int i = 0; i < 1000; i++)
        {
            Tensor x = Samples.Random(random, Types[i % 4], Samples.Shape(random));
            byte[] content = Written(x);

            Samples.AssertSame(x, Idx.Parse(content, "t.idx"));
            if (i % 10 == 0) Samples.AssertSame(x, Idx.Parse(Zipped(content), "t.idx"));
        }
    }

    [Fact]
    public void FilesRoundTripAndTheNameChoosesCompression()
    {
        Tensor x = Tensor.Wrap(Enumerable.Range(0, 200_000).ToArray(), [2, 100_000]);
        Idx.Write(folder["x.idx"], x);
        Idx.Write(folder["x.idx.gz"], x);

        Samples.AssertSame(x, Idx.Read(folder["x.idx"]));
        Samples.AssertSame(x, Idx.Read(folder["x.idx.gz"]));
        Assert.Equal(800_012, new FileInfo(folder["x.idx"]).Length);
        Assert.True(new FileInfo(folder["x.idx.gz"]).Length < 800_012);
    }

    [Fact]
    public void WhatTheFormatLacksIsRefused()
    {
        Assert.Equal("idx: the format has no i64. Cast to u8, i32, f32 or f64 first.", Assert.Throws<DTypeException>(() => Idx.Write(folder["x"], Tensor.Zeros([1], DType.I64))).Message);
        Assert.Equal("idx: the tensor has 65 axes, at most 64 are read. Reshape it.",
            Assert.Throws<ShapeException>(() => Idx.Write(folder["x"], Tensor.Zeros(Enumerable.Repeat(1, 65).ToArray()))).Message);
    }

    [Fact]
    public void AttacksAreRejected()
    {
        const string Types = "expected 0x08 (u8), 0x0C (i32), 0x0D (f32), 0x0E (f64).";

        Assert.Equal("t.idx: has 0 bytes, an IDX file begins with 4 that give type and rank.", Rejected());
        Assert.Equal("t.idx: has 3 bytes, an IDX file begins with 4 that give type and rank.", Rejected(0, 0, 8));
        Assert.Equal("t.idx: begins with bytes 0x01 0x00, an IDX file begins with two zeros.", Rejected(1, 0, 8, 0));
        Assert.Equal("t.idx: begins with bytes 0x00 0x02, an IDX file begins with two zeros.", Rejected(0, 2, 8, 0));
        Assert.Equal($"t.idx: has element type 0x09, {Types}", Rejected(0, 0, 9, 0, 1));
        Assert.Equal("t.idx: the lengths of 255 axes take 1020 bytes, only 1 follow.", Rejected(0, 0, 8, 255, 1));
        Assert.Equal("t.idx: the array has 65 axes, a tensor has at most 64.", Rejected([0, 0, 8, 65, .. new byte[4 * 65]]));
        Assert.Equal("t.idx: the array has 1 bytes, its shape [2] of u8 needs 2.", Rejected(0, 0, 8, 1, 0, 0, 0, 2, 1));
        Assert.Equal("t.idx: the array has 3 bytes, its shape [2] of u8 needs 2.", Rejected(0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3));
        Assert.Equal("t.idx: the array has 0 bytes, its shape [2130706432] of f64 needs 17045651456.", Rejected(0, 0, 14, 1, 127, 0, 0, 0));
        Assert.Equal("t.idx: the array has shape [4294967295, 4294967295], but lengths and their product must lie between 0 and 2147483591.",
            Rejected(0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255));
        Assert.Equal("t.idx: the array has shape [65536, 65536], but lengths and their product must lie between 0 and 2147483591.",
            Rejected(0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0));
    }

    [Fact]
    public void CompressedAttacksAreRejected()
    {
        byte[] good = Zipped([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]);
        byte[] changed(int at, byte value)
        {
            byte[] copy = [.. good];
            copy[at < 0 ? copy.Length + at : at] ^= value;
            return copy;
        }

        Assert.Equal("t.idx: the array has more than the 2 bytes that its shape [2] of u8 needs.", Rejected(Zipped([0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3])));
        Assert.Equal("t.idx: the array needs 2130706432 bytes, the data ends after 3.", Rejected(Zipped([0, 0, 8, 1, 127, 0, 0, 0, 1, 2, 3])));
        Assert.Equal("t.idx: has 0 bytes, an IDX file begins with 4 that give type and rank.", Rejected([.. good[..10], 3, 0, .. new byte[8]]));
        Assert.Equal("t.idx: the gzip file is cut off after 2 bytes.", Rejected(good[..2]));
        Assert.Equal("t.idx: the gzip file is cut off after 17 bytes.", Rejected(good[..17]));
        Assert.Equal("t.idx: the gzip file has method 7 and flags 0x00, expected method 8 and no flag above 0x1F.", Rejected(changed(2, 15)));
        Assert.Equal("t.idx: the gzip file has method 8 and flags 0x20, expected method 8 and no flag above 0x1F.", Rejected(changed(3, 0x20)));
        Assert.Equal("t.idx: the gzip file is cut off after 31 bytes.", Rejected(changed(3, 4)).Replace($"{good.Length}", "31", StringComparison.Ordinal));
        Assert.StartsWith("t.idx: the gzip file is damaged: its checksum is ", Rejected(changed(-6, 1)), StringComparison.Ordinal);
        Assert.Equal("t.idx: the gzip file is damaged: it holds 11 bytes, its end says 10.", Rejected(changed(-4, 1)));
        // Only the trailer is cut: the array is all there, but nothing vouches for it.
        Assert.StartsWith("t.idx: ", Rejected(good[..^1]), StringComparison.Ordinal);
        Assert.StartsWith("t.idx: ", Rejected(good[..^8]), StringComparison.Ordinal);
        Assert.Equal("t.idx: the gzip file goes on after the end of its compressed data.", Rejected([.. good, .. good]));
    }

    [Fact]
    public void TheOptionalPartsOfACompressedFileAreSkipped()
    {
        byte[] good = Zipped([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]);
        byte[] full = [.. good[..3], 2 | 4 | 8 | 16, .. good[4..10], 3, 0, 9, 9, 9, .. "name\0comment\0"u8, 0, 0, .. good[10..]];

        Assert.Equal([1, 2, 3], Idx.Parse(full, "t.idx").ToArray<byte>());
    }
}
