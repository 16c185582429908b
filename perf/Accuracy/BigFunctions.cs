using Engine.Tensors;

namespace Engine.Perf.Accuracy;

/// <summary>The elementary functions by their plainest series and identities, in <see cref="BigFloat"/>. Slow and obvious.</summary>
internal static class BigFunctions
{
    private static readonly BigFloat Ln2 = 2 * AtanhSeries(BigFloat.One / 3);
    private static readonly BigFloat Pi = 4 * ((4 * AtanSeries(BigFloat.One / 5)) - AtanSeries(BigFloat.One / 239));

    /// <summary>The value at finite arguments in the domain; null outside, at a pole, or where an operand is not finite.</summary>
    public static BigFloat? Evaluate(ElementaryFunction function, double x, double y)
    {
        if (!double.IsFinite(x) || !double.IsFinite(y))
            return null;
        BigFloat v = x;
        double a = Math.Abs(x);
        return function switch
        {
            ElementaryFunction.Exp => Exp(Clamp(x)),
            ElementaryFunction.Exp2 => Exp((BigFloat)Clamp(x) * Ln2),
            ElementaryFunction.Expm1 => Exp(Clamp(x)) - 1,
            ElementaryFunction.Log => x > 0 ? Log(v) : null,
            ElementaryFunction.Log2 => x > 0 ? Log(v) / Ln2 : null,
            ElementaryFunction.Log1p => x > -1 ? Log(1 + v) : null,
            ElementaryFunction.Tanh => Tanh(Clamp(x)),
            ElementaryFunction.Sigmoid => 1 / (1 + Exp(-Clamp(x))),
            ElementaryFunction.Erf => a > 30 ? Math.Sign(x) : Erf(v),
            ElementaryFunction.Erfc => a > 30 ? (x > 0 ? BigFloat.Zero : 2) : 1 - Erf(v),
            ElementaryFunction.Sin => Sin(v, 0),
            ElementaryFunction.Cos => Sin(v, 1),
            ElementaryFunction.Tan => Sin(v, 0) / Sin(v, 1),
            ElementaryFunction.Asin => a > 1 ? null : a == 1 ? Math.Sign(x) * Pi.ShiftedBy(-1) : Atan(v / ((1 - v) * (1 + v)).Sqrt()),
            ElementaryFunction.Acos => a > 1 ? null : x == -1 ? Pi : 2 * Atan(((1 - v) / (1 + v)).Sqrt()),
            ElementaryFunction.Atan => Atan(v),
            ElementaryFunction.Sinh => Sinh(Clamp(x)),
            ElementaryFunction.Cosh => Cosh(Clamp(x)),
            ElementaryFunction.Asinh => x < 0 ? -Asinh(-v) : Asinh(v),
            ElementaryFunction.Acosh => x < 1 ? null : Log(v + ((v - 1) * (v + 1)).Sqrt()),
            ElementaryFunction.Atanh => a >= 1 ? null : Log((1 + v) / (1 - v)).ShiftedBy(-1),
            ElementaryFunction.Pow => Pow(x, y),
            ElementaryFunction.Atan2 => x == 0 || y == 0 ? null : Atan2(v, y),
            _ => throw new ArgumentOutOfRangeException(nameof(function)),
        };
    }

    private static double Clamp(double x) => Math.Clamp(x, -5000, 5000);

    private static BigFloat Exp(BigFloat x)
    {
        var k = (x / Ln2).Round();
        BigFloat r = (x - (new BigFloat(k, 0) * Ln2)).ShiftedBy(-16);
        BigFloat sum = BigFloat.One;
        BigFloat term = BigFloat.One;
        for (int n = 1; !term.IsZero && term.Scale > -BigFloat.Precision - 40; n++)
        {
            term = term * r / n;
            sum += term;
        }

        for (int i = 0; i < 16; i++)
            sum *= sum;
        return sum.ShiftedBy((long)k);
    }

