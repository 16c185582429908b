using System.Buffers.Binary;
using Engine.Tensors.IO;
using Xunit.Abstractions;

namespace Engine.Tensors.Tests.IO;

/// <summary>
/// Valid files, damaged at random: each is read, or refused with the one allowed exception. Beside its own bytes an input costs at most 64 KiB, and 16 bytes per value that is read.
/// </summary>
public sealed class FormatFuzzTests(ITestOutputHelper output)
{
    private const int Inputs = 20_000;

    private static readonly byte[] Interesting = [0, 1, 2, 0x7F, 0x80, 0xFF, (byte)'{', (byte)'}', (byte)'"', (byte)'\'', (byte)'(', (byte)')', (byte)',', (byte)'9', (byte)'-', (byte)'\\'];

    [Fact]
    public void SafeTensorsFiles()
    {
        var random = new Random(11);
        byte[][] seeds = [.. Enumerable.Range(0, 40).Select(i =>
        {
            using var stream = new MemoryStream();
            SafeTensors.Write(stream, Some(random, Samples.AllTypes), i % 2 == 0 ? null : new Dictionary<string, string> { ["step"] = "17", ["é"] = "x" });
            return stream.ToArray();
        })];
        Fuzz(random, seeds, RepairLength, content => SafeTensors.Parse(content, "f").Tensors.Values);
    }

    [Fact]
    public void NpyFiles()
    {
        var random = new Random(12);
        byte[][] seeds =
        [
            .. Enumerable.Range(0, 40).Select(_ => NpyTests.Written(Sample(random, Samples.AllTypes[..7]))),
            NpyTests.File("{'descr': '>f8', 'fortran_order': True, 'shape': (2, 1), }", new byte[16], 2),
            NpyTests.File("{'shape': (), 'descr': \"|b1\", 'fortran_order': False}", new byte[1], 3),
        ];
        Fuzz(random, seeds, content => content, content => [Npy.Parse(content, "f")]);
    }

    [Fact]
    public void NpzFiles()
    {
        var random = new Random(13);
        byte[][] seeds = [.. Enumerable.Range(0, 40).Select(i => NpzTests.Written(Some(random, Samples.AllTypes[..7]), compress: i % 2 == 0))];
        Fuzz(random, seeds, content => content, content => Npz.Parse(content, "f").Values);
    }

    [Fact]
    public void ArraysInsideNpzFiles()
    {
        // Damage before compression, under a checksum that holds: it reaches the array reader.
        var random = new Random(14);
        byte[][] seeds = [.. Enumerable.Range(0, 40).Select(_ => NpyTests.Written(Sample(random, Samples.AllTypes[..7])))];
        Fuzz(random, seeds, content => new ZipBuilder().Add("x.npy", content, random.Next(2) == 0).Build(), content => Npz.Parse(content, "f").Values);
    }

    [Fact]
    public void IdxFiles()
    {
        var random = new Random(15);
        DType[] types = [DType.U8, DType.I32, DType.F32, DType.F64];
        byte[][] plain = [.. Enumerable.Range(0, 40).Select(_ => IdxTests.Written(Sample(random, types)))];
        Fuzz(random, [.. plain, .. plain.Select(IdxTests.Zipped)], content => content, content => [Idx.Parse(content, "f")]);
    }

    [Fact]
    public void ArraysInsideCompressedIdxFiles()
    {
        var random = new Random(16);
        byte[][] seeds = [.. Enumerable.Range(0, 40).Select(_ => IdxTests.Written(Sample(random, [DType.U8, DType.I32])))];
        Fuzz(random, seeds, IdxTests.Zipped, content => [Idx.Parse(content, "f")]);
    }

