using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Training;
using Engine.Tensors;
using Engine.Tensors.Cpu;
using Engine.Tensors.IO;

namespace Engine.Optim.Tests.Training;

public sealed class TrainerTests
{
    private const int Epochs = 3, Batch = 16;

    private static readonly DataSet Train = Blobs.Classes(100, 1);
    private static readonly DataSet Test = Blobs.Classes(30, 2);

    [Fact]
    public void LearnsClasses()
    {
        TrainingResult result = Trainer(new() { Epochs = 10, BatchSize = Batch }).Fit(Train, Test);

        Assert.Equal(10, result.History.Count);
        Assert.Equal(1, result.History[^1].TestScore);
        Assert.True(result.History[^1].TrainLoss < 0.5 * result.History[0].TrainLoss, $"{result.History[0].TrainLoss} to {result.History[^1].TrainLoss}");
        Assert.True(result.SamplesPerSecond > 0);
    }

    [Fact]
    public void LearnsNumbers()
    {
        DataSet train = Blobs.Targets(200, 1), test = Blobs.Targets(50, 2);
        Module model = new Sequence([new Linear(Blobs.Columns, 1)]);
        TrainingResult result = new Trainer(model, new Adam(0.05), new() { Epochs = 20, BatchSize = Batch }).Fit(train, test);

        Assert.True(result.History[^1].TestScore < 0.02, $"rmse {result.History[^1].TestScore}");
        Assert.Equal(result.History[^1].TestScore, new Predictor(model).Score(result.Weights, result.Buffers, test));
    }

    [Fact]
    public void TheSeedDecidesEverything()
    {
        string Hash(long seed, int threads) =>
            LeafHash.Sha256(Trainer(new() { Epochs = 2, BatchSize = Batch, Seed = seed, Device = new CpuDevice(threads) }).Fit(Train, Test).Weights);

        string first = Hash(5, 1);
        Assert.Equal(first, Hash(5, 1));
        Assert.Equal(first, Hash(5, 3));
        Assert.NotEqual(first, Hash(6, 1));
    }

    [Fact]
    public void EveryEpochTakesEveryRowOnceInAnOrderOfItsOwn()
    {
        const int rows = 16;
        float[] features = new float[rows * rows];
        for (int i = 0; i < rows; i++) features[(i * rows) + i] = 1;
        DataSet data = DataSet.ForTargets("one at a time", [.. Enumerable.Range(0, rows).Select(i => $"{i}")], features, [.. Enumerable.Repeat(-1f, rows)]);
        TrainingResult result = new Trainer(new Linear(rows, 1, bias: false), new Places(rows), new() { Epochs = 3, BatchSize = 1, Initialize = (m, key) => m.Initialize(key).Map(t => t * 0) }).Fit(data, data);

        int[] places = [.. result.Weights[0].ToArray<float>().Select(w => (int)w)];
        int[][] epochs = [.. Enumerable.Range(0, 3).Select(e => places.Select(p => p / (int)Math.Pow(rows, e) % rows).ToArray())];
        Assert.All(epochs, e => Assert.Equal(Enumerable.Range(0, rows), e.Order()));
        Assert.All(epochs, e => Assert.NotEqual(e.Order(), e));
        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.NotEqual(epochs[1], epochs[2]);
        Assert.NotEqual(epochs[0], epochs[2]);
    }

    [Fact]
    public void ProgressIsCompleteAndInOrder()
    {
        var seen = new List<TrainingProgress>();
        Trainer(new() { Epochs = Epochs, BatchSize = Batch, ProgressInterval = TimeSpan.Zero }).Fit(Train, Test, new Report(seen.Add));

        int steps = Train.Rows / Batch;
        Assert.Equal(Epochs * (steps + 1), seen.Count);
        Assert.Equal(Enumerable.Range(1, Epochs), seen.Where(p => p.Finished is not null).Select(p => p.Finished!.Epoch));
        Assert.Equal(seen.Select(p => p.Step).Order(), seen.Select(p => p.Step));
        Assert.Equal((Epochs * steps, TimeSpan.Zero), ((int)seen[^1].Step, seen[^1].Remaining));
        Assert.All(seen, p => Assert.True(p.Loss > 0 && p.SamplesPerSecond > 0 && p.Epoch <= p.Epochs && p.Steps == Epochs * steps));
    }

    [Fact]
    public void ProgressIsThrottled()
    {
        var seen = new List<TrainingProgress>();
        Trainer(new() { Epochs = Epochs, BatchSize = Batch, ProgressInterval = TimeSpan.FromHours(1) }).Fit(Train, Test, new Report(seen.Add));

        Assert.Equal(Epochs, seen.Count);
    }

