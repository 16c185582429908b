namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>a == b as bool; NaN equals nothing. Shapes broadcast.</summary>
    public static Tensor Equal(Tensor a, Tensor b) => EqualOp.Instance.Apply(a, b);

    /// <summary>a != b as bool; NaN differs from everything. Shapes broadcast.</summary>
    public static Tensor NotEqual(Tensor a, Tensor b) => LogicalNot(Equal(a, b));

    /// <summary>a &lt; b as bool; false with NaN. Shapes broadcast.</summary>
    public static Tensor Less(Tensor a, Tensor b) => LessOp.Instance.Apply(a, b);

    /// <summary>a &lt;= b as bool; false with NaN. Shapes broadcast.</summary>
    public static Tensor LessEqual(Tensor a, Tensor b) => LessEqualOp.Instance.Apply(a, b);

    /// <summary>a > b as bool; false with NaN. Shapes broadcast.</summary>
    public static Tensor Greater(Tensor a, Tensor b) => LessOp.Instance.Apply(b, a);

    /// <summary>a >= b as bool; false with NaN. Shapes broadcast.</summary>
    public static Tensor GreaterEqual(Tensor a, Tensor b) => LessEqualOp.Instance.Apply(b, a);

    /// <summary>Bitwise and of integers, logical and of bool. Shapes broadcast.</summary>
    public static Tensor And(Tensor a, Tensor b) => AndOp.Instance.Apply(a, b);

    /// <summary>Bitwise or of integers, logical or of bool. Shapes broadcast.</summary>
    public static Tensor Or(Tensor a, Tensor b) => OrOp.Instance.Apply(a, b);

    /// <summary>Bitwise exclusive or of integers, logical one of bool. Shapes broadcast.</summary>
    public static Tensor Xor(Tensor a, Tensor b) => XorOp.Instance.Apply(a, b);

    /// <summary>Logical negation of bool.</summary>
    public static Tensor LogicalNot(Tensor x)
    {
        if (x.DType != DType.Bool) throw new DTypeException($"logicalNot: takes bool, got {x.DType.Name()}. Compare first: x.EqualTo(0).");
        return Xor(x, x.Like(1));
    }

    /// <summary>True where x is NaN. Floating types.</summary>
    public static Tensor IsNaN(Tensor x) => NotEqual(x, x);

    /// <summary>True where x is neither infinite nor NaN. Floating types.</summary>
    public static Tensor IsFinite(Tensor x) => Less(Abs(x), x.Like(double.PositiveInfinity));
}

public sealed partial class Tensor
{
    /// <summary>a &lt; b as bool.</summary>
    public static Tensor operator <(Tensor a, Tensor b) => Ops.Less(a, b);

    /// <summary>a > b as bool.</summary>
    public static Tensor operator >(Tensor a, Tensor b) => Ops.Greater(a, b);

    /// <summary>a &lt;= b as bool.</summary>
    public static Tensor operator <=(Tensor a, Tensor b) => Ops.LessEqual(a, b);

    /// <summary>a >= b as bool.</summary>
    public static Tensor operator >=(Tensor a, Tensor b) => Ops.GreaterEqual(a, b);

    /// <summary>a &lt; scalar as bool.</summary>
    public static Tensor operator <(Tensor a, double b) => Ops.Less(a, a.Like(b));

    /// <summary>a > scalar as bool.</summary>
    public static Tensor operator >(Tensor a, double b) => Ops.Greater(a, a.Like(b));

    /// <summary>a &lt;= scalar as bool.</summary>
    public static Tensor operator <=(Tensor a, double b) => Ops.LessEqual(a, a.Like(b));

    /// <summary>a >= scalar as bool.</summary>
    public static Tensor operator >=(Tensor a, double b) => Ops.GreaterEqual(a, a.Like(b));

    /// <summary>Element-wise equality as bool (<c>==</c> compares references).</summary>
    public Tensor EqualTo(Tensor other) => Ops.Equal(this, other);

    /// <summary>Element-wise equality with a scalar, as bool.</summary>
    public Tensor EqualTo(double other) => Ops.Equal(this, Like(other));
}

internal sealed record EqualOp : ComparisonPrimitive
{
    public static readonly EqualOp Instance = new();

    public override string Name => "equal";

    public override Expr Define(Expr a, Expr b) => a.EqualTo(b);
}

internal sealed record LessOp : ComparisonPrimitive
{
    public static readonly LessOp Instance = new();

    public override string Name => "less";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a < b;
}

internal sealed record LessEqualOp : ComparisonPrimitive
{
    public static readonly LessEqualOp Instance = new();

    public override string Name => "lessEqual";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr a, Expr b) => a <= b;
}

internal sealed record AndOp : BitwisePrimitive
{
    public static readonly AndOp Instance = new();

    public override string Name => "and";

    public override Expr Define(Expr a, Expr b) => a & b;
}

internal sealed record OrOp : BitwisePrimitive
{
    public static readonly OrOp Instance = new();

    public override string Name => "or";

    public override Expr Define(Expr a, Expr b) => a | b;
}

internal sealed record XorOp : BitwisePrimitive
{
    public static readonly XorOp Instance = new();

    public override string Name => "xor";

    public override Expr Define(Expr a, Expr b) => a ^ b;
}

/// <summary>An elementwise op on bits, without a derivative.</summary>
internal abstract record BitwisePrimitive : BinaryPrimitive
{
    public sealed override Accepts Accepts => Accepts.Bits;

    public sealed override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (0, 0);
}
