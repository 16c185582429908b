using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>Weights that have an optimizer of their own.</summary>
/// <param name="Has">Which weights, by name and shape.</param>
/// <param name="Optimizer">Their optimizer.</param>
public sealed record WeightGroup(Func<string, Shape, bool> Has, Optimizer Optimizer);

/// <summary>
/// Several optimizers, each for some of the weights: a weight belongs to the first group that has it. The state is the optimizers', each under its group's number:
/// <c>1.0.first.bias</c>. An optimizer without weights is left out.
/// </summary>
/// <param name="groups">The groups.</param>
public class Grouped(params IEnumerable<WeightGroup> groups) : Optimizer
{
    private readonly WeightGroup[] groups = [.. groups];

    /// <inheritdoc/>
    public sealed override OptimizerState Initialize(Weights weights)
    {
        int[] owner = Owners(weights);
        return OptimizerState.Join([.. groups.Select((g, k) => Own(owner, k) is { Length: > 0 } own ? g.Optimizer.Initialize(Part(weights, own)) : OptimizerState.Empty)]);
    }

    /// <inheritdoc/>
    public sealed override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        int[] owner = Owners(weights);
        Tensor[] updates = new Tensor[owner.Length];
        OptimizerState[] next = new OptimizerState[groups.Length];
        for (int k = 0; k < groups.Length; k++)
        {
            int[] own = Own(owner, k);
            next[k] = OptimizerState.Empty;
            if (own.Length == 0) continue;
            var part = new Gradient(own.Select(i => gradient.Names[i]), own.Select(i => gradient[i]));
            (Update update, next[k]) = groups[k].Optimizer.Step(part, state.Part(k), Part(weights, own));
            for (int i = 0; i < own.Length; i++) updates[own[i]] = update[i];
        }
        return (gradient.Dual(updates), OptimizerState.Join(next));
    }

    private int[] Owners(Weights weights)
    {
        int[] owner = new int[weights.LeafCount];
        for (int i = 0; i < owner.Length; i++)
        {
            (string name, Shape shape) = (weights.Names[i], weights[i].Shape);
            owner[i] = Array.FindIndex(groups, g => g.Has(name, shape));
            if (owner[i] < 0)
                throw new ArgumentException($"grouped: no group has '{name}', which is {shape}. Add one for the rest: new WeightGroup((_, _) => true, new AdamW(1e-3)).");
        }
        return owner;
    }

    private static int[] Own(int[] owner, int group) => [.. Enumerable.Range(0, owner.Length).Where(i => owner[i] == group)];

    private static Weights Part(Weights weights, int[] own) => new(own.Select(i => weights.Names[i]), own.Select(i => weights[i]));
}
