namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Running sum along an axis, the element itself included, added in index order. Integers and bool give i64.</summary>
    /// <param name="x">Any numeric tensor.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the last element to the first.</param>
    public static Tensor CumSum(Tensor x, int axis = -1, bool reverse = false) => new CumSumOp(x.Shape.Normalize(axis, "cumSum"), reverse).Apply(x);
}

internal sealed record CumSumOp(int Axis, bool Reverse) : LinearPrimitive
{
    public override string Name => "cumSum";

    public override TensorSpec Infer(TensorSpec input) => input.DType.IsFloating() ? input : input with { DType = DType.I64 };

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => new CumSumOp(Axis, !Reverse).Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => new CumSumOp(Axis + 1, Reverse).Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ScanKernel(Axis, Reverse);
}
