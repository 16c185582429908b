using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Preconditioning by the factors of the Fisher matrix that <see cref="Kfac.Measure"/> gives (Martens and Grosse, 2015): under the Euclidean norm the step is B^-1 G A^-1, with
/// the factors damped to A + r sqrt(damping) I and B + sqrt(damping) / r I, r^2 the ratio of their mean eigenvalues (ibid., section 6.3). Leaves without factors are left as they are.
/// It remembers nothing itself: the factors, or their running means, are the caller's.
/// </summary>
/// <example>
/// Within a step: <c>(loss, gradient, seen) = Kfac.Measure(net, weights, x, y => Losses.CrossEntropy(y, labels)); factors = Kfac.Mean(factors, seen, 0.95);</c> then
/// <c>new Steepest(VectorNorms.Euclidean, new Average(0.9), new KfacPreconditioning(factors), normalized: false) >> new ScaleByLearningRate(0.1)</c>.
/// </example>
/// <param name="factors">Named <c>input.leaf</c> and <c>output.leaf</c>.</param>
/// <param name="damping">Added, shared out between both factors; not negative.</param>
/// <exception cref="ArgumentException">The damping is negative.</exception>
public sealed class KfacPreconditioning(Buffers factors, double damping = 1e-3) : Preconditioning
{
    private readonly double root = Math.Sqrt(Rules.NotNegative("kfac", "the damping", damping));

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => OptimizerState.Empty;

    /// <inheritdoc/>
    public override (Preconditioner?[] Leaves, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights) =>
        ([.. gradient.Names.Select(n => factors.Names.Contains($"input.{n}") ? Leaf(factors[$"input.{n}"], factors[$"output.{n}"]) : null)], state);

    private StackedPreconditioner Leaf(Tensor a, Tensor b)
    {
        Tensor inputs = MeanEigenvalue(a), outputs = MeanEigenvalue(b), none = Ops.Or(inputs.EqualTo(0), outputs.EqualTo(0));
        Tensor ratio = Ops.Where(none, inputs.Like(1), Ops.Sqrt(inputs / Ops.Where(none, outputs.Like(1), outputs)));
        return new([b.Shape[0], b.Shape[^1], a.Shape[^1]], new KroneckerPreconditioner([Root(b, root / ratio), Root(a, ratio * root)]));
    }

    private static Tensor MeanEigenvalue(Tensor a) => Ops.Unsqueeze(Ops.Mean(Ops.Diagonal(a), [-1], keepDims: true), -1);

    private static Tensor Root(Tensor a, Tensor added) => InverseRoots.Of(a + (Ops.Eye(a.Shape[^1], dtype: a.DType) * added), 2, ridge: 0);
}

/// <summary>A weight seen as stacked matrices.</summary>
internal sealed class StackedPreconditioner(Shape form, Preconditioner inner) : Preconditioner
{
    public override Tensor Apply(Tensor x) => inner.Apply(x.Reshape(form.Lengths)).Reshape(x.Shape.Lengths);

    public override Tensor Undo(Tensor x) => inner.Undo(x.Reshape(form.Lengths)).Reshape(x.Shape.Lengths);

    public override Tensor ApplyDual(Tensor gradient) => inner.ApplyDual(gradient.Reshape(form.Lengths)).Reshape(gradient.Shape.Lengths);
}
