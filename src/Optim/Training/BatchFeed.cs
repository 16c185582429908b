using Engine.Optim.Data;
using Engine.Tensors;

namespace Engine.Optim.Training;

/// <summary>Hands rows of a data set to a compiled step, through buffers that are used again.</summary>
internal sealed class BatchFeed
{
    private readonly DataSet data;
    private readonly float[] features;
    private readonly long[] labels;
    private readonly float[] targets;

    /// <summary>A feed.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="size">How many a step takes.</param>
    public BatchFeed(DataSet data, int size)
    {
        this.data = data;
        features = new float[size * data.Columns.Count];
        labels = new long[data.IsClassification ? size : 0];
        targets = new float[data.IsClassification ? 0 : size];
        Form = new(Tensor.Zeros([size, data.Columns.Count]), Tensor.Zeros([size], data.IsClassification ? DType.I64 : DType.F32));
    }

    /// <summary>What a step is prepared for.</summary>
    public Batch Form { get; }

    /// <summary>Runs a step on rows and returns its metric.</summary>
    /// <param name="step">The step, prepared for <see cref="Form"/>.</param>
    /// <param name="rows">Numbers of rows, as many as a step takes.</param>
    public float Run<TState>(CompiledStep<TState, Batch, Tensor> step, ReadOnlySpan<long> rows)
        where TState : ITree<TState>
    {
        data.CopyFeatures(rows, features);
        step.Inputs[0].Write<float>(features);
        for (int i = 0; i < labels.Length; i++) labels[i] = data.Labels[(int)rows[i]];
        for (int i = 0; i < targets.Length; i++) targets[i] = data.Targets[(int)rows[i]];
        if (data.IsClassification) step.Inputs[1].Write<long>(labels);
        else step.Inputs[1].Write<float>(targets);
        step.Run();
        float metric = 0;
        step.ReadMetric(0, new Span<float>(ref metric));
        return metric;
    }
}
