namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Running sum along an axis, the element itself included, added in index order. Integers and bool give i64.</summary>
    /// <param name="x">Any numeric tensor.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the last element to the first.</param>
    public static Tensor CumSum(Tensor x, int axis = -1, bool reverse = false) => new CumSumOp(x.Shape.Normalize(axis, "cumSum"), reverse).Apply(x);

    /// <summary>
    /// Running product along an axis, the element itself included, multiplied in index order. Integers and bool give i64. Derivatives are right with zeros among
    /// the factors, to any order: they divide by nothing.
    /// </summary>
    /// <param name="x">Any numeric tensor.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the last element to the first.</param>
    public static Tensor CumProd(Tensor x, int axis = -1, bool reverse = false) => new CumProdOp(x.Shape.Normalize(axis, "cumProd"), reverse).Apply(x);

    /// <summary>
    /// Greatest element so far along an axis, the element itself included, and its index (i64). Of equal ones the first counts, and it takes the whole derivative;
    /// a NaN counts as greatest and stays.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    public static (Tensor Values, Tensor Indices) CumMax(Tensor x, int axis = -1) => CumulativeExtreme(ReduceOp.ArgMax, x, axis, "cumMax");

    /// <summary>
    /// Least element so far along an axis, the element itself included, and its index (i64). Of equal ones the first counts, and it takes the whole derivative;
    /// a NaN counts as least and stays.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    public static (Tensor Values, Tensor Indices) CumMin(Tensor x, int axis = -1) => CumulativeExtreme(ReduceOp.ArgMin, x, axis, "cumMin");

    /// <summary>
    /// y[k] = log(sum of exp(x[i]), i &lt;= k) along an axis, without overflow: sums of exponentials below the greatest element so far, rescaled when that rises. A run
    /// of -inf at the front gives -inf, with derivative 0. Floating types.
    /// </summary>
    /// <param name="x">A floating tensor.</param>
    /// <param name="axis">The axis.</param>
    public static Tensor LogCumSumExp(Tensor x, int axis = -1)
    {
        int at = x.Shape.Normalize(axis, "logCumSumExp");
        if (!x.DType.IsFloating()) throw new DTypeException($"logCumSumExp: takes a floating type, got {x.DType.Name()}. Cast first: x.Cast(DType.F32).");
        if (x.DType.IsHalfWidth()) return LogCumSumExp(x.Cast(DType.F32), at).Cast(x.DType);
        // The result does not depend on the shift, so derivatives of any order may take it as constant.
        Tensor shift = StopGradient(CumMax(x, at).Values);
        shift = Where(Abs(shift).EqualTo(double.PositiveInfinity), shift.Like(0), shift);
        // Before the first finite element the shift is 0 and the sum is 0: any finite factor will do.
        Tensor factor = Exp(Minimum(Shifted(shift, at, false, 0) - shift, shift.Like(0)));
        Tensor sum = LinearRecurrence(factor, Exp(x - shift), at);
        Tensor nothing = sum.EqualTo(0);
        return Where(nothing, sum.Like(double.NegativeInfinity), Log(Where(nothing, sum.Like(1), sum)) + shift);
    }

    /// <summary>
    /// h[t] = a[t] h[t-1] + b[t] along an axis, starting with h[0] = b[0]; the first element of a is not read. Each step is one fused multiply-add. The state of a linear
    /// recurrent network, an exponential moving average. Shapes broadcast; floating types.
    /// </summary>
    /// <param name="a">The factors.</param>
    /// <param name="b">What is added.</param>
    /// <param name="axis">The axis of the shape that a and b have in common.</param>
    /// <param name="reverse">True to run from the last element to the first: h[t] = a[t] h[t+1] + b[t].</param>
    /// <exception cref="DTypeException">a and b differ in element type.</exception>
    public static Tensor LinearRecurrence(Tensor a, Tensor b, int axis = -1, bool reverse = false)
    {
        Shape shape = Broadcasting.Join("linearRecurrence", a.Shape, b.Shape);
        return new RecurrenceOp(shape.Normalize(axis, "linearRecurrence"), reverse).Apply(a.BroadcastTo(shape), b.BroadcastTo(shape));
    }

    /// <summary>Elements moved by one place along an axis, away from where a scan starts, where a value comes in.</summary>
    internal static Tensor Shifted(Tensor x, int axis, bool reverse, double value)
    {
        int n = x.Shape[axis];
        if (n == 0) return x;
        Shape none = Shape.Create(new int[x.Rank]), one = none.With(axis, 1);
        return reverse ? Pad(Narrow(x, axis, 1, n - 1), none, one, value) : Pad(Narrow(x, axis, 0, n - 1), one, none, value);
    }

    private static (Tensor Values, Tensor Indices) CumulativeExtreme(ReduceOp op, Tensor x, int axis, string name)
    {
        int at = x.Shape.Normalize(axis, name);
        Tensor indices = new CumulativePlaceOp(op, at).Apply(x);
        return (Gather(x, indices, at), indices);
    }
}

