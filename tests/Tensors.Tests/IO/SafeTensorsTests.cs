using System.Buffers.Binary;
using System.Text;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static byte[] File(string header, int dataBytes) => File(Encoding.UTF8.GetBytes(header), new byte[dataBytes]);

    private static byte[] File(byte[] header, byte[] data)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    private static byte[] Written(IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    private static string Rejected(byte[] content) => Assert.Throws<DataFormatException>(() => SafeTensors.Parse(content, "w.safetensors")).Message;

    [Fact]
    public void ReadsAFileMadeByHand()
    {
        byte[] data = [0, 0, 128, 63, 0, 0, 0, 64, 1, 0];
        byte[] content = File("""{"flags":{"dtype":"BOOL","shape":[2],"data_offsets":[8,10]},"__metadata__":{"k":"v","é":""},"x":{"shape":[1,2],"dtype":"F32","data_offsets":[0,8]}}   """u8.ToArray(), data);

        SafeTensorsFile file = SafeTensors.Parse(content, "w.safetensors");

        Assert.Equal(["flags", "x"], file.Tensors.Keys);
        Assert.Equal("f32[1, 2]", file["x"].Spec.ToString());
        Assert.Equal([1f, 2f], file["x"].ToArray<float>());
        Assert.Equal([true, false], file["flags"].ToArray<bool>());
        Assert.Equal([new("k", "v"), new("é", "")], file.Metadata);
    }

    [Fact]
    public void WritesTheBytesOfTheFormat()
    {
        byte[] content = Written(
            [new("b", Tensor.Wrap([(byte)7], [1])), new("a.weight", Tensor.Wrap([1f, 2f], [2, 1]))],
            new Dictionary<string, string> { ["z"] = "é\"", ["step"] = "3" });

        const string Header = """{"__metadata__":{"step":"3","z":"é\""},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},"a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}""";
        byte[] header = Encoding.UTF8.GetBytes(Header);
        byte[] padded = [.. header, .. Enumerable.Repeat((byte)' ', -header.Length & 7)];
        Assert.Equal(File(padded, [0, 0, 128, 63, 0, 0, 0, 64, 7]), content);
    }

    [Fact]
    public void EveryTensorIsAligned()
    {
        var random = new Random(1);
        byte[] content = Written(Samples.AllTypes.Reverse().Select(t => new KeyValuePair<string, Tensor>(t.Name(), Samples.Random(random, t, [3]))));
        using var header = System.Text.Json.JsonDocument.Parse(content.AsMemory(8, (int)BinaryPrimitives.ReadInt64LittleEndian(content)));

        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(content) % 8);
        foreach (DType type in Samples.AllTypes)
            Assert.Equal(0, header.RootElement.GetProperty(type.Name()).GetProperty("data_offsets")[0].GetInt64() % type.Size());
    }

    [Fact]
    public void RoundTripsKeepEveryBit()
    {
        var random = new Random(2);
        for (int i = 0; i < 500; i++)
        {
            var tensors = new OrderedDictionary<string, Tensor>();
            for (int n = random.Next(6); n > 0; n--)
            {
                string name = $"{(char)random.Next(' ', '\u0300')}{random.Next()}";
                tensors.Add(name, Samples.Random(random, Samples.AllTypes[random.Next(8)], Samples.Shape(random)));
            }
            byte[] content = Written(tensors);

            SafeTensorsFile file = SafeTensors.Parse(content, "w.safetensors");

            Assert.Equal(tensors.Keys, file.Tensors.Keys);
            foreach ((string name, Tensor tensor) in tensors) Samples.AssertSame(tensor, file[name]);
            Assert.Equal(content, Written(file.Tensors, file.Metadata));
        }
    }

    [Fact]
    public void FilesRoundTrip()
    {
        string path = folder["w.safetensors"];
        Tensor big = Tensor.Wrap(Enumerable.Range(0, 700_001).ToArray(), [700_001]);
        Tensor view = Tensor.Wrap([1.0, 2, 3, 4, 5, 6], [2, 3]).T;
        SafeTensors.Write(path, [new("big", big), new("view", view), new("ones", Tensor.Ones([2, 2]))], new Dictionary<string, string> { ["a"] = "b" });

        SafeTensorsFile file = SafeTensors.Read(path);

        Assert.Equal(path, file.Name);
        Samples.AssertSame(big, file["big"]);
        Assert.Equal([1.0, 4, 2, 5, 3, 6], file["view"].ToArray<double>());
        Assert.Equal([1f, 1, 1, 1], file["ones"].ToArray<float>());
        Assert.Equal(["w.safetensors"], folder.Names);
        Assert.Equal("b", file.Metadata["a"]);
    }

    [Fact]
    public void UnknownTensorsAreNamed()
    {
        SafeTensorsFile file = SafeTensors.Parse(Written([new("a", Tensor.Wrap([1f], [])), new("b", Tensor.Wrap([1f], []))]), "w.safetensors");

        Assert.Equal("w.safetensors: no tensor 'c', the tensors are 'a', 'b'.", Assert.Throws<DataFormatException>(() => file["c"]).Message);
        Assert.Equal("w.safetensors: no tensor 'c', the tensors are none.", Assert.Throws<DataFormatException>(() => SafeTensors.Parse(Written([]), "w.safetensors")["c"]).Message);
    }

    [Fact]
    public void WrongNamesAreRefusedBeforeAnythingIsWritten()
    {
        Tensor x = Tensor.Wrap([1f], []);
        string refused(params KeyValuePair<string, Tensor>[] tensors) => Assert.Throws<ArgumentException>(() => SafeTensors.Write(folder["w"], tensors)).Message;

        Assert.StartsWith("safetensors: two tensors are named 'a'.", refused(new("a", x), new("a", x)), StringComparison.Ordinal);
        Assert.StartsWith("safetensors: __metadata__ cannot be the name of a tensor.", refused(new KeyValuePair<string, Tensor>("__metadata__", x)), StringComparison.Ordinal);
        Assert.Contains("holds half of a surrogate pair, which UTF-8 cannot express.", refused(new KeyValuePair<string, Tensor>("\uD800", x)), StringComparison.Ordinal);
        Assert.StartsWith("safetensors: 'a' has 65 axes, at most 64 are read.",
            refused(new KeyValuePair<string, Tensor>("a", Tensor.Wrap([1f], Enumerable.Repeat(1, 65).ToArray()))), StringComparison.Ordinal);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void MissingFilesAndFoldersAreNamed()
    {
        Assert.Equal("no/such.safetensors: no such file", Assert.Throws<FileNotFoundException>(() => SafeTensors.Read("no/such.safetensors")).Message);
        Assert.Equal($"{folder.Root}: is a folder, expected a safetensors file", Assert.Throws<IOException>(() => SafeTensors.Read(folder.Root)).Message);
    }

    private const string A = "w.safetensors: tensor 'a' ";

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[3,5],"data_offsets":[0,64]}}""", 64, A + "spans bytes 0 to 64, its shape [3, 5] of f32 needs 60.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3,5],"data_offsets":[0,60]}}""", 59, A + "spans bytes 0 to 60, the data has 59.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3,5],"data_offsets":[0,60]}}""", 61, "w.safetensors: the tensors end at byte 60, the data has 61.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", 8, "w.safetensors: bytes 0 to 4 of the data belong to no tensor.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}}""", 9,
        "w.safetensors: bytes 4 to 5 of the data belong to no tensor.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}}""", 7,
        "w.safetensors: tensor 'b' begins at byte 3, inside tensor 'a', which ends at 4.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 4,
        "w.safetensors: tensor 'b' begins at byte 0, inside tensor 'a', which ends at 4.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""", 4, A + "spans bytes 4 to 0, its shape [4] of u8 needs 4.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}""", 0,
        A + "spans bytes 9223372036854775807 to 9223372036854775807, the data has 0.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0,
        A + "has shape [4611686018427387904, 4], but lengths and their product must lie between 0 and 2147483591.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[2147483647,2147483647],"data_offsets":[0,8]}}""", 8,
        A + "has shape [2147483647, 2147483647], but lengths and their product must lie between 0 and 2147483591.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[65536,65536],"data_offsets":[0,0]}}""", 0,
        A + "has shape [65536, 65536], but lengths and their product must lie between 0 and 2147483591.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[268435456],"data_offsets":[0,2147483648]}}""", 8, A + "spans bytes 0 to 2147483648, the data has 8.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[-1],"data_offsets":[0,0]}}""", 0,
        "w.safetensors: expected a whole number from 0 to 9223372036854775807 at byte 37, got another number.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1.0],"data_offsets":[0,8]}}""", 8,
        "w.safetensors: expected a whole number from 0 to 9223372036854775807 at byte 37, got another number.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[18446744073709551616],"data_offsets":[0,8]}}""", 8,
        "w.safetensors: expected a whole number from 0 to 9223372036854775807 at byte 37, got another number.")]
    [InlineData("""{"a":{"dtype":"F64","shape":["1"],"data_offsets":[0,8]}}""", 8,
        "w.safetensors: expected a whole number from 0 to 9223372036854775807 at byte 37, got a string.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[[1]],"data_offsets":[0,8]}}""", 8,
        "w.safetensors: expected a whole number from 0 to 9223372036854775807 at byte 37, got a list.")]
    [InlineData("""{"a":{"dtype":"F64","shape":1,"data_offsets":[0,8]}}""", 8, "w.safetensors: expected a list at byte 36, got another number.")]
    [InlineData("""{"a":{"dtype":64,"shape":[1],"data_offsets":[0,8]}}""", 8, "w.safetensors: expected a string at byte 22, got another number.")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1,
        A + "has dtype 'F8_E4M3', expected one of F32, F64, I32, I64, U8, BOOL, F16, BF16.")]
    [InlineData("""{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, A + "has dtype 'f32', expected one of F32, F64, I32, I64, U8, BOOL, F16, BF16.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1],"data_offsets":[0]}}""", 8, A + "has 1 data_offsets, expected 2.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,4,8]}}""", 8, A + "has 3 data_offsets, expected 2.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1]}}""", 8, A + "has no data_offsets.")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,8]}}""", 8, A + "has no dtype.")]
    [InlineData("""{"a":{"dtype":"F64","data_offsets":[0,8]}}""", 8, A + "has no shape.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1],"shape":[2],"data_offsets":[0,8]}}""", 8, A + "has shape twice.")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8],"code":"x"}}""", 8, A + "has 'code', expected dtype, shape and data_offsets.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2,
        "w.safetensors: the header names 'a' twice.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2,
        "w.safetensors: the header names 'a' twice.")]
    [InlineData("""{"__metadata__":{"k":"1"},"__metadata__":{"k":"2"}}""", 0, "w.safetensors: the header names '__metadata__' twice.")]
    [InlineData("""{"__metadata__":{"k":"1","k":"2"}}""", 0, "w.safetensors: the metadata names 'k' twice.")]
    [InlineData("""{"__metadata__":{"k":1}}""", 0, "w.safetensors: expected a string at byte 29, got another number.")]
    [InlineData("""{"__metadata__":null}""", 0, "w.safetensors: expected an object at byte 24, got null.")]
    [InlineData("""{"a":[]}""", 0, "w.safetensors: expected an object at byte 13, got a list.")]
    [InlineData("""{"\uD800":{}}""", 0, "w.safetensors: the text at byte 9 holds half of a surrogate pair.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],}}""", 1, "w.safetensors: the header is not valid JSON after byte 60.")]
    [InlineData("""{"a" """, 0, "w.safetensors: the header is not valid JSON after byte 13.")]
    [InlineData("""{} {}""", 0, "w.safetensors: the header is not valid JSON after byte 11.")]
    [InlineData("""{/*c*/}""", 0, "w.safetensors: the header is not valid JSON after byte 9.")]
    [InlineData("""[]""", 0, "w.safetensors: the header must begin with '{', got byte 0x5B.")]
    [InlineData(""" {}""", 0, "w.safetensors: the header must begin with '{', got byte 0x20.")]
    [InlineData("", 0, "w.safetensors: the header must begin with '{', got nothing.")]
    [InlineData("""{"line\nbreak":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}""", 1,
        "w.safetensors: tensor 'line break' spans bytes 0 to 1, its shape [2] of u8 needs 2.")]
    public void AttacksAreRejected(string header, int dataBytes, string message) => Assert.Equal(message, Rejected(File(header, dataBytes)));

    [Theory]
    [InlineData(new byte[0], "w.safetensors: the file has 0 bytes, expected at least the 8 that give the length of its header.")]
    [InlineData(new byte[] { 2, 0, 0, 0, 0, 0, 0 }, "w.safetensors: the file has 7 bytes, expected at least the 8 that give the length of its header.")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255 }, "w.safetensors: the header claims 18446744073709551615 bytes, at most 100000000 are allowed.")]
    [InlineData(new byte[] { 1, 225, 245, 5, 0, 0, 0, 0 }, "w.safetensors: the header claims 100000001 bytes, at most 100000000 are allowed.")]
    [InlineData(new byte[] { 0, 225, 245, 5, 0, 0, 0, 0, 123, 125 }, "w.safetensors: the header claims 100000000 bytes, only 2 follow.")]
    [InlineData(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 123, 34, 0xFF }, "w.safetensors: the header is not valid UTF-8.")]
    public void BadLengthsAreRejected(byte[] content, string message) => Assert.Equal(message, Rejected(content));

    [Fact]
    public void OtherAttacks()
    {
        byte[] flags = File("""{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"""u8.ToArray(), [1, 2]);
        string rank = $$$"""{"a":{"dtype":"U8","shape":[{{{string.Join(',', Enumerable.Repeat('1', 65))}}}],"data_offsets":[0,1]}}""";
        string deep = $$"""{"a":{{new string('[', 1000)}}""";

        Assert.Equal("w.safetensors: tensor 'a' has byte 2 at element 1, a bool is 0 or 1.", Rejected(flags));
        Assert.Equal("w.safetensors: the list has more than 64 numbers at byte 164.", Rejected(File(rank, 1)));
        Assert.Equal("w.safetensors: expected an object at byte 13, got a list.", Rejected(File(deep, 0)));
    }
}