    [Fact]
    public void ResumedTrainingEqualsUninterruptedOne()
    {
        using var folder = new TemporaryFolder();
        string path = folder["checkpoint.safetensors"];
        TrainingResult whole = Trainer(new() { Epochs = Epochs, BatchSize = Batch }).Fit(Train, Test);
        string expected = LeafHash.Sha256(whole.Weights);

        int steps = Epochs * (Train.Rows / Batch);
        var random = new Random(0);
        for (int trial = 0; trial < 8; trial++)
        {
            File.Delete(path);
            int stops = 1 + (trial % 3);
            TrainingResult? result = null;
            for (int part = 0; part <= stops; part++)
            {
                using var source = new CancellationTokenSource();
                long stopAt = part == stops ? long.MaxValue : random.Next(steps);
                var options = new TrainerOptions { Epochs = Epochs, BatchSize = Batch, CheckpointPath = path, Resume = true, ProgressInterval = TimeSpan.Zero };
                try
                {
                    result = Trainer(options).Fit(Train, Test, new Report(p => { if (p.Step >= stopAt) source.Cancel(); }), source.Token);
                }
                catch (TrainingCanceledException e)
                {
                    Assert.True(File.Exists(path));
                    Assert.True(e.SoFar.History.Count <= Epochs);
                }
            }
            Assert.NotNull(result);
            Assert.Equal(expected, LeafHash.Sha256(result.Weights));
            Assert.Equal(whole.History.Select(e => (e.Epoch, e.TrainLoss, e.TestScore)), result.History.Select(e => (e.Epoch, e.TrainLoss, e.TestScore)));
        }
    }

    [Fact]
    public void CancelledBeforeTheFirstStepLeavesTheFirstState()
    {
        using var folder = new TemporaryFolder();
        var options = new TrainerOptions { Epochs = 1, BatchSize = Batch, CheckpointPath = folder["c"], Resume = true };
        var stopped = Assert.Throws<TrainingCanceledException>(() => Trainer(options).Fit(Train, Test, token: new CancellationToken(true)));
        Assert.Empty(stopped.SoFar.History);

        string expected = LeafHash.Sha256(Trainer(new() { Epochs = 1, BatchSize = Batch }).Fit(Train, Test).Weights);
        Assert.Equal(expected, LeafHash.Sha256(Trainer(options).Fit(Train, Test).Weights));
    }

    [Fact]
    public void DamagedOrForeignCheckpointsAreRefused()
    {
        using var folder = new TemporaryFolder();
        var options = new TrainerOptions { Epochs = 1, BatchSize = Batch, CheckpointPath = folder["c"] };
        Trainer(options).Fit(Train, Test);
        options = options with { Resume = true, Epochs = 2 };

        var wider = new Sequence([new Linear(Blobs.Columns, 9), new Relu(), new Linear(9, 3)]);
        var foreign = Assert.Throws<DataFormatException>(() => new Trainer(wider, new Adam(0.01), options).Fit(Train, Test));
        Assert.Contains("weights.0.weight", foreign.Message, StringComparison.Ordinal);

        byte[] bytes = File.ReadAllBytes(folder["c"]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(folder["c"], bytes);
        var damaged = Assert.Throws<DataFormatException>(() => Trainer(options).Fit(Train, Test));
        Assert.Contains("damaged", damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LossThatLeavesAllBoundsIsReported()
    {
        DataSet train = Blobs.Targets(64);
        var trainer = new Trainer(new Sequence([new Linear(Blobs.Columns, 1)]), new Sgd(1e30), new() { Epochs = 5, BatchSize = Batch });
        var diverged = Assert.Throws<DivergenceException>(() => trainer.Fit(train, train));
        Assert.Contains("epoch 1, step", diverged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FewerRowsThanABatchAreRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => Trainer(new() { BatchSize = 128 }).Fit(Train, Test));
        Assert.Equal("blobs: 100 training rows are fewer than a batch of 128", error.Message);
    }

    [Fact]
    public void PredictionsDoNotDependOnTheNumberOfRows()
    {
        Module model = Model();
        TrainingResult result = Trainer(new() { Epochs = 1, BatchSize = Batch }).Fit(Train, Test);
        float[] all = new Predictor(model, batchSize: 8).Run(result.Weights, result.Buffers, Test.FeatureValues, Blobs.Columns).ToArray<float>();
        for (int row = 0; row < Test.Rows; row++)
        {
            ReadOnlySpan<float> features = Test.FeatureValues.Slice(row * Blobs.Columns, Blobs.Columns);
            float[] one = new Predictor(model, batchSize: 8).Run(result.Weights, result.Buffers, features, Blobs.Columns).ToArray<float>();
            Assert.Equal(all.AsSpan(row * 3, 3).ToArray(), one);
        }
    }

    private static Sequence Model() => new([new Linear(Blobs.Columns, 8), new Relu(), new Linear(8, 3)]);

    private static Trainer Trainer(TrainerOptions options) => new(Model(), new AdamW(Schedule.LinearWarmup(3, Schedule.Cosine(0.02, 20))), options);

    private sealed class Report(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        void IProgress<TrainingProgress>.Report(TrainingProgress value) => report(value);
    }

    /// <summary>Writes into the weights that a gradient reaches at which step of which epoch they were: a digit per epoch.</summary>
    private sealed class Places(int rows) : Optimizer
    {
        public override OptimizerState Initialize(Weights weights) => new(["step"], [Tensor.Scalar(0, DType.I64)]);

        public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
        {
            Tensor step = state["step"], epoch = step / rows, place = (step - (epoch * rows)).Cast(DType.F32) * Ops.Pow(Tensor.Scalar((float)rows), epoch.Cast(DType.F32));
            return (gradient.Dual(gradient.Tensors.Select(g => Ops.Where(g.EqualTo(0), g.Like(0), place))), new(["step"], [step + 1]));
        }
    }
}
