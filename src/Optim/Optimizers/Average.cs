using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The running mean of gradients: m = m + (1 - decay) (g - m), handed on as m, freed of its start at 0 when corrected, or looking one step ahead as g + decay (m - g),
/// or blended with the mean before the step, as g + blend (m - g) with the old m.
/// State: <c>average.name</c> per weight, starting at 0, and, when corrected, <c>step</c>, i64.
/// </summary>
public sealed class Average : GradientStage
{
    private const string Kind = "average";

    private readonly double decay;
    private readonly bool nesterov;
    private readonly bool corrected;
    private readonly double? blend;

    /// <summary>A running mean.</summary>
    /// <param name="decay">What is kept of the mean per step, in [0, 1).</param>
    /// <param name="nesterov">Look one step ahead.</param>
    /// <param name="corrected">Divide by 1 - decay^t, the weight that t steps have together.</param>
    /// <param name="blend">The share of the mean before the step in what is handed on, in [0, 1); without it the mean after the step is.</param>
    /// <exception cref="ArgumentException">The decay or the blend is outside [0, 1), or there is a blend beside another way of handing on.</exception>
    public Average(double decay = 0.9, bool nesterov = false, bool corrected = false, double? blend = null)
    {
        if (blend is { } share)
        {
            Rules.Decay("average", "the blend", share);
            if (nesterov || corrected) throw new ArgumentException("average: a blend is neither Nesterov's form nor corrected, got two ways of handing on. Choose one.");
        }
        this.blend = blend;
        this.decay = Rules.Decay("average", "the decay", decay);
        this.nesterov = nesterov;
        this.corrected = corrected;
    }

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights)
    {
        var means = new OptimizerState(Accumulator.Names(Kind, weights), Accumulator.Zeros(weights));
        return corrected ? new([.. means.Leaves.Names, Accumulator.Step], [.. means.Leaves.Tensors, Accumulator.NoSteps()]) : means;
    }

    /// <inheritdoc/>
    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] means = Accumulator.Of(state, Kind, gradient.Names), handed = new Tensor[means.Length];
        Tensor? step = corrected ? state[Accumulator.Step] + 1 : null;
        Tensor? scale = step is null ? null : 1 / Accumulator.WeightSince(decay, step.Cast(Accumulator.ScalarType(gradient.Tensors)));
        for (int i = 0; i < means.Length; i++)
        {
            Tensor g = gradient[i].Cast(means[i].DType);
            Tensor before = means[i];
            means[i] = before + (g - before) * (1 - decay);
            Tensor ahead = blend is { } share ? g + (before - g) * share : nesterov ? g + (means[i] - g) * decay : means[i];
            handed[i] = (scale is null ? ahead : ahead * scale.Cast(ahead.DType)).Cast(gradient[i].DType);
        }
        return (gradient.WithLeaves(handed), new(state.Leaves.WithLeaves(step is null ? means : [.. means, step])));
    }
}
