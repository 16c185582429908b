namespace Engine.Tensors.IO;

/// <summary>The one place where lengths read from a file become a shape and a number of bytes. Nothing is allocated for a file before this has passed.</summary>
internal static class ShapeMath
{
    /// <summary>The most axes a tensor in a file may have, as in NumPy.</summary>
    public const int MaxRank = 64;

    /// <summary>The shape with these lengths and the bytes its elements take.</summary>
    /// <param name="lengths">Axis lengths as they stand in the file.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="where">What messages call the tensor: <c>weights.safetensors: tensor 'a'</c>.</param>
    /// <param name="bytes">Bytes of all elements.</param>
    /// <exception cref="DataFormatException">No tensor can have this shape.</exception>
    public static Shape Checked(ReadOnlySpan<long> lengths, DType dtype, string where, out long bytes)
    {
        if (lengths.Length > MaxRank) throw new DataFormatException($"{where} has {lengths.Length} axes, a tensor has at most {MaxRank}.");
        if (!TryBytes(lengths, dtype.Size(), out bytes))
        {
            throw new DataFormatException($"{where} has shape [{string.Join(", ", lengths.ToArray())}], "
                + $"but lengths and their product must lie between 0 and {Array.MaxLength}.");
        }
        int[] shape = new int[lengths.Length];
        for (int i = 0; i < shape.Length; i++) shape[i] = (int)lengths[i];
        return Shape.Create(shape);
    }

    /// <summary>The bytes that a shape takes; false when a length or the number of elements is negative or more than an array can hold.</summary>
    public static bool TryBytes(ReadOnlySpan<long> lengths, int elementSize, out long bytes)
    {
        long count = 1;
        bool empty = false, possible = true;
        foreach (long length in lengths)
        {
            possible &= length >= 0 && length <= Array.MaxLength;
            empty |= length == 0;
            // Held just above the limit once it passes it, the product never overflows; a later length of 0 still makes the tensor empty.
            if (possible && length > 0) count = Math.Min(count * length, Array.MaxLength + 1L);
        }
        possible &= empty || count <= Array.MaxLength;
        bytes = possible && !empty ? count * elementSize : 0;
        return possible;
    }
}
