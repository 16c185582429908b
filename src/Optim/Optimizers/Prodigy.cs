using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Steepest descent that finds its rate, as Prodigy does without averages (Mishchenko and Defazio, 2023; Bernstein and Newhouse, "Old Optimizer, New Norm", 2024, section 3.3):
/// rate = max(rate, (g, start - w) / dualNorm(g)), update -rate dualize(g). While gradients do not turn, the rate doubles every step; after that no step is longer than the way from the start.
/// <see cref="ProdigyAdam"/> has the averages.
/// State: <c>origin.name</c> per weight, the weights at the start, and <c>rate</c>.
/// </summary>
/// <param name="norm">
/// The norm: the largest entry of all when omitted, which makes it sign descent; <c>new LargestNorm((_, _) => MatrixNorms.Spectral)</c> is the form for matrices.
/// </param>
/// <param name="initial">The first rate, positive.</param>
/// <exception cref="ArgumentException">The first rate is not positive.</exception>
public sealed class Prodigy(Norm? norm = null, double initial = 1e-6) : Optimizer
{
    private const string Origin = "origin", Rate = "rate";

    private readonly Norm norm = norm ?? new LargestNorm((_, _) => VectorNorms.MaxEntry);
    private readonly double initial = Rules.Positive("prodigy", "the first rate", initial);

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => new(
        [.. Accumulator.Names(Origin, weights), Rate], [.. weights.Tensors, Tensor.Zeros([], Accumulator.ScalarType(weights.Tensors)) + initial]);

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] origin = Accumulator.Of(state, Origin, gradient.Names);
        Tensor rate = state[Rate], size = norm.DualNorm(gradient).Cast(rate.DType);
        Tensor way = gradient.Tensors.Select((g, i) => Ops.Sum(g.Cast(rate.DType) * (origin[i].Cast(rate.DType) - weights[i].Cast(rate.DType)))).Aggregate((a, b) => a + b);
        rate = Ops.Maximum(rate, Ops.Where(size > 0, way / Ops.Where(size > 0, size, size.Like(1)), size.Like(0)));
        return (norm.Dualize(gradient).Map(u => u * -rate.Cast(u.DType)), new(state.Leaves.WithLeaves([.. origin, rate])));
    }
}
