using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The modular norm of a network (Large et al., "Scalable Optimization in the Modular Norm", 2024): each weight measured as its layer says, weighed by masses and
/// sensitivities. See <see cref="Module.Dualize"/>.
/// </summary>
/// <param name="module">The network.</param>
/// <param name="accuracy">How exact polar factors are.</param>
public sealed class ModularNorm(Module module, PolarAccuracy accuracy = PolarAccuracy.Default) : Norm
{
    /// <inheritdoc/>
    public override Tensor Of(Update update) => module.ModularNorm(update);

    /// <inheritdoc/>
    public override Tensor DualNorm(Gradient gradient) => module.DualNorm(gradient);

    /// <inheritdoc/>
    public override Update Dualize(Gradient gradient) => module.Dualize(gradient, 1, accuracy);
}
