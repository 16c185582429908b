using System.Buffers.Binary;
using System.Text;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

public sealed class NpyTests : IDisposable
{
    private static readonly DType[] Types = [.. Samples.AllTypes.Where(t => t != DType.BF16)];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    internal static byte[] File(string header, byte[] data, int version = 1)
    {
        byte[] text = Encoding.Latin1.GetBytes(header), length = new byte[version == 1 ? 2 : 4];
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. data];
    }

    internal static byte[] Written(Tensor tensor)
    {
        using var stream = new MemoryStream();
        Npy.Write(stream, tensor);
        return stream.ToArray();
    }

    private static string Rejected(byte[] content) => Assert.Throws<DataFormatException>(() => Npy.Parse(content, "a.npy")).Message;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ReadsEveryVersion(int version)
    {
        Tensor x = Npy.Parse(File("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }  \n", [0, 0, 128, 63, 0, 0, 0, 64], version), "a.npy");

        Assert.Equal("f32[2, 1]", x.Spec.ToString());
        Assert.Equal([1f, 2], x.ToArray<float>());
    }

    [Fact]
    public void ReadsBigEndianAndFortranOrder()
    {
        Tensor big = Npy.Parse(File("{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }\n", [0, 0, 0, 1, 255, 255, 255, 254]), "a.npy");
        Tensor half = Npy.Parse(File("{'descr': '>f2', 'fortran_order': False, 'shape': (1,), }\n", [0x3C, 0]), "a.npy");
        Tensor wide = Npy.Parse(File("{'descr': '>f8', 'fortran_order': False, 'shape': (), }\n", [0x3F, 0xF0, 0, 0, 0, 0, 0, 0]), "a.npy");
        Tensor columns = Npy.Parse(File("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", [1, 4, 2, 5, 3, 6]), "a.npy");
        Tensor cube = Npy.Parse(File("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1, 2), }\n", [1, 3, 2, 4]), "a.npy");

        Assert.Equal([1, -2], big.ToArray<int>());
        Assert.Equal([(Half)1], half.ToArray<Half>());
        Assert.Equal(1.0, wide.ToScalar<double>());
        Assert.Equal([1, 2, 3, 4, 5, 6], columns.ToArray<byte>());
        Assert.Equal([1, 2, 3, 4], cube.ToArray<byte>());
    }

    [Theory]
    [InlineData("{\"shape\": (2,), \"fortran_order\": False, \"descr\": \"|b1\"}")]
    [InlineData("{'shape':(2,),'fortran_order':False,'descr':'|b1',}")]
    [InlineData(" { 'shape' : ( 2 , ) , 'fortran_order' : False , 'descr' : '<b1' , } ")]
    [InlineData("{'shape': (2L,), 'fortran_order': False, 'descr': '|b1'}")]
    public void HeadersMayBeSpelledDifferently(string header) => Assert.Equal([true, false], Npy.Parse(File(header, [1, 0]), "a.npy").ToArray<bool>());

    [Fact]
    public void WritesTheBytesOfTheFormat()
    {
        string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".PadRight(117) + "\n";

        Assert.Equal(File(header, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x80]), Written(Tensor.Wrap([1.0, -0.0], [2])));
        Assert.All(Types, t => Assert.Equal(t.Size(), Written(Tensor.Zeros([], t)).Length % 64));
    }

    [Fact]
    public void RoundTripsKeepEveryBit()
    {
        var random = new Random(3);
        for (int i = 0; i < 1000; i++)
        {
            Tensor x = Samples.Random(random, Types[i % Types.Length], Samples.Shape(random));
            byte[] content = Written(x);
            Tensor y = Npy.Parse(content, "a.npy");

            Samples.AssertSame(x, y);
            Assert.Equal(content, Written(y));
        }
    }

    [Fact]
    public void FilesRoundTrip()
    {
        Tensor x = Tensor.Wrap(Enumerable.Range(0, 700_000).Select(i => i * 0.5).ToArray(), [700, 1000]);
        Npy.Write(folder["x.npy"], x.T);

        Samples.AssertSame(x.T, Npy.Read(folder["x.npy"]));
        Assert.Equal(["x.npy"], folder.Names);
        Assert.Equal($"{folder.Root}: is a folder, expected an npy file", Assert.Throws<IOException>(() => Npy.Read(folder.Root)).Message);
    }

    [Fact]
    public void WhatTheFormatLacksIsRefused()
    {
        Assert.Equal("npy: the format has no bf16. Cast first: x.Cast(DType.F32).", Assert.Throws<DTypeException>(() => Npy.Write(folder["x"], Tensor.Zeros([1], DType.BF16))).Message);
        Assert.Equal("npy: the tensor has 65 axes, at most 64 are read. Reshape it.",
            Assert.Throws<ShapeException>(() => Npy.Write(folder["x"], Tensor.Zeros(Enumerable.Repeat(1, 65).ToArray()))).Message);
        Assert.Empty(folder.Names);
    }

    private const string Rest = ", 'fortran_order': False, 'shape': (2,)}";

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }", 64, "a.npy: the array has 64 bytes, its shape [3, 5] of f32 needs 60.")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }", 59, "a.npy: the array has 59 bytes, its shape [3, 5] of f32 needs 60.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }", 0, "a.npy: the array has 0 bytes, its shape [1000000000] of f64 needs 8000000000.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2147483648,), }", 0,
        "a.npy: the array has shape [2147483648], but lengths and their product must lie between 0 and 2147483591.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 0,
        "a.npy: the array has shape [4611686018427387904, 4], but lengths and their product must lie between 0 and 2147483591.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,), }", 0, "a.npy: the number at byte 61 is more than 9223372036854775807.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 0, "a.npy: expected a whole number at byte 61 of the header, got '-'.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2), }", 16, "a.npy: expected ',' at byte 62 of the header, got ')'.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': [2], }", 16, "a.npy: expected '(' at byte 60 of the header, got '['.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2 3), }", 16, "a.npy: expected ',' at byte 63 of the header, got '3'.")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3 4), }", 16, "a.npy: expected ')' at byte 66 of the header, got '4'.")]
    [InlineData("{'descr': '<f8', 'fortran_order': 0, 'shape': (2,), }", 16, "a.npy: expected True or False at byte 44 of the header, got '0'.")]
    [InlineData("{'descr': '|O'" + Rest, 16, "a.npy: has dtype '|O', expected one of f2, f4, f8, i4, i8, u1, b1 after < or >.")]
    [InlineData("{'descr': '<c8'" + Rest, 16, "a.npy: has dtype '<c8', expected one of f2, f4, f8, i4, i8, u1, b1 after < or >.")]
    [InlineData("{'descr': '|f4'" + Rest, 8, "a.npy: has dtype '|f4', expected one of f2, f4, f8, i4, i8, u1, b1 after < or >.")]
    [InlineData("{'descr': 'xxf4'" + Rest, 8, "a.npy: has dtype 'xxf4', expected one of f2, f4, f8, i4, i8, u1, b1 after < or >.")]
    [InlineData("{'descr': ''" + Rest, 8, "a.npy: has dtype '', expected one of f2, f4, f8, i4, i8, u1, b1 after < or >.")]
    [InlineData("{'descr': [('x', '<f4')]" + Rest, 8, "a.npy: expected a string at byte 20 of the header, got '['.")]
    [InlineData("{'descr': __import__('os')" + Rest, 8, "a.npy: expected a string at byte 20 of the header, got '_'.")]
    [InlineData("{'descr': '<f4', 'descr': '<f4'" + Rest, 8, "a.npy: the header has descr twice.")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", 8, "a.npy: the header has no shape.")]
    [InlineData("{'fortran_order': False, 'shape': (2,)}", 8, "a.npy: the header has no descr.")]
    [InlineData("{'descr': '<f4', 'shape': (2,)}", 8, "a.npy: the header has no fortran_order.")]
    [InlineData("{'descr': '<f4', 'code': 'x'" + Rest, 8, "a.npy: the header has 'code', expected descr, fortran_order and shape.")]
    [InlineData("{'descr': '<f4" + "}", 8, "a.npy: the string at byte 20 is never closed.")]
    [InlineData("{'descr': '<f4'" + Rest + "x", 8, "a.npy: expected the end at byte 65 of the header, got 'x'.")]
    [InlineData("{'descr' '<f4'" + Rest, 8, "a.npy: expected ':' at byte 19 of the header, got '''.")]
    [InlineData("{'descr': '<f4' 'shape'}", 8, "a.npy: expected '}' at byte 26 of the header, got '''.")]
    [InlineData("", 8, "a.npy: expected '{' at byte 10 of the header, got its end.")]
    [InlineData("\u0001", 8, "a.npy: expected '{' at byte 10 of the header, got byte 0x01.")]
    [InlineData("{'descr': '|b1'" + Rest, 2, "a.npy: the array has byte 7 at element 0, a bool is 0 or 1.")]
    public void AttacksAreRejected(string header, int dataBytes, string message) => Assert.Equal(message, Rejected(File(header, [.. Enumerable.Repeat((byte)7, dataBytes)])));

    [Fact]
    public void BadBeginningsAreRejected()
    {
        byte[] good = File("{}", []);

        Assert.Equal("a.npy: does not begin with the mark of an npy file.", Rejected([]));
        Assert.Equal("a.npy: does not begin with the mark of an npy file.", Rejected(good[..7]));
        Assert.Equal("a.npy: does not begin with the mark of an npy file.", Rejected("\x80\x04]q\0."u8.ToArray()));
        Assert.Equal("a.npy: has npy version 4.0, expected 1.0, 2.0 or 3.0.", Rejected([.. good[..6], 4, .. good[7..]]));
        Assert.Equal("a.npy: has npy version 1.1, expected 1.0, 2.0 or 3.0.", Rejected([.. good[..7], 1, .. good[8..]]));
        Assert.Equal("a.npy: ends inside the length of its header.", Rejected(good[..9]));
        Assert.Equal("a.npy: the header claims 4294967295 bytes, at most 10000 are read.", Rejected([.. good[..6], 2, 0, 255, 255, 255, 255]));
        Assert.Equal("a.npy: the header claims 10000 bytes, only 2 follow.", Rejected([.. good[..8], 16, 39, 1, 2]));
        Assert.Equal("a.npy: the array has 70 axes, a tensor has at most 64.",
            Rejected(File($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", Enumerable.Repeat(1, 70))})}}", new byte[4])));
    }
}
