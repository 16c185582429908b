using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Steps of the embedded pair of Dormand and Prince. Time and step size are f64 whatever the state is, so that many small steps add up.
/// </summary>
/// <param name="Field">From (t of the state's element type, y) to dy/dt, on vectors.</param>
/// <param name="Options">Tolerances.</param>
internal sealed record DormandPrince(Func<Tensor, Tensor, Tensor> Field, OdeOptions Options)
{
    private static readonly double[] Nodes = [1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1];

    private static readonly double[][] Stages =
    [
        [1.0 / 5],
        [3.0 / 40, 9.0 / 40],
        [44.0 / 45, -56.0 / 15, 32.0 / 9],
        [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
        [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
    ];

    private static readonly double[] Weights = [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84];

    /// <summary>Weights of order 5 less those of order 4.</summary>
    private static readonly double[] Errors = [71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40];

    /// <summary>From (t0, y0) with a first step size to t1: y1, the step size to go on with, steps accepted, rejected, whether t1 was reached.</summary>
    public Tensor[] Integrate(Tensor t0, Tensor t1, Tensor y0, Tensor h0)
    {
        Tensor direction = Ops.Sign(t1 - t0), none = Tensor.Scalar(0, DType.I64);
        // t, y, slope at y, step size, error of the last accepted step, accepted, rejected.
        TensorList start = new(t0, y0, Slope(t0, y0), h0, Tensor.Scalar(1e-4, DType.F64), none, none);
        TensorList end = ControlFlow.While(start, s => Ops.And(Ops.NotEqual(s.Items[0], t1), s.Items[5] + s.Items[6] < Options.MaxSteps), s =>
        {
            (Tensor t, Tensor y, Tensor k1, Tensor h) = (s.Items[0], s.Items[1], s.Items[2], s.Items[3]);
            Tensor left = Ops.Abs(t1 - t), last = h >= left, size = Ops.Minimum(h, left);
            Tensor then = Ops.Where(last, t1, t + (direction * size));
            (Tensor next, Tensor slope, Tensor error) = Step(t, then, y, k1, direction * size);
            Tensor accepted = error <= 1, floor = Ops.Maximum(error, error.Like(1e-10));
            // A PI controller after success, a plain one after failure; NaN shrinks the step.
            Tensor grown = Ops.Clamp(0.9 * Ops.Pow(floor, -0.17) * Ops.Pow(s.Items[4], 0.04), 0.2, 10);
            Tensor shrunk = Ops.Where(error > 1, Ops.Clamp(0.9 * Ops.Pow(floor, -0.2), 0.2, 1), error.Like(0.2));
            // A step cut short at the end says nothing against the size that was meant.
            Tensor better = Ops.Where(last, Ops.Maximum(size * grown, h), size * grown);
            Tensor count = accepted.Cast(DType.I64);
            return new(
                Ops.Where(accepted, then, t), Ops.Where(accepted, next, y), Ops.Where(accepted, slope, k1), Ops.Where(accepted, better, size * shrunk),
                Ops.Where(accepted, Ops.Maximum(error, error.Like(1e-4)), s.Items[4]), s.Items[5] + count, s.Items[6] + 1 - count);
        });
        Tensor reached = Ops.Equal(end.Items[0], t1);
        return [Ops.Where(reached, end.Items[1], y0.Like(double.NaN)), end.Items[3], end.Items[5], end.Items[6], reached];
    }

    /// <summary>A size for the first step, from the sizes of y, y' and y'' (Hairer, Norsett and Wanner, II.4).</summary>
    public Tensor FirstStep(Tensor t0, Tensor t1, Tensor y0)
    {
        Tensor direction = Ops.Sign(t1 - t0), slope = Slope(t0, y0), scale = Options.AbsoluteTolerance + (Options.RelativeTolerance * Ops.Abs(y0));
        Tensor d0 = Size(y0 / scale), d1 = Size(slope / scale);
        Tensor small = Ops.Or(d0 < 1e-5, d1 < 1e-5), h0 = Ops.Where(small, d0.Like(1e-6), 0.01 * d0 / Ops.Where(small, d1.Like(1), d1));
        Tensor euler = y0 + ((direction * h0).Cast(y0.DType) * slope);
        Tensor d2 = Size((Slope(t0 + (direction * h0), euler) - slope) / scale) / h0, greater = Ops.Maximum(d1, d2);
        Tensor h1 = Ops.Where(greater <= 1e-15, Ops.Maximum(h0 * 1e-3, h0.Like(1e-6)), Ops.Pow(0.01 / Ops.Maximum(greater, greater.Like(1e-15)), 0.2));
        return Ops.Minimum(100 * h0, h1);
    }

    private (Tensor Next, Tensor Slope, Tensor Error) Step(Tensor t, Tensor then, Tensor y, Tensor k1, Tensor h)
    {
        Tensor hy = h.Cast(y.DType);
        List<Tensor> slopes = [k1];
        for (int i = 0; i < Stages.Length; i++) slopes.Add(Slope(t + (Nodes[i] * h), y + (hy * Combined(Stages[i], slopes))));
        Tensor next = y + (hy * Combined(Weights, slopes));
        slopes.Add(Slope(then, next));
        Tensor scale = Options.AbsoluteTolerance + (Options.RelativeTolerance * Ops.Maximum(Ops.Abs(y), Ops.Abs(next)));
        return (next, slopes[^1], Size(hy * Combined(Errors, slopes) / scale));
    }

    private Tensor Slope(Tensor t, Tensor y) => Field(t.Cast(y.DType), y);

    private static Tensor Combined(double[] weights, List<Tensor> slopes)
    {
        Tensor sum = weights[0] * slopes[0];
        for (int i = 1; i < weights.Length; i++)
        {
            if (weights[i] != 0) sum += weights[i] * slopes[i];
        }
        return sum;
    }

    /// <summary>The root mean square, in f64.</summary>
    private static Tensor Size(Tensor x) => Ops.Sqrt(Ops.Mean(Ops.Square(x.Cast(DType.F64))));
}
