using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Linear maps, tables, dropout and what puts modules together.</summary>
internal static class MatrixLayerRows
{
    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("Linear layer", Linear),
        ModuleRow.Of("Embed layer", Embed),
        ModuleRow.Of("Dropout layer", Dropout),
        new("Dropout layer training", DropoutTraining) { Covers = ["PhiloxOp"] },
        ModuleRow.Of("Compound layer", Compound) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("Tied layer", Tied) with { SingleTolerance = 1e-5 },
    ];

    /// <summary>x W^T + b along the last axis; a null bias is none.</summary>
    public static Grid Affine(Grid x, Grid weight, Grid? bias)
    {
        int inputs = weight.Shape[1];
        return Grid.Build(x.Shape.With(x.Rank - 1, weight.Shape[0]), at =>
        {
            int[] from = [.. at];
            double sum = bias?[at[^1]] ?? 0;
            for (int k = 0; k < inputs; k++)
            {
                from[^1] = k;
                sum += weight[at[^1], k] * x[from];
            }
            return sum;
        });
    }

    private static ModuleCase Linear(Generator g)
    {
        int inputs = g.Length(1, 4), outputs = g.Length(1, 4);
        bool bias = g.OneIn(2);
        Shape rows = g.Shape(maxRank: 2);
        return new(new Linear(inputs, outputs, bias), new(rows.Insert(rows.Rank, inputs)), (w, x) => Affine(x, w["weight"], bias ? w["bias"] : null))
        {
            Attributes = $"{inputs} to {outputs}, bias {bias}",
        };
    }

    private static ModuleCase Embed(Generator g)
    {
        int vocabulary = g.Length(1, 5), width = g.Length(1, 4);
        return new(
            new Embed(vocabulary, width),
            new(g.Shape(maxRank: 2)) { DType = g.Pick(DType.I64, DType.I32), Domain = (0, vocabulary - 1) },
            (w, x) => Naive.Take(w["weight"], x, 0));
    }

    private static ModuleCase Dropout(Generator g) => new(new Dropout(0.4), new(g.Shape()), (_, x) => x);

    private static OpCase DropoutTraining(Generator g)
    {
        Shape shape = g.Shape();
        return new(
            xs => new Dropout(0.3).Forward(Autograd.Weights.Empty, xs[1], Pass.ForTraining(new RandomKey(xs[0]))),
            [new([2]) { DType = DType.I64, Domain = (-1e15, 1e15) }, new(shape) { TakesWild = false }],
            a =>
            {
                int position = 0;
                return Grid.Build(shape, at => NaiveRandom.Single((long)a[0][0], (long)a[0][1], position++, 0) < 0.7f ? a[1][at] / 0.7 : 0);
            });
    }

    /// <summary>2 (tanh(A x) joined with B x) + x, through C: every way of putting modules together once.</summary>
    private static ModuleCase Compound(Generator g)
    {
        int width = g.Length(1, 2) * 2;
        Module halves = new Concatenation(-1, new Linear(width, width / 2) >> new Tanh(), new Linear(width, width / 2, bias: false));
        Shape rows = g.Shape(maxRank: 2);
        return new((2 * halves) + new Identity() >> new Linear(width, 3), new(rows.Insert(rows.Rank, width)) { Domain = (-1, 1) }, (w, x) =>
        {
            Grid left = Naive.Map([Affine(x, w["0.0.0.0.0.weight"], w["0.0.0.0.0.bias"])], v => Math.Tanh(v[0]));
            Grid joined = Naive.Concat([left, Affine(x, w["0.0.0.1.weight"], null)], x.Rank - 1);
            return Affine(Naive.Map([joined, x], v => (2 * v[0]) + v[1]), w["1.weight"], w["1.bias"]);
        })
        { Weight = _ => (-1, 1) };
    }

    private static ModuleCase Tied(Generator g)
    {
        int width = g.Length(1, 3);
        Shape rows = g.Shape(maxRank: 2);
        return new(new Tied(new Linear(width, width), shared => shared >> new Tanh() >> shared), new(rows.Insert(rows.Rank, width)) { Domain = (-1, 1) }, (w, x) =>
            Affine(Naive.Map([Affine(x, w["0.weight"], w["0.bias"])], v => Math.Tanh(v[0])), w["0.weight"], w["0.bias"]))
        {
            Weight = _ => (-1, 1),
        };
    }
}