internal sealed record CumSumOp(int Axis, bool Reverse) : LinearPrimitive
{
    public override string Name => "cumSum";

    public override TensorSpec Infer(TensorSpec input) => input.DType.IsFloating() ? input : input with { DType = DType.I64 };

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => new CumSumOp(Axis, !Reverse).Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new CumSumOp(Axis + 1, Reverse).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ScanKernel(Axis, Reverse);
}

internal sealed record CumProdOp(int Axis, bool Reverse) : Primitive
{
    public override string Name => "cumProd";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0].DType.IsFloating() ? inputs[0] : inputs[0] with { DType = DType.I64 }];

    // y[k] = y[k-1] x[k], so tangents and cotangents follow linear recurrences whose factors are elements of x.
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (!inputs[0].DType.IsFloating() || cotangents[0] is not { } cotangent) return [null];
        Tensor later = Ops.LinearRecurrence(Ops.Shifted(inputs[0], Axis, !Reverse, 0), cotangent, Axis, !Reverse);
        return [later * Ops.Shifted(outputs[0], Axis, Reverse, 1)];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (!inputs[0].DType.IsFloating() || tangents[0] is not { } tangent) return [null];
        return [Ops.LinearRecurrence(inputs[0], tangent * Ops.Shifted(outputs[0], Axis, Reverse, 1), Axis, Reverse)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new CumProdOp(Axis + 1, Reverse).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ScanKernel(Axis, Reverse, ReduceOp.Prod);
}

internal sealed record CumulativePlaceOp(ReduceOp Op, int Axis) : NonDifferentiablePrimitive
{
    public override string Name => Op == ReduceOp.ArgMax ? "cumMax" : "cumMin";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TypeRules.Require(Name, Accepts.Numeric, inputs[0].DType);
        return [inputs[0] with { DType = DType.I64 }];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new CumulativePlaceOp(Op, Axis + 1).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ScanKernel(Axis, false, Op);
}

internal sealed record RecurrenceOp(int Axis, bool Reverse) : Primitive
{
    public override string Name => "linearRecurrence";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs[0].DType != inputs[1].DType)
        {
            throw new DTypeException($"{Name}: element types differ, got {inputs[0].DType.Name()} and {inputs[1].DType.Name()}. "
                + $"Cast one: x.Cast(DType.{inputs[0].DType}).");
        }
        TypeRules.Require(Name, Accepts.Floating, inputs[0].DType);
        return [inputs[0]];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return [null, null];
        Tensor sum = Ops.LinearRecurrence(Ops.Shifted(inputs[0], Axis, !Reverse, 0), cotangent, Axis, !Reverse);
        return [sum * Ops.Shifted(outputs[0], Axis, Reverse, 0), sum];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor? added = tangents[0] is { } ta ? ta * Ops.Shifted(outputs[0], Axis, Reverse, 0) : null;
        if (tangents[1] is { } tb) added = added is null ? tb : added + tb;
        return [added is null ? null : Ops.LinearRecurrence(inputs[0], added, Axis, Reverse)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Tensor[] rows = new Tensor[2];
        for (int i = 0; i < rows.Length; i++) rows[i] = batched[i] ? inputs[i] : inputs[i].BroadcastTo(inputs[i].Shape.Insert(0, size));
        return new RecurrenceOp(Axis + 1, Reverse).Bind(rows);
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new RecurrenceKernel(Axis, Reverse);
}
