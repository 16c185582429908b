namespace Engine.Tensors;

/// <summary>The operations of the engine. Every function works on concrete and symbolic tensors, and none changes its operands.</summary>
public static partial class Ops
{
    /// <summary>a + b. Shapes broadcast; any numeric type.</summary>
    public static Tensor Add(Tensor a, Tensor b) => AddOp.Instance.Apply(a, b);

    /// <summary>a - b. Shapes broadcast; any numeric type.</summary>
    public static Tensor Subtract(Tensor a, Tensor b) => SubtractOp.Instance.Apply(a, b);

    /// <summary>a * b, element by element. Shapes broadcast; any numeric type.</summary>
    public static Tensor Multiply(Tensor a, Tensor b) => MultiplyOp.Instance.Apply(a, b);

    /// <summary>a / b. Shapes broadcast; any numeric type. Integers truncate towards zero, and x / 0 is 0.</summary>
    public static Tensor Divide(Tensor a, Tensor b) => DivideOp.Instance.Apply(a, b);

    /// <summary>-x. Any numeric type.</summary>
    public static Tensor Negate(Tensor x) => NegateOp.Instance.Apply(x);

    /// <summary>|x|. Any numeric type. The derivative at 0 is 0.</summary>
    public static Tensor Abs(Tensor x) => AbsOp.Instance.Apply(x);

    /// <summary>-1, 0 or 1 by the sign of x; NaN stays NaN. Any numeric type. The derivative is 0.</summary>
    public static Tensor Sign(Tensor x) => SignOp.Instance.Apply(x);

    /// <summary>x squared. Any numeric type.</summary>
    public static Tensor Square(Tensor x) => SquareOp.Instance.Apply(x);

    /// <summary>1 / x. Floating types.</summary>
    public static Tensor Reciprocal(Tensor x) => ReciprocalOp.Instance.Apply(x);

    /// <summary>a * b + c with one rounding. Shapes broadcast; floating types.</summary>
    public static Tensor Fma(Tensor a, Tensor b, Tensor c) => FmaOp.Instance.Apply(a, b, c);

    /// <summary>The greater of a and b; NaN if either is NaN. Shapes broadcast. Where they are equal the derivative is split in halves.</summary>
    public static Tensor Maximum(Tensor a, Tensor b) => MaximumOp.Instance.Apply(a, b);

    /// <summary>The lesser of a and b; NaN if either is NaN. Shapes broadcast. Where they are equal the derivative is split in halves.</summary>
    public static Tensor Minimum(Tensor a, Tensor b) => MinimumOp.Instance.Apply(a, b);

    /// <summary>x held between two bounds. The derivative is 1 strictly inside, 0 outside, and one half on a bound.</summary>
    /// <exception cref="ArgumentException">The lower bound is above the upper one.</exception>
    public static Tensor Clamp(Tensor x, double min, double max)
    {
        if (!(min <= max)) throw new ArgumentException($"clamp: the lower bound must not be above the upper one, got {min} and {max}.");
        return Minimum(Maximum(x, x.Like(min)), x.Like(max));
    }

    /// <summary>1 where a is greater, 0 where b is, one half where they are equal: the slope of a maximum in its first operand.</summary>
    internal static Tensor PreferenceOver(Tensor a, Tensor b) => (a > b).Cast(a.DType) + (a.EqualTo(b).Cast(a.DType) * 0.5);
}

public sealed partial class Tensor
{
    /// <summary>a + b, broadcasting.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Ops.Add(a, b);

    /// <summary>a + scalar; the scalar takes a's element type.</summary>
    public static Tensor operator +(Tensor a, double b) => Ops.Add(a, a.Like(b));

    /// <summary>scalar + b.</summary>
    public static Tensor operator +(double a, Tensor b) => Ops.Add(b.Like(a), b);

    /// <summary>a - b, broadcasting.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => Ops.Subtract(a, b);

    /// <summary>a - scalar.</summary>
    public static Tensor operator -(Tensor a, double b) => Ops.Subtract(a, a.Like(b));

    /// <summary>scalar - b.</summary>
    public static Tensor operator -(double a, Tensor b) => Ops.Subtract(b.Like(a), b);

