using Engine.Tensors;

namespace Engine.Checks;

/// <summary>A plain array of doubles with a shape, row-major: what references compute with. Integers and truth values are held as numbers.</summary>
public sealed class Grid
{
    private readonly double[] values;

    /// <summary>An array over the values.</summary>
    /// <exception cref="ArgumentException">The shape holds another number of elements.</exception>
    public Grid(Shape shape, double[] values)
    {
        if (shape.Count != values.Length) throw new ArgumentException($"grid: {values.Length} values do not fill {shape}.");
        Shape = shape;
        this.values = values;
    }

    /// <summary>Axis lengths.</summary>
    public Shape Shape { get; }

    /// <summary>Number of axes.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The values, row-major.</summary>
    public ReadOnlySpan<double> Values => values;

    /// <summary>One element.</summary>
    public double this[params ReadOnlySpan<int> index]
    {
        get
        {
            int at = 0;
            for (int axis = 0; axis < index.Length; axis++) at = (at * Shape[axis]) + index[axis];
            return values[at];
        }
    }

    /// <summary>An array whose elements are a function of their index. The index array is reused from call to call.</summary>
    public static Grid Build(Shape shape, Func<int[], double> element)
    {
        double[] values = new double[shape.Count];
        int next = 0;
        foreach (int[] index in Indices(shape)) values[next++] = element(index);
        return new(shape, values);
    }

    /// <summary>Every index of a shape in row-major order, in one array that is reused.</summary>
    public static IEnumerable<int[]> Indices(Shape shape)
    {
        int[] index = new int[shape.Rank];
        for (int n = shape.Count; n > 0; n--)
        {
            yield return index;
            for (int axis = shape.Rank - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) index[axis] = 0;
        }
    }

    /// <summary>The elements of a tensor of any type.</summary>
    public static Grid Of(Tensor tensor) => new(tensor.Shape, TypedValues.Read(tensor));
}
