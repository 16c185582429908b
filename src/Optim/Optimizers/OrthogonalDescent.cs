using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Steepest descent among orthogonal matrices under the spectral norm (Bernstein, "Modular manifolds: the orthogonal manifold", Modula, 2025): X = polar(w^T g - g^T w), which is skew,
/// and w goes to w (I - rate X) brought back to orthogonal. That is w (I - rate X) / sqrt(1 + rate^2) where X has full rank; in general, with c = sqrt(1 + rate^2),
/// the update -w ((rate / c) X + (1 - 1 / c) X^T X). State: <c>step</c>, i64.
/// </summary>
/// <remarks>Start from orthogonal weights (<see cref="Ops.RandomOrthogonal"/>). They stay so up to rounding with <see cref="PolarAccuracy.Exact"/>, and up to its error with another.</remarks>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="accuracy">How exact polar factors are.</param>
public sealed class OrthogonalDescent(Schedule learningRate, PolarAccuracy accuracy = PolarAccuracy.Exact) : Optimizer
{
    /// <inheritdoc/>
    /// <exception cref="ShapeException">A weight is not square.</exception>
    public override OptimizerState Initialize(Weights weights)
    {
        for (int i = 0; i < weights.LeafCount; i++)
        {
            Shape shape = weights[i].Shape;
            if (shape.Rank < 2 || shape[^1] != shape[^2])
                throw new ShapeException($"orthogonalDescent: weights must be square matrices, got '{weights.Names[i]}' {shape}. Give it another optimizer: new Grouped(..).");
        }
        return new([Accumulator.Step], [Accumulator.NoSteps()]);
    }

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor step = state[Accumulator.Step], rate = learningRate.At(step.Cast(Accumulator.ScalarType(gradient.Tensors))), stretch = Ops.Sqrt(Ops.Square(rate) + 1);
        Tensor along = rate / stretch, back = 1 - 1 / stretch;
        Tensor[] updates = new Tensor[gradient.LeafCount];
        for (int i = 0; i < updates.Length; i++)
        {
            DType type = Accumulator.TypeFor(weights[i].DType);
            Tensor w = weights[i].Cast(type), turn = w.T.MatMul(gradient[i].Cast(type));
            Tensor x = Polar.Factor(turn - turn.T, accuracy);
            updates[i] = (-w.MatMul(x * along.Cast(type) + x.T.MatMul(x) * back.Cast(type))).Cast(weights[i].DType);
        }
        return (gradient.Dual(updates), new([Accumulator.Step], [step + 1]));
    }
}
