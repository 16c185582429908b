namespace Engine.Tensors.Reference;

/// <summary>Places in a shape, as coordinates and as row-major positions.</summary>
internal static class RowMajorOrder
{
    /// <summary>The row-major position of coordinates.</summary>
    public static int Position(Shape shape, params ReadOnlySpan<int> at)
    {
        int position = 0;
        for (int axis = 0; axis < shape.Rank; axis++) position = (position * shape[axis]) + at[axis];
        return position;
    }

    /// <summary>The coordinates of a row-major position.</summary>
    public static int[] At(Shape shape, int position)
    {
        int[] at = new int[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            at[axis] = position % shape[axis];
            position /= shape[axis];
        }
        return at;
    }
}

/// <summary>A shape seen from one axis: element (o, i, n) is at (o * Length + i) * Inner + n.</summary>
internal readonly record struct AxisLines(int Outer, int Length, int Inner)
{
    public static AxisLines Along(Shape shape, int axis) => new(shape[..axis].Count, shape[axis], shape[(axis + 1)..].Count);

    public int Position(int outer, int i, int inner) => (((outer * Length) + i) * Inner) + inner;
}

/// <summary>Running totals, one per element of a result: in double precision for floating types, wrapping in 64 bits for integers.</summary>
internal sealed class Totals(int count)
{
    private readonly double[] floats = new double[count];
    private readonly long[] integers = new long[count];

    /// <summary>Adds an element to a total.</summary>
    public void Add(int total, ReferenceArray values, int position)
    {
        if (values.IsFloating) floats[total] += values.Float(position);
        else integers[total] = unchecked(integers[total] + values.Integer(position));
    }

    /// <summary>Rounds a total to the element type of a result and stores it.</summary>
    public void Store(int total, ReferenceArray result, int position)
    {
        if (result.IsFloating) result.Set(position, floats[total]);
        else result.Set(position, integers[total]);
    }

    /// <summary>Stores all totals in their order.</summary>
    public void Store(ReferenceArray result)
    {
        for (int i = 0; i < result.Count; i++) Store(i, result, i);
    }
}
