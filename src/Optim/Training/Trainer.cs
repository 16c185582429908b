using System.Diagnostics;
using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Optim.Training;

/// <summary>
/// Trains a module on a data set with a compiled step. The result is a function of module, optimizer, options and data alone: not of threads, vector width,
/// device, or interruptions.
/// </summary>
public sealed class Trainer
{
    private readonly Module model;
    private readonly Optimizer optimizer;
    private readonly TrainerOptions options;

    /// <summary>A trainer.</summary>
    /// <param name="model">From f32[batch, columns] to logits f32[batch, classes], or to f32[batch, 1] when numbers are to be predicted.</param>
    /// <param name="optimizer">Turns gradients into updates.</param>
    /// <param name="options">Epochs, batch size, seed, device, checkpoints.</param>
    public Trainer(Module model, Optimizer optimizer, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(options);
        (this.model, this.optimizer, this.options) = (model, optimizer, options);
    }

    /// <summary>Trains. After every epoch, and when the token is cancelled, the whole state goes to the checkpoint file, if there is one.</summary>
    /// <param name="train">The rows to learn from, already normalized.</param>
    /// <param name="test">The rows to judge every epoch by, already normalized.</param>
    /// <param name="progress">Told where the training stands: every so often, and at the end of every epoch. Called on this thread.</param>
    /// <param name="token">Stops between two steps.</param>
    /// <exception cref="ArgumentException">An option is not positive, or there are fewer rows than a batch.</exception>
    /// <exception cref="TrainingCanceledException">The token was cancelled; the checkpoint holds the state.</exception>
    /// <exception cref="DivergenceException">The loss became infinite or NaN.</exception>
    /// <exception cref="FormatException">The checkpoint is damaged or belongs to another training.</exception>
    public TrainingResult Fit(DataSet train, DataSet test, IProgress<TrainingProgress>? progress = null, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (options.Epochs < 1) throw new ArgumentException($"the number of epochs must be positive, got {options.Epochs}");
        if (options.BatchSize < 1) throw new ArgumentException($"the batch size must be positive, got {options.BatchSize}");
        if (train.Rows < options.BatchSize)
            throw new ArgumentException($"{train.Name}: {train.Rows} training rows are fewer than a batch of {options.BatchSize}");

        var run = new Run(this, train, test, progress, token);
        return run.ToEnd();
    }

    /// <summary>The random numbers of a training: one independent stream per use.</summary>
    private enum Stream
    {
        Initialization = 0,
        Order = 1,
        Steps = 2,
    }

    private RandomKey Key(Stream stream)
    {
        Device device = options.Device ?? Device.Cpu;
        return new RandomKey(Tensor.Of([options.Seed, 0L], device)).Fold((long)stream);
    }

    private TrainState InitialState()
    {
        Weights weights = options.Initialize?.Invoke(model, Key(Stream.Initialization)) ?? model.Initialize(Key(Stream.Initialization));
        return new(weights, optimizer.Initialize(weights), model.InitializeBuffers(), Tensor.Scalar(0, DType.I64), Key(Stream.Steps));
    }

    private (TrainState Next, Tensor Loss) Step(TrainState state, Batch batch)
    {
        var lossOf = ValueAndGrad((Weights w, Batch b) =>
        {
            var sink = new BufferSink(state.Buffers);
            Tensor outputs = model.Forward(w, b.Features, Pass.ForTraining(state.Key.Fold(state.Step), state.Buffers, sink));
            Tensor loss = b.Targets.DType.IsFloating()
                ? Losses.MeanSquaredError(outputs, b.Targets.Reshape(outputs.Shape.Lengths))
                : Losses.CrossEntropy(outputs, b.Targets);
            return (loss, sink.Result());
        });
        (Tensor loss, Buffers buffers, Gradient gradient) = lossOf(state.Weights, batch);
        (Update update, OptimizerState next) = optimizer.Step(gradient, state.Optimizer, state.Weights);
        return (new(state.Weights + update, next, buffers, state.Step + 1, state.Key), loss);
    }

    /// <summary>One call of <see cref="Fit"/>.</summary>
    private sealed class Run
    {
        private readonly Trainer trainer;
        private readonly TrainerOptions options;
        private readonly DataSet train;
        private readonly DataSet test;
        private readonly IProgress<TrainingProgress>? progress;
        private readonly CancellationToken token;
        private readonly Predictor predictor;
        private readonly int stepsPerEpoch;
        private readonly BatchFeed feed;
        private readonly TrainState start;
        private readonly TrainingPosition position;

        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly Stopwatch stepping = new();
        private TimeSpan lastReport;
        private long samples;

