namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Sine of x in radians. Floating types.</summary>
    public static Tensor Sin(Tensor x) => SinOp.Instance.Apply(x);

    /// <summary>Cosine of x in radians. Floating types.</summary>
    public static Tensor Cos(Tensor x) => CosOp.Instance.Apply(x);

    /// <summary>Tangent of x in radians. Floating types.</summary>
    public static Tensor Tan(Tensor x) => TanOp.Instance.Apply(x);

    /// <summary>Arc sine in radians. Floating types; NaN outside [-1, 1].</summary>
    public static Tensor Asin(Tensor x) => AsinOp.Instance.Apply(x);

    /// <summary>Arc cosine in radians. Floating types; NaN outside [-1, 1].</summary>
    public static Tensor Acos(Tensor x) => AcosOp.Instance.Apply(x);

    /// <summary>Arc tangent in radians. Floating types.</summary>
    public static Tensor Atan(Tensor x) => AtanOp.Instance.Apply(x);

    /// <summary>Hyperbolic sine. Floating types.</summary>
    public static Tensor Sinh(Tensor x) => SinhOp.Instance.Apply(x);

    /// <summary>Hyperbolic cosine. Floating types.</summary>
    public static Tensor Cosh(Tensor x) => CoshOp.Instance.Apply(x);

    /// <summary>Hyperbolic tangent. Floating types.</summary>
    public static Tensor Tanh(Tensor x) => TanhOp.Instance.Apply(x);

    /// <summary>Inverse hyperbolic sine. Floating types.</summary>
    public static Tensor Asinh(Tensor x) => AsinhOp.Instance.Apply(x);

    /// <summary>Inverse hyperbolic cosine. Floating types; NaN below 1.</summary>
    public static Tensor Acosh(Tensor x) => AcoshOp.Instance.Apply(x);

    /// <summary>Inverse hyperbolic tangent. Floating types; NaN outside [-1, 1].</summary>
    public static Tensor Atanh(Tensor x) => AtanhOp.Instance.Apply(x);

    /// <summary>Angle of the point (x, y) in radians, in (-pi, pi]. Shapes broadcast; floating types.</summary>
    public static Tensor Atan2(Tensor y, Tensor x) => Atan2Op.Instance.Apply(y, x);
}

internal sealed record SinOp : UnaryPrimitive
{
    public static readonly SinOp Instance = new();

    public override string Name => "sin";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Sin);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Cos(x);
}

internal sealed record CosOp : UnaryPrimitive
{
    public static readonly CosOp Instance = new();

    public override string Name => "cos";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Cos);

    public override Slope Derivative(Tensor x, Tensor y) => -Ops.Sin(x);
}

internal sealed record TanOp : UnaryPrimitive
{
    public static readonly TanOp Instance = new();

    public override string Name => "tan";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Tan);

    public override Slope Derivative(Tensor x, Tensor y) => y * y + 1;
}

internal sealed record AsinOp : UnaryPrimitive
{
    public static readonly AsinOp Instance = new();

    public override string Name => "asin";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Asin);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Rsqrt((1 - x) * (x + 1));
}

internal sealed record AcosOp : UnaryPrimitive
{
    public static readonly AcosOp Instance = new();

    public override string Name => "acos";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Acos);

    public override Slope Derivative(Tensor x, Tensor y) => -Ops.Rsqrt((1 - x) * (x + 1));
}

internal sealed record AtanOp : UnaryPrimitive
{
    public static readonly AtanOp Instance = new();

    public override string Name => "atan";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Atan);

    public override Slope Derivative(Tensor x, Tensor y) => 1 / (x * x + 1);
}

internal sealed record SinhOp : UnaryPrimitive
{
    public static readonly SinhOp Instance = new();

    public override string Name => "sinh";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Sinh);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Cosh(x);
}

internal sealed record CoshOp : UnaryPrimitive
{
    public static readonly CoshOp Instance = new();

    public override string Name => "cosh";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Cosh);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Sinh(x);
}

internal sealed record TanhOp : UnaryPrimitive
{
    public static readonly TanhOp Instance = new();

    public override string Name => "tanh";

    public override Expr Define(Expr x) => x.Tanh();

    // Factored, so that it keeps its digits where y is near 1.
    public override Slope Derivative(Tensor x, Tensor y) => (1 - y) * (y + 1);
}

internal sealed record AsinhOp : UnaryPrimitive
{
    public static readonly AsinhOp Instance = new();

    public override string Name => "asinh";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Asinh);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Rsqrt(x * x + 1);
}

internal sealed record AcoshOp : UnaryPrimitive
{
    public static readonly AcoshOp Instance = new();

    public override string Name => "acosh";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Acosh);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Rsqrt((x - 1) * (x + 1));
}

internal sealed record AtanhOp : UnaryPrimitive
{
    public static readonly AtanhOp Instance = new();

    public override string Name => "atanh";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Atanh);

    public override Slope Derivative(Tensor x, Tensor y) => 1 / ((1 - x) * (x + 1));
}

internal sealed record Atan2Op : BinaryPrimitive
{
    public static readonly Atan2Op Instance = new();

    public override string Name => "atan2";

    public override Expr Define(Expr a, Expr b) => a.Apply(ElementaryFunction.Atan2, b);

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y)
    {
        Tensor square = a * a + b * b;
        return (b / square, -a / square);
    }
}
