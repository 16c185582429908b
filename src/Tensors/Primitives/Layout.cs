namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>The same elements in row-major order under another shape. One length may be -1: it is worked out.</summary>
    /// <exception cref="ShapeException">The shape holds another number of elements.</exception>
    public static Tensor Reshape(Tensor x, params ReadOnlySpan<int> shape)
    {
        int[] lengths = shape.ToArray();
        int free = Array.IndexOf(lengths, -1);
        if (free >= 0)
        {
            long rest = 1;
            for (int i = 0; i < lengths.Length; i++) rest *= i == free ? 1 : lengths[i];
            if (rest <= 0 || x.Count % rest != 0)
                throw new ShapeException($"reshape: {x.Shape} with {x.Count} elements does not fit {Shape.Format(shape)}. The other lengths must divide {x.Count}.");
            lengths[free] = (int)(x.Count / rest);
        }
        Shape target = Shape.Create(lengths);
        return target == x.Shape ? x : new ReshapeOp(target).Apply(x);
    }

    /// <summary>Axes reordered: axis i of the result is axis <c>order[i]</c> of x.</summary>
    /// <exception cref="ShapeException">The order does not name every axis once.</exception>
    public static Tensor Permute(Tensor x, params ReadOnlySpan<int> order)
    {
        int[] axes = new int[order.Length];
        bool[] seen = new bool[x.Rank];
        bool identity = true, complete = order.Length == x.Rank;
        for (int i = 0; complete && i < axes.Length; i++)
        {
            axes[i] = x.Shape.Normalize(order[i], "permute");
            complete = !seen[axes[i]];
            seen[axes[i]] = true;
            identity &= axes[i] == i;
        }
        if (!complete)
            throw new ShapeException($"permute: the order {Shape.Format(order)} must name each of the {x.Rank} axes of {x.Shape} once.");
        return identity ? x : new PermuteOp(Shape.Create(axes)).Apply(x);
    }

    /// <summary>The last two axes exchanged.</summary>
    /// <exception cref="ShapeException">The rank is below 2.</exception>
    public static Tensor Transpose(Tensor x)
    {
        if (x.Rank < 2) throw new ShapeException($"transpose: needs at least 2 axes, got {x.Shape}. Reshape the vector to a row or column first.");
        int[] order = Enumerable.Range(0, x.Rank).ToArray();
        (order[^1], order[^2]) = (order[^2], order[^1]);
        return Permute(x, order);
    }

    /// <summary>One axis moved to another place, the others keeping their order.</summary>
    public static Tensor MoveAxis(Tensor x, int from, int to)
    {
        int source = x.Shape.Normalize(from, "moveAxis"), target = x.Shape.Normalize(to, "moveAxis");
        List<int> order = [.. Enumerable.Range(0, x.Rank)];
        order.RemoveAt(source);
        order.Insert(target, source);
        return Permute(x, [.. order]);
    }

    /// <summary>x repeated to a larger shape by right alignment; no element is copied.</summary>
    /// <exception cref="ShapeException">An axis is neither 1 nor the wanted length.</exception>
    public static Tensor BroadcastTo(Tensor x, Shape shape) => x.Shape == shape ? x : new BroadcastOp(shape).Apply(x);

    /// <summary>Axes turned around.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="axes">The axes; all when none is named.</param>
    public static Tensor Flip(Tensor x, params ReadOnlySpan<int> axes) => new FlipOp(Axes.Of(axes, x.Shape, "flip")).Apply(x);

    /// <summary>An axis of length 1 put in.</summary>
    public static Tensor Unsqueeze(Tensor x, int axis)
    {
        int at = axis < 0 ? axis + x.Rank + 1 : axis;
        if ((uint)at > (uint)x.Rank) throw new ShapeException($"unsqueeze: axis {axis} is out of range for {x.Shape}. Use {-x.Rank - 1} to {x.Rank}.");
        return Reshape(x, x.Shape.Insert(at, 1).Lengths);
    }

    /// <summary>An axis of length 1 removed.</summary>
    /// <exception cref="ShapeException">The axis has another length.</exception>
    public static Tensor Squeeze(Tensor x, int axis)
    {
        int at = x.Shape.Normalize(axis, "squeeze");
        if (x.Shape[at] != 1) throw new ShapeException($"squeeze: axis {axis} of {x.Shape} is {x.Shape[at]}, not 1. Index or reduce it instead.");
        return Reshape(x, x.Shape.Remove(at).Lengths);
    }

    /// <summary>
    /// Every step-th element from start, per axis: <paramref name="lengths"/>[i] of them. The general form behind indexing with ranges.
    /// </summary>
    internal static Tensor Slice(Tensor x, Shape start, Shape lengths, Shape step)
    {
        var slice = new SliceOp(start, lengths, step);
        return lengths == x.Shape ? x : slice.Apply(x);
    }

    /// <summary>
    /// Sliding windows over the last axes, without a copy: [.., S1, .., Sk] becomes [.., O1, .., Ok, K1, .., Kk] with
    /// O = (S - dilation * (K - 1) - 1) / stride + 1.
    /// </summary>
    /// <exception cref="ShapeException">A window does not fit, or a stride or dilation is below 1.</exception>
    public static Tensor Windows(Tensor x, Shape size, Shape stride, Shape dilation) => new WindowsOp(WindowsOver(x, size, stride, dilation)).Apply(x);

    /// <summary>The windows over the last axes, checked.</summary>
    private static SlidingWindow WindowsOver(Tensor x, Shape size, Shape stride, Shape dilation)
    {
        if (size.Rank > x.Rank || stride.Rank != size.Rank || dilation.Rank != size.Rank)
            throw new ShapeException($"windows: size {size}, stride {stride} and dilation {dilation} must name the same number of axes, at most the {x.Rank} of {x.Shape}.");
        int lead = x.Rank - size.Rank;
        for (int i = 0; i < size.Rank; i++)
        {
            if (stride[i] < 1 || dilation[i] < 1 || size[i] < 1)
                throw new ShapeException($"windows: size, stride and dilation must be at least 1, got {size}, {stride} and {dilation}.");
            int span = (dilation[i] * (size[i] - 1)) + 1;
            if (span > x.Shape[lead + i])
                throw new ShapeException($"windows: a window of {span} elements does not fit axis {lead + i} of {x.Shape}, which is {x.Shape[lead + i]}. Pad first.");
        }
        return new SlidingWindow(x.Shape[lead..], size, stride, dilation);
    }
}

