using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Adam that finds its rate (Mishchenko and Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", 2023, algorithm 4): d estimates from below how far the start is from the
/// solution, and the step is rate d m / (sqrt(v) + d eps) with means m of d g and v of (d g)^2 that are not freed of their start at 0. With k = sqrt(b2),
/// r = k r + (1 - k) rate d^2 (g, start - w), s = k s + (1 - k) rate d^2 g, and d = max(d, r / |s|_1) for the next step.
/// </summary>
/// <remarks>
/// State: <c>origin.name</c>, the weights at the start, <c>first.name</c>, <c>second.name</c> and <c>path.name</c>, which is s, per weight; <c>distance</c>, d; <c>gain</c>, r; <c>step</c>, i64.
/// </remarks>
/// <param name="learningRate">A factor of the rate that is found: 1, or a schedule that falls from 1.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="eps">Added to the root, times d; positive.</param>
/// <param name="weightDecay">Decoupled pull towards 0, relative to rate d; not negative.</param>
/// <param name="initial">The first d, positive and below the distance.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), eps or the first d is not positive, or the weight decay is negative.</exception>
public sealed class ProdigyAdam(Schedule learningRate, double b1 = 0.9, double b2 = 0.999, double eps = 1e-8, double weightDecay = 0, double initial = 1e-6) : Optimizer
{
    private const string Name = "prodigyAdam", Origin = "origin", First = "first", Second = "second", Path = "path", Distance = "distance", Gain = "gain";

    private readonly double b1 = Rules.Decay(Name, "b1", b1);
    private readonly double b2 = Rules.Decay(Name, "b2", b2);
    private readonly double eps = Rules.Positive(Name, "eps", eps);
    private readonly double weightDecay = Rules.NotNegative(Name, "the weight decay", weightDecay);
    private readonly double initial = Rules.Positive(Name, "the first distance", initial);

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights)
    {
        Tensor zero = Tensor.Zeros([], Accumulator.ScalarType(weights.Tensors));
        return new(
            [.. Kinds.SelectMany(k => Accumulator.Names(k, weights)), Distance, Gain, Accumulator.Step],
            [
                .. weights.Tensors, .. Accumulator.Zeros(weights), .. Accumulator.Zeros(weights), .. Accumulator.Zeros(weights),
                zero + initial, zero, Accumulator.NoSteps(),
            ]);
    }

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] origin = Accumulator.Of(state, Origin, gradient.Names), first = Accumulator.Of(state, First, gradient.Names);
        Tensor[] second = Accumulator.Of(state, Second, gradient.Names), path = Accumulator.Of(state, Path, gradient.Names), updates = new Tensor[first.Length];
        Tensor distance = state[Distance], step = state[Accumulator.Step], rate = learningRate.At(step.Cast(distance.DType)), length = distance.Like(0), gained = distance.Like(0);
        double kept = Math.Sqrt(b2);
        Tensor weight = rate * Ops.Square(distance) * (1 - kept);
        for (int i = 0; i < updates.Length; i++)
        {
            Tensor g = gradient[i].Cast(first[i].DType), w = weights[i].Cast(g.DType), d = distance.Cast(g.DType);
            first[i] = first[i] * b1 + g * (d * (1 - b1));
            second[i] = second[i] * b2 + Ops.Square(g * d) * (1 - b2);
            path[i] = path[i] * kept + g * weight.Cast(g.DType);
            gained += Ops.Sum(g.Cast(distance.DType) * (origin[i].Cast(distance.DType) - weights[i].Cast(distance.DType)));
            length += Ops.Sum(Ops.Abs(path[i].Cast(distance.DType)));
            updates[i] = ((first[i] / (Ops.Sqrt(second[i]) + d * eps) + w * weightDecay) * -(rate * distance).Cast(g.DType)).Cast(weights[i].DType);
        }
        Tensor gain = state[Gain] * kept + gained * weight, none = length.EqualTo(0);
        Tensor next = Ops.Maximum(distance, Ops.Where(none, length.Like(0), gain / Ops.Where(none, length.Like(1), length)));
        return (gradient.Dual(updates), new(state.Leaves.WithLeaves([.. origin, .. first, .. second, .. path, next, gain, step + 1])));
    }

    private static string[] Kinds => [Origin, First, Second, Path];
}