    private void Fuzz(Random random, byte[][] seeds, Func<byte[], byte[]> finish, Func<byte[], IEnumerable<Tensor>> parse)
    {
        int accepted = 0;
        long most = 0;
        foreach (byte[] seed in seeds) Assert.NotNull(Attempt(finish(seed)));
        Attempt([]);
        for (int i = 0; i < Inputs; i++)
        {
            byte[] content = finish(Damage(random, seeds));
            long beside = Cost(content, out Tensor[]? read);
            long allowed = 65536 + (16L * (read?.Sum(t => (long)t.Count) ?? 0));
            most = Math.Max(most, beside);
            Assert.True(beside <= allowed, $"input {i} of {content.Length} bytes cost {beside} more, {allowed} are allowed: {Convert.ToHexString(content)}");
            if (read is null) continue;
            accepted++;
            foreach (Tensor tensor in read) Assert.Equal(tensor.Count * tensor.DType.Size(), Samples.ToBytes(tensor).Length);
        }
        output.WriteLine($"{Inputs} inputs, {accepted} accepted, at most {most} bytes allocated beside an input");
        Assert.InRange(accepted, 1, Inputs - (Inputs / 4));

        // What reading allocates; what looking at the message allocates does not count.
        long Cost(byte[] content, out Tensor[]? read)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            (read, string? refusal) = Read(content);
            long cost = GC.GetAllocatedBytesForCurrentThread() - before - content.Length;
            if (refusal is not null) CheckMessage(refusal);
            return cost;
        }

        Tensor[]? Attempt(byte[] content)
        {
            (Tensor[]? read, string? refusal) = Read(content);
            if (refusal is not null) CheckMessage(refusal);
            return read;
        }

        // The tensors, or why the input is refused.
        (Tensor[]?, string?) Read(byte[] content)
        {
            try
            {
                return ([.. parse(content)], null);
            }
            catch (DataFormatException e)
            {
                return (null, e.Message);
            }
        }
    }

    private static void CheckMessage(string message)
    {
        Assert.StartsWith("f: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static byte[] Damage(Random random, byte[][] seeds)
    {
        List<byte> content = [.. seeds[random.Next(seeds.Length)]];
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(content.Count + 1), length = Math.Min(random.Next(1, 9), content.Count - at);
            switch (random.Next(9))
            {
                case 0 when length > 0:
                    content[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when length > 0:
                    content[at] = Interesting[random.Next(Interesting.Length)];
                    break;
                case 2:
                    content.Insert(at, Interesting[random.Next(Interesting.Length)]);
                    break;
                case 3:
                    content.RemoveRange(at, length);
                    break;
                case 4:
                    content.RemoveRange(at, content.Count - at);
                    break;
                case 5:
                    content.InsertRange(at, content.GetRange(at, length));
                    break;
                case 6:
                    byte[] other = seeds[random.Next(seeds.Length)];
                    int from = random.Next(other.Length);
                    content.InsertRange(at, other[from..Math.Min(other.Length, from + 40)]);
                    break;
                case 7:
                    byte[] number = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(number, random.Next(4) switch { 0 => -1, 1 => int.MaxValue, 2 => uint.MaxValue, _ => 1L << random.Next(63) });
                    for (int i = 0; i < length; i++) content[at + i] = number[i];
                    break;
                default:
                    ChangeDigit(random, content);
                    break;
            }
        }
        return [.. content];
    }

    private static void ChangeDigit(Random random, List<byte> content)
    {
        int at = content.FindIndex(random.Next(content.Count + 1), b => b is >= (byte)'0' and <= (byte)'9');
        if (at >= 0) content[at] = (byte)('0' + random.Next(10));
    }

    /// <summary>Most damage changes the length of a safetensors header; with the length put right it reaches the header itself.</summary>
    private static byte[] RepairLength(byte[] content)
    {
        int end = content.AsSpan().LastIndexOf("}}"u8);
        if (content.Length % 3 == 0 || end < 8) return content;
        while ((end + 2) % 8 != 0 && end + 2 < content.Length && content[end + 2] == ' ') end++;
        BinaryPrimitives.WriteInt64LittleEndian(content, end + 2 - 8);
        return content;
    }

    private static Tensor Sample(Random random, DType[] types) => Samples.Random(random, types[random.Next(types.Length)], Samples.Shape(random));

    private static KeyValuePair<string, Tensor>[] Some(Random random, DType[] types) =>
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => new KeyValuePair<string, Tensor>($"layer.{i}", Sample(random, types)))];
}
