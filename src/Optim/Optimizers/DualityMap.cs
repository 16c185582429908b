using Engine.Autograd;

namespace Engine.Optim;

/// <summary>
/// Steepest descent under a norm: the negative of the norm's map of the gradient, at learning rate 1.
/// </summary>
/// <param name="norm">The norm.</param>
/// <param name="normalized">True for updates of norm 1 (<see cref="Norm.Dualize"/>), false for ones as long as the gradient (<see cref="Norm.Riesz"/>).</param>
public sealed class DualityMap(Norm norm, bool normalized = false) : Optimizer
{
    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => OptimizerState.Empty;

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights) =>
        (-(normalized ? norm.Dualize(gradient) : norm.Riesz(gradient)), state);
}
