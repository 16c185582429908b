using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Training;
using Engine.Testing;

namespace Engine.Optim.Tests.Training;

/// <summary>A training that another thread cancels at random moments: while it compiles, steps, scores or writes its checkpoint.</summary>
public sealed class CancellationTests
{
    private const int LongestDelay = 25;

    private static readonly DataSet Train = Blobs.Classes(400, 1);
    private static readonly DataSet Test = Blobs.Classes(200, 2);

    [Fact]
    public void CancelledAtAnyMomentItStopsWithinAStepAndResumesWithTheSameBits()
    {
        int wanted = Cases.Scaled(50), cancelled = 0, finished = 0;
        string expected = LeafHash.Sha256(Trainer(new()).Fit(Train, Test).Weights);
        var random = new Random(0);
        using var folder = new TemporaryFolder();
        while (cancelled < wanted || finished == 0)
        {
            using var source = new CancellationTokenSource();
            long steps = 0, stepsAtCancel = long.MaxValue;
            using CancellationTokenRegistration mark = source.Token.Register(() => Volatile.Write(ref stepsAtCancel, Volatile.Read(ref steps)));
            if (cancelled < wanted) source.CancelAfter(random.Next(LongestDelay));
            try
            {
                TrainingResult result = Trainer(new() { CheckpointPath = folder["c"], Resume = true })
                    .Fit(Train, Test, new Report(p => Interlocked.Add(ref steps, p.Finished is null ? 1 : 0)), source.Token);
                Assert.Equal(expected, LeafHash.Sha256(result.Weights));
                File.Delete(folder["c"]);
                finished++;
            }
            catch (TrainingCanceledException)
            {
                cancelled++;
            }
            Assert.True(steps - stepsAtCancel <= 1, $"{steps - stepsAtCancel} steps after the training was cancelled");
        }
    }

    private static Trainer Trainer(TrainerOptions options) => new(
        new Sequence([new Linear(Blobs.Columns, 32), new Relu(), new Linear(32, 3)]), new Adam(0.01), options with { Epochs = 40, BatchSize = 16, ProgressInterval = TimeSpan.Zero });

    private sealed class Report(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        void IProgress<TrainingProgress>.Report(TrainingProgress value) => report(value);
    }
}
