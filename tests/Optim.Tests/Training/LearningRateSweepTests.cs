using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Training;
using Engine.Testing;

namespace Engine.Optim.Tests.Training;

/// <summary>The search for a learning rate, on a small table of digits.</summary>
public sealed class LearningRateSweepTests
{
    private static readonly DataSet Digits = DataSet.OfDigits(400);

    private static readonly Contender Plain = new("sgd", (_, rate) => new Sgd(rate));

    private static Module Net(int width, int depth) =>
        depth == 1 ? new Linear(256, 10, bias: false) : new Linear(256, width, bias: false) >> new Relu() >> new Linear(width, 10, bias: false);

    [Fact]
    public void TheBestRateIsWorseOnBothSides()
    {
        var sweep = new LearningRateSweep(Digits, Net, new() { Steps = 20, BatchSize = 50, Seeds = 3 });
        foreach (double guess in (double[])[1e-4, 4])
        {
            List<double> told = [];
            SweepResult result = sweep.Find(Plain, 8, 2, guess, new Recorder(told));
            Assert.Equal(result.Runs.Min(r => r.Loss), result.Best.Loss);
            int best = result.Runs.ToList().IndexOf(result.Best);
            Assert.True(best >= 2 && best < result.Runs.Count - 2);
            for (int i = 1; i < result.Runs.Count; i++) Assert.Equal(2, result.Runs[i].Rate / result.Runs[i - 1].Rate);
            Assert.Equal(told.Order(), result.Runs.Select(r => r.Rate));
        }
    }

    [Fact]
    public void WhereTheSearchBeginsDoesNotMatterToARun()
    {
        var sweep = new LearningRateSweep(Digits, Net, new() { Steps = 15, BatchSize = 50 });
        SweepResult a = sweep.Find(Plain, 8, 2, 0.25), b = sweep.Find(Plain, 8, 2, 1);
        foreach (SweepRun run in a.Runs)
        {
            if (b.Runs.FirstOrDefault(r => r.Rate == run.Rate) is { } same) Assert.Equal(run, same);
        }
        Assert.Equal(a.Best, b.Best);
    }

    [Fact]
    public void RatesThatDivergeAreInfinitelyBad()
    {
        // Steps so long that weights leave f32 at the greater rates.
        var wild = new Contender("wild", (_, rate) => new Sgd(rate) >> new ScaleBy(1e38));
        SweepResult result = new LearningRateSweep(Digits, Net, new() { Steps = 3, BatchSize = 50 }).Find(wild, 8, 1, 256);
        Assert.Equal(double.PositiveInfinity, result.Runs[^1].Loss);
        Assert.True(double.IsFinite(result.Best.Loss));
    }

    // Over some widths and depths of a perceptron; docs/duality.md has more of them, and what Adam does there.
    [Fact]
    public void ModularA4TheBestDualizedRateStaysWithinAnOctave()
    {
        var sweep = new LearningRateSweep(DataSet.OfDigits(1024), Perceptron, new() { Steps = 100, BatchSize = 128 });
        var dualized = new Contender("dualized", (module, rate) => new Dualized(module, rate, nesterov: true), StartsDualized: true);
        (int Width, int Depth)[] sizes = Cases.Scaled(1) > 1 ? [(32, 3), (128, 3), (512, 3), (128, 6), (128, 12)] : [(32, 3), (256, 3), (256, 8)];
        double[] rates = [.. sizes.Select(s => sweep.Find(dualized, s.Width, s.Depth, 0.25).Best.Rate)];
        Assert.True(rates.Max() / rates.Min() <= 2, string.Join(", ", rates));

        static Module Perceptron(int width, int depth) => new Sequence(
            [
                .. Enumerable.Range(0, depth - 1).SelectMany(i => (Module[])[new Linear(i == 0 ? 256 : width, width, bias: false), new Relu()]),
                new Linear(width, 10, bias: false),
            ]);
    }

    [Fact]
    public void PicturesNeedEverySizeOnce()
    {
        SweepRun run = new(0.5, 1, null);
        SweepResult[] results = [new("a", 8, 2, run, []), new("a", 16, 2, run, []), new("a", 16, 3, run, [])];
        Assert.Equal(
            "sweep: a picture needs every width once for every optimizer and depth, in order; got 3 results for 2 rows of 2 widths.",
            Given.Message<ArgumentException>(() => SweepResult.Chart(results)));
        Assert.Contains("2^-1", SweepResult.Chart(results[..2]).ToSvg(), StringComparison.Ordinal);
    }

    [Fact]
    public void StepsUntilALossAreTheFirstThatReachIt()
    {
        SweepResult result = new LearningRateSweep(Digits, Net, new() { Steps = 60, BatchSize = 50, Until = 1.0 }).Find(Plain, 16, 2, 0.5);
        Assert.InRange(result.Best.Steps!.Value, 1, 60);
        Assert.Equal(result.Runs.Min(r => r.Steps ?? 1000), result.Best.Steps);
        // A harder goal takes longer.
        SweepResult harder = new LearningRateSweep(Digits, Net, new() { Steps = 60, BatchSize = 50, Until = 0.8 }).Find(Plain, 16, 2, 0.5);
        Assert.True(harder.Best.Steps is null || harder.Best.Steps >= result.Best.Steps);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Assert.Equal(
            "sweep: steps, batch and seeds must be at least 1, got 0, 256 and 1.",
            Refusal(new() { Steps = 0 }));
        Assert.Equal(
            "sweep: 400 rows are fewer than a batch of 500; take a smaller batch.",
            Refusal(new() { BatchSize = 500 }));
        Assert.Equal("sweep: the loss to reach must be positive, got -1.", Refusal(new() { Until = -1 }));
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => new LearningRateSweep(Digits, Net, new()).Find(Plain, 4, 2, 0.1, null, stopped.Token));
    }

    private static string Refusal(SweepOptions options) => Given.Message<ArgumentException>(() => _ = new LearningRateSweep(Digits, Net, options));

    private sealed class Recorder(List<double> rates) : IProgress<SweepRun>
    {
        public void Report(SweepRun value) => rates.Add(value.Rate);
    }
}
