using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The gradient scaled down to a Euclidean norm, over all leaves together, where it is longer (Pascanu, Mikolov and Bengio, ICML 2013): g min(1, limit / |g|).
/// </summary>
public sealed class ClipByGlobalNorm : GradientStage
{
    private readonly double limit;

    /// <summary>Clipping by norm.</summary>
    /// <param name="limit">The greatest norm that passes.</param>
    /// <exception cref="ArgumentException">The limit is not positive.</exception>
    public ClipByGlobalNorm(double limit) => this.limit = Rules.Positive("clipByGlobalNorm", "the limit", limit);

    /// <inheritdoc/>
    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor length = Norm.Euclidean.DualNorm(gradient);
        // Comparing first keeps a gradient inside the limit as it is, bit for bit, and a NaN a NaN.
        Tensor factor = Ops.Where(length <= limit, length.Like(1), limit / length);
        return (gradient.Map(t => t * factor.Cast(t.DType)), state);
    }
}

/// <summary>Every element of the gradient held in [-limit, limit].</summary>
public sealed class ClipByValue : GradientStage
{
    private readonly double limit;

    /// <summary>Clipping by element.</summary>
    /// <param name="limit">The greatest absolute value that passes.</param>
    /// <exception cref="ArgumentException">The limit is not positive.</exception>
    public ClipByValue(double limit) => this.limit = Rules.Positive("clipByValue", "the limit", limit);

    /// <inheritdoc/>
    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights) =>
        (gradient.Map(t => Ops.Clamp(t, -limit, limit)), state);
}
