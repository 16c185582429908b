namespace Engine.Tensors;

/// <summary>Element-by-element reading of a layout on the host: the border where values leave the engine.</summary>
internal static class StridedCopy
{
    /// <summary>Copies the elements of a layout into row-major order.</summary>
    public static void ToRowMajor<T>(ReadOnlySpan<T> source, Layout layout, Span<T> destination)
    {
        ReadOnlySpan<int> lengths = layout.Shape.Lengths, strides = layout.Strides;
        Span<int> index = stackalloc int[lengths.Length];
        int position = layout.Offset;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = source[position];
            for (int axis = lengths.Length - 1; axis >= 0; axis--)
            {
                position += strides[axis];
                if (++index[axis] < lengths[axis]) break;
                position -= strides[axis] * lengths[axis];
                index[axis] = 0;
            }
        }
    }
}
