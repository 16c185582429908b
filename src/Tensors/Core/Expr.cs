namespace Engine.Tensors;

/// <summary>
/// The operations of a scalar expression. The first group are the leaves every backend implements exactly (IEEE 754, one rounding each);
/// the second are named elementary functions, which portable mathematics expands into leaves.
/// </summary>
public enum ExprOp : byte
{
    /// <summary>Operand number <see cref="Expr.Index"/> of the kernel.</summary>
    Input,

    /// <summary>A constant; its bits are in <see cref="Expr.Bits"/>.</summary>
    Constant,

    /// <summary>The coordinate of the element along axis <see cref="Expr.Index"/>, as i64.</summary>
    Coordinate,

    /// <summary>a + b.</summary>
    Add,

    /// <summary>a - b.</summary>
    Sub,

    /// <summary>a * b.</summary>
    Mul,

    /// <summary>a / b; for integers truncated towards zero, and 0 when b is 0.</summary>
    Div,

    /// <summary>a * b + c with one rounding.</summary>
    Fma,

    /// <summary>Square root, correctly rounded.</summary>
    Sqrt,

    /// <summary>-a.</summary>
    Neg,

    /// <summary>|a|.</summary>
    Abs,

    /// <summary>The lesser; NaN if either is NaN, and -0 below +0.</summary>
    Min,

    /// <summary>The greater; NaN if either is NaN, and -0 below +0.</summary>
    Max,

    /// <summary>Largest integer not above.</summary>
    Floor,

    /// <summary>Smallest integer not below.</summary>
    Ceiling,

    /// <summary>Towards zero.</summary>
    Truncate,

    /// <summary>To nearest, ties to even.</summary>
    RoundEven,

    /// <summary>a == b, as bool.</summary>
    Equal,

    /// <summary>a &lt; b, as bool.</summary>
    Less,

    /// <summary>a &lt;= b, as bool.</summary>
    LessEqual,

    /// <summary>condition ? a : b.</summary>
    Select,

    /// <summary>Value conversion to <see cref="Expr.Type"/>.</summary>
    Cast,

    /// <summary>The same bits as another type of the same size.</summary>
    Bitcast,

    /// <summary>Bitwise and.</summary>
    And,

    /// <summary>Bitwise or.</summary>
    Or,

    /// <summary>Bitwise exclusive or.</summary>
    Xor,

    /// <summary>Left shift by b bits.</summary>
    ShiftLeft,

    /// <summary>Arithmetic right shift by b bits.</summary>
    ShiftRight,

    /// <summary>Logical right shift by b bits.</summary>
    ShiftRightUnsigned,

    /// <summary>Upper 32 bits of the unsigned 32 x 32 product (i32 operands).</summary>
    MulHigh,

    /// <summary>A named elementary function of one or two arguments; which one is in <see cref="Expr.Function"/>.</summary>
    Function,
}

/// <summary>
/// A scalar expression: what an elementwise op computes at one element. Pure data, built by operators and methods, compared by structure.
/// CPU tiles, PTX and OpenCL C are all derived from it.
/// </summary>
public sealed class Expr : IEquatable<Expr>
{
    private readonly Expr[] arguments;
    private readonly int hash;

    private Expr(ExprOp op, DType type, Expr[] arguments, int index = 0, ulong bits = 0, ElementaryFunction function = default)
    {
        Op = op;
        Type = type;
        Index = index;
        Bits = bits;
        Function = function;
        this.arguments = arguments;
        var h = new HashCode();
        h.Add(op);
        h.Add(type);
        h.Add(index);
        h.Add(bits);
        h.Add(function);
        foreach (Expr a in arguments) h.Add(a.hash);
        hash = h.ToHashCode();
    }

    /// <summary>The operation.</summary>
    public ExprOp Op { get; }

    /// <summary>Element type of the result.</summary>
    public DType Type { get; }

