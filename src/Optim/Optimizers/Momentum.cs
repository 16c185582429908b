using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Gradients summed with a decay: m = decay m + g, handed on as m, or as g + decay m in Nesterov's form (Sutskever et al., ICML 2013).
/// State: <c>momentum.name</c> per weight, starting at 0.
/// </summary>
public sealed class Momentum : GradientStage
{
    private const string Kind = "momentum";

    private readonly double decay;
    private readonly bool nesterov;

    /// <summary>Momentum.</summary>
    /// <param name="decay">What is kept of the sum per step, in [0, 1).</param>
    /// <param name="nesterov">Look one step ahead.</param>
    /// <exception cref="ArgumentException">The decay is outside [0, 1).</exception>
    public Momentum(double decay = 0.9, bool nesterov = false)
    {
        this.decay = Rules.Decay("momentum", "the decay", decay);
        this.nesterov = nesterov;
    }

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => new(Accumulator.Names(Kind, weights), Accumulator.Zeros(weights));

    /// <inheritdoc/>
    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] sums = Accumulator.Of(state, Kind, gradient.Names), handed = new Tensor[sums.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            Tensor g = gradient[i].Cast(sums[i].DType);
            sums[i] = sums[i] * decay + g;
            handed[i] = (nesterov ? g + sums[i] * decay : sums[i]).Cast(gradient[i].DType);
        }
        return (gradient.WithLeaves(handed), new(state.Leaves.WithLeaves(sums)));
    }
}
