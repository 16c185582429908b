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

/// <summary>
/// Graph convolution: y = D^(-1/2) (A + I) D^(-1/2) x W^T + b, where A holds the edges, I a loop at every node, and D the number of edges, the loop included, that end in
/// each (Kipf and Welling, "Semi-Supervised Classification with Graph Convolutional Networks", ICLR 2017). [.., nodes, inputs] to [.., nodes, outputs].
/// Weights: those of a <see cref="Linear"/> layer, under <c>0</c>.
/// </summary>
/// <remarks>Norm and mass are the linear layer's. Sensitivity 1, from the RMS over all nodes to the same: the spectral norm of the propagation of an undirected graph is 1.</remarks>
public sealed class GraphConvolution : Compound
{
    private readonly GraphEdges edges;
    private readonly int inputs;
    private readonly Tensor sources;
    private readonly Tensor targets;
    private readonly Tensor shares;

    /// <summary>A graph convolution.</summary>
    /// <param name="edges">The graph.</param>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="outputs">Length of the last axis of the result.</param>
    /// <param name="bias">Whether a bias is added, before messages are sent.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public GraphConvolution(GraphEdges edges, int inputs, int outputs, bool bias = true, double mass = 1)
        : base([new Linear(inputs, outputs, bias, mass)])
    {
        this.edges = edges;
        this.inputs = inputs;
        int[] degrees = edges.Degrees();
        int[] from = [.. edges.Sources, .. Enumerable.Range(0, edges.Nodes)], to = [.. edges.Targets, .. Enumerable.Range(0, edges.Nodes)];
        sources = GraphEdges.Numbers(from);
        targets = GraphEdges.Numbers(to);
        shares = Tensor.Of([.. from.Zip(to, (s, t) => 1 / Math.Sqrt((degrees[s] + 1.0) * (degrees[t] + 1)))], [from.Length, 1]);
    }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., nodes, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        edges.Require("graphConvolution", x, inputs);
        Tensor messages = Ops.Take(Child(0, weights, x, pass), sources, -2) * shares.Cast(x.DType);
        return Ops.SegmentSum(messages, targets, edges.Nodes, -2);
    }
}

/// <summary>
/// Mean aggregation: y_t = W_0 x_t + b + W_1 mean of x_s over the edges s to t, or 0 for a node where none ends
/// (Hamilton et al., "Inductive Representation Learning on Large Graphs", NeurIPS 2017). [.., nodes, inputs] to [.., nodes, outputs].
/// Weights: <c>0</c> the node's own map, <c>1</c> that of its neighbours, without bias.
/// </summary>
/// <remarks>Norms and masses are the two linear layers'. Sensitivity 2, from the largest RMS of a node to the same: a mean stretches by at most 1.</remarks>
public sealed class MeanAggregation : Compound
{
    private readonly GraphEdges edges;
    private readonly int inputs;
    private readonly Tensor sources;
    private readonly Tensor targets;

    /// <summary>A layer of mean aggregation.</summary>
    /// <param name="edges">The graph.</param>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="outputs">Length of the last axis of the result.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="mass">Share of the learning of each map.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public MeanAggregation(GraphEdges edges, int inputs, int outputs, bool bias = true, double mass = 1)
        : base([new Linear(inputs, outputs, bias, mass), new Linear(inputs, outputs, bias: false, mass)])
    {
        this.edges = edges;
        this.inputs = inputs;
        sources = GraphEdges.Numbers(edges.Sources);
        targets = GraphEdges.Numbers(edges.Targets);
    }

    /// <inheritdoc/>
    public override double Sensitivity => 2;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., nodes, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        edges.Require("meanAggregation", x, inputs);
        Tensor means = Ops.SegmentMean(Ops.Take(x, sources, -2), targets, edges.Nodes, -2);
        return Child(0, weights, x, pass) + Child(1, weights, means, pass);
    }
}
