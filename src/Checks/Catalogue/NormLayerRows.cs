using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Normalizations.</summary>
internal static class NormLayerRows
{
    private const string Stopped = "no derivative flows into new buffers";

    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("LayerNorm layer", LayerNorm),
        ModuleRow.Of("RmsNorm layer", RmsNorm),
        ModuleRow.Of("GroupNorm layer", GroupNorm),
        ModuleRow.Of("InstanceNorm layer", InstanceNorm),
        ModuleRow.Of("BatchNorm layer", BatchNorm),
        ModuleRow.Of("BatchNorm layer training", BatchNormTraining) with { SingleTolerance = 1e-5 },
        new("BatchNorm layer statistics", BatchNormStatistics) { Derivative = DerivativeCheck.AdjointOnly, Note = Stopped },
    ];

    private static ModuleCase LayerNorm(Generator g)
    {
        int features = g.Length(1, 5);
        return new(new LayerNorm(features, eps: 0.1), new(Rows(g, features)), (w, x) => Naive.Lines(x, x.Rank - 1, line =>
            [.. Standard(line, 0.1).Select((v, i) => (v * w["weight"][i]) + w["bias"][i])]));
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

    private static ModuleCase GroupNorm(Generator g)
    {
        int groups = g.Integer(1, 2), channels = groups * g.Integer(1, 2);
        Shape sides = g.Shape(maxRank: 2, nonEmpty: true);
        return new(new GroupNorm(groups, channels, eps: 0.1), new(Shape.Create([g.Integer(1, 2), channels, .. sides])), (w, x) =>
            Affine(w, ByGroup(x, groups, 0.1)))
        { Attributes = $"{groups} groups" };
    }

    private static ModuleCase InstanceNorm(Generator g)
    {
        int channels = g.Integer(1, 3);
        bool affine = g.OneIn(2);
        Shape sides = g.Shape(minRank: 1, maxRank: 2, nonEmpty: true);
        return new(new InstanceNorm(channels, affine, eps: 0.1), new(Shape.Create([g.Integer(1, 2), channels, .. sides])), (w, x) =>
        {
            Grid y = ByGroup(x, channels, 0.1);
            return affine ? Affine(w, y) : y;
        })
        { Attributes = $"affine {affine}" };
    }

    private static ModuleCase BatchNorm(Generator g)
    {
        int features = g.Length(1, 3);
        return new(new BatchNorm(features, eps: 0.1), new(Batch(g, features)), (w, x) => Affine(w, Grid.Build(x.Shape, at =>
            (x[at] - w["running_mean"][at[1]]) / Math.Sqrt(w["running_var"][at[1]] + 0.1))))
        {
            Weight = n => n == "running_var" ? (0.5, 2) : null,
        };
    }

    private static ModuleCase BatchNormTraining(Generator g)
    {
        int features = g.Length(1, 3);
        return new(new BatchNorm(features, eps: 0.1), new(Batch(g, features)), (w, x) =>
        {
            double[][] standard = [.. Enumerable.Range(0, features).Select(c => Standard(Feature(x, c), 0.1))];
            int[] next = new int[features];
            return Affine(w, Grid.Build(x.Shape, at => standard[at[1]][next[at[1]]++]));
        })
        {
            Pass = Pass.ForTraining(),
        };
    }

    /// <summary>Running means, then running variances, after a batch.</summary>
    private static OpCase BatchNormStatistics(Generator g)
    {
        int features = g.Length(1, 3);
        Shape shape = Batch(g, features);
        var layer = new BatchNorm(features, momentum: 0.25);
        Autograd.Weights weights = layer.Initialize(RandomKey.FromSeed(0), DType.F64);
        Autograd.Buffers form = layer.InitializeBuffers();
        return new(
            xs =>
            {
                Autograd.Buffers before = form.WithLeaves(xs.AsSpan(0, 2));
                var sink = new BufferSink(before);
                layer.Forward(weights.Map(t => t.Cast(xs[2].DType)), xs[2], Pass.ForTraining(null, before, sink));
                Autograd.Buffers after = sink.Result();
                return Ops.Concat([after[0], after[1]]);
            },
            [.. new Shape[] { [features], [features], shape }.Select(s => new Operand(s) { TakesWild = false })],
            a =>
            {
                double[][] values = [.. Enumerable.Range(0, features).Select(c => Feature(a[2], c))];
                return new([2 * features],
                [
                    .. values.Select((v, c) => (0.75 * a[0][c]) + (0.25 * v.Average())),
                    .. values.Select((v, c) => (0.75 * a[1][c]) + (0.25 * Naive.Variance(v, 1))),
                ]);
            });
    }

    /// <summary>Less the mean, by the square root of variance plus eps.</summary>
    private static double[] Standard(double[] values, double eps)
    {
        double mean = values.Average(), variance = Naive.Variance(values, 0);
        return Array.ConvertAll(values, v => (v - mean) / Math.Sqrt(variance + eps));
    }

    /// <summary>Gain and bias of the second axis.</summary>
    private static Grid Affine(IReadOnlyDictionary<string, Grid> w, Grid y) =>
        Grid.Build(y.Shape, at => (y[at] * w["weight"][at[1]]) + w["bias"][at[1]]);

    private static Grid ByGroup(Grid x, int groups, double eps) =>
        Naive.Reshape(Naive.Lines(Naive.Reshape(x, [x.Shape[0], groups, x.Values.Length / (x.Shape[0] * groups)]), 2, v => Standard(v, eps)), x.Shape);

    private static double[] Feature(Grid x, int feature)
    {
        List<double> values = [];
        foreach (int[] at in Grid.Indices(x.Shape))
        {
            if (at[1] == feature) values.Add(x[at]);
        }
        return [.. values];
    }

    private static Shape Batch(Generator g, int features) =>
        g.OneIn(2) ? [g.Integer(2, 4), features] : [g.Integer(1, 2), features, g.Integer(1, 3), 2];

    private static Shape Rows(Generator g, int features)
    {
        Shape rows = g.Shape(maxRank: 2);
        return rows.Insert(rows.Rank, features);
    }
}
