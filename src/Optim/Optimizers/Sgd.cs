namespace Engine.Optim;

/// <summary>
/// Gradient descent with momentum: m = momentum m + g, update -rate m, or -rate (g + momentum m) in Nesterov's form (Sutskever et al., ICML 2013);
/// without momentum -rate g.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="momentum">What is kept of the sum of gradients per step, in [0, 1); 0 keeps no sum.</param>
/// <param name="nesterov">Nesterov's form.</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1).</exception>
public sealed class Sgd(Schedule learningRate, double momentum = 0, bool nesterov = false) : Chain(
    Rules.Decay("sgd", "the momentum", momentum) == 0 ? [] : [new Momentum(momentum, nesterov)],
    new DualityMap(Norm.Euclidean),
    [new ScaleByLearningRate(learningRate)]);
