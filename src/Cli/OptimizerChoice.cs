using Engine.Autograd.Layers;
using Engine.Optim;
using Engine.Optim.Training;

namespace Engine.Cli;

/// <summary>The optimizers that <c>--optimizer</c> offers, each with a learning rate that suits most tables.</summary>
internal static class OptimizerChoice
{
    public const string Default = "adamw";

    private static readonly (Contender Contender, double Rate)[] All =
    [
        (new("sgd", (_, rate) => new Sgd(rate, momentum: 0.9, nesterov: true)), 0.05),
        (new("adam", (_, rate) => new Adam(rate)), 0.002),
        (new("adamw", (_, rate) => new AdamW(rate, weightDecay: 0.05, decays: IsMatrix)), 0.002),
        (new("dualized", (module, rate) => new Average(0.95) >> new DualityMap(new ModularNorm(module), normalized: true) >> new ScaleByLearningRate(rate), StartsDualized: true), 0.25),
    ];

    public static readonly string[] Names = [.. All.Select(a => a.Contender.Name)];

    public static double DefaultRate(string name) => Find(name).Rate;

    public static Contender Contender(string name) => Find(name).Contender;

    /// <summary>The optimizer with a short warm-up and then half a cosine down to 0.</summary>
    public static Optimizer Create(string name, Module module, double rate, int steps)
    {
        int warmup = Math.Clamp(steps / 20, 1, 100);
        return Contender(name).Optimizer(module, Schedule.LinearWarmup(warmup, Schedule.Cosine(rate, Math.Max(1, steps - warmup))));
    }

    private static bool IsMatrix(string name) => name.EndsWith("weight", StringComparison.Ordinal);

    private static (Contender Contender, double Rate) Find(string name) => Array.Find(All, a => a.Contender.Name == name);
}
