using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// A learning rate as a function of the number of steps taken, 0 at the first step. It is made of tensor ops, so it works inside a compiled step without compiling again.
/// A plain number is a constant schedule.
/// </summary>
public sealed class Schedule
{
    private readonly Func<Tensor, Tensor> rate;

    /// <summary>A schedule of one's own.</summary>
    /// <param name="rate">From a floating scalar, the number of steps taken, to the rate as a scalar of the same type.</param>
    public Schedule(Func<Tensor, Tensor> rate) => this.rate = rate;

    /// <summary>The same rate at every step.</summary>
    public static implicit operator Schedule(double rate) => Constant(rate);

    /// <summary>The same rate at every step.</summary>
    /// <exception cref="ArgumentException">The rate is negative.</exception>
    public static Schedule Constant(double rate)
    {
        Rules.NotNegative("constant", "the rate", rate);
        return new(step => step.Like(rate));
    }

    /// <summary>Half a cosine from a rate down to another over a number of steps, and flat after: final + (rate - final) (1 + cos(pi step / total)) / 2
    /// (Loshchilov and Hutter, "SGDR", ICLR 2017, eq. 5).</summary>
    /// <param name="rate">The rate at step 0.</param>
    /// <param name="total">The step from which on the rate is final.</param>
    /// <param name="final">The rate at the end.</param>
    /// <exception cref="ArgumentException">A rate is negative, or there is no step.</exception>
    public static Schedule Cosine(double rate, int total, double final = 0)
    {
        Rules.NotNegative("cosine", "the rate", rate);
        Rules.NotNegative("cosine", "the final rate", final);
        Rules.Steps("cosine", "the number of steps", total);
        return new(step => (Ops.Cos(Ops.Minimum(step / total, step.Like(1)) * Math.PI) + 1) * ((rate - final) / 2) + final);
    }

    /// <summary>A line from a rate down to another over a number of steps, and flat after: final + (rate - final) (1 - step / total).</summary>
    /// <param name="rate">The rate at step 0.</param>
    /// <param name="total">The step from which on the rate is final.</param>
    /// <param name="final">The rate at the end.</param>
    /// <exception cref="ArgumentException">A rate is negative, or there is no step.</exception>
    public static Schedule Linear(double rate, int total, double final = 0)
    {
        Rules.NotNegative("linear", "the rate", rate);
        Rules.NotNegative("linear", "the final rate", final);
        Rules.Steps("linear", "the number of steps", total);
        return new(step => (1 - Ops.Minimum(step / total, step.Like(1))) * (rate - final) + final);
    }

    /// <summary>
    /// The first rate of a schedule reached in equal steps, from 1 / steps of it at step 0 to all of it at step steps - 1, and then the schedule from its beginning.
    /// </summary>
    /// <param name="steps">Length of the warm-up.</param>
    /// <param name="then">What follows.</param>
    /// <exception cref="ArgumentException">There is no step.</exception>
    public static Schedule LinearWarmup(int steps, Schedule then)
    {
        Rules.Steps("linearWarmup", "the number of steps", steps);
        return new(step => then.At(Ops.Maximum(step - steps, step.Like(0))) * Ops.Minimum((step + 1) / steps, step.Like(1)));
    }

    /// <summary>A rate multiplied by a factor every so many steps: rate factor^floor(step / every).</summary>
    /// <param name="rate">The rate at step 0.</param>
    /// <param name="every">Steps between changes.</param>
    /// <param name="factor">The factor, positive.</param>
    /// <exception cref="ArgumentException">The rate is negative, the factor is not positive, or there is no step.</exception>
    public static Schedule Step(double rate, int every, double factor)
    {
        Rules.NotNegative("step", "the rate", rate);
        Rules.Steps("step", "the number of steps between changes", every);
        Rules.Positive("step", "the factor", factor);
        return new(step => Ops.Pow(step.Like(factor), Ops.Floor(step / every)) * rate);
    }

    /// <summary>The rate after a number of steps.</summary>
    /// <param name="step">The number of steps taken, a floating scalar.</param>
    /// <returns>The rate, a scalar of the same type.</returns>
    /// <exception cref="DTypeException">The step is no floating tensor.</exception>
    public Tensor At(Tensor step)
    {
        if (!step.DType.IsFloating()) throw new DTypeException($"schedule: the step must be floating, got {step.Spec}. Cast it: step.Cast(DType.F32).");
        return rate(step);
    }
}
