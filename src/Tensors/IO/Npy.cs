namespace Engine.Tensors.IO;

/// <summary>
/// The npy format of NumPy: one array. Versions 1, 2 and 3 are read, in C and Fortran order and either byte order, with the types f2, f4, f8, i4, i8, u1 and b1;
/// version 1, C order, little endian is written. Pickled objects and structured types are never read.
/// Format: <c>https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html</c>.
/// </summary>
public static class Npy
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; error messages name it as it is given here.</param>
    /// <returns>The array, in host memory; one in Fortran order is a view with reversed strides.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static Tensor Read(string path) => InputFile.Read(path, "an npy file", Read);

    /// <summary>Reads the content of a file from memory.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="name">What error messages call the file.</param>
    /// <returns>The array, copied.</returns>
    /// <exception cref="DataFormatException">The content is not in the format, or holds an element type the engine does not have.</exception>
    public static Tensor Parse(ReadOnlySpan<byte> content, string name) => InputFile.Parse(content, name, Read);

    /// <summary>Writes a file, atomically (see <see cref="AtomicFile"/>).</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="tensor">Any shape of at most 64 axes, layout and device; any element type but bf16.</param>
    /// <exception cref="DTypeException">The tensor is bf16, which the format does not have.</exception>
    /// <exception cref="ShapeException">The tensor has more than 64 axes.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Tensor tensor)
    {
        byte[] header = NpyHeader.Format(tensor.Spec);
        AtomicFile.Write(path, stream => Write(stream, header, tensor));
    }

    /// <summary>Writes the content of a file to a stream.</summary>
    /// <param name="stream">Where the bytes go.</param>
    /// <param name="tensor">Any shape of at most 64 axes, layout and device; any element type but bf16.</param>
    /// <inheritdoc cref="Write(string, Tensor)" path="/exception"/>
    public static void Write(Stream stream, Tensor tensor) => Write(stream, NpyHeader.Format(tensor.Spec), tensor);

    /// <summary>Reads an array that fills the rest of a reader, whose length must be known or claimed.</summary>
    /// <param name="reader">The bytes.</param>
    /// <param name="where">What messages call them.</param>
    internal static Tensor Read(DataReader reader, string where)
    {
        NpyHeader header = NpyHeader.Read(reader, where);
        Shape shape = ShapeMath.Checked(header.Lengths, header.DType, $"{where}: the array", out long bytes);
        long left = reader.Remaining!.Value;
        if (left != bytes) throw new DataFormatException($"{where}: the array has {left} bytes, its shape {shape} of {header.DType.Name()} needs {bytes}.");
        HostStorage values = reader.ReadValues(header.DType, bytes, header.BigEndian, $"{where}: the array");
        return new(values, header.Fortran ? Fortran(shape) : Layout.Contiguous(shape), Device.Cpu);
    }

    private static Tensor Read(Stream stream, string name) => Read(DataReader.Of(stream, name), name);

    private static void Write(Stream stream, byte[] header, Tensor tensor)
    {
        stream.Write(header);
        TensorBytes.Write(stream, tensor);
    }

    /// <summary>Fortran order is row-major order of the axes turned around.</summary>
    private static Layout Fortran(Shape shape)
    {
        int[] lengths = shape.Lengths.ToArray(), order = new int[lengths.Length];
        Array.Reverse(lengths);
        for (int i = 0; i < order.Length; i++) order[i] = order.Length - 1 - i;
        return Layout.Contiguous(Shape.Create(lengths)).Permute(order);
    }
}
