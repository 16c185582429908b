using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// An optimizer that leaves out steps whose gradient has a NaN or an infinity: the update is 0, and what the optimizer remembers stays as it was.
/// State: the optimizer's under <c>0</c>, and <c>1.skipped</c>, i64, the number of steps left out.
/// </summary>
/// <param name="optimizer">The optimizer.</param>
public sealed class SkipNonFinite(Optimizer optimizer) : Optimizer
{
    private const string Skipped = "skipped";

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => OptimizerState.Join([optimizer.Initialize(weights), new([Skipped], [Accumulator.NoSteps()])]);

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        // A number times 0 is 0 if it is finite, and else NaN.
        Tensor finite = gradient.Tensors.Select(g => Ops.Sum(g * 0).EqualTo(0)).Aggregate(Ops.And);
        OptimizerState before = state.Part(0);
        // The optimizer never meets such a gradient: not every factorization takes one.
        (Update update, OptimizerState after) = optimizer.Step(gradient.Map(g => Ops.Where(finite, g, g.Like(0))), before, weights);
        OptimizerState kept = after.WithLeaves([.. after.Leaves.Tensors.Select((t, i) => Ops.Where(finite, t, before.Leaves[i]))]);
        Tensor skipped = state.Part(1)[Skipped];
        return (update.Map(u => Ops.Where(finite, u, u.Like(0))), OptimizerState.Join([kept, new([Skipped], [Ops.Where(finite, skipped, skipped + 1)])]));
    }
}

/// <summary>
/// An error that names the weight when a gradient has a NaN or an infinity. It looks at numbers, so it works where there are some: eagerly. Inside a compiled step it lets everything pass;
/// <see cref="SkipNonFinite"/> works there too.
/// </summary>
public sealed class RequireFinite : GradientStage
{
    /// <inheritdoc/>
    /// <exception cref="NotFiniteNumberException">A gradient has a NaN or an infinity.</exception>
    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        for (int i = 0; i < gradient.LeafCount; i++)
        {
            if (gradient[i].IsSymbolic) continue;
            double[] numbers = gradient[i].Cast(DType.F64).ToArray<double>();
            int at = Array.FindIndex(numbers, v => !double.IsFinite(v));
            if (at >= 0)
            {
                throw new NotFiniteNumberException(
                    $"requireFinite: gradients must be finite, got {numbers[at]} at element {at} of '{gradient.Names[i]}' {gradient[i].Shape}. Lower the rate, or leave such steps out: new SkipNonFinite(optimizer).");
            }
        }
        return (gradient, state);
    }
}
