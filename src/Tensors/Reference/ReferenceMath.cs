namespace Engine.Tensors.Reference;

/// <summary>
/// The named functions of scalar expressions in double precision, each within 1e-15 relative: <see cref="Math"/> where it has the function,
/// otherwise the textbook definition, evaluated without regard to speed.
/// </summary>
public static class ReferenceMath
{
    private const double TwoOverRootPi = 1.1283791670955126;

    /// <summary>A named function at one or two arguments; those of one ignore <paramref name="y"/>.</summary>
    public static double Evaluate(ElementaryFunction function, double x, double y = 0) => function switch
    {
        ElementaryFunction.Exp => Math.Exp(x),
        ElementaryFunction.Exp2 => Math.Pow(2, x),
        ElementaryFunction.Expm1 => Expm1(x),
        ElementaryFunction.Log => Math.Log(x),
        ElementaryFunction.Log2 => Math.Log2(x),
        ElementaryFunction.Log1p => Log1p(x),
        ElementaryFunction.Tanh => Math.Tanh(x),
        ElementaryFunction.Sigmoid => Sigmoid(x),
        ElementaryFunction.Erf => Erf(x),
        ElementaryFunction.Erfc => Erfc(x),
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
        ElementaryFunction.Pow => Math.Pow(x, y),
        ElementaryFunction.Atan2 => Math.Atan2(x, y),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    /// <summary>exp(x) - 1.</summary>
    public static double Expm1(double x)
    {
        if (!(Math.Abs(x) < 0.5)) return Math.Exp(x) - 1;
        // Kahan: u - 1 is exact, and the rounding error of u = exp(x) cancels between u - 1 and log(u).
        double u = Math.Exp(x);
        return u == 1 ? x : (u - 1) * x / Math.Log(u);
    }

    /// <summary>log(1 + x).</summary>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        if (!(Math.Abs(x) < 0.5)) return Math.Log(u);
        // Kahan: u - 1 is exact, and log(u) / (u - 1) hardly changes over the rounding error of u.
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static double Sigmoid(double x)
    {
        if (x >= 0) return 1 / (1 + Math.Exp(-x));
        double e = Math.Exp(x);
        return e / (1 + e);
    }

    /// <summary>The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.</summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x < 0) return -Erf(-x);
        if (x >= 0.5) return 1 - Erfc(x);
        // Maclaurin series: x times the sum of (-x^2)^n / (n! (2n + 1)). The first term, 1, is added last.
        double power = 1, sum = 0;
        for (int n = 1; n <= 14; n++)
        {
            power *= -x * x / n;
            sum += power / ((2 * n) + 1);
        }
        return TwoOverRootPi * (x + (x * sum));
    }

    /// <summary>1 - erf(x).</summary>
    public static double Erfc(double x)
    {
        if (x < 0.5) return 1 - Erf(x);
        if (!(x < 28)) return double.IsNaN(x) ? x : 0;
        // Continued fraction: sqrt(pi) exp(x^2) erfc(x) = 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))), from the far end; all terms are positive.
        double tail = x;
        for (int k = 20 + (int)(300 / (x * x)); k >= 1; k--) tail = x + (k / 2.0 / tail);
        // exp(-x^2) with the rounding error of the square put back, which the exponential would magnify.
        double square = x * x, error = Math.FusedMultiplyAdd(x, x, -square);
        return Math.Exp(-square) * (1 - error) * (TwoOverRootPi / 2) / tail;
    }
}
