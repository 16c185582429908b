using Engine.Tensors;

namespace Engine.Perf.Accuracy;

/// <summary>Arguments for accuracy runs, a pure function of a counter.</summary>
internal static class Arguments
{
    /// <summary>One argument: all bit patterns, around 0, logarithmic around 1, and the range that the function is hard on, in turn.</summary>
    public static double One(ElementaryFunction function, ulong counter)
    {
        ulong hash = Mix(counter);
        double u = Unit(hash);
        double sign = (hash & 1) == 0 ? 1 : -1;
        return (counter & 3) switch
        {
            0 => BitConverter.UInt64BitsToDouble(hash),
            1 => (u - 0.5) * 4,
            2 => sign * double.Exp2((u - 0.5) * 24),
            _ => function switch
            {
                ElementaryFunction.Exp or ElementaryFunction.Expm1 or ElementaryFunction.Sigmoid or ElementaryFunction.Sinh
                    or ElementaryFunction.Cosh => (u - 0.5) * 1490,
                ElementaryFunction.Exp2 => (u - 0.5) * 2150,
                ElementaryFunction.Erf or ElementaryFunction.Erfc => (u - 0.5) * 54.6,
                ElementaryFunction.Tanh => (u - 0.5) * 40,
                ElementaryFunction.Sin or ElementaryFunction.Cos or ElementaryFunction.Tan =>
                    Math.Round((u - 0.5) * 1e6) * Math.PI / 2 * (1 + ((Unit(Mix(hash)) - 0.5) * 1e-12)),
                _ => 1 + ((u - 0.5) * double.Exp2(-50 * Unit(Mix(hash)))),
            },
        };
    }

    /// <summary>Two operands; for powers mostly such that the result is within 2^±<paramref name="range"/>.</summary>
    public static (double X, double Y) Pair(ElementaryFunction function, ulong counter, int range)
    {
        ulong hash = Mix(counter);
        double u = Unit(hash);
        double v = Unit(Mix(hash));
        double sign = (hash & 1) == 0 ? 1 : -1;
        if (function == ElementaryFunction.Atan2)
        {
            double x = double.Exp2((v - 0.5) * range * (counter & 1));
            return (sign * x * double.Exp2((u - 0.5) * 60 * ((counter >> 1) & 1)), (hash & 2) == 0 ? x * (v + 0.1) : -x * (v + 0.1));
        }

        double power = (counter & 3) switch
        {
            0 => double.Exp2((u - 0.5) * 2 * (range - 30)),
            1 => 0.5 + (1.5 * u),
            2 => 1 + (sign * double.Exp2(-1 - (u * range / 30))),
            _ => double.Exp2((u - 0.5) * 40),
        };
        return (power, (v - 0.5) * 2 * range / Math.Max(1e-12, Math.Abs(Math.Log2(power))));
    }

    /// <summary>An argument in the middle of the domain, for timing; <paramref name="unit"/> in (0, 1).</summary>
    public static double Ordinary(ElementaryFunction function, double unit) => function switch
    {
        ElementaryFunction.Log or ElementaryFunction.Log2 or ElementaryFunction.Pow => unit * 20,
        ElementaryFunction.Asin or ElementaryFunction.Acos or ElementaryFunction.Atanh => (unit * 2) - 1,
        ElementaryFunction.Acosh => 1 + (unit * 20),
        _ => (unit - 0.5) * 20,
    };

    private static double Unit(ulong hash) => (hash >> 11) * (1.0 / (1L << 53));

    /// <summary>The finalizer of SplitMix64.</summary>
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