    /// <summary>a * b element by element, broadcasting.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Ops.Multiply(a, b);

    /// <summary>a * scalar.</summary>
    public static Tensor operator *(Tensor a, double b) => Ops.Multiply(a, a.Like(b));

    /// <summary>scalar * b.</summary>
    public static Tensor operator *(double a, Tensor b) => Ops.Multiply(b.Like(a), b);

    /// <summary>a / b element by element, broadcasting.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Ops.Divide(a, b);

    /// <summary>a / scalar.</summary>
    public static Tensor operator /(Tensor a, double b) => Ops.Divide(a, a.Like(b));

    /// <summary>scalar / b.</summary>
    public static Tensor operator /(double a, Tensor b) => Ops.Divide(b.Like(a), b);

    /// <summary>-x.</summary>
    public static Tensor operator -(Tensor x) => Ops.Negate(x);

    /// <summary>A scalar tensor of this one's element type: how a C# number joins an expression.</summary>
    /// <exception cref="DTypeException">The element type cannot hold the value.</exception>
    public Tensor Like(double value) => Scalar(value, DType);
}

internal sealed record AddOp : BinaryPrimitive
{
    public static readonly AddOp Instance = new();

    public override string Name => "add";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a + b;

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (1, 1);
}

internal sealed record SubtractOp : BinaryPrimitive
{
    public static readonly SubtractOp Instance = new();

    public override string Name => "subtract";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a - b;

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (1, -1);
}

internal sealed record MultiplyOp : BinaryPrimitive
{
    public static readonly MultiplyOp Instance = new();

    public override string Name => "multiply";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a * b;

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (b, a);
}

internal sealed record DivideOp : BinaryPrimitive
{
    public static readonly DivideOp Instance = new();

    public override string Name => "divide";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a / b;

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (1 / b, -y / b);
}

internal sealed record NegateOp : UnaryPrimitive
{
    public static readonly NegateOp Instance = new();

    public override string Name => "negate";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr x) => -x;

    public override Slope Derivative(Tensor x, Tensor y) => -1;
}

internal sealed record AbsOp : UnaryPrimitive
{
    public static readonly AbsOp Instance = new();

    public override string Name => "abs";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr x) => x.Abs();

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Sign(x);
}

internal sealed record SignOp : UnaryPrimitive
{
    public static readonly SignOp Instance = new();

    public override string Name => "sign";

    public override Accepts Accepts => Accepts.Numeric;

    // x falls through to itself only for NaN and zeros, so both survive.
    public override Expr Define(Expr x) => (x > 0).Select(x.Like(1), x.Type == DType.U8 ? x : (x < 0).Select(x.Like(-1), x));

    public override Slope Derivative(Tensor x, Tensor y) => 0;
}

internal sealed record SquareOp : UnaryPrimitive
{
    public static readonly SquareOp Instance = new();

    public override string Name => "square";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr x) => x * x;

    public override Slope Derivative(Tensor x, Tensor y) => x * 2;
}

internal sealed record ReciprocalOp : UnaryPrimitive
{
    public static readonly ReciprocalOp Instance = new();

    public override string Name => "reciprocal";

    public override Expr Define(Expr x) => 1 / x;

    public override Slope Derivative(Tensor x, Tensor y) => -(y * y);
}

internal sealed record FmaOp : ElementwisePrimitive
{
    public static readonly FmaOp Instance = new();

    public override string Name => "fma";

    public override int Arity => 3;

    public override Expr Body(ReadOnlySpan<Expr> operands) => operands[0].Fma(operands[1], operands[2]);

    public override Slope[] Slopes(Tensor[] inputs, Tensor output) => [inputs[1], inputs[0], 1];
}

internal sealed record MaximumOp : BinaryPrimitive
{
    public static readonly MaximumOp Instance = new();

    public override string Name => "maximum";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a.Max(b);

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (Ops.PreferenceOver(a, b), Ops.PreferenceOver(b, a));
}

internal sealed record MinimumOp : BinaryPrimitive
{
    public static readonly MinimumOp Instance = new();

    public override string Name => "minimum";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a.Min(b);

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (Ops.PreferenceOver(b, a), Ops.PreferenceOver(a, b));
}
