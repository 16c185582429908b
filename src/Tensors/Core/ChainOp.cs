namespace Engine.Tensors;

/// <summary>
/// A tangent or cotangent times a slope: 0 where either is 0, whatever the other. So no derivative flows from a value that is not used, even where its slope is infinite or
/// NaN, as behind a <c>Where</c> that guards a division or a root, and the derivative of a norm at 0 is 0.
/// </summary>
internal sealed record ChainOp : BinaryPrimitive
{
    public static readonly ChainOp Instance = new();

    public override string Name => "chain";

    public override Expr Define(Expr vector, Expr slope)
    {
        Expr zero = Expr.Constant(0, vector.Type);
        return (vector.EqualTo(zero) | slope.EqualTo(zero)).Select(zero, vector * slope);
    }

    public override (Slope A, Slope B) Derivatives(Tensor vector, Tensor slope, Tensor y) => (slope, vector);
}
