namespace Engine.Tensors.Reference;

/// <summary>A row-major array of one element type. Every element is kept as its bits, so that moving an element changes nothing about it.</summary>
/// <param name="dtype">Element type.</param>
/// <param name="shape">Axis lengths.</param>
internal sealed class ReferenceArray(DType dtype, Shape shape)
{
    public DType DType { get; } = dtype;

    public Shape Shape { get; } = shape;

    /// <summary>The elements; zeros at first.</summary>
    public ulong[] Bits { get; } = new ulong[shape.Count];

    public int Count => Bits.Length;

    public bool IsFloating { get; } = dtype.IsFloating();

    /// <summary>The elements of a layout over a buffer of bits.</summary>
    public static ReferenceArray Read(ReadOnlySpan<ulong> buffer, DType dtype, Layout layout)
    {
        var values = new ReferenceArray(dtype, layout.Shape);
        StridedCopy.ToRowMajor(buffer, layout, values.Bits);
        return values;
    }

    /// <summary>An element of a floating type.</summary>
    public double Float(int position) => Rounding.ToFloat(Bits[position], DType);

    /// <summary>An element of an integer type or bool.</summary>
    public long Integer(int position) => Rounding.ToInteger(Bits[position], DType);

    /// <summary>Rounds a number to the element type and stores it.</summary>
    public void Set(int position, double value) => Bits[position] = Rounding.ToBits(value, DType);

    /// <summary>Wraps an integer to the element type and stores it.</summary>
    public void Set(int position, long value) => Bits[position] = Rounding.ToBits(value, DType);
}
