namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Largest integer not above x. Floating types. The derivative is 0.</summary>
    public static Tensor Floor(Tensor x) => FloorOp.Instance.Apply(x);

    /// <summary>Smallest integer not below x. Floating types. The derivative is 0.</summary>
    public static Tensor Ceiling(Tensor x) => CeilingOp.Instance.Apply(x);

    /// <summary>x without its fraction. Floating types. The derivative is 0.</summary>
    public static Tensor Truncate(Tensor x) => TruncateOp.Instance.Apply(x);

    /// <summary>The nearest integer, ties to even. Floating types. The derivative is 0.</summary>
    public static Tensor Round(Tensor x) => RoundOp.Instance.Apply(x);
}

internal sealed record FloorOp : UnaryPrimitive
{
    public static readonly FloorOp Instance = new();

    public override string Name => "floor";

    public override Expr Define(Expr x) => x.Floor();

    public override Slope Derivative(Tensor x, Tensor y) => 0;
}

internal sealed record CeilingOp : UnaryPrimitive
{
    public static readonly CeilingOp Instance = new();

    public override string Name => "ceiling";

    public override Expr Define(Expr x) => x.Ceiling();

    public override Slope Derivative(Tensor x, Tensor y) => 0;
}

internal sealed record TruncateOp : UnaryPrimitive
{
    public static readonly TruncateOp Instance = new();

    public override string Name => "truncate";

    public override Expr Define(Expr x) => x.Truncate();

    public override Slope Derivative(Tensor x, Tensor y) => 0;
}

internal sealed record RoundOp : UnaryPrimitive
{
    public static readonly RoundOp Instance = new();

    public override string Name => "round";

    public override Expr Define(Expr x) => x.RoundEven();

    public override Slope Derivative(Tensor x, Tensor y) => 0;
}
