using Engine.Tensors.Reference;

namespace Engine.Checks;

/// <content>Special functions by recurrence alone, by quadrature and by bisection: other routes than the engine's.</content>
internal static partial class Naive
{
    private const double FarEnough = 60;

    /// <summary>Recurrence up to 60 or more, and three terms of Stirling's series there.</summary>
    public static double LogGamma(double x)
    {
        if (double.IsInfinity(x)) return double.PositiveInfinity;
        // The logarithm of 0! is 0, to the last digit.
        if (x == 1) return 0;
        x = OneOfThePoles(x);
        double sum = 0;
        for (; x < FarEnough; x++) sum -= Math.Log(Math.Abs(x));
        double square = x * x;
        return sum + ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + ((1.0 / 12) - (((1.0 / 360) - (1 / (1260 * square))) / square)) / x;
    }

    /// <summary>Doubles far below zero are integers, where the gamma family has poles, and adding 1 does not move them.</summary>
    private static double OneOfThePoles(double x) => x < -(1L << 52) ? -2 : x;

    /// <summary>Digamma at order 0, its derivatives above.</summary>
    public static double Polygamma(int order, double x)
    {
        if (double.IsInfinity(x)) return x < 0 ? double.NaN : order == 0 ? x : 0;
        x = OneOfThePoles(x);
        if (order == 0 && x < 0 && Math.Floor(x) == x) return double.NaN;
        if (order == 0)
        {
            double total = 0;
            for (; x < FarEnough; x++) total -= 1 / x;
            double square = x * x;
            return total + Math.Log(x) - (0.5 / x) - ((1.0 / 12) - (((1.0 / 120) - (1 / (252 * square))) / square)) / square;
        }
        // The sum of (x + k)^-s and its Euler-Maclaurin tail.
        double s = order + 1, sum = 0, factorial = 1;
        for (; x < FarEnough; x++) sum += Math.Pow(x, -s);
        sum += (Math.Pow(x, 1 - s) / (s - 1)) + (0.5 * Math.Pow(x, -s)) + (s / 12 * Math.Pow(x, -s - 1)) - (s * (s + 1) * (s + 2) / 720 * Math.Pow(x, -s - 3))
            + (s * (s + 1) * (s + 2) * (s + 3) * (s + 4) / 30240 * Math.Pow(x, -s - 5));
        for (int i = 2; i <= order; i++) factorial *= i;
        return order % 2 == 0 ? -factorial * sum : factorial * sum;
    }

    /// <summary>By quadrature.</summary>
    public static double LogBeta(double a, double b)
    {
        if (a < 0 || b < 0) return double.NaN;
        if (a == 0 || b == 0) return a + b + double.PositiveInfinity;
        if (double.IsInfinity(a + b)) return double.NegativeInfinity;
        (double low, double high) = (Math.Min(a, b), Math.Max(a, b));
        if (low > 1e20) return -(high * ReferenceMath.Log1p(low / high)) - (low * ReferenceMath.Log1p(high / low));
        if (high > 1e20) return LogGamma(low) - (low * Math.Log(high));
        if (low < 1e-20) return high < 1e-20 ? Math.Log(low + high) - Math.Log(low) - Math.Log(high) : -Math.Log(low);
        // The integral of t^(a-1) (1-t)^(b-1) over t = 1 / (1 + e^-u), whose trapezoidal rule is exact to all digits.
        const double step = 0.125;
        double sum = 0;
        for (int i = -1600; i <= 1600; i++)
            sum += Math.Exp((-a * Math.Log(1 + Math.Exp(-i * step))) - (b * Math.Log(1 + Math.Exp(i * step))));
        return Math.Log(sum * step);
    }

    /// <summary>The mean of e^(x cos t - |x|) cos(n t) over a turn: the trapezoidal rule is exact to all digits here.</summary>
    public static double BesselScaled(int order, double x)
    {
        if (double.IsInfinity(x)) return 0;
        if (Math.Abs(x) > 1e30) return (order % 2 == 0 ? 1 : Math.Sign(x)) / Math.Sqrt(2 * Math.PI) / Math.Sqrt(Math.Abs(x));
        if (order == 1 && Math.Abs(x) < 1e-20) return x / 2;
        const int points = 400;
        double sum = 0;
        for (int i = 0; i < points; i++)
        {
            double t = 2 * Math.PI * i / points;
            sum += Math.Exp((x * Math.Cos(t)) - Math.Abs(x)) * Math.Cos(order * t);
        }
        return sum / points;
    }

    public static double Bessel(int order, double x) =>
        double.IsInfinity(x) ? order % 2 == 0 ? double.PositiveInfinity : x : BesselScaled(order, x) * Math.Exp(Math.Abs(x));

    /// <summary>By bisection.</summary>
    public static double ErfInv(double x)
    {
        if (Math.Abs(x) < 1e-20) return x * Math.Sqrt(Math.PI) / 2;
        if (!(Math.Abs(x) < 1)) return Math.Abs(x) == 1 ? x / 0 : double.NaN;
        double low = -6, high = 6;
        for (int i = 0; i < 100; i++)
        {
            double middle = (low + high) / 2;
            bool below = x > 0.5 ? ReferenceMath.Erfc(middle) > 1 - x : ReferenceMath.Erf(middle) < x;
            if (below) low = middle;
            else high = middle;
        }
        return (low + high) / 2;
    }

    public static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
}
