namespace Engine.Tensors;

/// <summary>
/// The gamma function and its relatives as scalar expressions over binary64: arguments are moved up to 10 or more by recurrence, where Stirling's series converge,
/// and negative ones reflected.
/// </summary>
internal static class GammaFunctions
{
    private const int Steps = 10;
    private const double HalfLogTwoPi = 0.9189385332046727;

    // B(2j), the Bernoulli numbers.
    private static readonly double[] Bernoulli =
        [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510];

    /// <summary>log |Gamma(x)|.</summary>
    public static Expr LogGamma(Expr x)
    {
        Expr negative = x < 0, z = negative.Select(1 - x, x), small = z < Steps;
        Expr product = z;
        for (int k = 1; k < Steps; k++) product *= z + k;
        Expr y = small.Select(z + Steps, z);
        Expr series = Remainder(y) + (HalfLogTwoPi - 0.5);
        Expr right = (y - 0.5).Fma(y.Log() - 1, series) - small.Select(product, product.Like(1)).Log();
        // Gamma(x) Gamma(1 - x) = pi / sin(pi x), which is 1 / x near 0.
        Expr turn = x - x.RoundEven(), sine = (turn * Math.PI).Apply(ElementaryFunction.Sin) / Math.PI;
        Expr share = (turn.Abs() < 1e-20).Select(turn, sine).Abs();
        Expr infinite = (negative & turn.EqualTo(x.Like(0))) | z.EqualTo(z.Like(double.PositiveInfinity));
        return infinite.Select(x.Like(double.PositiveInfinity), negative.Select(-share.Log() - right, right));
    }

    /// <summary>The logarithmic derivative of Gamma.</summary>
    public static Expr Digamma(Expr x)
    {
        Expr negative = x < 0, z = negative.Select(1 - x, x), sum = 1 / z;
        for (int k = 1; k < Steps; k++) sum += 1 / (z + k);
        Expr y = z + Steps, reciprocal = 1 / y;
        double[] terms = [.. Bernoulli.Select((b, j) => -b / (2 * (j + 1)))];
        Expr square = reciprocal * reciprocal;
        Expr right = y.Log() - 0.5 * reciprocal + square * Polynomial(square, terms) - sum;
        Expr turn = x - x.RoundEven();
        Expr left = turn.EqualTo(x.Like(0)).Select(x.Like(double.NaN), right - Cotangent(turn) * Math.PI);
        return negative.Select(left, right);
    }

    /// <summary>
    /// Derivative number <paramref name="order"/> >= 1 of the digamma function, (-1)^(order+1) order! times the sum of (x + k)^-(order+1) over k >= 0, by the
    /// Euler-Maclaurin formula.
    /// </summary>
    public static Expr Polygamma(int order, Expr x)
    {
        int power = order + 1, steps = Steps + order;
        Expr negative = x < 0, z = negative.Select(1 - x, x), sum = Power(1 / z, power);
        for (int k = 1; k < steps; k++) sum += Power(1 / (z + k), power);
        Expr reciprocal = 1 / (z + steps), square = reciprocal * reciprocal;
        double[] terms = new double[Bernoulli.Length];
        double rising = power, factorial = 2;
        for (int j = 1; j <= terms.Length; j++)
        {
            terms[j - 1] = Bernoulli[j - 1] * rising / factorial;
            rising *= (power + (2 * j) - 1) * (double)(power + (2 * j));
            factorial *= ((2 * j) + 1) * (double)((2 * j) + 2);
        }
        Expr tail = Power(reciprocal, order) * (reciprocal.Fma(reciprocal.Like(0.5), reciprocal.Like(1.0 / order)) + square * Polynomial(square, terms));
        double scale = 1;
        for (int i = 2; i <= order; i++) scale *= i;
        Expr right = (sum + tail) * (order % 2 == 0 ? -scale : scale);
        // psi(x) = psi(1 - x) - pi cot(pi x), differentiated: derivatives of the cotangent are polynomials in it.
        Expr slope = Polynomial(Cotangent(x - x.RoundEven()), CotangentDerivative(order)) * Math.Pow(Math.PI, power);
        return negative.Select((order % 2 == 0 ? right : -right) - slope, right);
    }

