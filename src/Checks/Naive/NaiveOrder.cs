namespace Engine.Checks;

/// <content>Orders, scans and segments.</content>
internal static partial class Naive
{
    /// <summary>True when a comes strictly before b: NaN is the greatest.</summary>
    public static bool Before(double a, double b) => a < b || (double.IsNaN(b) && !double.IsNaN(a));

    /// <summary>The places that sort values; equal ones keep their order.</summary>
    public static int[] Order(double[] values, bool descending)
    {
        List<int> order = [];
        for (int i = 0; i < values.Length; i++)
        {
            int at = order.Count;
            while (at > 0 && (descending ? Before(values[order[at - 1]], values[i]) : Before(values[i], values[order[at - 1]]))) at--;
            order.Insert(at, i);
        }
        return [.. order];
    }

    /// <summary>How many values of a line go before a value, or do not go after it.</summary>
    public static int Search(double[] line, double value, bool right) => line.Count(v => right ? !Before(value, v) : Before(v, value));

    /// <summary>The quantile of definition 7 of Hyndman and Fan.</summary>
    public static double Quantile(double[] values, double q)
    {
        if (values.Any(double.IsNaN)) return double.NaN;
        double[] sorted = [.. values.Order()];
        double place = q * (sorted.Length - 1), part = place % 1;
        int low = (int)place;
        return part == 0 ? sorted[low] : (sorted[low] * (1 - part)) + (sorted[low + 1] * part);
    }

    /// <summary>A function from every line along an axis to a line of another length.</summary>
    public static Grid LinesTo(Grid x, int axis, int length, Func<double[], double[]> f)
    {
        int at = axis < 0 ? axis + x.Rank : axis;
        return Grid.Build(x.Shape.With(at, length), index => f(Line(x, at, index))[index[at]]);
    }

    /// <summary>The line of an array through an index, along an axis.</summary>
    public static double[] Line(Grid x, int axis, int[] index)
    {
        int[] place = [.. index];
        double[] line = new double[x.Shape[axis]];
        for (place[axis] = 0; place[axis] < line.Length; place[axis]++) line[place[axis]] = x[place];
        return line;
    }

    /// <summary>Running products.</summary>
    public static double[] CumProd(double[] values, bool reverse) => Running(values, reverse, line =>
    {
        double product = 1;
        foreach (double v in line) product *= v;
        return product;
    });

    /// <summary>Running log-sum-exp, each over its own prefix.</summary>
    public static double[] LogCumSumExp(double[] values) => Running(values, false, LogSumExp);

    /// <summary>Where the first greatest (least) element of every prefix lies.</summary>
    public static double[] RunningPlace(double[] values, bool greatest) =>
        Running(values, false, line => First(line, (a, b) => greatest ? a > b : a < b));

    /// <summary>h[t] = a[t] h[t-1] + b[t].</summary>
    public static double[] Recurrence(double[] a, double[] b, bool reverse)
    {
        double[] h = new double[b.Length];
        for (int i = 0; i < h.Length; i++)
        {
            int t = reverse ? h.Length - 1 - i : i;
            h[t] = i == 0 ? b[t] : Math.FusedMultiplyAdd(a[t], h[reverse ? t + 1 : t - 1], b[t]);
        }
        return h;
    }

    private static double[] Running(double[] values, bool reverse, Func<double[], double> f)
    {
        double[] line = reverse ? [.. values.Reverse()] : values;
        double[] result = [.. line.Select((_, i) => f(line[..(i + 1)]))];
        return reverse ? [.. result.Reverse()] : result;
    }
}
