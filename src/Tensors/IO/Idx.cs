using System.Buffers.Binary;
using System.IO.Compression;

namespace Engine.Tensors.IO;

/// <summary>
/// The IDX format of the MNIST files: one array of u8, i32, f32 or f64, most significant byte first, plain or compressed with gzip.
/// Format: <c>http://yann.lecun.com/exdb/mnist</c>.
/// </summary>
public static class Idx
{
    private static readonly (byte Code, DType DType)[] Types = [(0x08, DType.U8), (0x0C, DType.I32), (0x0D, DType.F32), (0x0E, DType.F64)];

    /// <summary>Reads a file. Whether it is compressed is seen from its first bytes, not from its name.</summary>
    /// <param name="path">The file; error messages name it as it is given here.</param>
    /// <returns>The array, in host memory.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static Tensor Read(string path) => InputFile.Read(path, "an IDX file", Read);

    /// <summary>Reads the content of a file, plain or compressed, from memory.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="name">What error messages call the file.</param>
    /// <returns>The array, copied.</returns>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static Tensor Parse(ReadOnlySpan<byte> content, string name) => InputFile.Parse(content, name, Read);

    /// <summary>Writes a file, atomically (see <see cref="AtomicFile"/>); compressed when its name ends with <c>.gz</c>.</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="tensor">u8, i32, f32 or f64, of at most 64 axes, any layout and device.</param>
    /// <exception cref="DTypeException">The format does not have the element type.</exception>
    /// <exception cref="ShapeException">The tensor has more than 64 axes.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] header = Header(tensor.Spec);
        bool compress = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        AtomicFile.Write(path, stream =>
        {
            using Stream target = compress ? new GZipStream(stream, CompressionLevel.Optimal) : stream;
            Write(target, header, tensor);
        });
    }

    /// <summary>Writes the content of a file, uncompressed, to a stream.</summary>
    /// <param name="stream">Where the bytes go.</param>
    /// <param name="tensor">u8, i32, f32 or f64, of at most 64 axes, any layout and device.</param>
    /// <inheritdoc cref="Write(string, Tensor)" path="/exception"/>
    public static void Write(Stream stream, Tensor tensor) => Write(stream, Header(tensor.Spec), tensor);

    private static Tensor Read(Stream stream, string name) =>
        Gzip.Begins(stream) ? Gzip.Read(stream, name, Read) : Read(DataReader.Of(stream, name), name);

    private static Tensor Read(DataReader reader, string name)
    {
        Span<byte> start = stackalloc byte[4];
        int got = reader.Fill(start);
        if (got < 4) throw new DataFormatException($"{name}: has {got} bytes, an IDX file begins with 4 that give type and rank.");
        if (start[0] != 0 || start[1] != 0) throw new DataFormatException($"{name}: begins with bytes 0x{start[0]:X2} 0x{start[1]:X2}, an IDX file begins with two zeros.");
        byte code = start[2], rank = start[3];
        int type = Array.FindIndex(Types, t => t.Code == code);
        if (type < 0) throw new DataFormatException($"{name}: has element type 0x{code:X2}, expected {string.Join(", ", Types.Select(t => $"0x{t.Code:X2} ({t.DType.Name()})"))}.");
        DType dtype = Types[type].DType;

        byte[] sizes = new byte[4 * rank];
        got = reader.Fill(sizes);
        if (got < sizes.Length) throw new DataFormatException($"{name}: the lengths of {rank} axes take {sizes.Length} bytes, only {got} follow.");
        long[] lengths = new long[rank];
        for (int i = 0; i < rank; i++) lengths[i] = BinaryPrimitives.ReadUInt32BigEndian(sizes.AsSpan(4 * i));
        string where = $"{name}: the array";
        Shape shape = ShapeMath.Checked(lengths, dtype, where, out long bytes);
        if (reader.Remaining is { } left && left != bytes)
            throw new DataFormatException($"{where} has {left} bytes, its shape {shape} of {dtype.Name()} needs {bytes}.");
        HostStorage values = reader.ReadValues(dtype, bytes, bigEndian: true, where);
        if (reader.Remaining is null && !reader.AtEnd())
            throw new DataFormatException($"{where} has more than the {bytes} bytes that its shape {shape} of {dtype.Name()} needs.");
        return new(values, Layout.Contiguous(shape), Device.Cpu);
    }

    private static byte[] Header(TensorSpec spec)
    {
        int type = Array.FindIndex(Types, t => t.DType == spec.DType);
        if (type < 0) throw new DTypeException($"idx: the format has no {spec.DType.Name()}. Cast to u8, i32, f32 or f64 first.");
        if (spec.Shape.Rank > ShapeMath.MaxRank) throw new ShapeException($"idx: the tensor has {spec.Shape.Rank} axes, at most {ShapeMath.MaxRank} are read. Reshape it.");
        byte[] header = new byte[4 + (4 * spec.Shape.Rank)];
        header[2] = Types[type].Code;
        header[3] = (byte)spec.Shape.Rank;
        for (int i = 0; i < spec.Shape.Rank; i++) BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (4 * i)), spec.Shape[i]);
        return header;
    }

    private static void Write(Stream stream, byte[] header, Tensor tensor)
    {
        stream.Write(header);
        TensorBytes.Write(stream, tensor, bigEndian: true);
    }
}
