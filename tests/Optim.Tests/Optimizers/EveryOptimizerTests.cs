using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Optim.Tests;

/// <summary>What every optimizer must do on a small network; a new one that is not in the list fails.</summary>
public sealed class EveryOptimizerTests
{
    private static readonly Module Net = Classifier.Net;

    // By the name of the type, and what is special. Roots and bases are renewed at some steps only, in pieces of two sizes, and handed over at once, at the next step and later.
    private static readonly Dictionary<string, Optimizer> All = new()
    {
        ["Sgd"] = new Sgd(Schedule.Step(0.1, 60, 0.5), 0.9, nesterov: true),
        ["Adam"] = new Adam(0.01),
        ["ScaleByAdam"] = new ScaleByAdam() >> new ScaleBy(0.01),
        ["AdamW"] = new AdamW(Schedule.Cosine(0.01, 100)),
        ["AdamW clipped"] = new ClipByGlobalNorm(0.5) >> new AdamW(Schedule.LinearWarmup(4, Schedule.Cosine(0.01, 150))),
        ["DualityMap"] = new DualityMap(Norm.Euclidean, normalized: true) >> new ScaleBy(0.1),
        ["Steepest"] = new Steepest(VectorNorms.Rms, new Average(0.9)) >> new ScaleBy(0.1),
        ["Chain"] = new Average(0.9) >> new DualityMap(new LargestNorm((_, _) => VectorNorms.Euclidean)) >> new ScaleBy(0.1),
        ["Grouped"] = new Grouped(new WeightGroup((name, _) => name == "0.weight", new Sgd(0.1)), new WeightGroup((_, _) => true, new Adam(0.01))),
        ["Muon"] = new WeightGroups(Net).Muon(new Muon(0.02, weightDecay: 0.1, cautious: true), new AdamW(0.01)),
        ["Muon flat"] = Matrices(new Muon(0.02, scale: MuonScale.MatchRms, views: (name, norm) => name == "0.weight" ? MatrixViews.Split([1, 15], norm) : MatrixNorms.Blocks(2, norm))),
        ["NorMuon"] = Matrices(new NorMuon(0.02)),
        ["Dion"] = Matrices(new Dion(0.02, 2)),
        ["Dualized"] = new Dualized(Net, Schedule.Linear(0.3, 40), weightDecay: 0.01),
        ["Dualized projected"] = new Dualized(Net, 0.1, project: true),
        ["MuAdam"] = new MuAdam(0.001, 0.01),
        ["MuAdam Sania"] = MuAdam.Sania(0.001, 0.01),
        ["AdamSania"] = new AdamSania(0.001, eps: 0.1),
        ["AdaGrad"] = new AdaGrad(0.05),
        ["RmsProp"] = new RmsProp(0.01),
        ["NAdam"] = new NAdam(0.01),
        ["Lamb"] = new Lamb(0.01),
        ["Lion"] = new Lion(0.01, weightDecay: 0.1),
        ["SignDescent"] = new SignDescent(0.01, 0.9),
        ["NormalizedSgd"] = new NormalizedSgd(0.1, 0.9),
        ["Prodigy"] = new Prodigy(),
        ["Prodigy of matrices"] = new Prodigy(new LargestNorm((_, shape) => shape.Rank == 2 ? MatrixNorms.Spectral : VectorNorms.Rms)),
        ["ProdigyAdam"] = new ProdigyAdam(Schedule.Linear(1, 200)),
        ["AutomaticGradientDescent"] = Matrices(new AutomaticGradientDescent()),
        ["OrthogonalDescent"] = new Grouped(new WeightGroup((name, _) => name == "2.weight", new OrthogonalDescent(0.1)), new WeightGroup((_, _) => true, new Sgd(0.1))),
        ["Shampoo"] = new Shampoo(0.05, preconditioning: new(interval: 2, method: InverseRootMethod.Newton, every: 2)),
        ["Shampoo grafted"] = new Shampoo(0.05, graft: Grafted.AdaGrad(), preconditioning: new(SquareSum.CorrectedMean, 0.9, interval: 3, delay: 2, blocks: new(12)), start: 2),
        ["OneSidedShampoo"] = new OneSidedShampoo(0.05, interval: 2),
        ["KlShampoo"] = new KlShampoo(0.01, interval: 2),
        ["Soap"] = new Soap(0.01, interval: 3, blocks: new(12)),
        ["SPlus"] = new SPlus(0.01, interval: 4),
        ["Grafted"] = new Grafted(new Sgd(0.1, 0.9), new Adam(0.01), 3),
        ["SkipNonFinite"] = new SkipNonFinite(new Adam(0.01)),
    };

    // A pull towards 0, a first mean that remembers where it was, or a projection moves weights without a gradient.
    private static readonly string[] Restless = ["Muon", "Lion", "Lamb", "Dualized", "Dualized projected", "AdamW", "AdamW clipped"];

    public static TheoryData<string> Names => [.. All.Keys];

    public static TheoryData<string> Resting => [.. All.Keys.Except(Restless)];

    private static Grouped Matrices(Optimizer optimizer) => new(new WeightGroup((_, shape) => shape.Rank == 2, optimizer), new WeightGroup((_, _) => true, new Sgd(0.01)));

    [Fact]
    public void NoneIsLeftOut()
    {
        IEnumerable<string> types = typeof(Optimizer).Assembly.GetExportedTypes().Where(t => t.IsSubclassOf(typeof(Optimizer)) && !t.IsAbstract).Select(t => t.Name);
        Assert.Empty(types.Except(All.Keys.Select(k => k.Split(' ')[0])));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ACompiledStepHasTheBitsOfAnEagerOneAndAllocatesNothing(string name)
    {
        Weights start = Net.Initialize(RandomKey.FromSeed(0));
        (_, var step) = Classifier.Train(All[name], 12);
        using (step)
        {
            Weights reached = step.Snapshot().First;
            for (int i = 0; i < start.LeafCount; i++) Assert.NotEqual(start[i].ToArray<float>(), reached[i].ToArray<float>());
            // Steps after which every way through a plan has been gone once.
            for (int i = 0; i < 18; i++) step.Run();
            Assert.Equal(0, Allocations.Of(20, () => step.Run()));
        }
    }

    // Weights without gradients stay, bit for bit, whatever the optimizer remembers from zeros.
    [Theory]
    [MemberData(nameof(Resting))]
    public void AZeroGradientMovesNothing(string name)
    {
        Weights w = Net.InitializeDualized(RandomKey.FromSeed(3));
        var zero = new Gradient(w.Names, w.Tensors.Select(t => t.Like(0).BroadcastTo(t.Shape)));
        OptimizerState state = All[name].Initialize(w);
        for (int i = 0; i < 3; i++)
        {
            (Update update, state) = All[name].Step(zero, state, w);
            Assert.All(update.Tensors, u => Assert.All(u.ToArray<float>(), v => Assert.Equal(0, v)));
        }
    }

    [Theory]
    [InlineData("Adam")]
    [InlineData("AdamW clipped")]
    [InlineData("Sgd")]
    [InlineData("Muon")]
    [InlineData("ProdigyAdam")]
    public void TheLossFalls(string name)
    {
        (float[] losses, var step) = Classifier.Train(All[name], 200);
        step.Dispose();
        Assert.True(losses[^1] < 0.7 * losses[0], $"the loss went from {losses[0]} to {losses[^1]}");
    }
}
