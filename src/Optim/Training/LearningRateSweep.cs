using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Optim.Training;

/// <summary>
/// Finds the best learning rate of an optimizer among powers of 2, for networks of several sizes: whether it transfers from small ones to large ones. From a first guess
/// the search goes on both ways until two rates on each side are worse than the best.
/// </summary>
public sealed class LearningRateSweep
{
    private const int Least = -24, Most = 8, Margin = 2, MostRowsJudged = 4096;

    private readonly DataSet data;
    private readonly Func<int, int, Module> network;
    private readonly SweepOptions options;
    private readonly Tensor judgedFeatures;
    private readonly Tensor judgedLabels;
    private readonly BatchFeed feed;

    /// <summary>A sweep.</summary>
    /// <param name="data">Rows with classes, already normalized. The loss is judged on the first few thousand.</param>
    /// <param name="network">From width and depth to a module that gives logits.</param>
    /// <param name="options">Steps, batch, seeds.</param>
    /// <exception cref="ArgumentException">An option is not positive, there are fewer rows than a batch, or the rows have no classes.</exception>
    public LearningRateSweep(DataSet data, Func<int, int, Module> network, SweepOptions options)
    {
        if (options.Steps < 1 || options.BatchSize < 1 || options.Seeds < 1)
            throw new ArgumentException($"sweep: steps, batch and seeds must be at least 1, got {options.Steps}, {options.BatchSize} and {options.Seeds}.");
        if (options.Until is { } until && !(until > 0)) throw new ArgumentException($"sweep: the loss to reach must be positive, got {until}.");
        if (!data.IsClassification) throw new ArgumentException($"sweep: {data.Name} has numbers to predict, and the comparison is of cross-entropies; take data with classes.");
        if (data.Rows < options.BatchSize) throw new ArgumentException($"sweep: {data.Rows} rows are fewer than a batch of {options.BatchSize}; take a smaller batch.");
        (this.data, this.network, this.options) = (data, network, options);
        int judged = Math.Min(data.Rows, MostRowsJudged);
        judgedFeatures = Tensor.Of(data.FeatureValues[..(judged * data.Columns.Count)], [judged, data.Columns.Count], options.Device);
        judgedLabels = Tensor.Of(data.Labels[..judged], [judged], options.Device);
        feed = new BatchFeed(data, options.BatchSize);
    }

    /// <summary>The best rate for a size.</summary>
    /// <param name="contender">The optimizer.</param>
    /// <param name="width">Width of the hidden layers.</param>
    /// <param name="depth">Number of matrices.</param>
    /// <param name="guess">Where to begin, such as the best rate of another size.</param>
    /// <param name="progress">Told every rate that was tried.</param>
    /// <param name="token">Stops between two steps.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SweepResult Find(Contender contender, int width, int depth, double guess, IProgress<SweepRun>? progress = null, CancellationToken token = default)
    {
        Module module = network(width, depth);
        using CompiledStep<SweepState, Batch, Tensor> step = Compile(contender, module);
        Compiled<Weights, Tensor> judge = Function.Compile((Weights w) => Judge(module, w));
        SortedDictionary<int, SweepRun> tried = [];
        int best = Math.Clamp((int)Math.Round(Math.Log2(guess)), Least, Most);
        Try(best);
        while (true)
        {
            int[] missing = [.. Enumerable.Range(best - Margin, (2 * Margin) + 1).Where(e => e is >= Least and <= Most && !tried.ContainsKey(e)).OrderBy(e => Math.Abs(e - best))];
            if (missing.Length == 0) break;
            Try(missing[0]);
            best = tried.MinBy(t => Score(t.Value)).Key;
        }
        return new(contender.Name, width, depth, tried[best], [.. tried.Values]);

        void Try(int exponent)
        {
            SweepRun[] runs = [.. Enumerable.Range(0, options.Seeds).Select(seed => Run(contender, module, step, judge, Math.Pow(2, exponent), seed, token))];
            SweepRun median = runs.OrderBy(Score).ElementAt(runs.Length / 2);
            tried[exponent] = median;
            progress?.Report(median);
        }
    }

