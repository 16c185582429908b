using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>Vectorization of a graph: every node that depends on a batched input is replaced by its batching rule.</summary>
internal static class Batching
{
    /// <summary>The outputs for a whole batch, each with the batch as axis 0.</summary>
    /// <param name="graph">A graph traced on single examples.</param>
    /// <param name="inputs">One tensor per input, with the batch as axis 0 where batched.</param>
    /// <param name="batched">Which inputs are batched.</param>
    /// <param name="size">Length of the batch axis.</param>
    /// <param name="captures">Replacements of the captures; the captures themselves when empty.</param>
    /// <param name="capturesBatched">Which replacements are batched.</param>
    public static Tensor[] Map(
        Graph graph, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<bool> batched, int size, ReadOnlySpan<Tensor> captures = default, ReadOnlySpan<bool> capturesBatched = default)
    {
        var values = new Dictionary<Tensor, (Tensor Value, bool Batched)>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < inputs.Length; i++) values[graph.Inputs[i]] = (inputs[i], batched[i]);
        for (int i = 0; i < captures.Length; i++) values[graph.Captures[i]] = (captures[i], capturesBatched[i]);
        foreach (Node node in graph.Nodes)
        {
            Tensor[] operands = new Tensor[node.Inputs.Count];
            bool[] mapped = new bool[operands.Length];
            bool any = false;
            for (int i = 0; i < operands.Length; i++)
            {
                (operands[i], mapped[i]) = values.TryGetValue(node.Inputs[i], out var found) ? found : (node.Inputs[i], false);
                any |= mapped[i];
            }
            Tensor[] results = any ? node.Primitive!.Vmap(operands, mapped, size) : node.Primitive!.Bind(operands);
            for (int i = 0; i < results.Length; i++) values[node.Outputs[i]] = (results[i], any);
        }
        Tensor[] outputs = new Tensor[graph.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
        {
            (Tensor value, bool mapped) = values.TryGetValue(graph.Outputs[i], out var found) ? found : (graph.Outputs[i], false);
            outputs[i] = mapped ? value : value.BroadcastTo(value.Shape.Insert(0, size));
        }
        return outputs;
    }
}
