using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Decoupled weight decay (Loshchilov and Hutter, ICLR 2019): the update less rate times the weights. Placed before <see cref="ScaleByLearningRate"/>,
/// weights shrink by the learning rate times this rate per step. A cautious one leaves out the weights that the update already takes away from 0
/// (Chen et al., "Cautious Weight Decay", 2025).
/// </summary>
public sealed class WeightDecay : UpdateStage
{
    private readonly double rate;
    private readonly Func<string, bool>? decays;
    private readonly bool cautious;

    /// <summary>Weight decay.</summary>
    /// <param name="rate">Pull towards 0.</param>
    /// <param name="decays">Which weights decay, by name; all when omitted.</param>
    /// <param name="cautious">Only weights w with an update u of the other sign, or none: u w at most 0.</param>
    /// <exception cref="ArgumentException">The rate is negative.</exception>
    public WeightDecay(double rate, Func<string, bool>? decays = null, bool cautious = false)
    {
        this.cautious = cautious;
        this.rate = Rules.NotNegative("weightDecay", "the rate", rate);
        this.decays = decays;
    }

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights)
    {
        Update from = weights.FromOrigin();
        if (cautious) from = from.WithLeaves([.. from.Tensors.Select((w, i) => Ops.Where(update[i] * w <= 0, w, w.Like(0)))]);
        Update decayed = update - rate * from;
        if (decays is null) return (decayed, state);
        return (update.WithLeaves([.. update.Names.Select((n, i) => decays(n) ? decayed[i] : update[i])]), state);
    }
}

/// <summary>The update times a number.</summary>
/// <param name="factor">The number.</param>
public sealed class ScaleBy(double factor) : UpdateStage
{
    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights) => (factor * update, state);
}

/// <summary>
/// The update times a learning rate that may change from step to step. State: <c>step</c>, i64, the number of steps taken, from 0.
/// </summary>
/// <param name="rate">The rate: a number or a schedule.</param>
public sealed class ScaleByLearningRate(Schedule rate) : UpdateStage
{
    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => new([Accumulator.Step], [Accumulator.NoSteps()]);

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights)
    {
        Tensor step = state[Accumulator.Step];
        Tensor factor = rate.At(step.Cast(Accumulator.ScalarType(update.Tensors)));
        return (update.Map(t => t * factor.Cast(t.DType)), new([Accumulator.Step], [step + 1]));
    }
}
