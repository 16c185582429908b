using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// AdaGrad (Duchi, Hazan and Singer, JMLR 2011): v = v + g^2, update -rate g / (sqrt(v) + eps). State: <c>0.1.squares.name</c> per weight and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="eps">Added to the root, not negative.</param>
/// <exception cref="ArgumentException">eps is negative.</exception>
public sealed class AdaGrad(Schedule learningRate, double eps = 1e-10) : Chain(
    [], new Steepest(VectorNorms.Euclidean, preconditioning: new DiagonalPreconditioning(SquareSum.Sum, eps: eps), normalized: false), [new ScaleByLearningRate(learningRate)]);

/// <summary>
/// RMSProp (Tieleman and Hinton, 2012): v = decay v + (1 - decay) g^2, update -rate g / (sqrt(v) + eps). State: <c>0.1.squares.name</c> per weight and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="decay">What is kept of the mean of squares per step, in [0, 1).</param>
/// <param name="eps">Added to the root, not negative.</param>
/// <exception cref="ArgumentException">The decay is outside [0, 1), or eps is negative.</exception>
public sealed class RmsProp(Schedule learningRate, double decay = 0.99, double eps = 1e-8) : Chain(
    [], new Steepest(VectorNorms.Euclidean, preconditioning: new DiagonalPreconditioning(SquareSum.Mean, decay, eps: eps), normalized: false), [new ScaleByLearningRate(learningRate)]);

/// <summary>
/// Adam-SANIA (Abdukhakimov et al., "SANIA", 2023; Veprikov et al., "Preconditioned Norms", 2025, table 1): Adam without the root, update -rate (m / (v + eps)) with both means freed of
/// their start at 0. With eps 0 the loss along the way does not change when inputs are measured in other units. State: <c>0.0.average.name</c> and <c>0.1.squares.name</c> per weight, and steps.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="eps">Added to the mean of squares, not negative.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), or eps is negative.</exception>
public sealed class AdamSania(Schedule learningRate, double b1 = 0.9, double b2 = 0.999, double eps = 1e-8) : Chain(
    [],
    new Steepest(
        VectorNorms.Euclidean, new Average(Rules.Decay("adamSania", "b1", b1), corrected: true), new DiagonalPreconditioning(SquareSum.CorrectedMean, b2, 1, eps), normalized: false),
    [new ScaleByLearningRate(learningRate)]);

/// <summary>
/// NAdam (Dozat, ICLR workshop 2016): with weights of the mean c_t = b1 (1 - 0.96^(t slope) / 2) and their product C_t, update
/// -rate ((1 - c_t) g / (1 - C_t) + c_(t+1) m / (1 - C_(t+1))) / (sqrt(v / (1 - b2^t)) + eps), m and v the means of Adam.
/// State: <c>0.0.average.name</c>, <c>0.0.product</c> and <c>0.1.squares.name</c>, and steps.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="eps">Added to the root, not negative.</param>
/// <param name="slope">How fast the weight of the mean comes to b1, not negative.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), or eps or the slope is negative.</exception>
public sealed class NAdam(Schedule learningRate, double b1 = 0.9, double b2 = 0.999, double eps = 1e-8, double slope = 0.004) : Chain(
    [],
    new Steepest(
        VectorNorms.Euclidean, new LookAhead(Rules.Decay("nAdam", "b1", b1), Rules.NotNegative("nAdam", "the slope", slope)), new DiagonalPreconditioning(SquareSum.CorrectedMean, b2, eps: eps),
        normalized: false),
    [new ScaleByLearningRate(learningRate)]);

/// <summary>
/// MuAdam (Veprikov et al., "Preconditioned Norms", 2025, section 4): steepest descent under the spectral norm seen through D = (v^power + eps)^(1/2), update
/// -rate (D^-1 polar(D^-1 m) + weightDecay w) with both means freed of their start at 0, for matrices and kernels [out, rest]; other weights take the steps of AdamW.
/// Power 1/2 is MuAdam; 1 is MuAdam-SANIA, whose loss along the way does not change, with eps, floor and decay 0, when inputs are measured in other units.
/// Rates are far below Muon's. State: that of the matrices' optimizer under <c>0</c>, with <c>0.0.0.average.name</c> and <c>0.0.1.squares.name</c>, that of AdamW under <c>1</c>.
/// </summary>
/// <param name="learningRate">The rate of matrices.</param>
/// <param name="vectorRate">The rate of AdamW.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the mean of squares, in [0, 1).</param>
/// <param name="power">Of the mean of squares in D^2, positive.</param>
/// <param name="eps">Added to it, not negative.</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <param name="floor">The least entry of D over the RMS of D in the same weight.</param>
/// <param name="accuracy">How exact polar factors are.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), the power is not positive, or eps, the floor or the weight decay is negative.</exception>
public sealed class MuAdam(
    Schedule learningRate, Schedule vectorRate, double b1 = 0.9, double b2 = 0.999, double power = 0.5, double eps = 1e-8, double weightDecay = 0, double floor = 1e-3,
    PolarAccuracy accuracy = PolarAccuracy.Default)
    : Grouped(
        new WeightGroup(
            (_, shape) => shape.Rank >= 2,
            new Chain(
                [],
                new Steepest(
                    MatrixViews.Flattened(MatrixNorms.Spectral), new Average(Rules.Decay("muAdam", "b1", b1), corrected: true),
                    new DiagonalPreconditioning(SquareSum.CorrectedMean, b2, power, eps, floor), accuracy: accuracy),
                Presets.Decayed(learningRate, weightDecay))),
        new WeightGroup((_, _) => true, new AdamW(vectorRate, b1, b2, weightDecay: weightDecay)))
{
    /// <summary>MuAdam-SANIA: D = (v + eps)^(1/2).</summary>
    /// <param name="learningRate">The rate of matrices.</param>
    /// <param name="vectorRate">The rate of AdamW.</param>
    /// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
    public static MuAdam Sania(Schedule learningRate, Schedule vectorRate, double weightDecay = 0) => new(learningRate, vectorRate, power: 1, weightDecay: weightDecay);
}

/// <summary>NAdam's mean: the gradient with today's weight and the mean with tomorrow's.</summary>
internal sealed class LookAhead(double decay, double slope) : GradientStage
{
    private const string Kind = "average", Product = "product";

    public override OptimizerState Initialize(Weights weights) => new(
        [.. Accumulator.Names(Kind, weights), Product, Accumulator.Step],
        [.. Accumulator.Zeros(weights), Tensor.Zeros([], Accumulator.ScalarType(weights.Tensors)) + 1, Accumulator.NoSteps()]);

    public override (Gradient Gradient, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] means = Accumulator.Of(state, Kind, gradient.Names), handed = new Tensor[means.Length];
        Tensor product = state[Product], step = state[Accumulator.Step] + 1, count = step.Cast(product.DType);
        Tensor now = Weight(count), then = Weight(count + 1);
        product *= now;
        Tensor ownScale = (1 - now) / (1 - product), meanScale = then / (1 - product * then);
        for (int i = 0; i < means.Length; i++)
        {
            Tensor g = gradient[i].Cast(means[i].DType);
            means[i] = means[i] * decay + g * (1 - decay);
            handed[i] = (g * ownScale.Cast(g.DType) + means[i] * meanScale.Cast(g.DType)).Cast(gradient[i].DType);
        }
        return (gradient.WithLeaves(handed), new(state.Leaves.WithLeaves([.. means, product, step])));
    }

    private Tensor Weight(Tensor count) => (1 - Ops.Exp(count * (slope * Math.Log(0.96))) * 0.5) * decay;
}
