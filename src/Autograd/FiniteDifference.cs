using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Derivatives from values alone: five-point central differences at five steps, of which the steadiest is taken for every element. In f64 they are off by less
/// than 1e-10 of max(1, |value|, |derivative|) for smooth functions of ordinary size, which is what the exact rules are checked against.
/// </summary>
public static class FiniteDifference
{
    /// <summary>
    /// The largest step. A point is moved by at most two of these along a direction whose entries are at most 1 in size, so points kept 8 away from a kink never
    /// cross it.
    /// </summary>
    public const double LargestStep = 1.0 / 128;

    private const int StepCount = 5;

    /// <summary>The derivative of f at x along a direction, elements in row-major order.</summary>
    /// <param name="f">A function of f64 tensors.</param>
    /// <param name="x">Where, f64.</param>
    /// <param name="direction">As many numbers as x has elements.</param>
    /// <exception cref="DTypeException">x or the value is not f64.</exception>
    public static double[] Along(Func<Tensor, Tensor> f, Tensor x, ReadOnlySpan<double> direction)
    {
        double[] point = x.ToArray<double>(), moved = new double[point.Length];
        double[][] estimates = new double[StepCount][];
        for (int s = 0; s < StepCount; s++)
        {
            double step = LargestStep / (1 << (2 * s));
            double[] near = Difference(f, x, point, moved, direction, step), far = Difference(f, x, point, moved, direction, 2 * step);
            for (int i = 0; i < near.Length; i++) near[i] = ((8 * near[i]) - far[i]) / (12 * step);
            estimates[s] = near;
        }
        double[] result = new double[estimates[0].Length];
        for (int i = 0; i < result.Length; i++) result[i] = Steadiest(estimates, i);
        return result;
    }

    /// <summary>f(x + step * direction) - f(x - step * direction).</summary>
    private static double[] Difference(Func<Tensor, Tensor> f, Tensor x, double[] point, double[] moved, ReadOnlySpan<double> direction, double step)
    {
        for (int i = 0; i < point.Length; i++) moved[i] = point[i] + (step * direction[i]);
        double[] ahead = f(Tensor.Of(moved, x.Shape, x.Device)).ToArray<double>();
        for (int i = 0; i < point.Length; i++) moved[i] = point[i] - (step * direction[i]);
        double[] behind = f(Tensor.Of(moved, x.Shape, x.Device)).ToArray<double>();
        for (int i = 0; i < ahead.Length; i++) ahead[i] -= behind[i];
        return ahead;
    }

    /// <summary>Large steps err by truncation and small ones by rounding; where two neighbours agree best, both errors are small.</summary>
    private static double Steadiest(double[][] estimates, int i)
    {
        double best = estimates[0][i], least = double.PositiveInfinity;
        for (int s = 1; s < StepCount; s++)
        {
            double change = Math.Abs(estimates[s][i] - estimates[s - 1][i]);
            if (!(change < least)) continue;
            least = change;
            best = estimates[s][i];
        }
        return best;
    }
}
