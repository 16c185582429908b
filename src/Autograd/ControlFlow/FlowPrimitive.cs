using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>An op of control flow. Its bodies are closed graphs whose captures are concrete: symbolic ones are operands of the op.</summary>
internal abstract record FlowPrimitive : Primitive, IControlFlow
{
    public override bool TakesHalfWidth => true;

    /// <summary>Runs the op as a plan of its own that is not kept: the next call brings new bodies.</summary>
    protected sealed override Tensor[] Evaluate(Tensor[] inputs, TensorSpec[] results) =>
        Function.Run(Graph.Of(Name, Array.ConvertAll(inputs, x => x.Spec), symbols => Bind(symbols)), inputs);

    protected static TensorSpec[] Specs(IEnumerable<Tensor> tensors) => [.. tensors.Select(t => t.Spec)];

    /// <summary>A graph's ops applied to symbolic inputs, as a graph of their trace.</summary>
    protected static Graph Inline(Graph graph, ReadOnlySpan<Tensor> inputs) => Graph.Close(inputs[0].Node!.Trace, inputs, graph.Replay(inputs));

    /// <summary>Which tensors can have a derivative.</summary>
    protected static bool[] Floating(IEnumerable<Tensor> tensors) => [.. tensors.Select(t => t.DType.IsFloating())];

    /// <summary>Those entries of a list that a mask names.</summary>
    protected static T[] Pick<T>(ReadOnlySpan<T> values, ReadOnlySpan<bool> mask)
    {
        var picked = new List<T>();
        for (int i = 0; i < mask.Length; i++)
        {
            if (mask[i]) picked.Add(values[i]);
        }
        return [.. picked];
    }

    /// <summary>The inverse of <see cref="Pick"/>: null where the mask is false.</summary>
    protected static Tensor?[] Place(ReadOnlySpan<Tensor> values, ReadOnlySpan<bool> mask)
    {
        Tensor?[] placed = new Tensor?[mask.Length];
        for (int i = 0, next = 0; i < mask.Length; i++)
        {
            if (mask[i]) placed[i] = values[next++];
        }
        return placed;
    }

    protected static Tensor OverBatch(Tensor x, bool batched, int size) => batched ? x : x.BroadcastTo(x.Shape.Insert(0, size));
}
