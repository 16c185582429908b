using Engine.Tensors;

namespace Engine.Autograd.Layers;

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
    protected override double StretchAfter(int child) => 1;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., nodes, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        edges.Require("meanAggregation", x, inputs);
        Tensor means = Ops.SegmentMean(Ops.Take(x, sources, -2), targets, edges.Nodes, -2);
        return Child(0, weights, x, pass) + Child(1, weights, means, pass);
    }
}