    /// <summary>Operand number of <see cref="ExprOp.Input"/>, axis of <see cref="ExprOp.Coordinate"/>.</summary>
    public int Index { get; }

    /// <summary>Bits of a <see cref="ExprOp.Constant"/>, in the low end.</summary>
    public ulong Bits { get; }

    /// <summary>The function of <see cref="ExprOp.Function"/>.</summary>
    public ElementaryFunction Function { get; }

    /// <summary>The operands.</summary>
    public ReadOnlySpan<Expr> Arguments => arguments;

    /// <summary>Operand <paramref name="index"/> of the kernel.</summary>
    public static Expr Input(int index, DType type) => new(ExprOp.Input, type, [], index);

    /// <summary>The coordinate along an axis, as i64.</summary>
    public static Expr Coordinate(int axis) => new(ExprOp.Coordinate, DType.I64, [], axis);

    /// <summary>A constant of a given type; a value that the type cannot hold exactly is rounded (floating) or refused (integers).</summary>
    /// <exception cref="DTypeException">A fraction or an out-of-range value for an integer type.</exception>
    public static Expr Constant(double value, DType type) => new(ExprOp.Constant, type, [], bits: Scalars.ToBits(value, type));

    /// <summary>A constant of a given type with exactly these bits.</summary>
    public static Expr ConstantBits(ulong bits, DType type) => new(ExprOp.Constant, type, [], bits: bits);

    /// <summary>a + b.</summary>
    public static Expr operator +(Expr a, Expr b) => Binary(ExprOp.Add, a, b);

    /// <summary>a + constant.</summary>
    public static Expr operator +(Expr a, double b) => a + a.Like(b);

    /// <summary>constant + b.</summary>
    public static Expr operator +(double a, Expr b) => b.Like(a) + b;

    /// <summary>a - b.</summary>
    public static Expr operator -(Expr a, Expr b) => Binary(ExprOp.Sub, a, b);

    /// <summary>a - constant.</summary>
    public static Expr operator -(Expr a, double b) => a - a.Like(b);

    /// <summary>constant - b.</summary>
    public static Expr operator -(double a, Expr b) => b.Like(a) - b;

    /// <summary>a * b.</summary>
    public static Expr operator *(Expr a, Expr b) => Binary(ExprOp.Mul, a, b);

    /// <summary>a * constant.</summary>
    public static Expr operator *(Expr a, double b) => a * a.Like(b);

    /// <summary>constant * b.</summary>
    public static Expr operator *(double a, Expr b) => b.Like(a) * b;

    /// <summary>a / b.</summary>
    public static Expr operator /(Expr a, Expr b) => Binary(ExprOp.Div, a, b);

    /// <summary>a / constant.</summary>
    public static Expr operator /(Expr a, double b) => a / a.Like(b);

    /// <summary>constant / b.</summary>
    public static Expr operator /(double a, Expr b) => b.Like(a) / b;

    /// <summary>-a.</summary>
    public static Expr operator -(Expr a) => Unary(ExprOp.Neg, a);

    /// <summary>a &lt; b, as bool.</summary>
    public static Expr operator <(Expr a, Expr b) => Compare(ExprOp.Less, a, b);

    /// <summary>a &gt; b, as bool.</summary>
    public static Expr operator >(Expr a, Expr b) => Compare(ExprOp.Less, b, a);

    /// <summary>a &lt;= b, as bool.</summary>
    public static Expr operator <=(Expr a, Expr b) => Compare(ExprOp.LessEqual, a, b);

    /// <summary>a &gt;= b, as bool.</summary>
    public static Expr operator >=(Expr a, Expr b) => Compare(ExprOp.LessEqual, b, a);

    /// <summary>a &lt; constant, as bool.</summary>
    public static Expr operator <(Expr a, double b) => a < a.Like(b);

    /// <summary>a &gt; constant, as bool.</summary>
    public static Expr operator >(Expr a, double b) => a > a.Like(b);

