using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Messages along the edges of graphs.</summary>
internal static class GraphLayerRows
{
    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("GraphConvolution layer", Convolution) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("MeanAggregation layer", Mean) with { SingleTolerance = 1e-5 },
    ];

    private static ModuleCase Convolution(Generator g)
    {
        (GraphEdges edges, Shape shape, int outputs) = Draw(g);
        return new(new GraphConvolution(edges, shape[^1], outputs), new(shape), (w, x) =>
        {
            double degree(int node) => 1 + edges.Targets.Count(t => t == node);
            Grid y = MatrixLayerRows.Affine(x, w["0.weight"], w["0.bias"]);
            return Grid.Build(y.Shape, at =>
            {
                int node = at[^2], channel = at[^1];
                int[] lead = at[..^2];
                double sum = y[at] / degree(node);
                for (int e = 0; e < edges.Targets.Count; e++)
                {
                    if (edges.Targets[e] == node) sum += y[[.. lead, edges.Sources[e], channel]] / Math.Sqrt(degree(node) * degree(edges.Sources[e]));
                }
                return sum;
            });
        })
        { Attributes = Text(edges) };
    }

    private static ModuleCase Mean(Generator g)
    {
        (GraphEdges edges, Shape shape, int outputs) = Draw(g);
        return new(new MeanAggregation(edges, shape[^1], outputs), new(shape), (w, x) =>
        {
            Grid means = Grid.Build(x.Shape, at =>
            {
                int node = at[^2], channel = at[^1];
                int[] lead = at[..^2];
                double[] seen = [.. edges.Targets.Zip(edges.Sources).Where(e => e.First == node).Select(e => x[[.. lead, e.Second, channel]])];
                return seen.DefaultIfEmpty(0).Average();
            });
            return Naive.Map([MatrixLayerRows.Affine(x, w["0.weight"], w["0.bias"]), MatrixLayerRows.Affine(means, w["1.weight"], null)], v => v[0] + v[1]);
        })
        { Attributes = Text(edges) };
    }

    private static (GraphEdges Edges, Shape Input, int Outputs) Draw(Generator g)
    {
        int nodes = g.Integer(1, 4), edges = g.Integer(0, 6);
        int[] ends() => [.. Enumerable.Range(0, edges).Select(_ => g.Integer(0, nodes - 1))];
        Shape lead = g.OneIn(2) ? [] : [g.Integer(1, 2)];
        return (new(nodes, ends(), ends()), lead.Concat([nodes, g.Integer(1, 3)]), g.Integer(1, 3));
    }

    private static string Text(GraphEdges edges) => string.Join(' ', edges.Sources.Zip(edges.Targets, (s, t) => $"{s}-{t}"));
}
