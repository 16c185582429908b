namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>x with elements put before and after, per axis, all equal to a value.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="before">Elements before the first, one number per axis.</param>
    /// <param name="after">Elements after the last, one number per axis.</param>
    /// <param name="value">The fill.</param>
    /// <exception cref="ShapeException">The numbers of axes differ.</exception>
    public static Tensor Pad(Tensor x, Shape before, Shape after, double value = 0)
    {
        if (before.Rank != x.Rank || after.Rank != x.Rank)
            throw new ShapeException($"pad: {before} and {after} must each have one number for every axis of {x.Shape}, which has {x.Rank}.");
        _ = Scalars.ToBits(value, x.DType);
        var padding = new Padding(before, after, Shape.Create(new int[x.Rank]));
        if (padding.Apply(x.Shape) == x.Shape) return x;
        Tensor padded = new PadOp(padding).Apply(x);
        if (value == 0) return padded;
        // The fill does not depend on x: a constant frame around zeros keeps the padding itself linear.
        Tensor inside = new PadOp(padding).Apply(Tensor.Ones(x.Shape, DType.Bool));
        return Where(inside, padded, padded.Like(value));
    }

    /// <summary>Tensors one after another along an axis.</summary>
    /// <exception cref="ShapeException">There is none, or shapes differ on another axis.</exception>
    public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.IsEmpty) throw new ShapeException("concat: needs at least one tensor.");
        return tensors.Length == 1 ? tensors[0] : new ConcatOp(tensors[0].Shape.Normalize(axis, "concat")).Apply(tensors.ToArray());
    }

    /// <summary>Tensors of one shape side by side along a new axis.</summary>
    /// <exception cref="ShapeException">There is none, or the shapes differ.</exception>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.IsEmpty) throw new ShapeException("stack: needs at least one tensor.");
        Tensor[] rows = new Tensor[tensors.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            if (tensors[i].Shape != tensors[0].Shape)
                throw new ShapeException($"stack: all shapes must be equal, got {tensors[0].Shape} and {tensors[i].Shape}.");
            rows[i] = Unsqueeze(tensors[i], axis);
        }
        return Concat(rows, axis);
    }

    /// <summary>Cuts an axis into parts of equal length.</summary>
    /// <exception cref="ShapeException">The number of parts does not divide the axis.</exception>
    public static Tensor[] Split(Tensor x, int parts, int axis = 0)
    {
        int at = x.Shape.Normalize(axis, "split");
        if (parts < 1 || x.Shape[at] % parts != 0)
            throw new ShapeException($"split: {parts} parts do not divide axis {at} of {x.Shape}, which is {x.Shape[at]}.");
        int length = x.Shape[at] / parts;
        Tensor[] pieces = new Tensor[parts];
        for (int i = 0; i < parts; i++) pieces[i] = Narrow(x, at, i * length, length);
        return pieces;
    }

    /// <summary>A run of an axis.</summary>
    /// <exception cref="ShapeException">The run leaves the axis.</exception>
    public static Tensor Narrow(Tensor x, int axis, int start, int length)
    {
        int at = x.Shape.Normalize(axis, "narrow");
        if (start < 0 || length < 0 || start + length > x.Shape[at])
            throw new ShapeException($"narrow: {length} elements from {start} leave axis {at} of {x.Shape}, which is {x.Shape[at]}.");
        int[] starts = new int[x.Rank], steps = new int[x.Rank];
        Array.Fill(steps, 1);
        starts[at] = start;
        return Slice(x, Shape.Create(starts), x.Shape.With(at, length), Shape.Create(steps));
    }
}

internal sealed record PadOp(Padding Padding) : LinearPrimitive
{
    public override string Name => "pad";

    public override bool TakesHalfWidth => true;

    public override TensorSpec Infer(TensorSpec input) => input with { Shape = Padding.Apply(input.Shape) };

    public override Tensor Transpose(Tensor cotangent, TensorSpec input)
    {
        int[] step = Padding.Between.Lengths.ToArray();
        for (int i = 0; i < step.Length; i++) step[i]++;
        return Ops.Slice(cotangent, Padding.Before, input.Shape, Shape.Create(step));
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) =>
        new PadOp(new Padding(Padding.Before.Insert(0, 0), Padding.After.Insert(0, 0), Padding.Between.Insert(0, 0))).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new PadKernel(Padding);
}

internal sealed record ConcatOp(int Axis) : Primitive
{
    public override string Name => "concat";

    public override bool TakesHalfWidth => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec first = inputs[0];
        int length = 0;
        foreach (TensorSpec input in inputs)
        {
            if (input.DType != first.DType)
                throw new DTypeException($"concat: element types differ, got {first.DType.Name()} and {input.DType.Name()}. Cast one: x.Cast(DType.{first.DType}).");
            if (input.Shape.Rank != first.Shape.Rank || input.Shape.Remove(Axis) != first.Shape.Remove(Axis))
                throw new ShapeException($"concat: shapes must agree except on axis {Axis}, got {first.Shape} and {input.Shape}.");
            length += input.Shape[Axis];
        }
        return [first with { Shape = first.Shape.With(Axis, length) }];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Tensor?[] result = new Tensor?[inputs.Length];
        int start = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            int length = inputs[i].Shape[Axis];
            if (cotangents[0] is { } cotangent) result[i] = Ops.Narrow(cotangent, Axis, start, length);
            start += length;
        }
        return result;
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (!inputs[0].DType.IsFloating()) return [null];
        Tensor[] parts = new Tensor[inputs.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = tangents[i] ?? Tensor.Zeros(inputs[i].Shape, inputs[i].DType);
        return Bind(parts);
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Tensor[] rows = new Tensor[inputs.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = batched[i] ? inputs[i] : inputs[i].BroadcastTo(inputs[i].Shape.Insert(0, size));
        return new ConcatOp(Axis + 1).Bind(rows);
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ConcatKernel(Axis);
}
