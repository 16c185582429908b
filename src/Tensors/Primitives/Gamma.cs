namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// log |Gamma(x)|. Floating types, computed in f64. +inf at 0, at negative integers and at both infinities. The derivative is <see cref="Digamma"/>.
    /// </summary>
    public static Tensor LogGamma(Tensor x) => LogGammaOp.Instance.Apply(x);

    /// <summary>
    /// The digamma function, d/dx log Gamma(x). Floating types, computed in f64. -inf at 0 (+inf at -0), NaN at negative integers. The derivative is
    /// <see cref="Polygamma"/> of order 1.
    /// </summary>
    public static Tensor Digamma(Tensor x) => DigammaOp.Instance.Apply(x);

    /// <summary>
    /// Derivative number <paramref name="order"/> of the digamma function (order 0 is <see cref="Digamma"/>, order 1 the trigamma function). Floating types, computed in f64.
    /// </summary>
    /// <param name="order">How often the digamma function is differentiated: 0 to 100.</param>
    /// <param name="x">A floating tensor.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is out of range.</exception>
    public static Tensor Polygamma(int order, Tensor x)
    {
        if (order is < 0 or > PolygammaOp.Most)
            throw new ArgumentOutOfRangeException(nameof(order), $"polygamma: the order must be from 0 to {PolygammaOp.Most}, got {order}.");
        return order == 0 ? Digamma(x) : new PolygammaOp(order).Apply(x);
    }

    /// <summary>
    /// log B(a, b) = log(Gamma(a) Gamma(b) / Gamma(a + b)) for positive a and b, to full relative accuracy also where the three terms would cancel; +inf where one is 0, NaN
    /// where one is negative. Shapes broadcast; floating types, computed in f64.
    /// </summary>
    public static Tensor LogBeta(Tensor a, Tensor b) => LogBetaOp.Instance.Apply(a, b);
}

internal sealed record LogGammaOp : UnaryPrimitive
{
    public static readonly LogGammaOp Instance = new();

    public override string Name => "logGamma";

    public override Expr Define(Expr x) => GammaFunctions.LogGamma(x.Cast(DType.F64)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Digamma(x);
}

internal sealed record DigammaOp : UnaryPrimitive
{
    public static readonly DigammaOp Instance = new();

    public override string Name => "digamma";

    public override Expr Define(Expr x) => GammaFunctions.Digamma(x.Cast(DType.F64)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Polygamma(1, x);
}

internal sealed record PolygammaOp(int Order) : UnaryPrimitive
{
    public const int Most = 100;

    public override string Name => "polygamma";

    public override Expr Define(Expr x) => GammaFunctions.Polygamma(Order, x.Cast(DType.F64)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Polygamma(Order + 1, x);
}

internal sealed record LogBetaOp : BinaryPrimitive
{
    public static readonly LogBetaOp Instance = new();

    public override string Name => "logBeta";

    public override Expr Define(Expr a, Expr b) => GammaFunctions.LogBeta(a.Cast(DType.F64), b.Cast(DType.F64)).Cast(a.Type);

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y)
    {
        Tensor total = Ops.Digamma(a + b);
        return (Ops.Digamma(a) - total, Ops.Digamma(b) - total);
    }
}
