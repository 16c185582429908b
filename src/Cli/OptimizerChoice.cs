using Engine.Optim;

namespace Engine.Cli;

/// <summary>The optimizers that <c>--optimizer</c> offers, each with a learning rate that suits most tables.</summary>
internal static class OptimizerChoice
{
    public const string Default = "adamw";

    public static readonly string[] Names = ["sgd", "adam", "adamw"];

    public static double DefaultRate(string name) => name == "sgd" ? 0.05 : 0.002;

    /// <summary>The optimizer with a short warm-up and then half a cosine down to 0.</summary>
    public static Optimizer Create(string name, double rate, int steps)
    {
        int warmup = Math.Clamp(steps / 20, 1, 100);
        Schedule schedule = Schedule.LinearWarmup(warmup, Schedule.Cosine(rate, Math.Max(1, steps - warmup)));
        return name switch
        {
            "sgd" => new Sgd(schedule, momentum: 0.9, nesterov: true),
            "adam" => new Adam(schedule),
            "adamw" => new AdamW(schedule, weightDecay: 0.05, decays: n => n.EndsWith("weight", StringComparison.Ordinal)),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }
}
