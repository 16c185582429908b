using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>The directed edges of a graph: messages go from sources to targets. An undirected edge is two.</summary>
public sealed class GraphEdges
{
    /// <summary>Edges between numbered nodes.</summary>
    /// <param name="nodes">Number of nodes: they are 0 to nodes - 1.</param>
    /// <param name="sources">Where each edge begins.</param>
    /// <param name="targets">Where each edge ends.</param>
    /// <exception cref="ArgumentException">There is no node, the numbers of ends differ, or an end is no node.</exception>
    public GraphEdges(int nodes, ReadOnlySpan<int> sources, ReadOnlySpan<int> targets)
    {
        Nodes = Guard.Length("graphEdges", "the number of nodes", nodes);
        if (sources.Length != targets.Length)
            throw new ArgumentException($"graphEdges: every edge needs a source and a target, got {sources.Length} sources and {targets.Length} targets.");
        Sources = [.. sources];
        Targets = [.. targets];
        foreach (int end in Sources.Concat(Targets))
        {
            if (end < 0 || end >= nodes) throw new ArgumentException($"graphEdges: the ends of edges must be nodes, 0 to {nodes - 1}, got {end}.");
        }
    }

    /// <summary>Number of nodes.</summary>
    public int Nodes { get; }

    /// <summary>Where each edge begins.</summary>
    public IReadOnlyList<int> Sources { get; }

    /// <summary>Where each edge ends.</summary>
    public IReadOnlyList<int> Targets { get; }

    /// <summary>How many edges end in each node.</summary>
    internal int[] Degrees()
    {
        int[] degrees = new int[Nodes];
        foreach (int target in Targets) degrees[target]++;
        return degrees;
    }

    internal void Require(string layer, Tensor x, int inputs)
    {
        if (x.Rank < 2 || x.Shape[^1] != inputs || x.Shape[^2] != Nodes)
            throw new ShapeException($"{layer}: the input must be [.., {Nodes}, {inputs}], got {x.Shape}. Its last two axes are the graph's nodes and the layer's number of inputs.");
    }

    internal static Tensor Numbers(IEnumerable<int> numbers) => Tensor.Of([.. numbers.Select(n => (long)n)]);
}
