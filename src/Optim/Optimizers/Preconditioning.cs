using Engine.Autograd;
using Engine.Autograd.Duality;

namespace Engine.Optim;

/// <summary>
/// Statistics of gradients that decide through which <see cref="Preconditioner"/> a norm sees each weight: what adaptive methods have beside their norm
/// (Veprikov et al., "Preconditioned Norms", 2025).
/// </summary>
public abstract class Preconditioning
{
    /// <summary>The statistics before the first step.</summary>
    public abstract OptimizerState Initialize(Weights weights);

    /// <summary>One step.</summary>
    /// <param name="gradient">The gradient itself, not a mean of gradients.</param>
    /// <param name="state">What <see cref="Initialize"/> or the last step returned.</param>
    /// <param name="weights">The weights.</param>
    /// <returns>The preconditioner of every leaf, null for one that is left as it is, and the next statistics.</returns>
    public abstract (Preconditioner?[] Leaves, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights);
}
