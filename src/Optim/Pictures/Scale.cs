using System.Globalization;

namespace Engine.Optim.Pictures;

/// <summary>One axis: the range of its values, where its ticks are, what they are called, and where a value lies between the ends.</summary>
internal sealed class Scale
{
    /// <summary>The greatest magnitude that an axis can show: beyond it the length of the axis would overflow.</summary>
    public const double Limit = 1e300;

    private readonly double low;
    private readonly double high;
    private readonly bool logarithmic;

    private Scale(double low, double high, bool logarithmic, double[] ticks, string[] labels)
    {
        (this.low, this.high, this.logarithmic) = (low, high, logarithmic);
        (Ticks, Labels) = (ticks, labels);
    }

    public double[] Ticks { get; }

    public string[] Labels { get; }

    /// <summary>Where a value lies: 0 at the low end, 1 at the high end.</summary>
    public double At(double value) => logarithmic ? (Math.Log10(value) - low) / (high - low) : (value - low) / (high - low);

    /// <summary>A linear axis over the values from <paramref name="min"/> to <paramref name="max"/>.</summary>
    /// <param name="min">The least value.</param>
    /// <param name="max">The greatest value.</param>
    /// <param name="count">About how many ticks there is room for.</param>
    /// <param name="round">Whether the ends move out to the next ticks.</param>
    /// <param name="whole">Whether ticks lie on whole numbers only.</param>
    public static Scale Linear(double min, double max, int count, bool round, bool whole = false)
    {
        const double Tiny = 1e-306; // below it steps lose digits
        if (max - min <= Math.Max(1e-12 * Math.Max(Math.Abs(min), Math.Abs(max)), Tiny))
        {
            // A single value sits in the middle of a range that its size suggests.
            double margin = Math.Abs(min) < Tiny ? 1 : 0.1 * Math.Abs(min);
            (min, max) = whole ? (min - 1, max + 1) : (min - margin, max + margin);
        }

        double step = NiceStep((max - min) / count);
        if (whole) step = Math.Max(1, step);
        double first = round ? Math.Floor(min / step + 1e-9) : Math.Ceiling(min / step - 1e-9);
        double last = round ? Math.Ceiling(max / step - 1e-9) : Math.Floor(max / step + 1e-9);
        double[] ticks = [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        return round ? new Scale(ticks[0], ticks[^1], false, ticks, Name(ticks, step)) : new Scale(min, max, false, ticks, Name(ticks, step));
    }

    /// <summary>A logarithmic axis over the positive values from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public static Scale Logarithmic(double min, double max, int count)
    {
        double low = Math.Log10(min), high = Math.Log10(max);
        double margin = Math.Max(0.05 * (high - low), 0.05);
        (low, high) = (low - margin, high + margin);

        // Powers of ten, or also 2 and 5 times those when there would be few.
        int stride = Math.Max(1, (int)Math.Ceiling((high - low) / count));
        double[] digits = high - low < 0.5 * count ? [1, 2, 5] : [1];
        var ticks = new List<double>();
        for (int power = (int)Math.Floor(low / stride) * stride; power <= high; power += stride)
        {
            foreach (double digit in digits)
            {
                // Parsed, because a power computed in floating point would print as 0.00010000000000000002.
                double tick = double.Parse(string.Create(CultureInfo.InvariantCulture, $"{digit}e{power}"), CultureInfo.InvariantCulture);
                if (Math.Log10(tick) >= low && Math.Log10(tick) <= high) ticks.Add(tick);
            }
        }

        if (ticks.Count >= 2) return new Scale(low, high, true, [.. ticks], [.. ticks.Select(Short)]);

        // Less than about half a decade: evenly spaced numbers are easier to read.
        var linear = Linear(Math.Pow(10, low), Math.Pow(10, high), count, round: false);
        return new Scale(low, high, true, linear.Ticks, linear.Labels);
    }

    /// <summary>A number by itself, with up to four digits.</summary>
    public static string Short(double value)
    {
        double size = Math.Abs(value);
        return size is 0 or (>= 1e-3 and < 1e5)
            ? value.ToString(size >= 1000 ? "0" : size >= 1 ? "0.###" : "0.####", CultureInfo.InvariantCulture)
            : value.ToString("0.###e0", CultureInfo.InvariantCulture);
    }

    /// <summary>The least of 1, 2, 5 times a power of ten that is not below <paramref name="step"/>.</summary>
    private static double NiceStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        double digit = step / power;
        return power * (digit <= 1.001 ? 1 : digit <= 2.001 ? 2 : digit <= 5.001 ? 5 : 10);
    }

    /// <summary>Names for evenly spaced ticks: all with the same number of decimals and the same unit.</summary>
    private static string[] Name(double[] ticks, double step)
    {
        double largest = ticks.Max(Math.Abs);
        if (largest >= 1e15 || step < 1e-6) return [.. ticks.Select(Exponent)];

        var (unit, suffix) = largest switch { >= 1e10 => (1e9, "G"), >= 1e7 => (1e6, "M"), >= 1e4 => (1e3, "k"), _ => (1.0, "") };
        int decimals = Math.Max(0, (int)Math.Ceiling(-Math.Log10(step / unit) - 1e-9));
        return [.. ticks.Select(Fixed)];

        string Fixed(double tick)
        {
            double value = Math.Abs(tick) < 1e-6 * step ? 0 : tick / unit;
            return value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + (value == 0 ? "" : suffix);
        }

        string Exponent(double tick)
        {
            if (Math.Abs(tick) < 1e-6 * step) return "0";
            // As many digits as it takes to tell neighbours apart.
            int digits = Math.Clamp((int)Math.Ceiling(Math.Log10(Math.Abs(tick) / step) - 1e-9), 0, 12);
            return tick.ToString("0." + new string('#', digits) + "e0", CultureInfo.InvariantCulture);
        }
    }
}