    /// <summary>a &lt;= constant, as bool.</summary>
    public static Expr operator <=(Expr a, double b) => a <= a.Like(b);

    /// <summary>a &gt;= constant, as bool.</summary>
    public static Expr operator >=(Expr a, double b) => a >= a.Like(b);

    /// <summary>Bitwise and.</summary>
    public static Expr operator &(Expr a, Expr b) => Binary(ExprOp.And, a, b);

    /// <summary>Bitwise or.</summary>
    public static Expr operator |(Expr a, Expr b) => Binary(ExprOp.Or, a, b);

    /// <summary>Bitwise exclusive or.</summary>
    public static Expr operator ^(Expr a, Expr b) => Binary(ExprOp.Xor, a, b);

    /// <summary>Left shift by a constant number of bits.</summary>
    public static Expr operator <<(Expr a, int bits) => Binary(ExprOp.ShiftLeft, a, a.Like(bits));

    /// <summary>Arithmetic right shift by a constant number of bits.</summary>
    public static Expr operator >>(Expr a, int bits) => Binary(ExprOp.ShiftRight, a, a.Like(bits));

    /// <summary>Logical right shift by a constant number of bits.</summary>
    public static Expr operator >>>(Expr a, int bits) => Binary(ExprOp.ShiftRightUnsigned, a, a.Like(bits));

    /// <summary>a == b, as bool.</summary>
    public Expr EqualTo(Expr other) => Compare(ExprOp.Equal, this, other);

    /// <summary>this * b + c with one rounding.</summary>
    public Expr Fma(Expr b, Expr c)
    {
        Require(this, b);
        Require(this, c);
        return new(ExprOp.Fma, Type, [this, b, c]);
    }

    /// <summary>Square root.</summary>
    public Expr Sqrt() => Unary(ExprOp.Sqrt, this);

    /// <summary>Absolute value.</summary>
    public Expr Abs() => Unary(ExprOp.Abs, this);

    /// <summary>The lesser; NaN propagates.</summary>
    public Expr Min(Expr other) => Binary(ExprOp.Min, this, other);

    /// <summary>The lesser of this and a constant.</summary>
    public Expr Min(double other) => Min(Like(other));

    /// <summary>The greater; NaN propagates.</summary>
    public Expr Max(Expr other) => Binary(ExprOp.Max, this, other);

    /// <summary>The greater of this and a constant.</summary>
    public Expr Max(double other) => Max(Like(other));

    /// <summary>Largest integer not above.</summary>
    public Expr Floor() => Unary(ExprOp.Floor, this);

    /// <summary>Smallest integer not below.</summary>
    public Expr Ceiling() => Unary(ExprOp.Ceiling, this);

    /// <summary>Towards zero.</summary>
    public Expr Truncate() => Unary(ExprOp.Truncate, this);

    /// <summary>To nearest, ties to even.</summary>
    public Expr RoundEven() => Unary(ExprOp.RoundEven, this);

    /// <summary>Upper half of the unsigned product (i32).</summary>
    public Expr MulHigh(Expr other) => Binary(ExprOp.MulHigh, this, other);

    /// <summary>this (a bool) ? yes : no.</summary>
    public Expr Select(Expr yes, Expr no)
    {
        Require(yes, no);
        if (Type != DType.Bool) throw new DTypeException($"select: the condition must be bool, got {Type.Name()}.");
        return new(ExprOp.Select, yes.Type, [this, yes, no]);
    }

    /// <summary>Value conversion.</summary>
    public Expr Cast(DType type) => type == Type ? this : new(ExprOp.Cast, type, [this]);

    /// <summary>The same bits as another type of the same size.</summary>
    public Expr Bitcast(DType type) => type == Type ? this : new(ExprOp.Bitcast, type, [this]);