    /// <summary>Halley's iteration on exp, three times as many digits in each step.</summary>
    private static BigFloat Log(BigFloat x)
    {
        long e = x.Scale;
        BigFloat m = x.ShiftedBy(-e);
        if (m < new BigFloat(3, -2))
        {
            m = m.ShiftedBy(1);
            e--;
        }

        BigFloat y = Math.Log(m.ToDouble());
        for (int bits = 45; bits < 2 * BigFloat.Precision; bits *= 3)
        {
            BigFloat power = Exp(y);
            y += 2 * (m - power) / (m + power);
        }

        return y + ((BigFloat)(double)e * Ln2);
    }

    private static BigFloat Tanh(BigFloat x)
    {
        BigFloat power = Exp(2 * x);
        return (power - 1) / (power + 1);
    }

    private static BigFloat Sinh(BigFloat x)
    {
        BigFloat power = Exp(x);
        return (power - (1 / power)).ShiftedBy(-1);
    }

    private static BigFloat Cosh(BigFloat x)
    {
        BigFloat power = Exp(x);
        return (power + (1 / power)).ShiftedBy(-1);
    }

    private static BigFloat Asinh(BigFloat x) => Log(x + ((x * x) + 1).Sqrt());

    private static BigFloat Erf(BigFloat x)
    {
        BigFloat doubled = 2 * x * x;
        BigFloat term = x;
        BigFloat sum = x;
        for (int n = 1; !term.IsZero && term.Scale > sum.Scale - BigFloat.Precision - 40; n++)
        {
            term = term * doubled / ((2 * n) + 1);
            sum += term;
        }

        return 2 * sum * Exp(-(x * x)) / Pi.Sqrt();
    }

    /// <summary>sin(x + quarters * pi/2).</summary>
    private static BigFloat Sin(BigFloat x, int quarters)
    {
        BigFloat halfPi = Pi.ShiftedBy(-1);
        var k = (x / halfPi).Round();
        BigFloat r = x - (new BigFloat(k, 0) * halfPi);
        int quadrant = (int)((k + quarters) & 3);
        BigFloat square = r * r;
        BigFloat term = (quadrant & 1) == 0 ? r : BigFloat.One;
        BigFloat sum = term;
        for (int n = (quadrant & 1) == 0 ? 2 : 1; !term.IsZero && term.Scale > sum.Scale - BigFloat.Precision - 40; n += 2)
        {
            term = -(term * square) / (n * (n + 1));
            sum += term;
        }

        return (quadrant & 2) == 0 ? sum : -sum;
    }

    private static BigFloat Atan(BigFloat x)
    {
        if (x.Abs() > 1)
            return (x.IsNegative ? -Pi : Pi).ShiftedBy(-1) - Atan(1 / x);
        for (int i = 0; i < 6; i++)
            x /= 1 + (1 + (x * x)).Sqrt();
        return AtanSeries(x).ShiftedBy(6);
    }

    private static BigFloat Atan2(BigFloat y, BigFloat x)
    {
        BigFloat angle = Atan(y / x);
        return !x.IsNegative ? angle : y.IsNegative ? angle - Pi : angle + Pi;
    }

    private static BigFloat? Pow(double x, double y)
    {
        bool integer = Math.Truncate(y) == y;
        if (x == 0 || (x < 0 && !integer))
            return null;
        BigFloat exponent = (BigFloat)y * Log(Math.Abs(x));
        BigFloat magnitude = exponent.Abs() > 5000 ? Exp(exponent.IsNegative ? -5000 : 5000) : Exp(exponent);
        return x < 0 && Math.Abs(y % 2) == 1 ? -magnitude : magnitude;
    }

    private static BigFloat AtanSeries(BigFloat x) => OddSeries(x, -(x * x));

    private static BigFloat AtanhSeries(BigFloat x) => OddSeries(x, x * x);

    /// <summary>x + x q / 3 + x q^2 / 5 ...</summary>
    private static BigFloat OddSeries(BigFloat x, BigFloat q)
    {
        BigFloat power = x;
        BigFloat sum = x;
        for (int n = 3; !power.IsZero && power.Scale > sum.Scale - BigFloat.Precision - 40; n += 2)
        {
            power *= q;
            sum += power / n;
        }

        return sum;
    }
}
