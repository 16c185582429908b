namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Sum over axes; over all when none is named. Integers and bool give i64. The order of additions is fixed by shape and axes alone.</summary>
    public static Tensor Sum(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(ReduceOp.Sum, x, axes, keepDims, "sum");

    /// <summary>Mean over axes; over all when none is named. Floating types; the mean of no elements is NaN.</summary>
    /// <exception cref="DTypeException">Integers: cast first.</exception>
    public static Tensor Mean(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        if (!x.DType.IsFloating()) throw new DTypeException($"mean: takes a floating type, got {x.DType.Name()}. Cast first: x.Cast(DType.F32).");
        int count = Axes.Of(axes, x.Shape, "mean").CountIn(x.Shape);
        return Sum(x, axes, keepDims) / count;
    }

    /// <summary>Product over axes; over all when none is named. Integers give i64. Derivatives are right with zeros among the factors.</summary>
    public static Tensor Prod(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(ReduceOp.Prod, x, axes, keepDims, "prod");

    /// <summary>Greatest over axes; over all when none is named; NaN if any is NaN. The derivative is shared equally among equal greatest elements.</summary>
    /// <exception cref="ShapeException">No elements are reduced.</exception>
    public static Tensor Max(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(ReduceOp.Max, x, axes, keepDims, "max");

    /// <summary>Least over axes; over all when none is named; NaN if any is NaN. The derivative is shared equally among equal least elements.</summary>
    /// <exception cref="ShapeException">No elements are reduced.</exception>
    public static Tensor Min(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(ReduceOp.Min, x, axes, keepDims, "min");

    /// <summary>Index (i64) of the first greatest element along an axis; a NaN counts as greatest.</summary>
    /// <exception cref="ShapeException">The axis is empty.</exception>
    public static Tensor ArgMax(Tensor x, int axis = -1, bool keepDims = false) => Reduce(ReduceOp.ArgMax, x, [axis], keepDims, "argMax");

    /// <summary>Index (i64) of the first least element along an axis; a NaN counts as least.</summary>
    /// <exception cref="ShapeException">The axis is empty.</exception>
    public static Tensor ArgMin(Tensor x, int axis = -1, bool keepDims = false) => Reduce(ReduceOp.ArgMin, x, [axis], keepDims, "argMin");

    /// <summary>The transpose of broadcasting: sums a tensor down to a shape that broadcasts to its own.</summary>
    internal static Tensor SumTo(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        List<int> axes = [];
        int lead = x.Rank - shape.Rank;
        for (int i = 0; i < x.Rank; i++)
        {
            if (i < lead || (shape[i - lead] == 1 && x.Shape[i] != 1)) axes.Add(i);
        }
        return Sum(x, axes.ToArray()).Reshape(shape.Lengths);
    }

    /// <summary>
    /// For every element, the product of the others over the axes. Products are formed up a binary tree and handed down again, so zeros need no division,
    /// and being made of ops it differentiates to any order.
    /// </summary>
    internal static Tensor ProductOfOthers(Tensor x, Axes axes)
    {
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(a => !axes.Contains(a)), .. axes.Values.ToArray()];
        Tensor moved = x.Permute(order);
        Shape outer = axes.RemoveFrom(x.Shape);
        int count = axes.CountIn(x.Shape), leaves = 1;
        while (leaves < count) leaves *= 2;
        Tensor flat = moved.Reshape([.. outer.Lengths, count]);
        Shape none = Shape.Create(new int[flat.Rank]);
        List<Tensor> levels = [Pad(flat, none, none.With(outer.Rank, leaves - count), 1)];
        for (int n = leaves / 2; n >= 1; n /= 2)
        {
            Tensor pairs = levels[^1].Reshape([.. outer.Lengths, n, 2]);
            levels.Add(Narrow(pairs, -1, 0, 1).Reshape([.. outer.Lengths, n]) * Narrow(pairs, -1, 1, 1).Reshape([.. outer.Lengths, n]));
        }
        Tensor others = Tensor.Ones(outer.Concat([1]), x.DType);
        for (int level = levels.Count - 2; level >= 0; level--)
        {
            int n = levels[level].Shape[^1];
            Tensor siblings = Flip(levels[level].Reshape([.. outer.Lengths, n / 2, 2]), -1);
            others = (Unsqueeze(others, -1) * siblings).Reshape([.. outer.Lengths, n]);
        }
        int[] inverse = new int[order.Length];
        for (int i = 0; i < order.Length; i++) inverse[order[i]] = i;
        return Narrow(others, -1, 0, count).Reshape(moved.Shape.Lengths).Permute(inverse);
    }

    private static Tensor Reduce(ReduceOp op, Tensor x, ReadOnlySpan<int> axes, bool keepDims, string name)
    {
        Axes reduced = Axes.Of(axes, x.Shape, name);
        Tensor y;
        if (reduced.Count == 0 && op is not (ReduceOp.ArgMax or ReduceOp.ArgMin))
            y = op is ReduceOp.Sum or ReduceOp.Prod && !x.DType.IsFloating() ? x.Cast(DType.I64) : x;
        else
            y = op is ReduceOp.ArgMax or ReduceOp.ArgMin ? new ArgReductionOp(op, reduced).Apply(x) : new ReductionOp(op, reduced).Apply(x);
        return keepDims ? y.Reshape(reduced.KeepIn(x.Shape).Lengths) : y;
    }
}

public sealed partial class Tensor
{
    /// <summary>Sum over axes; over all when none is named.</summary>
    public Tensor Sum(params ReadOnlySpan<int> axes) => Ops.Sum(this, axes);

    /// <summary>Mean over axes; over all when none is named.</summary>
    public Tensor Mean(params ReadOnlySpan<int> axes) => Ops.Mean(this, axes);

    /// <summary>Greatest over axes; over all when none is named.</summary>
    public Tensor Max(params ReadOnlySpan<int> axes) => Ops.Max(this, axes);

    /// <summary>Least over axes; over all when none is named.</summary>
    public Tensor Min(params ReadOnlySpan<int> axes) => Ops.Min(this, axes);
}

internal sealed record ReductionOp(ReduceOp Op, Axes Axes) : Primitive
{
    public override string Name => Op switch
    {
        ReduceOp.Sum => "sum",
        ReduceOp.Prod => "prod",
        ReduceOp.Max => "max",
        _ => "min",
    };

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec x = inputs[0];
        bool adds = Op is ReduceOp.Sum or ReduceOp.Prod;
        if (!adds)
        {
            TypeRules.Require(Name, Accepts.Numeric, x.DType);
            if (Axes.CountIn(x.Shape) == 0)
                throw new ShapeException($"{Name}: there is no element to choose over axes {Axes} of {x.Shape}. Reduce axes that are not empty.");
        }
        return [new(adds && !x.DType.IsFloating() ? DType.I64 : x.DType, Axes.RemoveFrom(x.Shape))];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return [null];
        Tensor x = inputs[0];
        Tensor spread = Keep(cotangent, x).BroadcastTo(x.Shape);
        return [Op == ReduceOp.Sum ? spread : spread * Weights(x, outputs[0])];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[0] is not { } tangent) return [null];
        return [Ops.Sum(Op == ReduceOp.Sum ? tangent : tangent * Weights(inputs[0], outputs[0]), Axes.Values)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new ReductionOp(Op, Axes.Shift(1)).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ReduceKernel(Op, Axes);

    /// <summary>The partial derivatives of the result in every element.</summary>
    private Tensor Weights(Tensor x, Tensor y)
    {
        if (Op == ReduceOp.Prod) return Ops.ProductOfOthers(x, Axes);
        Tensor chosen = x.EqualTo(Keep(y, x)).Cast(x.DType);
        return chosen / Ops.Sum(chosen, Axes.Values, keepDims: true);
    }

    private Tensor Keep(Tensor y, Tensor x) => y.Reshape(Axes.KeepIn(x.Shape).Lengths);
}

internal sealed record ArgReductionOp(ReduceOp Op, Axes Axes) : NonDifferentiablePrimitive
{
    public override string Name => Op == ReduceOp.ArgMax ? "argMax" : "argMin";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TypeRules.Require(Name, Accepts.Numeric, inputs[0].DType);
        if (Axes.CountIn(inputs[0].Shape) == 0)
            throw new ShapeException($"{Name}: axis {Axes.Values[0]} of {inputs[0].Shape} is empty. Reduce an axis that is not.");
        return [new(DType.I64, Axes.RemoveFrom(inputs[0].Shape))];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new ArgReductionOp(Op, Axes.Shift(1)).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ReduceKernel(Op, Axes);
}