    /// <summary>A named elementary function of this.</summary>
    public Expr Apply(ElementaryFunction function) => new(ExprOp.Function, Type, [this], function: function);

    /// <summary>A named elementary function of two arguments.</summary>
    public Expr Apply(ElementaryFunction function, Expr second)
    {
        Require(this, second);
        return new(ExprOp.Function, Type, [this, second], function: function);
    }

    /// <summary>e to this.</summary>
    public Expr Exp() => Apply(ElementaryFunction.Exp);

    /// <summary>exp(this) - 1, accurate near 0.</summary>
    public Expr Expm1() => Apply(ElementaryFunction.Expm1);

    /// <summary>Natural logarithm.</summary>
    public Expr Log() => Apply(ElementaryFunction.Log);

    /// <summary>log(1 + this), accurate near 0.</summary>
    public Expr Log1p() => Apply(ElementaryFunction.Log1p);

    /// <summary>Hyperbolic tangent.</summary>
    public Expr Tanh() => Apply(ElementaryFunction.Tanh);

    /// <summary>1 / (1 + exp(-this)).</summary>
    public Expr Sigmoid() => Apply(ElementaryFunction.Sigmoid);

    /// <summary>The error function.</summary>
    public Expr Erf() => Apply(ElementaryFunction.Erf);

    /// <summary>A constant of this expression's type.</summary>
    public Expr Like(double value) => Constant(value, Type);

    /// <summary>This expression with some parts replaced by expressions of their types. Shared parts stay shared.</summary>
    /// <param name="replacement">What a part becomes; null to look into its arguments.</param>
    /// <param name="known">Replacements found so far, by reference; to be kept for as long as <paramref name="replacement"/> means the same.</param>
    internal Expr Replace(Func<Expr, Expr?> replacement, Dictionary<Expr, Expr> known)
    {
        if (known.TryGetValue(this, out Expr? replaced)) return replaced;
        replaced = replacement(this);
        if (replaced is null)
        {
            Expr[] parts = new Expr[arguments.Length];
            bool same = true;
            for (int i = 0; i < parts.Length; i++)
            {
                parts[i] = arguments[i].Replace(replacement, known);
                same &= ReferenceEquals(parts[i], arguments[i]);
            }
            replaced = same ? this : new(Op, Type, parts, Index, Bits, Function);
        }
        known.Add(this, replaced);
        return replaced;
    }

    /// <inheritdoc/>
    public bool Equals(Expr? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || hash != other.hash || Op != other.Op || Type != other.Type || Index != other.Index || Bits != other.Bits
            || Function != other.Function || arguments.Length != other.arguments.Length) return false;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].Equals(other.arguments[i])) return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Expr);

    /// <inheritdoc/>
    public override int GetHashCode() => hash;

    /// <inheritdoc/>
    public override string ToString() => Op switch
    {
        ExprOp.Input => $"x{Index}",
        ExprOp.Constant => Scalars.Format(Bits, Type),
        ExprOp.Coordinate => $"i{Index}",
        ExprOp.Cast or ExprOp.Bitcast => $"{Op}<{Type.Name()}>({arguments[0]})",
        ExprOp.Function => $"{Function}({string.Join(", ", (object[])arguments)})",
        _ => $"{Op}({string.Join(", ", (object[])arguments)})",
    };

    private static Expr Unary(ExprOp op, Expr a) => new(op, a.Type, [a]);

    private static Expr Binary(ExprOp op, Expr a, Expr b)
    {
        Require(a, b);
        return new(op, a.Type, [a, b]);
    }

    private static Expr Compare(ExprOp op, Expr a, Expr b)
    {
        Require(a, b);
        return new(op, DType.Bool, [a, b]);
    }

    private static void Require(Expr a, Expr b)
    {
        if (a.Type != b.Type) throw new DTypeException($"expression: operands differ in type, got {a.Type.Name()} and {b.Type.Name()}. Write Cast.");
    }
}
