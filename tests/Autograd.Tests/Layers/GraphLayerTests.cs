using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class GraphLayerTests
{
    private static readonly Weights One = new(["0.weight"], [Given.Of([1, 1], 1)]);

    // The path 0 - 1 - 2: with loops the degrees are 2, 3, 2.
    private static readonly GraphEdges Path = new(3, [0, 1, 1, 2], [1, 0, 2, 1]);

    [Fact]
    public void GoldenGraphConvolution()
    {
        double across = 1 / Math.Sqrt(6);
        Given.Near([3, 1], [0.5 + (2 * across), across + (2 / 3.0) + (4 * across), (2 * across) + 2],
            new GraphConvolution(Path, 1, 1, bias: false).Forward(One, Given.Of([3, 1], 1, 2, 4)));
        // Two nodes that see each other average.
        Given.Near([1, 2, 1], [3, 3], new GraphConvolution(new(2, [0, 1], [1, 0]), 1, 1, bias: false).Forward(One, Given.Of([1, 2, 1], 2, 4)));
        // Without edges every node is alone.
        Given.Near([2, 1], [2, 4], new GraphConvolution(new(2, [], []), 1, 1, bias: false).Forward(One, Given.Of([2, 1], 2, 4)));
    }

    // y = x + 10 mean: node 1 sees 1 and 4; edges that occur twice count twice.
    [Fact]
    public void GoldenMeanAggregation()
    {
        Weights w = new(["0.weight", "1.weight"], [Given.Of([1, 1], 1), Given.Of([1, 1], 10)]);
        Given.Near([3, 1], [21, 27, 24], new MeanAggregation(Path, 1, 1, bias: false).Forward(w, Given.Of([3, 1], 1, 2, 4)));
        Given.Near([3, 1], [1, 2, 4], new MeanAggregation(new(3, [], []), 1, 1, bias: false).Forward(w, Given.Of([3, 1], 1, 2, 4)));
        Given.Near([2, 1], [1, 3 + (10 * ((2 * 1) + 3) / 3.0)], new MeanAggregation(new(2, [0, 0, 1], [1, 1, 1]), 1, 1, bias: false).Forward(w, Given.Of([2, 1], 1, 3)));
    }

    // Renaming the nodes renames the results.
    [Fact]
    public void NamesOfNodesDoNotMatter()
    {
        var layer = new GraphConvolution(Path, 2, 3);
        var turned = new GraphConvolution(new(3, [2, 1, 1, 0], [1, 2, 0, 1]), 2, 3);
        Weights w = Differences.Irregular(layer);
        Tensor x = Given.Values([3, 2]);
        Given.Near(Ops.Flip(layer.Forward(w, x), 0).ToArray<double>(), turned.Forward(w, Ops.Flip(x, 0)));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Differences.Check(new GraphConvolution(Path, 2, 3), Differences.Irregular(new GraphConvolution(Path, 2, 3)), Given.Values([2, 3, 2]));
        Differences.Check(new MeanAggregation(Path, 2, 3), Differences.Irregular(new MeanAggregation(Path, 2, 3)), Given.Values([2, 3, 2]));
    }

    [Fact]
    public void FreshWeightsAndGeometry()
    {
        Assert.Equal(["0.weight", "0.bias"], new GraphConvolution(Path, 2, 3).Initialize(Given.Key()).Names);
        Assert.Equal(["0.weight", "0.bias", "1.weight"], new MeanAggregation(Path, 2, 3).Initialize(Given.Key()).Names);
        Assert.Equal((1, 1, 2), (new GraphConvolution(Path, 2, 3).Mass, new GraphConvolution(Path, 2, 3).Sensitivity, new GraphConvolution(Path, 2, 3).WeightCount));
        Assert.Equal((2, 2, 3), (new MeanAggregation(Path, 2, 3).Mass, new MeanAggregation(Path, 2, 3).Sensitivity, new MeanAggregation(Path, 2, 3).WeightCount));
        Assert.Equal(0.5, new GraphConvolution(Path, 2, 3, mass: 0.5).Mass);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("graphEdges: the number of nodes must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new GraphEdges(0, [], [])));
        Assert.Equal("graphEdges: every edge needs a source and a target, got 1 sources and 0 targets.", Given.Message<ArgumentException>(() => _ = new GraphEdges(1, [0], [])));
        Assert.Equal("graphEdges: the ends of edges must be nodes, 0 to 1, got 2.", Given.Message<ArgumentException>(() => _ = new GraphEdges(2, [0], [2])));
        Assert.Equal("graphConvolution: the input must be [.., 3, 2], got [2, 2]. Its last two axes are the graph's nodes and the layer's number of inputs.",
            Given.Message<ShapeException>(() => new GraphConvolution(Path, 2, 3).Forward(Weights.Empty, Given.Values([2, 2]))));
        Assert.Equal("meanAggregation: the input must be [.., 3, 2], got [3]. Its last two axes are the graph's nodes and the layer's number of inputs.",
            Given.Message<ShapeException>(() => new MeanAggregation(Path, 2, 3).Forward(Weights.Empty, Given.Values([3]))));
    }
}
