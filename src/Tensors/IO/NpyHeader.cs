using System.Buffers.Binary;
using System.Text;

namespace Engine.Tensors.IO;

/// <summary>The header of an npy file: element type, byte order, order of the axes, and lengths.</summary>
internal readonly record struct NpyHeader(DType DType, bool BigEndian, bool Fortran, long[] Lengths)
{
    /// <summary>The longest header that is read, as in NumPy.</summary>
    private const int MaxBytes = 10_000;

    private static readonly (string Name, DType DType)[] Types =
    [
        ("f2", DType.F16), ("f4", DType.F32), ("f8", DType.F64), ("i4", DType.I32), ("i8", DType.I64), ("u1", DType.U8), ("b1", DType.Bool),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the magic number, the version and the header; the reader is then at the first byte of the data.</summary>
    public static NpyHeader Read(DataReader reader, string where)
    {
        Span<byte> start = stackalloc byte[8];
        if (reader.Fill(start) < 8 || !start.StartsWith(Magic)) throw new DataFormatException($"{where}: does not begin with the mark of an npy file.");
        (int major, int minor) = (start[6], start[7]);
        if (major is < 1 or > 3 || minor != 0) throw new DataFormatException($"{where}: has npy version {major}.{minor}, expected 1.0, 2.0 or 3.0.");

        Span<byte> size = stackalloc byte[major == 1 ? 2 : 4];
        if (reader.Fill(size) < size.Length) throw new DataFormatException($"{where}: ends inside the length of its header.");
        uint length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (length > MaxBytes) throw new DataFormatException($"{where}: the header claims {length} bytes, at most {MaxBytes} are read.");
        int offset = (int)reader.Position;
        byte[] text = new byte[length];
        int got = reader.Fill(text);
        if (got < text.Length) throw new DataFormatException($"{where}: the header claims {length} bytes, only {got} follow.");

        (string descr, bool fortran, long[] lengths) = new NpyDictionary(text, offset, where).Read();
        foreach ((string name, DType dtype) in Types)
        {
            // Of a single byte the order does not matter, and NumPy marks it so.
            if (descr.Length == 3 && descr.EndsWith(name, StringComparison.Ordinal) && (descr[0] is '<' or '>' || (descr[0] == '|' && dtype.Size() == 1)))
                return new(dtype, descr[0] == '>', fortran, lengths);
        }
        throw new DataFormatException($"{where}: has dtype {Quoting.Quoted(descr)}, expected one of {string.Join(", ", Types.Select(t => t.Name))} after < or >.");
    }

    /// <summary>The bytes before the data, as NumPy writes them: their number is a multiple of 64.</summary>
    public static byte[] Format(TensorSpec spec)
    {
        if (spec.DType == DType.BF16) throw new DTypeException("npy: the format has no bf16. Cast first: x.Cast(DType.F32).");
        if (spec.Shape.Rank > ShapeMath.MaxRank) throw new ShapeException($"npy: the tensor has {spec.Shape.Rank} axes, at most {ShapeMath.MaxRank} are read. Reshape it.");
        string name = Array.Find(Types, t => t.DType == spec.DType).Name;
        string order = spec.DType.Size() == 1 ? "|" : "<";
        string lengths = string.Join(", ", spec.Shape.Lengths.ToArray()) + (spec.Shape.Rank == 1 ? "," : "");
        string text = $"{{'descr': '{order}{name}', 'fortran_order': False, 'shape': ({lengths}), }}";
        const int Before = 10;
        int total = (Before + text.Length + 1 + 63) / 64 * 64;
        byte[] header = new byte[total];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(total - Before));
        Encoding.ASCII.GetBytes(text.PadRight(total - Before - 1) + "\n", header.AsSpan(Before));
        return header;
    }
}
