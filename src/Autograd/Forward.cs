using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>Forward mode on a graph: tangents of the inputs are carried through the nodes' rules, as ops of the same trace.</summary>
internal static class Forward
{
    /// <summary>The tangents of the graph's outputs. Null means zero.</summary>
    /// <param name="graph">A graph whose trace is still open.</param>
    /// <param name="tangents">One per input; null is zero.</param>
    public static Tensor?[] Push(Graph graph, ReadOnlySpan<Tensor?> tangents)
    {
        var known = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < tangents.Length; i++)
        {
            if (tangents[i] is { } tangent) known[graph.Inputs[i]] = tangent;
        }
        foreach (Node node in graph.Nodes)
        {
            Tensor?[] arrived = new Tensor?[node.Inputs.Count];
            bool any = false;
            for (int i = 0; i < arrived.Length; i++)
            {
                any |= known.TryGetValue(node.Inputs[i], out Tensor? value);
                arrived[i] = value;
            }
            if (!any) continue;
            Tensor?[] passed = node.Primitive!.Jvp([.. node.Inputs], [.. node.Outputs], arrived);
            for (int i = 0; i < passed.Length; i++)
            {
                if (passed[i] is { } tangent) known[node.Outputs[i]] = tangent;
            }
        }
        Tensor?[] result = new Tensor?[graph.Outputs.Count];
        for (int i = 0; i < result.Length; i++) result[i] = known.GetValueOrDefault(graph.Outputs[i]);
        return result;
    }
}
