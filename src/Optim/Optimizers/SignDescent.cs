using Engine.Autograd.Duality;

namespace Engine.Optim;

/// <summary>
/// Sign descent, which is steepest descent under the largest entry (Bernstein et al., "signSGD", ICML 2018; with momentum Signum): m = m + (1 - momentum) (g - m), update
/// -rate (sign(m) + weightDecay w). State: <c>0.average.name</c> per weight, with momentum, and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="momentum">What is kept of the mean per step, in [0, 1); 0 keeps no mean.</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1), or the weight decay is negative.</exception>
public sealed class SignDescent(Schedule learningRate, double momentum = 0, double weightDecay = 0) : Chain(
    Presets.Averaged("signDescent", momentum), new Steepest(VectorNorms.MaxEntry), Presets.Decayed(learningRate, weightDecay));

/// <summary>
/// Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2): update -rate (sign(b1 m + (1 - b1) g) + weightDecay w), and then m = b2 m + (1 - b2) g.
/// State: <c>0.average.name</c> per weight and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">The share of the mean in the sign, in [0, 1).</param>
/// <param name="b2">What is kept of the mean per step, in [0, 1).</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), or the weight decay is negative.</exception>
public sealed class Lion(Schedule learningRate, double b1 = 0.9, double b2 = 0.99, double weightDecay = 0) : Chain(
    [new Average(Rules.Decay("lion", "b2", b2), blend: Rules.Decay("lion", "b1", b1))], new Steepest(VectorNorms.MaxEntry), Presets.Decayed(learningRate, weightDecay));

/// <summary>
/// Normalized gradient descent: m = m + (1 - momentum) (g - m), update -rate (m / |m| + weightDecay w), the length over all weights together.
/// State: <c>0.average.name</c> per weight, with momentum, and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: the length of a step.</param>
/// <param name="momentum">What is kept of the mean per step, in [0, 1); 0 keeps no mean.</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1), or the weight decay is negative.</exception>
public sealed class NormalizedSgd(Schedule learningRate, double momentum = 0, double weightDecay = 0) : Chain(
    Presets.Averaged("normalizedSgd", momentum), new DualityMap(Norm.Euclidean, normalized: true), Presets.Decayed(learningRate, weightDecay));
