namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>condition ? a : b, element by element. Shapes broadcast. Nothing flows back through the branch not taken, whatever its value.</summary>
    /// <exception cref="DTypeException">The condition is not bool, or a and b differ in element type.</exception>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b) => SelectOp.Instance.Apply(condition, a, b);

    /// <summary>The value converted to another element type: floating to integer truncates towards zero and saturates (NaN gives 0); to bool, 0 is false.</summary>
    public static Tensor Cast(Tensor x, DType dtype) => x.DType == dtype ? x : CastOp.To(dtype).Apply(x);

    /// <summary>The same value, through which no derivative flows.</summary>
    public static Tensor StopGradient(Tensor x) => x.DType.IsFloating() ? StopGradientOp.Instance.Apply(x) : x;
}

public sealed partial class Tensor
{
    /// <summary>The value converted to another element type.</summary>
    public Tensor Cast(DType dtype) => Ops.Cast(this, dtype);
}

internal sealed record SelectOp : ElementwisePrimitive
{
    public static readonly SelectOp Instance = new();

    public override string Name => "where";

    public override int Arity => 3;

    public override Expr Body(ReadOnlySpan<Expr> operands) => operands[0].Select(operands[1], operands[2]);

    protected override DType CheckTypes(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs[0].DType != DType.Bool)
            throw new DTypeException($"where: the condition must be bool, got {inputs[0].DType.Name()}. Compare first, for example x > 0.");
        if (inputs[1].DType != inputs[2].DType)
            throw new DTypeException($"where: element types differ, got {inputs[1].DType.Name()} and {inputs[2].DType.Name()}. Cast one: x.Cast(DType.{inputs[1].DType}).");
        return inputs[1].DType;
    }

    public override Slope[] Slopes(Tensor[] inputs, Tensor output) =>
        throw new InvalidOperationException("where: has rules of its own.");

    // Selecting the cotangent, rather than multiplying it by 0 or 1, keeps an infinity of one branch out of the other.
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return [null, null, null];
        Tensor zero = cotangent.Like(0);
        return [null, Ops.Where(inputs[0], cotangent, zero), Ops.Where(inputs[0], zero, cotangent)];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[1] is null && tangents[2] is null) return [null];
        Tensor zero = outputs[0].Like(0);
        return [Ops.Where(inputs[0], tangents[1] ?? zero, tangents[2] ?? zero)];
    }
}

internal sealed record StopGradientOp : UnaryPrimitive, IStopsDerivatives
{
    public static readonly StopGradientOp Instance = new();

    public override string Name => "stopGradient";

    public override Expr Define(Expr x) => x;

    public override Slope Derivative(Tensor x, Tensor y) => 0;
}
