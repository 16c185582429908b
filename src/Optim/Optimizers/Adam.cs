using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Adam (Kingma and Ba, ICLR 2015, algorithm 1): m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, update -rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps),
/// with t counting from 1.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="eps">Added to the root.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), or eps is not positive.</exception>
public sealed class Adam(Schedule learningRate, double b1 = 0.9, double b2 = 0.999, double eps = 1e-8)
    : Chain([], new ScaleByAdam(b1, b2, eps), [new ScaleByLearningRate(learningRate)]);

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, algorithm 2): Adam's update less rate weightDecay w.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="eps">Added to the root.</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <param name="decays">Which weights decay, by name; all when omitted.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), eps is not positive, or the weight decay is negative.</exception>
public sealed class AdamW(
    Schedule learningRate, double b1 = 0.9, double b2 = 0.999, double eps = 1e-8, double weightDecay = 0.01, Func<string, bool>? decays = null)
    : Chain([], new ScaleByAdam(b1, b2, eps), [new WeightDecay(weightDecay, decays), new ScaleByLearningRate(learningRate)]);

/// <summary>
/// The map inside Adam, at learning rate 1: minus the mean of gradients over the root of the mean of squares, both freed of their start at 0.
/// State: <c>first.name</c> and <c>second.name</c> per weight, starting at 0, and <c>step</c>, i64.
/// </summary>
public sealed class ScaleByAdam : Optimizer
{
    private const string First = "first", Second = "second";

    private readonly double b1;
    private readonly double b2;
    private readonly double eps;

    /// <summary>Adam's map.</summary>
    /// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
    /// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
    /// <param name="eps">Added to the root.</param>
    /// <exception cref="ArgumentException">A decay is outside [0, 1), or eps is not positive.</exception>
    public ScaleByAdam(double b1 = 0.9, double b2 = 0.999, double eps = 1e-8)
    {
        this.b1 = Rules.Decay("adam", "b1", b1);
        this.b2 = Rules.Decay("adam", "b2", b2);
        this.eps = Rules.Positive("adam", "eps", eps);
    }

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => new(
        [.. Accumulator.Names(First, weights), .. Accumulator.Names(Second, weights), Accumulator.Step],
        [.. Accumulator.Zeros(weights), .. Accumulator.Zeros(weights), Accumulator.NoSteps()]);

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] means = Accumulator.Of(state, First, gradient.Names), squares = Accumulator.Of(state, Second, gradient.Names);
        Tensor[] updates = new Tensor[means.Length];
        Tensor step = state[Accumulator.Step] + 1;
        Tensor count = step.Cast(Accumulator.ScalarType(gradient.Tensors));
        // Divided once here, multiplied at every element.
        Tensor meanScale = 1 / Accumulator.WeightSince(b1, count), squareScale = 1 / Accumulator.WeightSince(b2, count);
        for (int i = 0; i < updates.Length; i++)
        {
            DType type = means[i].DType;
            Tensor g = gradient[i].Cast(type);
            means[i] = means[i] * b1 + g * (1 - b1);
            squares[i] = squares[i] * b2 + Ops.Square(g) * (1 - b2);
            Tensor mean = means[i] * meanScale.Cast(type), square = squares[i] * squareScale.Cast(type);
            updates[i] = (-mean / (Ops.Sqrt(square) + eps)).Cast(gradient[i].DType);
        }
        return (gradient.Dual(updates), new(state.Leaves.WithLeaves([.. means, .. squares, step])));
    }
}
