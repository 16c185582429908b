namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>e to x. Floating types.</summary>
    public static Tensor Exp(Tensor x) => ExpOp.Instance.Apply(x);

    /// <summary>2 to x. Floating types.</summary>
    public static Tensor Exp2(Tensor x) => Exp2Op.Instance.Apply(x);

    /// <summary>exp(x) - 1, accurate near 0. Floating types.</summary>
    public static Tensor Expm1(Tensor x) => Expm1Op.Instance.Apply(x);

    /// <summary>Natural logarithm. Floating types; -inf at 0, NaN below.</summary>
    public static Tensor Log(Tensor x) => LogOp.Instance.Apply(x);

    /// <summary>Logarithm to base 2. Floating types; -inf at 0, NaN below.</summary>
    public static Tensor Log2(Tensor x) => Log2Op.Instance.Apply(x);

    /// <summary>log(1 + x), accurate near 0. Floating types; -inf at -1, NaN below.</summary>
    public static Tensor Log1p(Tensor x) => Log1pOp.Instance.Apply(x);

    /// <summary>Square root. Floating types; NaN below 0. The derivative at 0 is +inf.</summary>
    public static Tensor Sqrt(Tensor x) => SqrtOp.Instance.Apply(x);

    /// <summary>1 / sqrt(x). Floating types; +inf at 0, NaN below.</summary>
    public static Tensor Rsqrt(Tensor x) => RsqrtOp.Instance.Apply(x);

    /// <summary>a to b. Shapes broadcast; floating types; special cases as in IEEE 754 pow.</summary>
    /// <remarks>The derivative in b is 0 where a is 0 and b is positive, and NaN where a is negative.</remarks>
    public static Tensor Pow(Tensor a, Tensor b) => PowOp.Instance.Apply(a, b);

    /// <summary>x to a number. Floating types.</summary>
    public static Tensor Pow(Tensor x, double exponent) => Pow(x, x.Like(exponent));
}

internal sealed record ExpOp : UnaryPrimitive
{
    public static readonly ExpOp Instance = new();

    public override string Name => "exp";

    public override Expr Define(Expr x) => x.Exp();

    public override Slope Derivative(Tensor x, Tensor y) => y;
}

internal sealed record Exp2Op : UnaryPrimitive
{
    public static readonly Exp2Op Instance = new();

    public override string Name => "exp2";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Exp2);

    public override Slope Derivative(Tensor x, Tensor y) => y * double.Log(2);
}

internal sealed record Expm1Op : UnaryPrimitive
{
    public static readonly Expm1Op Instance = new();

    public override string Name => "expm1";

    public override Expr Define(Expr x) => x.Expm1();

    public override Slope Derivative(Tensor x, Tensor y) => y + 1;
}

internal sealed record LogOp : UnaryPrimitive
{
    public static readonly LogOp Instance = new();

    public override string Name => "log";

    public override Expr Define(Expr x) => x.Log();

    public override Slope Derivative(Tensor x, Tensor y) => 1 / x;
}

internal sealed record Log2Op : UnaryPrimitive
{
    public static readonly Log2Op Instance = new();

    public override string Name => "log2";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Log2);

    public override Slope Derivative(Tensor x, Tensor y) => 1 / (x * double.Log(2));
}

internal sealed record Log1pOp : UnaryPrimitive
{
    public static readonly Log1pOp Instance = new();

    public override string Name => "log1p";

    public override Expr Define(Expr x) => x.Log1p();

    public override Slope Derivative(Tensor x, Tensor y) => 1 / (x + 1);
}

internal sealed record SqrtOp : UnaryPrimitive
{
    public static readonly SqrtOp Instance = new();

    public override string Name => "sqrt";

    public override Expr Define(Expr x) => x.Sqrt();

    public override Slope Derivative(Tensor x, Tensor y) => 0.5 / y;
}

internal sealed record RsqrtOp : UnaryPrimitive
{
    public static readonly RsqrtOp Instance = new();

    public override string Name => "rsqrt";

    public override Expr Define(Expr x) => 1 / x.Sqrt();

    public override Slope Derivative(Tensor x, Tensor y) => -0.5 * y * y * y;
}

internal sealed record PowOp : BinaryPrimitive
{
    public static readonly PowOp Instance = new();

    public override string Name => "pow";

    public override Expr Define(Expr a, Expr b) => a.Apply(ElementaryFunction.Pow, b);

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y)
    {
        // b * a^(b-1) is 0 * inf where both are 0 and the power is constant in a; y * log(a) is 0 * -inf where a is 0 and b is positive. The operand is
        // replaced there, not the result: a result that is not taken would still bring its NaN into the next order.
        Tensor zero = y.Like(0), one = y.Like(1);
        Tensor constant = Ops.And(a.EqualTo(0), b.EqualTo(0));
        Tensor slopeA = b * Ops.Pow(Ops.Where(constant, one, a), b - 1);
        Tensor flat = Ops.And(a.EqualTo(0), b > 0);
        Tensor slopeB = Ops.Where(flat, zero, y * Ops.Log(Ops.Where(flat, one, a)));
        return (slopeA, slopeB);
    }
}
