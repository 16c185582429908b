namespace Engine.Tensors;

/// <summary>f16 and bf16 are storage: ops compute in f32 and round every result.</summary>
internal static class HalfWidth
{
    public static DType? Find(ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
        {
            if (input.DType.IsHalfWidth()) return input.DType;
        }
        return null;
    }

    public static Tensor[] Bind(Primitive primitive, ReadOnlySpan<Tensor> inputs, DType half)
    {
        Tensor[] wide = new Tensor[inputs.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            if (inputs[i].DType.IsFloating() && inputs[i].DType != half)
                throw new DTypeException($"{primitive.Name}: element types differ, got {half.Name()} and {inputs[i].DType.Name()}. Cast one: x.Cast(DType.{half}).");
            wide[i] = inputs[i].DType == half ? CastOp.To(DType.F32).Apply(inputs[i]) : inputs[i];
        }
        Tensor[] results = primitive.Bind(wide);
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i].DType == DType.F32) results[i] = CastOp.To(half).Apply(results[i]);
        }
        return results;
    }
}

/// <summary>Value conversion between element types. Linear between floating types; from or to any other it has no derivative.</summary>
internal sealed record CastOp(DType Target) : LinearPrimitive
{
    private static readonly CastOp[] All = [.. Enum.GetValues<DType>().Select(t => new CastOp(t))];

    public override string Name => "cast";

    public override bool TakesHalfWidth => true;

    public static CastOp To(DType target) => All[(int)target];

    public override TensorSpec Infer(TensorSpec input) => new(Target, input.Shape);

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => To(input.DType).Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        new MapKernel(Expr.Input(0, inputs[0].DType).Cast(Target));
}

/// <summary>The same values in row-major order in memory of their own.</summary>
internal sealed record CopyOp : LinearPrimitive
{
    public static readonly CopyOp Instance = new();

    public override string Name => "copy";

    public override bool TakesHalfWidth => true;

    public override TensorSpec Infer(TensorSpec input) => input;

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => cotangent;

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        new MapKernel(Expr.Input(0, inputs[0].DType));
}