        public Run(Trainer trainer, DataSet train, DataSet test, IProgress<TrainingProgress>? progress, CancellationToken token)
        {
            (this.trainer, this.train, this.test, this.progress, this.token) = (trainer, train, test, progress, token);
            options = trainer.options;
            predictor = new Predictor(trainer.model);
            stepsPerEpoch = train.Rows / options.BatchSize;
            feed = new BatchFeed(train, options.BatchSize);
            (start, position) = (trainer.InitialState(), new TrainingPosition());
            if (options.Resume && File.Exists(options.CheckpointPath)) (start, position) = Checkpoint.Read(options.CheckpointPath, start, stepsPerEpoch);
        }

        public TrainingResult ToEnd()
        {
            using var step = Function.CompileStep<TrainState, Batch, Tensor>(start, trainer.Step);
            step.Prepare(feed.Form);
            // Compiling is no measure of the speed to come.
            lastReport = clock.Elapsed;
            try
            {
                while (position.Epoch < options.Epochs) Epoch(step);
            }
            catch (OperationCanceledException)
            {
                TrainState state = step.Snapshot();
                Save(state);
                throw new TrainingCanceledException(Result(state), token);
            }
            return Result(step.Snapshot());
        }

        private TrainingResult Result(TrainState state) => new(state.Weights, state.Buffers, position.History, SamplesPerSecond);

        private double SamplesPerSecond => samples == 0 ? 0 : samples / stepping.Elapsed.TotalSeconds;

        private double Seconds => position.Seconds + clock.Elapsed.TotalSeconds;

        private void Epoch(CompiledStep<TrainState, Batch, Tensor> step)
        {
            // The order is a function of seed and epoch, so a resumed epoch finds its remaining rows again.
            long[] order = Ops.RandomPermutation(trainer.Key(Stream.Order).Fold(position.Epoch), train.Rows).ToArray<long>();
            while (position.Step < stepsPerEpoch)
            {
                token.ThrowIfCancellationRequested();
                stepping.Start();
                float loss = feed.Run(step, order.AsSpan(position.Step * options.BatchSize, options.BatchSize));
                stepping.Stop();
                samples += options.BatchSize;
                position.LossSum += loss;
                position.Step++;
                if (!float.IsFinite(loss))
                    throw Diverged($"loss became {loss}", $", step {position.Step} of {stepsPerEpoch}");
                Report(null);
            }

            TrainState state = step.Snapshot();
            double score = predictor.Score(state.Weights, state.Buffers, test, token);
            if (!double.IsFinite(score))
                throw Diverged($"test error became {score}", "");
            var report = new EpochReport(position.Epoch + 1, position.LossSum / stepsPerEpoch, score, Seconds);
            position.History.Add(report);
            (position.Epoch, position.Step, position.LossSum) = (position.Epoch + 1, 0, 0);
            Save(state);
            Report(report);
        }

        private DivergenceException Diverged(string what, string step) =>
            new($"the {what} in epoch {position.Epoch + 1}{step}. A smaller learning rate helps.");

        private void Save(TrainState state)
        {
            if (options.CheckpointPath is { } path) Checkpoint.Write(path, state, position with { Seconds = Seconds });
        }

        private void Report(EpochReport? finished)
        {
            if (progress is null || (finished is null && clock.Elapsed - lastReport < options.ProgressInterval)) return;
            lastReport = clock.Elapsed;
            long done = ((long)position.Epoch * stepsPerEpoch) + position.Step, all = (long)options.Epochs * stepsPerEpoch;
            // A training that is resumed at the end of an epoch reports it before it has made a step of its own.
            double perStep = samples == 0 ? 0 : clock.Elapsed.TotalSeconds / (samples / options.BatchSize);
            progress.Report(new(
                finished?.Epoch ?? position.Epoch + 1, options.Epochs, done, all,
                finished?.TrainLoss ?? position.LossSum / Math.Max(1, position.Step),
                SamplesPerSecond, TimeSpan.FromSeconds((all - done) * perStep), finished));
        }
    }
}
