namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Logarithm to base 10. Floating types; -inf at 0, NaN below.</summary>
    public static Tensor Log10(Tensor x) => Log10Op.Instance.Apply(x);

    /// <summary>The inverse of <see cref="Erf"/>: y with erf(y) = x. Floating types, computed in f64; infinite at 1 and -1, NaN beyond.</summary>
    public static Tensor ErfInv(Tensor x) => ErfInvOp.Instance.Apply(x);

    /// <summary>
    /// x log(y), and 0 where x is 0 and y is no NaN. Shapes broadcast; floating types. The derivatives are log(y) and x / y, and 0 where x is 0 and y is 0 or
    /// negative.
    /// </summary>
    public static Tensor XLogY(Tensor x, Tensor y) => XLogYOp.Instance.Apply(x, y);

    /// <summary>log(sigmoid(x)) = -softplus(-x), stable for large |x|. Floating types.</summary>
    public static Tensor LogSigmoid(Tensor x) => -Softplus(-x);

    /// <summary>log(exp(a) + exp(b)), without overflow; equal infinities give themselves. Shapes broadcast; floating types.</summary>
    public static Tensor LogAddExp(Tensor a, Tensor b) => LogAddExpOp.Instance.Apply(a, b);
}

internal sealed record Log10Op : UnaryPrimitive
{
    public static readonly Log10Op Instance = new();

    public override string Name => "log10";

    public override Expr Define(Expr x) => (x.Cast(DType.F64).Log() / double.Log(10)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y) => 1 / (x * double.Log(10));
}

internal sealed record ErfInvOp : UnaryPrimitive
{
    public static readonly ErfInvOp Instance = new();

    public override string Name => "erfInv";

    public override Expr Define(Expr x) => InverseErrorFunction.Define(x.Cast(DType.F64)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Exp(y * y) * (double.Sqrt(Math.PI) / 2);
}

internal sealed record XLogYOp : BinaryPrimitive
{
    public static readonly XLogYOp Instance = new();

    public override string Name => "xLogY";

    public override Expr Define(Expr x, Expr y)
    {
        Expr nothing = x.EqualTo(x.Like(0)) & y.EqualTo(y);
        return nothing.Select(x.Like(0), x * y.Log());
    }

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y)
    {
        Tensor flat = Ops.And(a.EqualTo(0), b <= 0), zero = y.Like(0), inside = Ops.Where(flat, y.Like(1), b);
        return (Ops.Where(flat, zero, Ops.Log(inside)), Ops.Where(flat, zero, a / inside));
    }
}

internal sealed record LogAddExpOp : BinaryPrimitive
{
    public static readonly LogAddExpOp Instance = new();

    public override string Name => "logAddExp";

    public override Expr Define(Expr a, Expr b) => a.EqualTo(b).Select(a + Math.Log(2), a.Max(b) + (-(a - b).Abs()).Exp().Log1p());

    public override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y)
    {
        // Equal infinities have no difference; they share as equal numbers do.
        Tensor infinite = Ops.And(a.EqualTo(b), Ops.Abs(a).EqualTo(double.PositiveInfinity));
        Tensor difference = Ops.Where(infinite, y.Like(0), a) - Ops.Where(infinite, y.Like(0), b);
        return (Ops.Sigmoid(difference), Ops.Sigmoid(-difference));
    }
}