public sealed partial class Tensor
{
    /// <summary>The last two axes exchanged.</summary>
    public Tensor T => Ops.Transpose(this);

    /// <summary>The same elements under another shape; one length may be -1.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> shape) => Ops.Reshape(this, shape);

    /// <summary>Axes reordered.</summary>
    public Tensor Permute(params ReadOnlySpan<int> order) => Ops.Permute(this, order);

    /// <summary>Repeated to a larger shape by right alignment.</summary>
    public Tensor BroadcastTo(Shape shape) => Ops.BroadcastTo(this, shape);
}

internal sealed record ReshapeOp(Shape Target) : ViewPrimitive
{
    public override string Name => "reshape";

    public override TensorSpec Infer(TensorSpec input)
    {
        if (input.Shape.Count != Target.Count)
            throw new ShapeException($"reshape: {input.Shape} with {input.Shape.Count} elements does not fit {Target}, which holds {Target.Count}.");
        return input with { Shape = Target };
    }

    public override bool TryView(Layout operand, Shape result, out Layout layout) => operand.TryReshape(result, out layout);

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => cotangent.Reshape(input.Shape.Lengths);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => [inputs[0].Reshape(Target.Insert(0, size).Lengths)];
}

internal sealed record PermuteOp(Shape Order) : ViewPrimitive
{
    public override string Name => "permute";

    public override TensorSpec Infer(TensorSpec input)
    {
        int[] lengths = new int[Order.Rank];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = input.Shape[Order[i]];
        return input with { Shape = Shape.Create(lengths) };
    }

    public override bool TryView(Layout operand, Shape result, out Layout layout)
    {
        layout = operand.Permute(Order.Lengths);
        return true;
    }

    public override Tensor Transpose(Tensor cotangent, TensorSpec input)
    {
        int[] inverse = new int[Order.Rank];
        for (int i = 0; i < inverse.Length; i++) inverse[Order[i]] = i;
        return cotangent.Permute(inverse);
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        int[] order = new int[Order.Rank + 1];
        for (int i = 0; i < Order.Rank; i++) order[i + 1] = Order[i] + 1;
        return [inputs[0].Permute(order)];
    }
}

internal sealed record BroadcastOp(Shape Target) : ViewPrimitive
{
    public override string Name => "broadcastTo";

    public override TensorSpec Infer(TensorSpec input)
    {
        bool fits = input.Shape.Rank <= Target.Rank;
        for (int i = 1; fits && i <= input.Shape.Rank; i++)
            fits = input.Shape[^i] == 1 || input.Shape[^i] == Target[^i];
        if (!fits)
            throw new ShapeException($"broadcastTo: {input.Shape} does not broadcast to {Target}. Aligned from the right, lengths must be equal or 1.");
        return input with { Shape = Target };
    }

