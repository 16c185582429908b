using Engine.Autograd.Duality;

namespace Engine.Optim;

/// <summary>
/// Shampoo (Gupta, Koren and Singer, ICML 2018; Anil et al., "Scalable Second Order Optimization for Deep Learning", 2020): the gradient through roots of its statistics on every
/// axis, L^(-1/4) G R^(-1/4) for matrices, at a length that another optimizer decides, then weight decay and momentum, m = momentum m + u, update rate m.
/// Weights with one axis are AdaGrad's. State: the map's under <c>0</c> (<see cref="KroneckerPreconditioning"/>, <see cref="Grafted"/>), then momentum's and the rate's.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="momentum">What is kept of the sum of updates per step, in [0, 1).</param>
/// <param name="nesterov">Nesterov's form.</param>
/// <param name="graft">Whose length updates have, such as <see cref="Grafted.Sgd"/> or <see cref="Grafted.AdaGrad"/>; their own when null.</param>
/// <param name="preconditioning">Statistics and roots: how they are summed, cut and how often renewed; the sum of all, renewed every step, when null.</param>
/// <param name="start">Steps that the graft takes alone first.</param>
/// <param name="weightDecay">Pull towards 0, before momentum.</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1), or the weight decay or the number of first steps is negative.</exception>
public sealed class Shampoo(
    Schedule learningRate, double momentum = 0.9, bool nesterov = false, Optimizer? graft = null, KroneckerPreconditioning? preconditioning = null, int start = 0, double weightDecay = 0)
    : Chain([], Kronecker.Map(preconditioning ?? new(), graft, start), [new WeightDecay(weightDecay), new UpdateMomentum(momentum, nesterov), new ScaleByLearningRate(learningRate)]);

/// <summary>
/// Shampoo on the first axis alone with the whole exponent (Xie et al., "Structured Preconditioners in Adaptive Optimization", 2025; An et al., "ASGO", 2025):
/// L^(-1/2) G with L the sum of G G^T. State: as <see cref="Shampoo"/>'s.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="momentum">What is kept of the sum of updates per step, in [0, 1).</param>
/// <param name="graft">Whose length updates have; their own when null.</param>
/// <param name="interval">Steps from one computation of roots to the next.</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1), or the interval is below 1.</exception>
public sealed class OneSidedShampoo(Schedule learningRate, double momentum = 0.9, Optimizer? graft = null, int interval = 1) : Chain(
    [], Kronecker.Map(new(interval: interval, blocks: new(OneSided: true)), graft, 0), [new UpdateMomentum(momentum), new ScaleByLearningRate(learningRate)]);

/// <summary>
/// KL-Shampoo (Lin et al., 2025): S_L^(-1/2) M S_R^(-1/2) with M the mean of gradients, S_L the mean of G S_R^-1 G^T / n and S_R that of G^T S_L^-1 G / m
/// (<see cref="KroneckerPreconditioning"/>, whitened). State: <see cref="Average"/>'s under <c>0.0</c>, the statistics' under <c>0.1</c>, the rate's under <c>1</c>.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the statistics, in [0, 1).</param>
/// <param name="interval">Steps from one computation of roots to the next.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), or the interval is below 1.</exception>
public sealed class KlShampoo(Schedule learningRate, double b1 = 0.9, double b2 = 0.99, int interval = 1) : Chain(
    [],
    new Steepest(
        VectorNorms.Euclidean, new Average(b1, corrected: true), new KroneckerPreconditioning(SquareSum.CorrectedMean, b2, eps: 0, interval: interval, whitened: true), normalized: false),
    [new ScaleByLearningRate(learningRate)]);

/// <summary>
/// SOAP (Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", 2024, algorithm 3): Adam in the eigenbases of Shampoo's statistics,
/// Q_L (M' / (sqrt(V) + eps)) Q_R^T with M' = Q_L^T M Q_R and V the mean of (Q_L^T G Q_R)^2, both means freed of their start at 0. Bases are used from
/// the step after they are made on; the first step, which the paper leaves out, is Adam's. State: <see cref="Average"/>'s under <c>0.0</c>, <see cref="EigenbasisPreconditioning"/>'s under <c>0.1</c>, the rate's last.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of statistics and squares, in [0, 1).</param>
/// <param name="eps">Added to the root.</param>
/// <param name="interval">Steps from one renewal of bases to the next.</param>
/// <param name="weightDecay">Decoupled pull towards 0, relative to the rate.</param>
/// <param name="blocks">How weights are cut; the default cut when null.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), eps or the weight decay is negative, or the interval is below 1.</exception>
public sealed class Soap(
    Schedule learningRate, double b1 = 0.95, double b2 = 0.95, double eps = 1e-8, int interval = 10, double weightDecay = 0, KroneckerBlocks? blocks = null) : Chain(
    [],
    new Steepest(VectorNorms.Euclidean, new Average(b1, corrected: true), new EigenbasisPreconditioning(b2, eps, interval, blocks: blocks), normalized: false),
    [new WeightDecay(weightDecay), new ScaleByLearningRate(learningRate)]);

/// <summary>
/// The direction of SPlus (Frans, Levine and Abbeel, "A Stable Whitening Optimizer for Efficient Neural Network Training", 2025): Q_L sign(Q_L^T M Q_R) Q_R^T, sign descent on the
/// mean of gradients in the eigenbases of Shampoo's statistics, used from the step after they are made on. Their factor 2 / (m + n) and their averaging of weights are left to the caller.
/// State: <see cref="Average"/>'s under <c>0.0</c>, <see cref="EigenbasisPreconditioning"/>'s under <c>0.1</c>, the rate's last.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="b1">Decay of the mean of gradients, in [0, 1).</param>
/// <param name="b2">Decay of the statistics, in [0, 1).</param>
/// <param name="interval">Steps from one renewal of bases to the next.</param>
/// <param name="weightDecay">Decoupled pull towards 0, relative to the rate.</param>
/// <param name="blocks">How weights are cut; the default cut when null.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), the weight decay is negative, or the interval is below 1.</exception>
public sealed class SPlus(Schedule learningRate, double b1 = 0.9, double b2 = 0.999, int interval = 100, double weightDecay = 0, KroneckerBlocks? blocks = null) : Chain(
    [],
    new Steepest(VectorNorms.MaxEntry, new Average(b1, corrected: true), new EigenbasisPreconditioning(b2, 0, interval, blocks: blocks, squares: false)),
    [new WeightDecay(weightDecay), new ScaleByLearningRate(learningRate)]);

/// <summary>What the presets share.</summary>
internal static class Kronecker
{
    public static Optimizer Map(KroneckerPreconditioning statistics, Optimizer? graft, int start)
    {
        var own = new Steepest(VectorNorms.Euclidean, preconditioning: statistics, normalized: false);
        if (graft is null && start != 0) throw new ArgumentException($"shampoo: there is no graft to take the first {start} steps. Name one.");
        return graft is null ? own : new Grafted(own, graft, start);
    }
}
