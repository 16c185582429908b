using Engine.Autograd;

namespace Engine.Optim;

/// <summary>
/// A way from gradients to updates, as two pure functions: first state from weights, and (update, next state) from a gradient. The update points downhill and carries
/// the learning rate, so a step is added: <c>weights + update</c>. Being made of tensor ops, a step runs eagerly and inside a compiled step alike.
/// </summary>
/// <remarks>
/// Optimizers are built from stages, first to last, with <c>>></c>: stages on the gradient, the map to an update, stages on the update, as in
/// <c>new ClipByGlobalNorm(1) >> new ScaleByAdam() >> new WeightDecay(0.01) >> new ScaleByLearningRate(1e-3)</c>. Without a map there is no optimizer:
/// a clipped gradient is still a gradient.
/// </remarks>
public abstract class Optimizer
{
    /// <summary>The state before the first step.</summary>
    public abstract OptimizerState Initialize(Weights weights);

    /// <summary>One step.</summary>
    /// <param name="gradient">The gradient of the loss at the weights.</param>
    /// <param name="state">What <see cref="Initialize"/> or the last step returned.</param>
    /// <param name="weights">The weights, for stages that look at them.</param>
    /// <returns>The update to add to the weights, and the next state.</returns>
    /// <exception cref="ArgumentException">Gradient, state and weights come from different modules or optimizers.</exception>
    public abstract (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights);

    /// <summary>The optimizer followed by a stage on its updates.</summary>
    public static Optimizer operator >>(Optimizer first, UpdateStage second)
    {
        (GradientStage[] before, Optimizer map, UpdateStage[] after) = Chain.Parts(first);
        return new Chain(before, map, [.. after, second]);
    }
}

/// <summary>A stage that changes gradients and leaves them gradients: clipping, momentum.</summary>
public abstract class GradientStage
{
    /// <summary>The state before the first step. Empty for most stages.</summary>
    public virtual OptimizerState Initialize(Weights weights) => OptimizerState.Empty;

    /// <summary>One step: the changed gradient and the next state.</summary>
    public abstract (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights);

    /// <summary>First one stage, then another.</summary>
    public static GradientStage operator >>(GradientStage first, GradientStage second) =>
        new GradientChain([.. GradientChain.Parts(first), .. GradientChain.Parts(second)]);

    /// <summary>An optimizer that sees the changed gradients.</summary>
    public static Optimizer operator >>(GradientStage first, Optimizer second)
    {
        (GradientStage[] before, Optimizer map, UpdateStage[] after) = Chain.Parts(second);
        return new Chain([.. GradientChain.Parts(first), .. before], map, after);
    }
}

/// <summary>A stage that changes updates: weight decay, a learning rate.</summary>
public abstract class UpdateStage
{
    /// <summary>The state before the first step. Empty for most stages.</summary>
    public virtual OptimizerState Initialize(Weights weights) => OptimizerState.Empty;

    /// <summary>One step: the changed update and the next state.</summary>
    public abstract (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights);
}
