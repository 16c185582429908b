namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>The modified Bessel function of the first kind of order 0. Floating types, computed in f64.</summary>
    public static Tensor BesselI0(Tensor x) => new BesselOp(0, false).Apply(x);

    /// <summary>The modified Bessel function of the first kind of order 1. Floating types, computed in f64.</summary>
    public static Tensor BesselI1(Tensor x) => new BesselOp(1, false).Apply(x);

    /// <summary>exp(-|x|) I0(x), which does not overflow. Floating types, computed in f64. The derivative at the kink 0 is 0.</summary>
    public static Tensor BesselI0e(Tensor x) => new BesselOp(0, true).Apply(x);

    /// <summary>exp(-|x|) I1(x), which does not overflow. Floating types, computed in f64. The derivative of |x| at 0 counts as 0.</summary>
    public static Tensor BesselI1e(Tensor x) => new BesselOp(1, true).Apply(x);

    /// <summary>sin(pi x) / (pi x), and 1 at 0. Floating types, computed in f64; derivatives of every order are exact at and near 0.</summary>
    public static Tensor Sinc(Tensor x) => new SincOp(0).Apply(x);
}

/// <summary>I0 or I1.</summary>
internal sealed record BesselOp(int Order, bool Scaled) : UnaryPrimitive
{
    public override string Name => $"besselI{Order}{(Scaled ? "e" : "")}";

    public override Expr Define(Expr x) => BesselFunctions.Modified(Order, Scaled, x.Cast(DType.F64)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y)
    {
        // I0' = I1 and I1' = I0 - I1 / x.
        Tensor slope = Order == 0 ? new BesselOp(1, Scaled).Apply(x) : new BesselOp(0, Scaled).Apply(x) - new BesselRatioOp(1, Scaled).Apply(x);
        return Scaled ? slope - (Ops.Sign(x) * y) : slope;
    }
}

/// <summary>I(n, x) / x^n, the smooth factor whose derivative is of the same kind: (I(n) / x^n)' = x I(n+1) / x^(n+1).</summary>
internal sealed record BesselRatioOp(int Order, bool Scaled) : UnaryPrimitive
{
    public override string Name => "besselRatio";

    public override Expr Define(Expr x) => BesselFunctions.ModifiedRatio(Order, Scaled, x.Cast(DType.F64)).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y)
    {
        Tensor slope = x * new BesselRatioOp(Order + 1, Scaled).Apply(x);
        return Scaled ? slope - (Ops.Sign(x) * y) : slope;
    }
}

/// <summary>j(n, u) / u^n at u = pi x, with the spherical Bessel function j; of order 0 it is sinc. Its derivative in u is -u j(n+1, u) / u^(n+1).</summary>
internal sealed record SincOp(int Order) : UnaryPrimitive
{
    public override string Name => "sinc";

    public override Expr Define(Expr x) => BesselFunctions.SphericalRatio(Order, x.Cast(DType.F64) * Math.PI).Cast(x.Type);

    public override Slope Derivative(Tensor x, Tensor y) => x * (-Math.PI * Math.PI) * new SincOp(Order + 1).Apply(x);
}
