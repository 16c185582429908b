using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Every leaf of the update at the length of its weight: u |w| / |u|, and as it is where one of the two lengths is 0 (You et al., "Large Batch Optimization for Deep Learning", ICLR 2020,
/// algorithm 2). Placed before <see cref="ScaleByLearningRate"/>, the rate is the relative change of every weight.
/// </summary>
public sealed class TrustRatio : UpdateStage
{
    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights) => (update.WithLeaves([.. update.Tensors.Select((u, i) =>
    {
        DType type = Accumulator.TypeFor(u.DType);
        Tensor wide = u.Cast(type), own = VectorNorms.Euclidean.Of(weights[i].Cast(type)), length = VectorNorms.Euclidean.Of(wide);
        Tensor both = Ops.Minimum(own, length) > 0;
        return (wide * Ops.Where(both, own / Ops.Where(both, length, length.Like(1)), own.Like(1))).Cast(u.DType);
    })]), state);
}

/// <summary>
/// Lamb (You et al., ICLR 2020, algorithm 2): Adam's direction plus weightDecay w, every weight's at the length of the weight, times the rate.
/// State: <c>0.first.name</c> and <c>0.second.name</c> per weight, and steps.
/// </summary>
/// <param name="learningRate">The rate: the relative change of every weight.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="eps">Added to the root.</param>
/// <param name="weightDecay">Pull towards 0, relative to Adam's direction.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), eps is not positive, or the weight decay is negative.</exception>
public sealed class Lamb(Schedule learningRate, double b1 = 0.9, double b2 = 0.999, double eps = 1e-6, double weightDecay = 0.01) : Chain(
    [], new ScaleByAdam(b1, b2, eps), [new WeightDecay(weightDecay), new TrustRatio(), new ScaleByLearningRate(learningRate)]);
