using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;

namespace Engine.Optim;

/// <summary>
/// Steepest descent under the modular norm of a network (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024, algorithm of section 4): m = m + (1 - momentum) (g - m),
/// update -rate (dualize(m) + weightDecay w). A rate means the same at every width and depth; <see cref="Schedule.Linear"/> is the usual course of it.
/// State: <c>0.average.name</c> per weight and <c>step</c> of the rate.
/// </summary>
/// <param name="module">The network, whose <see cref="Module.Dualize"/> is the map.</param>
/// <param name="learningRate">The rate: the modular norm of a step.</param>
/// <param name="momentum">What is kept of the mean per step, in [0, 1).</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <param name="project">True to bring every weight to norm 1 after a step (<see cref="Module.Project"/>); start from <see cref="Module.InitializeDualized"/> then.</param>
/// <param name="accuracy">How exact polar factors are.</param>
/// <param name="nesterov">Look one step ahead, as g + momentum (m - g).</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1), or the weight decay is negative.</exception>
public sealed class Dualized(
    Module module, Schedule learningRate, double momentum = 0.95, double weightDecay = 0, bool project = false, PolarAccuracy accuracy = PolarAccuracy.Default,
    bool nesterov = false)
    : Chain(
        [new Average(Rules.Decay("dualized", "the momentum", momentum), nesterov)],
        new DualityMap(new ModularNorm(module, accuracy), normalized: true),
        [.. Presets.Decayed(learningRate, weightDecay), .. project ? (UpdateStage[])[new ProjectWeights(module.Project)] : []]);

/// <summary>The update that ends where a map brings the weights which the update would have led to: map(w + u) - w. It comes after <see cref="ScaleByLearningRate"/>.</summary>
/// <param name="map">From weights to weights of the same form, such as <see cref="Module.Project"/>.</param>
public sealed class ProjectWeights(Func<Weights, Weights> map) : UpdateStage
{
    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights) => (map(weights + update) - weights, state);
}

/// <summary>What presets have in common.</summary>
internal static class Presets
{
    /// <summary>Decoupled weight decay, where there is any, and the rate.</summary>
    public static UpdateStage[] Decayed(Schedule learningRate, double weightDecay, bool cautious = false)
    {
        var scale = new ScaleByLearningRate(learningRate);
        return weightDecay == 0 ? [scale] : [new WeightDecay(weightDecay, cautious: cautious), scale];
    }

    /// <summary>A running mean, where there is memory.</summary>
    public static GradientStage[] Averaged(string optimizer, double momentum) => Rules.Decay(optimizer, "the momentum", momentum) == 0 ? [] : [new Average(momentum)];
}
