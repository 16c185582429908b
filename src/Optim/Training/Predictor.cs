using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Tensors;

namespace Engine.Optim.Training;

/// <summary>
/// Runs a module over many rows in batches of one size through one compiled plan. The last batch is filled up with zeros, so the result for a row
/// does not depend on how many rows come with it. Not safe for concurrent callers.
/// </summary>
/// <param name="model">A module from f32[batch, columns] to [batch, outputs].</param>
/// <param name="batchSize">Rows per run, at least 2.</param>
public sealed class Predictor(Module model, int batchSize = 256)
{
    private readonly Compiled<Input, Tensor> forward =
        Function.Compile<Input, Tensor>(input => model.Forward(input.Weights, input.Features, Pass.ForPrediction(input.Buffers)));

    private float[] batch = [];

    /// <summary>The module's outputs for all rows, [rows, outputs].</summary>
    /// <param name="weights">The weights; their device runs the plan.</param>
    /// <param name="buffers">The buffers.</param>
    /// <param name="features">Whole rows, one after the other.</param>
    /// <param name="columns">Features per row.</param>
    /// <param name="token">Stops between two batches.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled between two batches.</exception>
    public Tensor Run(Weights weights, Buffers buffers, ReadOnlySpan<float> features, int columns, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(buffers);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        int rows = features.Length / columns;
        float[] results = [];
        int outputs = 0;
        if (batch.Length != batchSize * columns) batch = new float[batchSize * columns];
        for (int start = 0; start < rows; start += batchSize)
        {
            token.ThrowIfCancellationRequested();
            int count = Math.Min(batchSize, rows - start);
            features.Slice(start * columns, count * columns).CopyTo(batch);
            Array.Clear(batch, count * columns, batch.Length - (count * columns));
            Tensor y = forward.Invoke(new(weights, buffers, Tensor.Of(batch, [batchSize, columns])));
            if (start == 0)
            {
                outputs = y.Count / batchSize;
                results = new float[rows * outputs];
            }
            y.ToArray<float>().AsSpan(0, count * outputs).CopyTo(results.AsSpan(start * outputs));
        }
        return Tensor.Wrap(results, [rows, outputs]);
    }

    /// <summary>The share of rows whose greatest output is their class, or the root mean squared error of the targets.</summary>
    /// <param name="weights">The weights; their device runs the plan.</param>
    /// <param name="buffers">The buffers.</param>
    /// <param name="data">The rows to judge by.</param>
    /// <param name="token">Stops between two batches.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled between two batches.</exception>
    public double Score(Weights weights, Buffers buffers, DataSet data, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        Tensor outputs = Run(weights, buffers, data.FeatureValues, data.Columns.Count, token);
        return data.IsClassification ? Accuracy(outputs, data.Labels) : RootMeanSquaredError(outputs.ToArray<float>(), data.Targets);
    }

    /// <summary>The share of rows whose greatest output is their class.</summary>
    /// <param name="outputs">[rows, classes].</param>
    /// <param name="labels">The class of every row.</param>
    public static double Accuracy(Tensor outputs, ReadOnlySpan<long> labels)
    {
        long[] guesses = Ops.ArgMax(outputs).ToArray<long>();
        int right = 0;
        for (int i = 0; i < guesses.Length; i++)
        {
            if (guesses[i] == labels[i]) right++;
        }
        return (double)right / guesses.Length;
    }

    /// <summary>The root of the mean squared difference.</summary>
    /// <param name="guesses">What was predicted.</param>
    /// <param name="targets">What was right: as many numbers.</param>
    public static double RootMeanSquaredError(ReadOnlySpan<float> guesses, ReadOnlySpan<float> targets)
    {
        double sum = 0;
        for (int i = 0; i < guesses.Length; i++) sum += ((double)guesses[i] - targets[i]) * ((double)guesses[i] - targets[i]);
        return Math.Sqrt(sum / guesses.Length);
    }

    private readonly record struct Input(Weights Weights, Buffers Buffers, Tensor Features) : ITree<Input>
    {
        public int LeafCount => Weights.LeafCount + Buffers.LeafCount + 1;

        public object StructureKey => (Weights.StructureKey, Buffers.StructureKey);

        public void CopyLeaves(Span<Tensor> leaves)
        {
            Weights.CopyLeaves(leaves[..Weights.LeafCount]);
            Buffers.CopyLeaves(leaves.Slice(Weights.LeafCount, Buffers.LeafCount));
            leaves[^1] = Features;
        }

        public Input WithLeaves(ReadOnlySpan<Tensor> leaves) =>
            new(Weights.WithLeaves(leaves[..Weights.LeafCount]), Buffers.WithLeaves(leaves[Weights.LeafCount..^1]), leaves[^1]);
    }
}
