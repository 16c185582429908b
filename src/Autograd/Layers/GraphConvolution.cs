using Engine.Tensors;

namespace Engine.Autograd.Layers;

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
    protected override double StretchAfter(int child) => 1;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., nodes, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        edges.Require("graphConvolution", x, inputs);
        Tensor messages = Ops.Take(Child(0, weights, x, pass), sources, -2) * shares.Cast(x.DType);
        return Ops.SegmentSum(messages, targets, edges.Nodes, -2);
    }
}
