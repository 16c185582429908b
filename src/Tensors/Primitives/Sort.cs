namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Indices (i64) that sort x along an axis: ascending, equal elements in their order, NaN last.</summary>
    public static Tensor ArgSort(Tensor x, int axis = -1) => new ArgSortOp(x.Shape.Normalize(axis, "argSort")).Apply(x);
}

internal sealed record ArgSortOp(int Axis) : NonDifferentiablePrimitive
{
    public override string Name => "argSort";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TypeRules.Require(Name, Accepts.Numeric, inputs[0].DType);
        return [inputs[0] with { DType = DType.I64 }];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new ArgSortOp(Axis + 1).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new SortKernel(Axis);
}
