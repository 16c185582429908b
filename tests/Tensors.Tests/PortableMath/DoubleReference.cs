namespace Engine.Tensors.Tests;

/// <summary>The elementary functions in double precision by other means than the sequences under test: good to about 1e-14.</summary>
internal static class DoubleReference
{
    public static double Evaluate(ElementaryFunction function, double x) => function switch
    {
        ElementaryFunction.Exp => Math.Exp(x),
        ElementaryFunction.Exp2 => Math.Pow(2, x),
        ElementaryFunction.Expm1 => Expm1(x),
        ElementaryFunction.Log => Math.Log(x),
        ElementaryFunction.Log2 => Math.Log2(x),
        ElementaryFunction.Log1p => Log1p(x),
        ElementaryFunction.Tanh => Math.Tanh(x),
        ElementaryFunction.Sigmoid => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x)),
        ElementaryFunction.Erf => Math.Abs(x) < 2.5 ? ErfSeries(x) : Math.CopySign(1 - ErfcFraction(Math.Abs(x)), x),
        ElementaryFunction.Erfc => x < 2.5 ? (x > -2.5 ? 1 - ErfSeries(x) : 2 - ErfcFraction(-x)) : ErfcFraction(x),
        ElementaryFunction.Sin => Math.Sin(x),
        ElementaryFunction.Cos => Math.Cos(x),
        ElementaryFunction.Tan => Math.Tan(x),
        ElementaryFunction.Asin => Math.Asin(x),
        ElementaryFunction.Acos => Math.Acos(x),
        ElementaryFunction.Atan => Math.Atan(x),
        ElementaryFunction.Sinh => Math.Sinh(x),
        ElementaryFunction.Cosh => Math.Cosh(x),
        ElementaryFunction.Asinh => Math.Asinh(x),
        ElementaryFunction.Acosh => Math.Acosh(x),
        ElementaryFunction.Atanh => Math.Atanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    /// <summary>Kahan: the errors of exp and log cancel.</summary>
    private static double Expm1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1)
            return x;
        return u - 1 == -1 || double.IsInfinity(u) || double.IsNaN(u) ? u - 1 : (u - 1) * x / Math.Log(u);
    }

    /// <summary>Kahan: the error of 1 + x cancels.</summary>
    private static double Log1p(double x)
    {
        double u = 1 + x;
        return u == 1 || double.IsPositiveInfinity(u) ? x : u == 0 ? double.NegativeInfinity : Math.Log(u) * x / (u - 1);
    }

    /// <summary>2/sqrt(pi) e^(-x^2) times the sum of 2^n x^(2n+1) / (1 3 5 ... (2n+1)), whose terms all have one sign.</summary>
    private static double ErfSeries(double x)
    {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    /// <summary>The continued fraction of Laplace, evaluated backwards.</summary>
    private static double ErfcFraction(double x)
    {
        if (double.IsPositiveInfinity(x))
            return 0;
        double tail = x;
        for (int k = 120; k >= 1; k--)
            tail = x + k / 2.0 / tail;
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / tail;
    }
}