    /// <summary>log(Gamma(a) Gamma(b) / Gamma(a + b)), without the cancellation of its three terms; NaN where an argument is negative.</summary>
    public static Expr LogBeta(Expr a, Expr b)
    {
        Expr high = a.Max(b), low = a.Min(b), one = a.Like(1), zero = a.Like(0);
        Expr scale = high.Max(one), unit = 1 / scale, lowSmall = low < Steps, highSmall = high < Steps;
        Expr lowUp = lowSmall.Select(low + Steps, low), highUp = highSmall.Select(high + Steps, high);
        // B(a, b) = B(a, b + 1) (a + b) / b, as often as needed in the one and then in the other.
        Expr total = high + low, numerator = total * unit, denominator = low;
        for (int k = 1; k < Steps; k++)
        {
            numerator *= (total + k) * unit;
            denominator *= low + k;
        }
        Expr first = (scale.Log() * Steps - denominator.Log()) + numerator.Log();
        Expr raised = high + lowUp, above = raised, below = high;
        for (int k = 1; k < Steps; k++)
        {
            above *= raised + k;
            below *= high + k;
        }
        Expr sum = highUp + lowUp;
        Expr main = Remainder(highUp) + Remainder(lowUp) - Remainder(sum) - 0.5 * sum.Log() + HalfLogTwoPi
            - (highUp - 0.5) * (lowUp / highUp).Log1p() - (lowUp - 0.5) * (highUp / lowUp).Log1p();
        Expr value = main + lowSmall.Select(first, zero) + highSmall.Select(above.Log() - below.Log(), zero);
        // B(1, b) = 1 / b.
        value = a.EqualTo(one).Select(-b.Log(), b.EqualTo(one).Select(-a.Log(), value));
        value = high.EqualTo(high.Like(double.PositiveInfinity)).Select(high.Like(double.NegativeInfinity), value);
        value = low.EqualTo(zero).Select(high.Like(double.PositiveInfinity), value);
        return (low < 0).Select(low.Like(double.NaN), value);
    }

    /// <summary>What Stirling's formula for log Gamma(y) leaves, for y >= 10.</summary>
    private static Expr Remainder(Expr y)
    {
        Expr reciprocal = 1 / y;
        double[] terms = [.. Bernoulli.Select((b, j) => b / ((2 * (j + 1)) * ((2 * (j + 1)) - 1)))];
        return reciprocal * Polynomial(reciprocal * reciprocal, terms);
    }

    /// <summary>cot(pi t) for |t| at most one half.</summary>
    private static Expr Cotangent(Expr t)
    {
        Expr angle = t * Math.PI;
        return angle.Apply(ElementaryFunction.Cos) / angle.Apply(ElementaryFunction.Sin);
    }

    /// <summary>d^n cot(u) / du^n as a polynomial in cot(u): c' = -(1 + c^2).</summary>
    private static double[] CotangentDerivative(int order)
    {
        double[] p = [0, 1];
        for (int n = 0; n < order; n++)
        {
            double[] next = new double[p.Length + 1];
            for (int i = 1; i < p.Length; i++)
            {
                next[i - 1] -= i * p[i];
                next[i + 1] -= i * p[i];
            }
            p = next;
        }
        return p;
    }

    /// <summary>Horner's rule, coefficients from the lowest degree up.</summary>
    internal static Expr Polynomial(Expr x, double[] coefficients)
    {
        Expr result = x.Like(coefficients[^1]);
        for (int i = coefficients.Length - 2; i >= 0; i--) result = result.Fma(x, x.Like(coefficients[i]));
        return result;
    }

    /// <summary>x to a whole power, 1 or more.</summary>
    internal static Expr Power(Expr x, int exponent)
    {
        if (exponent == 1) return x;
        Expr half = Power(x, exponent / 2);
        return exponent % 2 == 0 ? half * half : half * half * x;
    }
}
