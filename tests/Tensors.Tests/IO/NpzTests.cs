using System.Buffers.Binary;
using System.IO.Compression;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

public sealed class NpzTests : IDisposable
{
    private static readonly byte[] One = NpyTests.Written(Tensor.Wrap([1f], [1]));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    internal static byte[] Written(IEnumerable<KeyValuePair<string, Tensor>> tensors, bool compress = false)
    {
        using var stream = new MemoryStream();
        Npz.Write(stream, tensors, compress);
        return stream.ToArray();
    }

    private static string Rejected(byte[] content) => Assert.Throws<DataFormatException>(() => Npz.Parse(content, "a.npz")).Message;

    private static string Rejected(ZipBuilder zip) => Rejected(zip.Build());

    private static void Put(byte[] entry, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(at), value);

    [Fact]
    public void ReadsStoredAndDeflatedEntries()
    {
        byte[] content = new ZipBuilder().Add("b.npy", One).Add("folder/a.npy", One, deflate: true).Build();

        IReadOnlyDictionary<string, Tensor> tensors = Npz.Parse(content, "a.npz");

        Assert.Equal(["b", "folder/a"], tensors.Keys);
        Assert.Equal([1f], tensors["b"].ToArray<float>());
        Assert.Equal([1f], tensors["folder/a"].ToArray<float>());
        Assert.Empty(Npz.Parse(new ZipBuilder().Build(), "a.npz"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RoundTripsKeepEveryBit(bool compress)
    {
        var random = new Random(5);
        for (int i = 0; i < 200; i++)
        {
            var tensors = new OrderedDictionary<string, Tensor>();
            for (int n = random.Next(5); n > 0; n--) tensors.Add($"é/{random.Next()}:0", Samples.Random(random, Samples.AllTypes[random.Next(7)], Samples.Shape(random)));
            byte[] content = Written(tensors, compress);
            IReadOnlyDictionary<string, Tensor> read = Npz.Parse(content, "a.npz");

            Assert.Equal(tensors.Keys, read.Keys);
            foreach ((string name, Tensor tensor) in tensors) Samples.AssertSame(tensor, read[name]);
            Assert.Equal(content, Written(read, compress));
        }
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.NoCompression)]
    public void ReadsWhatAnotherWriterMakesWithoutSeeking(CompressionLevel level)
    {
        using var stream = new MemoryStream();
        using (var forward = new ForwardStream(stream))
        using (var archive = new ZipArchive(forward, ZipArchiveMode.Create))
        {
            using Stream entry = archive.CreateEntry("x.npy", level).Open();
            entry.Write(One);
        }

        Assert.Equal([1f], Npz.Parse(stream.ToArray(), "a.npz")["x"].ToArray<float>());
    }

    [Fact]
    public void FilesRoundTrip()
    {
        Tensor x = Tensor.Wrap(Enumerable.Range(0, 300_000).ToArray(), [300, 1000]);
        Npz.Write(folder["x.npz"], [new("x", x), new("y", x.T)], compress: true);

        IReadOnlyDictionary<string, Tensor> read = Npz.Read(folder["x.npz"]);

        Samples.AssertSame(x, read["x"]);
        Samples.AssertSame(x.T, read["y"]);
        Assert.Equal(["x.npz"], folder.Names);
    }

    [Fact]
    public void WrongNamesAreRefusedBeforeAnythingIsWritten()
    {
        Tensor x = Tensor.Wrap([1f], []);
        string refused(params string[] names) =>
            Assert.Throws<ArgumentException>(() => Npz.Write(folder["x"], names.Select(n => new KeyValuePair<string, Tensor>(n, x)))).Message;

        Assert.StartsWith("npz: two tensors are named 'a'.", refused("a", "a"), StringComparison.Ordinal);
        Assert.StartsWith("npz: '' has no name.", refused(""), StringComparison.Ordinal);
        Assert.StartsWith("npz: '/a' is an absolute path or one of another system.", refused("/a"), StringComparison.Ordinal);
        Assert.StartsWith("npz: 'a/../b' leads out of its folder.", refused("a/../b"), StringComparison.Ordinal);
        Assert.Throws<DTypeException>(() => Npz.Write(folder["x"], [new("a", Tensor.Zeros([1], DType.BF16))]));
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("/etc/x.npy", "a.npz: entry '/etc/x.npy' is an absolute path or one of another system.")]
    [InlineData("C:x.npy", "a.npz: entry 'C:x.npy' is an absolute path or one of another system.")]
    [InlineData("a\\x.npy", "a.npz: entry 'a\\x.npy' is an absolute path or one of another system.")]
    [InlineData("../x.npy", "a.npz: entry '../x.npy' leads out of its folder.")]
    [InlineData("x.txt", "a.npz: entry 'x.txt' is no npy file.")]
    [InlineData("folder/", "a.npz: entry 'folder/' is no npy file.")]
    [InlineData(".npy", "a.npz: entry '.npy' has no name.")]
    public void NamesAreChecked(string name, string message) => Assert.Equal(message, Rejected(new ZipBuilder().Add(name, One)));

    [Fact]
    public void ArchiveAttacksAreRejected()
    {
        byte[] good = new ZipBuilder().Add("x.npy", One).Build();
        static ZipBuilder changed(Action<byte[]> change) => new ZipBuilder { ChangeEntry = change }.Add("x.npy", One);

        Assert.Equal("a.npz: is no zip archive: it does not end with a directory.", Rejected([]));
        Assert.Equal("a.npz: is no zip archive: it does not end with a directory.", Rejected(good[..^1]));
        Assert.Equal("a.npz: is no zip archive: it does not end with a directory.", Rejected([.. good, 0]));
        Assert.Equal("a.npz: two entries are named 'x.npy'.", Rejected(new ZipBuilder().Add("x.npy", One).Add("x.npy", One)));
        Assert.Equal("a.npz: the archive claims 65535 entries, at most 10000 are read.", Rejected(new ZipBuilder { CountError = 65535 }));
        Assert.Equal("a.npz: entry 1 of the directory is cut off or damaged at byte 218.", Rejected(new ZipBuilder { CountError = 1 }.Add("x.npy", One)));
        Assert.Equal("a.npz: the directory has 51 bytes, its 0 entries take 0.", Rejected(new ZipBuilder { CountError = -1 }.Add("x.npy", One)));
        Assert.Equal("a.npz: the directory claims 51 bytes from byte 167, expected it to end at byte 217.", Rejected([.. good[..166], .. good[167..]]));
        Assert.Equal("a.npz: entry 'x.npy' is encrypted.", Rejected(changed(e => e[8] = 1)));
        Assert.Equal("a.npz: entry 'x.npy' has compression method 12, expected 0 (stored) or 8 (deflate).", Rejected(new ZipBuilder().Add("x.npy", One, method: 12)));
        Assert.Equal("a.npz: entry 'x.npy' is stored, but claims 132 bytes in the archive and 133 outside.", Rejected(changed(e => Put(e, 24, 133))));
        Assert.Equal("a.npz: entry 'x.npy' claims 133 bytes from byte 35, the directory begins at byte 167.",
            Rejected(changed(e =>
            {
                Put(e, 20, 133);
                Put(e, 24, 133);
            })));
        Assert.Equal("a.npz: entry 'x.npy' claims to begin at byte 4294967294, the directory begins at byte 167.", Rejected(changed(e => Put(e, 42, 0xFFFFFFFE))));
        Assert.Equal("a.npz: entry 'x.npy' has no header of that name at byte 1.", Rejected(changed(e => Put(e, 42, 1))));
        Assert.Equal("a.npz: entry 'y.npy' has no header of that name at byte 0.", Rejected(changed(e => e[46] = (byte)'y')));
        Assert.Equal("a.npz: entry 'x.npy' has no zip64 field for the sizes it leaves out.", Rejected(changed(e => Put(e, 20, uint.MaxValue))));
        Assert.Equal("a.npz: the name of entry 0 is not valid UTF-8.", Rejected(changed(e => e[46] = 0xFF)));
        Assert.StartsWith("a.npz: entry 'x.npy' is damaged: its checksum is ", Rejected(changed(e => e[16] ^= 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void EntriesThatShareBytesAreRejected()
    {
        // Two directory entries over one header: the shape of an archive that inflates to far more than it holds.
        var zip = new ZipBuilder();
        zip.Add("x.npy", One);
        zip.ChangeEntry = e => Put(e, 42, 0);
        zip.Add("x.npy", One);

        Assert.Equal("a.npz: entries 'x.npy' and 'x.npy' overlap: one ends at byte 167, the other begins at byte 0.", Rejected(zip));
    }

    [Fact]
    public void ContentAttacksAreRejected()
    {
        byte[] huge = NpyTests.File("{'descr': '<f8', 'fortran_order': False, 'shape': (500000000,)}", []), zeros = new byte[1 << 20];
        byte[] half = NpyTests.File("{'descr': '|u1', 'fortran_order': False, 'shape': (2000000,)}", zeros);

        Assert.Equal("a.npz: entry 'x.npy': the array has 0 bytes, its shape [500000000] of f64 needs 4000000000.", Rejected(new ZipBuilder().Add("x.npy", huge)));
        Assert.Equal("a.npz: entry 'x.npy': the array has 0 bytes, its shape [500000000] of f64 needs 4000000000.", Rejected(new ZipBuilder().Add("x.npy", huge, deflate: true)));
        Assert.Equal("a.npz: entry 'x.npy': the array needs 4000000000 bytes, the data ends after 0.",
            Rejected(new ZipBuilder().Add("x.npy", huge, deflate: true, size: (uint)huge.Length + 4_000_000_000)));
        Assert.Equal("a.npz: entry 'x.npy': the array needs 2000000 bytes, the data ends after 1048576.",
            Rejected(new ZipBuilder().Add("x.npy", half, deflate: true, size: (uint)(half.Length + 2_000_000 - zeros.Length))));
        Assert.Equal("a.npz: entry 'x.npy' holds more than the 132 bytes it claims.", Rejected(new ZipBuilder().Add("x.npy", [.. One, 0], deflate: true, size: 132)));
        Assert.Equal("a.npz: entry 'x.npy' goes on after the end of its compressed data.",
            Rejected(new ZipBuilder().Add("x.npy", One, deflate: true, raw: [.. ZipBuilder.Deflate(One), 0])));
        Assert.Equal("a.npz: entry 'x.npy': the compressed data is damaged after byte 0 of what it holds.",
            Rejected(new ZipBuilder().Add("x.npy", One, deflate: true, raw: [0xFF, 0xFF, 0xFF, 0xFF])));
        Assert.Equal("a.npz: entry 'x.npy': does not begin with the mark of an npy file.", Rejected(new ZipBuilder().Add("x.npy", [])));
    }

    /// <summary>A writer over it has to put sizes behind the data instead of before.</summary>
    private sealed class ForwardStream(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
