namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>1 / (1 + exp(-x)), without overflow. Floating types.</summary>
    public static Tensor Sigmoid(Tensor x) => SigmoidOp.Instance.Apply(x);

    /// <summary>log(1 + exp(x)), stable for large |x|. Floating types.</summary>
    public static Tensor Softplus(Tensor x) => SoftplusOp.Instance.Apply(x);

    /// <summary>max(x, 0); NaN stays NaN. Any numeric type. The derivative at 0 is 0.</summary>
    public static Tensor Relu(Tensor x) => ReluOp.Instance.Apply(x);

    /// <summary>x * sigmoid(x). Floating types.</summary>
    public static Tensor Silu(Tensor x) => SiluOp.Instance.Apply(x);

    /// <summary>x * Phi(x) with the normal distribution function, exact (erf) form. Floating types.</summary>
    public static Tensor Gelu(Tensor x) => GeluOp.Instance.Apply(x);

    /// <summary>The tanh form of GELU: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016). Floating types.</summary>
    public static Tensor GeluTanh(Tensor x) => GeluTanhOp.Instance.Apply(x);

    /// <summary>The error function. Floating types.</summary>
    public static Tensor Erf(Tensor x) => ErfOp.Instance.Apply(x);

    /// <summary>1 - erf(x), accurate for large x. Floating types.</summary>
    public static Tensor Erfc(Tensor x) => ErfcOp.Instance.Apply(x);

    /// <summary>x where positive, slope * x elsewhere. Floating types.</summary>
    public static Tensor LeakyRelu(Tensor x, double slope = 0.01) => Where(x > 0, x, x * slope);

    internal static Tensor SiluSlope(Tensor x) => Sigmoid(x) * (x * Sigmoid(-x) + 1);

    internal static Tensor GeluSlope(Tensor x) =>
        Erfc(x * -double.Sqrt(0.5)) * 0.5 + x * Exp(x * x * -0.5) * (1 / double.Sqrt(2 * Math.PI));

    internal static Tensor GeluTanhSlope(Tensor x)
    {
        double c = double.Sqrt(2 / Math.PI);
        Tensor square = x * x;
        Tensor t = Tanh(x * c * (square * 0.044715 + 1));
        return (t + 1) * 0.5 + x * 0.5 * ((1 - t) * (t + 1)) * (c * (square * (3 * 0.044715) + 1));
    }
}

internal sealed record SigmoidOp : UnaryPrimitive
{
    public static readonly SigmoidOp Instance = new();

    public override string Name => "sigmoid";

    public override Expr Define(Expr x) => x.Sigmoid();

    // 1 - y loses its digits where y is near 1; sigmoid(-x) is the same number with all of them.
    public override Slope Derivative(Tensor x, Tensor y) => y * Ops.Sigmoid(-x);
}

internal sealed record SoftplusOp : UnaryPrimitive
{
    public static readonly SoftplusOp Instance = new();

    public override string Name => "softplus";

    public override Expr Define(Expr x) => x.Max(0) + (-x.Abs()).Exp().Log1p();

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Sigmoid(x);
}

internal sealed record ReluOp : UnaryPrimitive
{
    public static readonly ReluOp Instance = new();

    public override string Name => "relu";

    public override Accepts Accepts => Accepts.Numeric;

    public override Expr Define(Expr x) => x.Max(0);

    public override Slope Derivative(Tensor x, Tensor y) => (x > 0).Cast(x.DType);
}

internal sealed record SiluOp : UnaryPrimitive
{
    public static readonly SiluOp Instance = new();

    public override string Name => "silu";

    public override Expr Define(Expr x) => x * x.Sigmoid();

    public override Slope Derivative(Tensor x, Tensor y) => Ops.SiluSlope(x);
}

internal sealed record GeluOp : UnaryPrimitive
{
    public static readonly GeluOp Instance = new();

    public override string Name => "gelu";

    public override Expr Define(Expr x) => x * ((x * Math.Sqrt(0.5)).Erf() * 0.5 + 0.5);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.GeluSlope(x);
}

internal sealed record GeluTanhOp : UnaryPrimitive
{
    public static readonly GeluTanhOp Instance = new();

    public override string Name => "geluTanh";

    public override Expr Define(Expr x) => x * 0.5 * ((x * Math.Sqrt(2 / Math.PI) * (x * x * 0.044715 + 1)).Tanh() + 1);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.GeluTanhSlope(x);
}

internal sealed record ErfOp : UnaryPrimitive
{
    public static readonly ErfOp Instance = new();

    public override string Name => "erf";

    public override Expr Define(Expr x) => x.Erf();

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Exp(-(x * x)) * (2 / double.Sqrt(Math.PI));
}

internal sealed record ErfcOp : UnaryPrimitive
{
    public static readonly ErfcOp Instance = new();

    public override string Name => "erfc";

    public override Expr Define(Expr x) => x.Apply(ElementaryFunction.Erfc);

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Exp(-(x * x)) * (-2 / double.Sqrt(Math.PI));
}