    /// <summary>Runs that reach the loss by their steps, others after them by their loss.</summary>
    private static double Score(SweepRun run) => run.Steps ?? (double.IsNaN(run.Loss) ? double.PositiveInfinity : 1e9 + run.Loss);

    private CompiledStep<SweepState, Batch, Tensor> Compile(Contender contender, Module module)
    {
        SweepState start = Start(contender, module, 1, 0);
        var step = Function.CompileStep<SweepState, Batch, Tensor>(start, (s, batch) =>
        {
            (Tensor loss, Gradient gradient) = ValueAndGrad((Weights w, Batch b) => Losses.CrossEntropy(module.Forward(w, b.Features), b.Targets))(s.Weights, batch);
            // The rate is part of the state, so that one plan serves all rates.
            (Update update, OptimizerState next) = contender.Optimizer(module, Rate(s.Rate)).Step(gradient, s.Optimizer, s.Weights);
            Weights weights = s.Weights + update;
            return (new(weights, next, s.Rate), options.Until is null ? loss : Judge(module, weights));
        });
        step.Prepare(feed.Form);
        return step;
    }

    private Tensor Judge(Module module, Weights weights) => Losses.CrossEntropy(module.Forward(weights, judgedFeatures), judgedLabels);

    private Schedule Rate(Tensor rate) => options.Until is null
        ? new(step => rate.Cast(step.DType) * (1 - (step / options.Steps)))
        : new(step => rate.Cast(step.DType));

    private SweepState Start(Contender contender, Module module, double rate, int seed)
    {
        RandomKey key = RandomKey.FromSeed(seed);
        Weights weights = contender.StartsDualized ? module.InitializeDualized(key) : module.Initialize(key);
        var scalar = Tensor.Scalar(rate);
        return new(weights, contender.Optimizer(module, Rate(scalar)).Initialize(weights), scalar);
    }

    private SweepRun Run(
        Contender contender, Module module, CompiledStep<SweepState, Batch, Tensor> step, Compiled<Weights, Tensor> judge, double rate, int seed, CancellationToken token)
    {
        step.Load(Start(contender, module, rate, seed));
        long[] order = [];
        int perEpoch = data.Rows / options.BatchSize;
        for (int done = 0; done < options.Steps; done++)
        {
            token.ThrowIfCancellationRequested();
            // The order of rows is a function of the seed alone, the same for every optimizer and rate.
            if (done % perEpoch == 0) order = Ops.RandomPermutation(RandomKey.FromSeed(1000 + seed).Fold(done / perEpoch), data.Rows).ToArray<long>();
            float loss = feed.Run(step, order.AsSpan(done % perEpoch * options.BatchSize, options.BatchSize));
            if (!float.IsFinite(loss)) return new(rate, double.PositiveInfinity, null);
            if (loss <= options.Until) return new(rate, options.Until.Value, done + 1);
        }
        return new(rate, judge.Invoke(step.Snapshot().Weights).ToScalar<float>() is var last && float.IsFinite(last) ? last : double.PositiveInfinity, null);
    }

    private sealed record SweepState(Weights Weights, OptimizerState Optimizer, Tensor Rate) : ITree<SweepState>
    {
        public int LeafCount => Weights.LeafCount + Optimizer.LeafCount + 1;

        public object StructureKey => (Weights.StructureKey, Optimizer.StructureKey);

        public void CopyLeaves(Span<Tensor> leaves)
        {
            Weights.CopyLeaves(leaves[..Weights.LeafCount]);
            Optimizer.CopyLeaves(leaves[Weights.LeafCount..^1]);
            leaves[^1] = Rate;
        }

        public SweepState WithLeaves(ReadOnlySpan<Tensor> leaves) =>
            new(Weights.WithLeaves(leaves[..Weights.LeafCount]), Optimizer.WithLeaves(leaves[Weights.LeafCount..^1]), leaves[^1]);
    }
}
