using Engine.Autograd;

namespace Engine.Optim;

/// <summary>
/// Stages on the gradient, then a map from gradients to updates, then stages on the update. The state is the stages', each under its number: <c>0.momentum.bias</c>.
/// </summary>
public class Chain : Optimizer
{
    private readonly GradientStage[] before;
    private readonly Optimizer map;
    private readonly UpdateStage[] after;

    /// <summary>A chain.</summary>
    /// <param name="before">Stages on the gradient, first to last.</param>
    /// <param name="map">The map from gradients to updates.</param>
    /// <param name="after">Stages on the update, first to last.</param>
    public Chain(IEnumerable<GradientStage> before, Optimizer map, IEnumerable<UpdateStage> after)
    {
        this.before = [.. before];
        this.map = map;
        this.after = [.. after];
    }

    /// <inheritdoc/>
    public sealed override OptimizerState Initialize(Weights weights) => OptimizerState.Join(
        [.. before.Select(s => s.Initialize(weights)), map.Initialize(weights), .. after.Select(s => s.Initialize(weights))]);

    /// <inheritdoc/>
    public sealed override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        List<OptimizerState> next = [];
        OptimizerState changed;
        foreach (GradientStage stage in before)
        {
            (gradient, changed) = stage.Step(gradient, state.Part(next.Count), weights);
            next.Add(changed);
        }
        (Update update, changed) = map.Step(gradient, state.Part(next.Count), weights);
        next.Add(changed);
        foreach (UpdateStage stage in after)
        {
            (update, changed) = stage.Step(update, state.Part(next.Count), weights);
            next.Add(changed);
        }
        return (update, OptimizerState.Join(next));
    }

    internal static (GradientStage[] Before, Optimizer Map, UpdateStage[] After) Parts(Optimizer optimizer) =>
        optimizer is Chain chain ? (chain.before, chain.map, chain.after) : ([], optimizer, []);
}

/// <summary>Stages on the gradient, one after another.</summary>
internal sealed class GradientChain(GradientStage[] stages) : GradientStage
{
    public override OptimizerState Initialize(Weights weights) => OptimizerState.Join([.. stages.Select(s => s.Initialize(weights))]);

    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        OptimizerState[] next = new OptimizerState[stages.Length];
        for (int i = 0; i < next.Length; i++) (gradient, next[i]) = stages[i].Step(gradient, state.Part(i), weights);
        return (gradient, OptimizerState.Join(next));
    }

    internal static GradientStage[] Parts(GradientStage stage) => stage is GradientChain chain ? chain.Own : [stage];

    private GradientStage[] Own => stages;
}
