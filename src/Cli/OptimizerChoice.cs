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
        (new("lion", (_, rate) => new Lion(rate, weightDecay: 0.1)), 0.0005),
        (new("sign", (_, rate) => new SignDescent(rate, momentum: 0.9)), 0.0005),
        (new("dualized", (module, rate) => new Dualized(module, rate, nesterov: true), StartsDualized: true), 0.25),
        // The scale at which one rate suits matrices and what AdamW moves beside them.
        (new("muon", (module, rate) => new WeightGroups(module).Muon(new Muon(rate, scale: MuonScale.MatchRms), new AdamW(rate, 0.9, 0.95))), 0.01),
        (new("normuon", (module, rate) => new WeightGroups(module).Muon(new NorMuon(rate, scale: MuonScale.MatchRms), new AdamW(rate, 0.9, 0.95))), 0.01),
        (new("muadam", (_, rate) => new MuAdam(rate, 0.002, b2: 0.99)), 0.0005),
        (new("shampoo", (_, rate) => new Shampoo(rate, graft: Grafted.AdaGrad(), preconditioning: new(interval: 10))), 0.02),
        (new("soap", (_, rate) => new Soap(rate)), 0.005),
        // These two find their rates; what is left is a factor.
        (new("prodigy", (_, rate) => new ProdigyAdam(rate)), 1),
        (new("agd", (_, rate) => new Grouped(
            new WeightGroup((_, shape) => shape.Rank >= 2, new AutomaticGradientDescent() >> new ScaleByLearningRate(rate)), new WeightGroup((_, _) => true, new AdamW(0.002))), StartsDualized: true), 1),
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
