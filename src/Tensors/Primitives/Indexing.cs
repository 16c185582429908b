namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Elements of x along an axis at given places: the axis is replaced by the shape of the indices, so rows of an embedding table are
    /// <c>Take(table, tokens)</c>. An index that is out of range is an error.
    /// </summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="indices">i64 or i32, any shape.</param>
    /// <param name="axis">The axis of x.</param>
    public static Tensor Take(Tensor x, Tensor indices, int axis = 0) => new GatherOp(x.Shape.Normalize(axis, "take"), 0, "take").Apply(x, indices);

    /// <summary>
    /// Elements of x along an axis, chosen separately in every line: result[.., i, ..] = x[.., indices[.., i, ..], ..]. Shapes agree except on the axis.
    /// </summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="indices">i64 or i32, of x's rank.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ShapeException">The other axes differ.</exception>
    public static Tensor Gather(Tensor x, Tensor indices, int axis = -1)
    {
        int at = x.Shape.Normalize(axis, "gather");
        if (indices.Rank != x.Rank || indices.Shape.Remove(at) != x.Shape.Remove(at))
            throw new ShapeException($"gather: shapes must agree except on axis {at}, got {x.Shape} and {indices.Shape}.");
        int last = x.Rank - 1;
        Tensor picked = new GatherOp(last, last, "gather").Apply(MoveAxis(x, at, last), MoveAxis(indices, at, last));
        return MoveAxis(picked, last, at);
    }

    /// <summary>
    /// x with updates added along an axis at given places; an index that occurs twice adds twice, in index order. The transpose of <see cref="Take"/>.
    /// </summary>
    /// <param name="x">A floating or i64 tensor.</param>
    /// <param name="indices">i64 or i32, any shape.</param>
    /// <param name="updates">x's shape with the axis replaced by the shape of the indices.</param>
    /// <param name="axis">The axis of x.</param>
    public static Tensor ScatterAdd(Tensor x, Tensor indices, Tensor updates, int axis = 0)
    {
        int at = x.Shape.Normalize(axis, "scatterAdd");
        Shape expected = x.Shape[..at].Concat(indices.Shape).Concat(x.Shape[(at + 1)..]);
        if (updates.Shape != expected)
            throw new ShapeException($"scatterAdd: updates must be {expected} for x {x.Shape}, indices {indices.Shape} and axis {at}, got {updates.Shape}.");
        return x + new ScatterAddOp(at, 0, x.Shape[at]).Apply(updates, indices);
    }

    /// <summary>1 at the place an index names along a new last axis, 0 elsewhere; all 0 for an index that is out of range.</summary>
    /// <param name="indices">Integers, any shape.</param>
    /// <param name="classes">Length of the new axis.</param>
    /// <param name="dtype">Element type of the result.</param>
    public static Tensor OneHot(Tensor indices, int classes, DType dtype = DType.F32)
    {
        if (!indices.DType.IsInteger()) throw new DTypeException($"oneHot: takes integers, got {indices.DType.Name()}. Cast first: x.Cast(DType.I64).");
        return Unsqueeze(indices.Cast(DType.I64), -1).EqualTo(Iota(classes)).Cast(dtype);
    }

    /// <summary>0, 1, 2, ... along a vector.</summary>
    public static Tensor Iota(int count, DType dtype = DType.I64) => Iota([count], 0, dtype);

    /// <summary>The coordinate along an axis, at every element of a shape.</summary>
    public static Tensor Iota(Shape shape, int axis, DType dtype = DType.I64) =>
        new IotaOp(shape, shape.Normalize(axis, "iota")).Apply().Cast(dtype);
}

internal sealed record GatherOp(int Axis, int BatchAxes, string Caller) : Primitive
{
    public override string Name => Caller;

    public override bool TakesHalfWidth => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        (TensorSpec x, TensorSpec indices) = (inputs[0], inputs[1]);
        Indices.Require(Name, indices.DType);
        return [x with { Shape = x.Shape[..Axis].Concat(indices.Shape[BatchAxes..]).Concat(x.Shape[(Axis + 1)..]) }];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [cotangents[0] is { } ct ? new ScatterAddOp(Axis, BatchAxes, inputs[0].Shape[Axis]).Apply(ct, inputs[1]) : null, null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [tangents[0] is { } tangent ? Apply(tangent, inputs[1]) : null];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        if (BatchAxes == 0 && !batched[1]) return (this with { Axis = Axis + 1 }).Bind(inputs);
        Tensor x = batched[0] ? inputs[0] : inputs[0].BroadcastTo(inputs[0].Shape.Insert(0, size));
        Tensor indices = batched[1] ? inputs[1] : inputs[1].BroadcastTo(inputs[1].Shape.Insert(0, size));
        return (this with { Axis = Axis + 1, BatchAxes = BatchAxes + 1 }).Bind(x, indices);
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new GatherKernel(Axis, BatchAxes);
}

internal sealed record ScatterAddOp(int Axis, int BatchAxes, int Length) : Primitive
{
    public override string Name => "scatterAdd";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        (TensorSpec updates, TensorSpec indices) = (inputs[0], inputs[1]);
        Indices.Require(Name, indices.DType);
        TypeRules.Require(Name, Accepts.Numeric, updates.DType);
        Shape shape = updates.Shape[..Axis].Concat([Length]).Concat(updates.Shape[(Axis + indices.Shape.Rank - BatchAxes)..]);
        return [updates with { Shape = shape }];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [cotangents[0] is { } ct ? new GatherOp(Axis, BatchAxes, Name).Apply(ct, inputs[1]) : null, null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [tangents[0] is { } tangent ? Apply(tangent, inputs[1]) : null];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        if (BatchAxes == 0 && !batched[1]) return (this with { Axis = Axis + 1 }).Bind(inputs);
        Tensor updates = batched[0] ? inputs[0] : inputs[0].BroadcastTo(inputs[0].Shape.Insert(0, size));
        Tensor indices = batched[1] ? inputs[1] : inputs[1].BroadcastTo(inputs[1].Shape.Insert(0, size));
        return (this with { Axis = Axis + 1, BatchAxes = BatchAxes + 1 }).Bind(updates, indices);
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ScatterAddKernel(Axis, BatchAxes, Length);
}

internal sealed record IotaOp(Shape Shape, int Axis) : NonDifferentiablePrimitive
{
    public override string Name => "iota";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(DType.I64, Shape)];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => throw new InvalidOperationException("iota: has no operand to batch.");

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MapKernel(Expr.Coordinate(Axis));
}

internal static class Indices
{
    public static void Require(string op, DType dtype)
    {
        if (dtype is not (DType.I64 or DType.I32))
            throw new DTypeException($"{op}: indices must be i64 or i32, got {dtype.Name()}. Cast them: indices.Cast(DType.I64).");
    }
}
