using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>Reverse mode on a graph: cotangents of the outputs are carried back through the nodes' rules, as ops of the same trace.</summary>
internal static class Reverse
{
    /// <summary>
    /// The cotangents of the graph's inputs. Null means zero. Cotangents that meet at one tensor are added in the order the nodes are visited, last node first.
    /// </summary>
    /// <param name="graph">A graph whose trace is still open.</param>
    /// <param name="cotangents">One per output; null is zero.</param>
    public static Tensor?[] Pull(Graph graph, ReadOnlySpan<Tensor?> cotangents)
    {
        HashSet<Tensor> active = Active(graph);
        var collected = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < cotangents.Length; i++)
        {
            if (cotangents[i] is { } cotangent) Add(collected, active, graph.Outputs[i], cotangent);
        }
        for (int n = graph.Nodes.Count - 1; n >= 0; n--)
        {
            Node node = graph.Nodes[n];
            Tensor?[] arrived = new Tensor?[node.Outputs.Count];
            bool any = false;
            for (int i = 0; i < arrived.Length; i++)
            {
                any |= collected.Remove(node.Outputs[i], out Tensor? value);
                arrived[i] = value;
            }
            if (!any) continue;
            Tensor?[] passed = node.Primitive!.Vjp([.. node.Inputs], [.. node.Outputs], arrived);
            for (int i = 0; i < passed.Length; i++)
            {
                if (passed[i] is { } cotangent) Add(collected, active, node.Inputs[i], cotangent);
            }
        }
        Tensor?[] result = new Tensor?[graph.Inputs.Count];
        for (int i = 0; i < result.Length; i++) result[i] = collected.GetValueOrDefault(graph.Inputs[i]);
        return result;
    }

    /// <summary>Tensors that depend on an input through floating tensors: the only ones worth a cotangent.</summary>
    private static HashSet<Tensor> Active(Graph graph)
    {
        var active = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        foreach (Tensor input in graph.Inputs)
        {
            if (input.DType.IsFloating()) active.Add(input);
        }
        foreach (Node node in graph.Nodes)
        {
            if (!node.Inputs.Any(active.Contains)) continue;
            foreach (Tensor output in node.Outputs)
            {
                if (output.DType.IsFloating()) active.Add(output);
            }
        }
        return active;
    }

    private static void Add(Dictionary<Tensor, Tensor> collected, HashSet<Tensor> active, Tensor target, Tensor cotangent)
    {
        if (!active.Contains(target)) return;
        collected[target] = collected.TryGetValue(target, out Tensor? sum) ? sum + cotangent : cotangent;
    }
}
