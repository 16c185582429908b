using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

internal static class LayerRows
{
    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("Linear layer", Linear),
        ModuleRow.Of("LayerNorm layer", LayerNorm),
        ModuleRow.Of("RmsNorm layer", RmsNorm),
    ];

    private static ModuleCase Linear(Generator g)
    {
        int inputs = g.Length(1, 4), outputs = g.Length(1, 4);
        bool bias = g.OneIn(2);
        Shape rows = g.Shape(maxRank: 2);
        return new(new Linear(inputs, outputs, bias), new(rows.Insert(rows.Rank, inputs)), (w, x) => Grid.Build(rows.Insert(rows.Rank, outputs), at =>
        {
            int[] from = [.. at];
            double sum = bias ? w["bias"][at[^1]] : 0;
            for (int k = 0; k < inputs; k++)
            {
                from[^1] = k;
                sum += w["weight"][at[^1], k] * x[from];
            }
            return sum;
        }))
        { Attributes = $"{inputs} to {outputs}, bias {bias}" };
    }

    private static ModuleCase LayerNorm(Generator g)
    {
        int features = g.Length(1, 5);
        return new(new LayerNorm(features, eps: 0.1), new(Rows(g, features)), (w, x) => Naive.Lines(x, x.Rank - 1, line =>
        {
            double mean = line.Average(), variance = line.Average(v => (v - mean) * (v - mean));
            return [.. line.Select((v, i) => ((v - mean) / Math.Sqrt(variance + 0.1) * w["weight"][i]) + w["bias"][i])];
        }));
    }

    private static ModuleCase RmsNorm(Generator g)
    {
        int features = g.Length(1, 5);
        return new(new RmsNorm(features, eps: 0.1), new(Rows(g, features)), (w, x) => Naive.Lines(x, x.Rank - 1, line =>
        {
            double square = line.Average(v => v * v);
            return [.. line.Select((v, i) => v / Math.Sqrt(square + 0.1) * w["weight"][i])];
        }));
    }

    private static Shape Rows(Generator g, int features)
    {
        Shape rows = g.Shape(maxRank: 2);
        return rows.Insert(rows.Rank, features);
    }
}
