using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Steepest descent leaf by leaf, at learning rate 1: minus the norm's map of a mean of gradients, the norm seen through statistics of the gradients. Norm, mean and
/// statistics together are most of the known optimizers (Bernstein and Newhouse, "Old Optimizer, New Norm", 2024; Veprikov et al., "Preconditioned Norms", 2025).
/// State: that of the mean under <c>0</c>, that of the statistics under <c>1</c>.
/// </summary>
/// <param name="norms">The norm of a leaf by its name and shape.</param>
/// <param name="average">The mean; the gradient itself when omitted.</param>
/// <param name="preconditioning">The statistics; none when omitted.</param>
/// <param name="normalized">True for updates of norm 1 (<see cref="TensorNorm.Dualize"/>), false for ones as long as the gradient (<see cref="TensorNorm.Riesz"/>).</param>
/// <param name="accuracy">How exact polar factors are.</param>
public sealed class Steepest(
    Func<string, Shape, TensorNorm> norms, GradientStage? average = null, Preconditioning? preconditioning = null, bool normalized = true,
    PolarAccuracy accuracy = PolarAccuracy.Default) : Optimizer
{
    /// <summary>Steepest descent with one norm for all leaves.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="average">The mean; the gradient itself when omitted.</param>
    /// <param name="preconditioning">The statistics; none when omitted.</param>
    /// <param name="normalized">True for updates of norm 1, false for ones as long as the gradient.</param>
    /// <param name="accuracy">How exact polar factors are.</param>
    public Steepest(
        TensorNorm norm, GradientStage? average = null, Preconditioning? preconditioning = null, bool normalized = true, PolarAccuracy accuracy = PolarAccuracy.Default)
        : this((_, _) => norm, average, preconditioning, normalized, accuracy)
    {
    }

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights)
    {
        // A leaf without a norm is an error before the first step.
        for (int i = 0; i < weights.LeafCount; i++) norms(weights.Names[i], weights[i].Shape);
        return OptimizerState.Join([average?.Initialize(weights) ?? OptimizerState.Empty, preconditioning?.Initialize(weights) ?? OptimizerState.Empty]);
    }

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        (Gradient mean, OptimizerState first) = average?.Step(gradient, state.Part(0), weights) ?? (gradient, OptimizerState.Empty);
        (Preconditioner?[] through, OptimizerState second) =
            preconditioning?.Step(gradient, state.Part(1), weights) ?? (new Preconditioner?[gradient.LeafCount], OptimizerState.Empty);
        Tensor[] updates = new Tensor[gradient.LeafCount];
        for (int i = 0; i < updates.Length; i++)
        {
            TensorNorm norm = norms(gradient.Names[i], gradient[i].Shape);
            if (through[i] is { } by) norm = norm.Preconditioned(by);
            updates[i] = -(normalized ? norm.Dualize(mean[i], accuracy) : norm.Riesz(mean[i], accuracy));
        }
        return (gradient.Dual(updates), OptimizerState.Join([first, second]));
    }
}
