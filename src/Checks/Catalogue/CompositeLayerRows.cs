using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Modules around modules: residual connections, U shapes, mixtures, reparametrized and generated weights.</summary>
internal static class CompositeLayerRows
{
    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("Residual layer", Residual),
        ModuleRow.Of("UNet layer", UNet) with { SingleTolerance = 1e-4 },
        ModuleRow.Of("Upsample layer", Upsample),
        ModuleRow.Of("MixtureOfExperts layer", g => Mixture(g, all: true)) with { SingleTolerance = 1e-5, Cost = 4 },
        ModuleRow.Of("MixtureOfExperts layer sparse", g => Mixture(g, all: false)) with
        {
            Derivative = DerivativeCheck.AdjointOnly, SingleTolerance = 1e-5, Note = "the result jumps where the choice of experts changes",
        },
        new("MixtureOfExperts layer load balancing", LoadBalancing)
        {
            Derivative = DerivativeCheck.AdjointOnly, SingleTolerance = 1e-5, Note = "the fraction of tokens an expert gets has no derivative",
        },
        ModuleRow.Of("Hypernetwork layer", Hypernetwork) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("WeightNorm layer", WeightNorm) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("SpectralNorm layer", g => SpectralNorm(g, training: false)) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("SpectralNorm layer training", g => SpectralNorm(g, training: true)) with
        {
            Derivative = DerivativeCheck.AdjointOnly, SingleTolerance = 1e-5, Note = "derivatives hold the singular vectors, which one power iteration only approaches",
        },
    ];

    private static ModuleCase Residual(Generator g)
    {
        int width = g.Length(1, 3);
        int? depth = g.OneIn(2) ? g.Integer(1, 5) : null;
        (double keep, double share) = depth is { } n ? (1 - (1.0 / n), 1.0 / n) : (1, 1);
        return new(new Residual(new Linear(width, width), depth), new(Rows(g, width)), (w, x) =>
            Naive.Map([x, MatrixLayerRows.Affine(x, w["0.weight"], w["0.bias"])], v => (keep * v[0]) + (share * v[1])))
        { Attributes = $"depth {depth}" };
    }

    /// <summary>Two heights: the lower half as large, joined again after repetition.</summary>
    private static ModuleCase UNet(Generator g)
    {
        int channels = g.Integer(1, 2);
        Module down(int from, int to) => new Conv2D(from, to, 2, stride: 2, bias: false);
        Module up(int from, int to) => new Conv2D(from, to, 1, bias: false) >> new Upsample(2);
        var net = new UNet([down(channels, 2), down(2, 1)], new Conv2D(1, 1, 1), [up(2, 2), up(4, 1)]);
        Shape input = [g.Integer(1, 2), channels, 4, 4 * g.Integer(1, 2)];
        return new(net, new(input) { Domain = (-1, 1) }, (w, x) =>
        {
            Grid map(Grid from, string name, int stride, int kernel) =>
                Naive.Convolution(from, w[name], new(stride, 0, 1, 1, new(from.Shape[2], from.Shape[3]), kernel));
            Grid first = map(x, "0.weight", 2, 2), second = map(first, "1.weight", 2, 2);
            Grid bottom = Naive.Map([map(second, "2.weight", 1, 1)], v => v[0] + w["2.bias"][0]);
            Grid lower = Repeat(map(Naive.Concat([bottom, second], 1), "3.0.weight", 1, 1), 2, 2);
            return Repeat(map(Naive.Concat([lower, first], 1), "4.0.weight", 1, 1), 2, 2);
        })
        { Weight = _ => (-1, 1) };
    }

    private static ModuleCase Upsample(Generator g)
    {
        Extent factor = new(g.Integer(1, 3), g.Integer(1, 3));
        return new(new Upsample(factor), new([g.Integer(1, 2), g.Integer(1, 2), g.Integer(0, 3), g.Integer(1, 3)]), (_, x) => Repeat(x, factor.Height, factor.Width));
    }

    private static Grid Repeat(Grid x, int height, int width) => Grid.Build(
        [x.Shape[0], x.Shape[1], x.Shape[2] * height, x.Shape[3] * width], at => x[at[0], at[1], at[2] / height, at[3] / width]);

    private static ModuleCase Mixture(Generator g, bool all)
    {
        int inputs = g.Integer(1, 3), experts = g.Integer(1, 3), chosen = all ? experts : g.Integer(1, experts);
        Module[] modules = [.. Enumerable.Range(0, experts).Select(_ => new Linear(inputs, 2))];
        return new(new MixtureOfExperts(inputs, chosen, modules), new(Rows(g, inputs)), (w, x) =>
        {
            Grid logits = MatrixLayerRows.Affine(x, w["0.weight"], null);
            Grid gates = Naive.Lines(logits, x.Rank - 1, line =>
            {
                double[] shares = Array.ConvertAll(Chosen(line, chosen), c => c == 1 ? 0 : double.NegativeInfinity);
                return Array.ConvertAll(Naive.LogSoftmax([.. line.Zip(shares, (l, s) => l + s)]), Math.Exp);
            });
            Grid[] results = [.. modules.Select((_, e) => MatrixLayerRows.Affine(x, w[$"{e + 1}.weight"], w[$"{e + 1}.bias"]))];
            return Grid.Build(results[0].Shape, at => results.Select((r, e) => gates[[.. at[..^1], e]] * r[at]).Sum());
        })
        { Attributes = $"{chosen} of {experts}" };
    }

    private static OpCase LoadBalancing(Generator g)
    {
        int inputs = g.Integer(1, 3), experts = g.Integer(1, 4), chosen = g.Integer(1, experts), tokens = g.Integer(1, 5);
        var layer = new MixtureOfExperts(inputs, chosen, [.. Enumerable.Range(0, experts).Select(_ => new Identity())]);
        return new(
            xs => layer.ForwardBalanced(new(["0.weight"], [xs[0]]), xs[1], default).LoadBalancing,
            [new([experts, inputs]) { TakesWild = false }, new([tokens, inputs]) { TakesWild = false }],
            a =>
            {
                Grid logits = MatrixLayerRows.Affine(a[1], a[0], null);
                Grid busy = Naive.Lines(logits, 1, line => Chosen(line, chosen)), likely = Naive.Lines(logits, 1, line => Array.ConvertAll(Naive.LogSoftmax(line), Math.Exp));
                double mean(Grid x, int e) => Enumerable.Range(0, tokens).Average(t => x[t, e]);
                return new([], [Enumerable.Range(0, experts).Sum(e => mean(busy, e) * mean(likely, e)) * experts / chosen]);
            });
    }

    /// <summary>1 at the greatest elements, the first of equal ones first.</summary>
    private static double[] Chosen(double[] line, int count)
    {
        int[] order = [.. Enumerable.Range(0, line.Length).OrderByDescending(i => line[i])];
        double[] result = new double[line.Length];
        foreach (int i in order.Take(count)) result[i] = 1;
        return result;
    }

    private static ModuleCase Hypernetwork(Generator g)
    {
        int context = g.Integer(1, 3), inputs = g.Integer(1, 2), outputs = g.Integer(1, 2), count = (inputs * outputs) + outputs;
        return new(new Hypernetwork(context, new Linear(context, count), new Linear(inputs, outputs)), new(Rows(g, inputs)) { Domain = (-1, 1) }, (w, x) =>
        {
            double[] made = MatrixLayerRows.Affine(w["context"], w["0.weight"], w["0.bias"]).Values.ToArray();
            return MatrixLayerRows.Affine(x, new([outputs, inputs], made[..(inputs * outputs)]), new([outputs], made[(inputs * outputs)..]));
        })
        { Weight = _ => (-1, 1) };
    }

    private static ModuleCase WeightNorm(Generator g)
    {
        int inputs = g.Length(1, 3), outputs = g.Length(1, 3);
        return new(new WeightNorm(new Linear(inputs, outputs)), new(Rows(g, inputs)), (w, x) =>
        {
            Grid v = w["weight_v"];
            double length(int row) => Math.Sqrt(Enumerable.Range(0, inputs).Sum(i => v[row, i] * v[row, i]));
            return MatrixLayerRows.Affine(x, Grid.Build(v.Shape, at => v[at] * w["weight_g"][at[0], 0] / length(at[0])), w["bias"]);
        })
        { Weight = n => n == "weight_v" ? (0.5, 2) : null };
    }

    // All positive, so that sigma stays away from 0.
    private static ModuleCase SpectralNorm(Generator g, bool training)
    {
        int inputs = g.Length(1, 3), outputs = g.Length(1, 3);
        return new(new SpectralNorm(new Linear(inputs, outputs)), new(Rows(g, inputs)), (w, x) =>
        {
            Grid weight = w["weight_orig"];
            double[] u = w["weight_u"].Values.ToArray(), v = w["weight_v"].Values.ToArray();
            if (training)
            {
                v = Direction([.. Enumerable.Range(0, inputs).Select(i => Enumerable.Range(0, outputs).Sum(o => weight[o, i] * u[o]))]);
                u = Direction([.. Enumerable.Range(0, outputs).Select(o => Enumerable.Range(0, inputs).Sum(i => weight[o, i] * v[i]))]);
            }
            double sigma = Enumerable.Range(0, outputs).Sum(o => u[o] * Enumerable.Range(0, inputs).Sum(i => weight[o, i] * v[i]));
            return MatrixLayerRows.Affine(x, Naive.Map([weight], a => a[0] / sigma), w["bias"]);
        })
        {
            Weight = n => n == "bias" ? null : (0.5, 2),
            Pass = training ? Pass.ForTraining() : default,
        };
    }

    private static double[] Direction(double[] v)
    {
        double length = Math.Sqrt(v.Sum(x => x * x));
        return Array.ConvertAll(v, x => x / length);
    }

    private static Shape Rows(Generator g, int features)
    {
        Shape rows = g.Shape(maxRank: 2);
        return rows.Insert(rows.Rank, features);
    }
}
