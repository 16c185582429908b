using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The largest over leaves of their own norms; dual: all of theirs added. Every leaf moves by the same size, which is what steepest descent under the norm asks for
/// (Bernstein and Newhouse, "Old Optimizer, New Norm", 2024, proposition 2).
/// </summary>
/// <param name="norms">The norm of a leaf by its name and shape.</param>
/// <param name="accuracy">How exact polar factors are.</param>
public sealed class LargestNorm(Func<string, Shape, TensorNorm> norms, PolarAccuracy accuracy = PolarAccuracy.Default) : Norm
{
    /// <inheritdoc/>
    public override Tensor Of(Update update) => Join("norm", update.Names, update.Tensors, (norm, u) => norm.Of(u), Ops.Maximum);

    /// <inheritdoc/>
    public override Tensor DualNorm(Gradient gradient) => Join("dualNorm", gradient.Names, gradient.Tensors, (norm, g) => norm.DualNorm(g), (a, b) => a + b);

    /// <inheritdoc/>
    public override Update Dualize(Gradient gradient) =>
        gradient.Dual(gradient.Tensors.Select((g, i) => norms(gradient.Names[i], g.Shape).Dualize(g, accuracy)));

    private Tensor Join(string op, IReadOnlyList<string> names, IReadOnlyList<Tensor> tensors, Func<TensorNorm, Tensor, Tensor> measure, Func<Tensor, Tensor, Tensor> join)
    {
        if (tensors.Count == 0) throw new ArgumentException($"{op}: there is no tensor to measure.");
        DType type = Accumulator.ScalarType(tensors);
        return tensors.Select((t, i) => measure(norms(names[i], t.Shape), t).Cast(type)).Aggregate(join);
    }
}