    public override bool TryView(Layout operand, Shape result, out Layout layout)
    {
        layout = operand.BroadcastTo(result);
        return true;
    }

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => Ops.SumTo(cotangent, input.Shape);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        // The batch axis must stay in front, so the operand gets the new axes as ones behind it.
        Tensor x = inputs[0];
        int[] lengths = new int[Target.Rank + 1];
        Array.Fill(lengths, 1);
        lengths[0] = size;
        x.Shape.Lengths[1..].CopyTo(lengths.AsSpan(lengths.Length - (x.Rank - 1)));
        return [x.Reshape(lengths).BroadcastTo(Target.Insert(0, size))];
    }
}

internal sealed record FlipOp(Axes Axes) : ViewPrimitive
{
    public override string Name => "flip";

    public override TensorSpec Infer(TensorSpec input) => input;

    public override bool TryView(Layout operand, Shape result, out Layout layout)
    {
        int[] strides = operand.Strides.ToArray();
        int offset = operand.Offset;
        foreach (int axis in Axes.Values)
        {
            offset += strides[axis] * Math.Max(0, result[axis] - 1);
            strides[axis] = -strides[axis];
        }
        layout = new(result, strides, offset);
        return true;
    }

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new FlipOp(Axes.Shift(1)).Bind(inputs);
}

internal sealed record SliceOp(Shape Start, Shape Lengths, Shape Step) : ViewPrimitive
{
    public override string Name => "slice";

    public override TensorSpec Infer(TensorSpec input)
    {
        for (int i = 0; i < Lengths.Rank; i++)
        {
            if (Lengths[i] > 0 && Start[i] + ((Lengths[i] - 1) * Step[i]) >= input.Shape[i])
            {
                throw new ShapeException($"slice: {Lengths[i]} elements from {Start[i]} in steps of {Step[i]} leave axis {i} of {input.Shape}, "
                    + $"which is {input.Shape[i]}.");
            }
        }
        return input with { Shape = Lengths };
    }

    public override bool TryView(Layout operand, Shape result, out Layout layout)
    {
        int[] strides = new int[result.Rank];
        int offset = operand.Offset;
        for (int i = 0; i < strides.Length; i++)
        {
            offset += result[i] > 0 ? Start[i] * operand.Strides[i] : 0;
            strides[i] = operand.Strides[i] * Step[i];
        }
        layout = new(result, strides, offset);
        return true;
    }

    public override Tensor Transpose(Tensor cotangent, TensorSpec input)
    {
        int[] after = new int[Lengths.Rank], between = new int[Lengths.Rank];
        for (int i = 0; i < after.Length; i++)
        {
            if (Lengths[i] == 0) return Tensor.Zeros(input.Shape, input.DType);
            between[i] = Step[i] - 1;
            after[i] = input.Shape[i] - Start[i] - ((Lengths[i] - 1) * Step[i]) - 1;
        }
        return new PadOp(new Padding(Start, Shape.Create(after), Shape.Create(between))).Apply(cotangent);
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) =>
        new SliceOp(Start.Insert(0, 0), Lengths.Insert(0, size), Step.Insert(0, 1)).Bind(inputs);
}

internal sealed record WindowsOp(SlidingWindow Window) : ViewPrimitive
{
    public override string Name => "windows";

    public override TensorSpec Infer(TensorSpec input) =>
        input with { Shape = input.Shape[..^Window.Size.Rank].Concat(Window.Positions).Concat(Window.Size) };

    public override bool TryView(Layout operand, Shape result, out Layout layout)
    {
        int k = Window.Size.Rank, lead = operand.Shape.Rank - k;
        int[] strides = new int[result.Rank];
        operand.Strides[..lead].CopyTo(strides);
        for (int i = 0; i < k; i++)
        {
            strides[lead + i] = operand.Strides[lead + i] * Window.Stride[i];
            strides[lead + k + i] = operand.Strides[lead + i] * Window.Dilation[i];
        }
        layout = new(result, strides, operand.Offset);
        return true;
    }

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => new FoldOp(Window).Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);
}

/// <summary>The transpose of <see cref="WindowsOp"/>: window elements added back to their places.</summary>
internal sealed record FoldOp(SlidingWindow Window) : LinearPrimitive
{
    public override string Name => "fold";

    public override TensorSpec Infer(TensorSpec input) =>
        input with { Shape = input.Shape[..^(2 * Window.Size.Rank)].Concat(Window.Lengths) };

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => new WindowsOp(Window).Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new FoldKernel(Window);
}
