namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Indices (i64) that sort x along an axis: ascending, or descending. Equal elements keep their order either way; a NaN counts as greatest, -0 as equal to +0.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="descending">True for the greatest first.</param>
    public static Tensor ArgSort(Tensor x, int axis = -1, bool descending = false) => Order(x, x.Shape.Normalize(axis, "argSort"), descending, "argSort");

    /// <summary>
    /// The elements of x in order along an axis: ascending, or descending. Equal elements keep their order either way; a NaN counts as greatest, -0 as equal to +0.
    /// The derivative is that of the permutation, so among equal elements each has its own place.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="descending">True for the greatest first.</param>
    public static Tensor Sort(Tensor x, int axis = -1, bool descending = false)
    {
        int at = x.Shape.Normalize(axis, "sort");
        return Gather(x, Order(x, at, descending, "sort"), at);
    }

    /// <summary>
    /// The count greatest elements along an axis, greatest first, or the least, least first, and their indices (i64). Of equal elements the first comes first; a NaN
    /// counts as greatest. The derivative goes to the elements chosen.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="count">How many; at most the length of the axis.</param>
    /// <param name="axis">The axis, which gets this length.</param>
    /// <param name="largest">False for the least elements.</param>
    /// <exception cref="ShapeException">The axis has fewer elements.</exception>
    public static (Tensor Values, Tensor Indices) TopK(Tensor x, int count, int axis = -1, bool largest = true)
    {
        int at = x.Shape.Normalize(axis, "topK");
        if (count < 0 || count > x.Shape[at])
            throw new ShapeException($"topK: {count} elements cannot be chosen along axis {at} of {x.Shape}, which is {x.Shape[at]}. Ask for 0 to {x.Shape[at]}.");
        Tensor indices = Narrow(Order(x, at, largest, "topK"), at, 0, count);
        return (Gather(x, indices, at), indices);
    }

    private static Tensor Order(Tensor x, int axis, bool descending, string name)
    {
        var order = new ArgSortOp(axis, name);
        // Turned around before and after, a stable ascending order is a stable descending one.
        return descending ? x.Shape[axis] - 1.0 - Flip(order.Apply(Flip(x, axis)), axis) : order.Apply(x);
    }

    /// <summary>Checks that an operand holds numbers of any width.</summary>
    private static void RequireNumbers(string op, Tensor x)
    {
        if (x.DType == DType.Bool) throw new DTypeException($"{op}: takes numbers, got bool. Cast first: x.Cast(DType.F32).");
    }

    /// <summary>Checks that an operand holds floating numbers of any width.</summary>
    private static void RequireFloating(string op, Tensor x)
    {
        if (!x.DType.IsFloating()) throw new DTypeException($"{op}: takes a floating type, got {x.DType.Name()}. Cast first: x.Cast(DType.F32).");
    }
}

internal sealed record ArgSortOp(int Axis, string Caller) : NonDifferentiablePrimitive
{
    public override string Name => Caller;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TypeRules.Require(Name, Accepts.Numeric, inputs[0].DType);
        return [inputs[0] with { DType = DType.I64 }];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => (this with { Axis = Axis + 1 }).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new SortKernel(Axis);
}
