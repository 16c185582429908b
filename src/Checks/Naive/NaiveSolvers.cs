namespace Engine.Checks;

/// <content>Integrators and Krylov spaces, step by step.</content>
internal static partial class Naive
{
    /// <summary>Diagonal, off-diagonal and basis vectors of two steps of Lanczos, by orthogonalizing A v against v.</summary>
    public static Grid TwoLanczosSteps(double[,] a, double[] start)
    {
        double[] first = Unit(start), image = Times(a, first);
        double alpha = Dot(first, image);
        double[] rest = [.. image.Select((v, i) => v - (alpha * first[i]))], second = Unit(rest);
        double[] values = [alpha, Dot(second, Times(a, second)), Math.Sqrt(Dot(rest, rest)), .. first, .. second];
        return new([values.Length], values);
    }

    /// <summary>
    /// The classical method of order 4 by its table of four stages, with equal steps from each time to the next: the states at all times, one after another.
    /// </summary>
    public static double[][] RungeKutta4(Func<double, double[], double[]> field, double[] initial, double[] times, int steps)
    {
        List<double[]> states = [initial];
        for (int interval = 1; interval < times.Length; interval++)
        {
            double h = (times[interval] - times[interval - 1]) / steps;
            double[] y = states[^1];
            for (int step = 0; step < steps; step++)
            {
                double t = times[interval - 1] + (step * h);
                double[] a = field(t, y), b = field(t + (h / 2), Moved(y, a, h / 2)), c = field(t + (h / 2), Moved(y, b, h / 2)), d = field(t + h, Moved(y, c, h));
                y = [.. y.Select((v, i) => v + (h * ((a[i] / 6) + (b[i] / 3) + (c[i] / 3) + (d[i] / 6))))];
            }
            states.Add(y);
        }
        return [.. states];
    }

    private static double[] Moved(double[] y, double[] slope, double by) => [.. y.Select((v, i) => v + (by * slope[i]))];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Unit(double[] v)
    {
        double norm = Math.Sqrt(Dot(v, v));
        return Array.ConvertAll(v, x => x / norm);
    }

    private static double[] Times(double[,] a, double[] v) => [.. Enumerable.Range(0, v.Length).Select(i => Enumerable.Range(0, v.Length).Sum(j => a[i, j] * v[j]))];
}
