using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Losses: operands are predictions and targets, results one number.</summary>
internal static class LossRows
{
    public static OpInfo[] All { get; } =
    [
        Classes("crossEntropy loss", 0),
        Classes("crossEntropy loss smoothed", 0.2),
        Distributions("crossEntropy loss of targets", (x, p) => Losses.CrossEntropy(x, p), (p, l) => -p * l),
        Distributions("crossEntropy loss of smoothed targets", (x, p) => Losses.CrossEntropy(x, p, 0.2), (p, l) => -0.8 * p * l),
        Distributions("klDivergence loss", Losses.KlDivergence, (p, l) => p * (Math.Log(p) - l)),
        Pairs("meanSquaredError loss", Losses.MeanSquaredError, (x, t) => (x - t) * (x - t)),
        Pairs("binaryCrossEntropy loss", Losses.BinaryCrossEntropy, (x, t) => -(t * Math.Log(P(x))) - ((1 - t) * Math.Log(1 - P(x)))),
        Pairs("focal loss", (x, t) => Losses.Focal(x, t, 1.5, 0.25), (x, t) =>
            -(0.25 * t * Math.Pow(1 - P(x), 1.5) * Math.Log(P(x))) - (0.75 * (1 - t) * Math.Pow(P(x), 1.5) * Math.Log(1 - P(x)))),
        Pairs("huber loss", (x, t) => Losses.Huber(x, t), (x, t) => Math.Abs(x - t) <= 1 ? (x - t) * (x - t) / 2 : Math.Abs(x - t) - 0.5, apart: true),
        Pairs("losses.quantile loss", (x, t) => Losses.Quantile(x, t, 0.3), (x, t) => Math.Max(0.3 * (t - x), -0.7 * (t - x)), apart: true),
        new("hinge loss", Hinge),
        new("cosineEmbedding loss", CosineEmbedding) { SingleTolerance = 1e-5 },
        new("triplet loss", Triplet) { SingleTolerance = 1e-5 },
        new("infoNce loss", InfoNce) { SingleTolerance = 1e-5 },
        new("ctc loss", Ctc) { Covers = ["LoopOp"], SingleTolerance = 1e-5, Cost = 10 },
    ];

    private static double P(double x) => 1 / (1 + Math.Exp(-x));

    private static Grid Mean(IEnumerable<double> values) => new([], [values.Average()]);

    private static OpInfo Classes(string name, double smoothing) => new(name, g =>
    {
        int classes = g.Integer(1, 4);
        Shape examples = g.Shape(maxRank: 2, nonEmpty: true);
        return new(
            xs => Losses.CrossEntropy(xs[0], xs[1], smoothing),
            [Narrow(examples.Insert(examples.Rank, classes)), new(examples) { DType = g.Pick(DType.I64, DType.I32), Domain = (0, classes - 1) }],
            a => Mean(Rows(a[0]).Select((row, i) =>
            {
                double[] logs = Naive.LogSoftmax(row);
                return -((1 - smoothing) * logs[(int)a[1].Values[i]]) - (smoothing * logs.Average());
            })));
    });

    /// <summary>A sum over the classes of a function of target and log-probability; smoothing adds a fifth of the mean.</summary>
    private static OpInfo Distributions(string name, Func<Tensor, Tensor, Tensor> loss, Func<double, double, double> term) => new(name, g =>
    {
        double uniform = name.Contains("smoothed", StringComparison.Ordinal) ? 0.2 : 0;
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true);
        return new(xs => loss(xs[0], xs[1]), [Narrow(shape), new(shape) { Domain = (0.1, 0.9), TakesWild = false }], a =>
            Mean(Rows(a[0]).Zip(Rows(a[1]), (x, p) => Naive.LogSoftmax(x).Zip(p, (l, t) => term(t, l) - (uniform * l / x.Length)).Sum())));
    });

    /// <summary>A mean over elements; apart for what has kinks at some differences.</summary>
    private static OpInfo Pairs(string name, Func<Tensor, Tensor, Tensor> loss, Func<double, double, double> term, bool apart = false) => new(name, g =>
    {
        Shape shape = g.Shape(maxRank: 3, nonEmpty: true);
        Spread spread = apart ? Spread.Lattice : Spread.Uniform;
        return new(
            xs => loss(xs[0], xs[1]),
            [Narrow(shape) with { Spread = spread }, new(shape) { Domain = apart ? (-2, 2) : (0.1, 0.9), Spread = spread, Shift = 1, TakesWild = false }],
            a => Mean(a[0].Values.ToArray().Zip(a[1].Values.ToArray(), term)));
    });

    private static OpCase Hinge(Generator g)
    {
        Shape shape = g.Shape(maxRank: 3, nonEmpty: true);
        return new(
            xs => Losses.Hinge(xs[0], xs[1].Cast(xs[0].DType) * 2 - 1),
            [Narrow(shape) with { Kinks = [-1, 1] }, new(shape) { DType = DType.I64, Domain = (0, 1) }],
            a => Mean(a[0].Values.ToArray().Zip(a[1].Values.ToArray(), (x, t) => Math.Max(0, 1 - (((2 * t) - 1) * x)))));
    }

    // Entries are positive, so that no cosine comes near the kink at the margin -0.5.
    private static OpCase CosineEmbedding(Generator g)
    {
        Shape shape = Vectors(g);
        return new(
            xs => Losses.CosineEmbedding(xs[0], xs[1], xs[2], -0.5),
            [Positive(shape), Positive(shape), new(shape[..^1]) { DType = DType.Bool, Domain = (0, 1) }],
            a => Mean(Rows(a[0]).Zip(Rows(a[1]), Cosine).Select((c, i) => a[2].Values[i] != 0 ? 1 - c : c + 0.5)));
    }

    // The margin is above or below every difference, away from the kink.
    private static OpCase Triplet(Generator g)
    {
        Shape shape = Vectors(g);
        double shift = g.Pick(0, 3);
        return new(
            xs => Losses.Triplet(xs[0], xs[1], xs[2] + shift, shift == 0 ? 50 : 0.5),
            [Positive(shape), Positive(shape), Positive(shape)],
            a => Mean(Rows(a[0]).Zip(Rows(a[1]), Rows(a[2])).Select(t =>
                Math.Max(0, t.First.Zip(t.Second, (x, y) => (x - y) * (x - y)).Sum() - t.First.Zip(t.Third, (x, y) => (x - y - shift) * (x - y - shift)).Sum() + (shift == 0 ? 50 : 0.5)))));
    }

    private static OpCase InfoNce(Generator g)
    {
        Shape shape = [g.Length(1, 4), g.Integer(1, 3)];
        return new(xs => Losses.InfoNce(xs[0], xs[1], 0.5), [Positive(shape), Positive(shape)], a =>
        {
            double[][] queries = [.. Rows(a[0])], keys = [.. Rows(a[1])];
            return Mean(queries.Select((q, i) => -Naive.LogSoftmax([.. keys.Select(k => Cosine(q, k) / 0.5)])[i]));
        });
    }

    /// <summary>Every path through the steps is written down, and those that collapse to the labels are added up.</summary>
    private static OpCase Ctc(Generator g)
    {
        int examples = g.Smooth ? 1 : g.Integer(1, 2), steps = g.Integer(3, 4), labels = g.Integer(0, 2), classes = g.Integer(2, 3), blank = g.Integer(0, classes - 1);
        return new(
            xs => Losses.Ctc(xs[0], Ops.Where(xs[1] >= blank, xs[1] + 1, xs[1]), xs[2], xs[3], blank),
            [
                Narrow([examples, steps, classes]), new([examples, labels]) { DType = DType.I64, Domain = (0, classes - 2) },
                new([examples]) { DType = DType.I64, Domain = (3, steps) }, new([examples]) { DType = DType.I64, Domain = (0, labels) },
            ],
            a => Mean(Enumerable.Range(0, examples).Select(n =>
            {
                int last = (int)a[2][n];
                double[][] logs = [.. Enumerable.Range(0, last).Select(t => Naive.LogSoftmax([.. Enumerable.Range(0, classes).Select(c => a[0][n, t, c])]))];
                int[] wanted = [.. Enumerable.Range(0, (int)a[3][n]).Select(i => (int)a[1][n, i]).Select(c => c >= blank ? c + 1 : c)];
                double sum = 0;
                for (int code = 0; code < (int)Math.Pow(classes, last); code++)
                {
                    int[] path = [.. Enumerable.Range(0, last).Select(t => code / (int)Math.Pow(classes, t) % classes)];
                    int[] collapsed = [.. path.Where((c, t) => c != blank && (t == 0 || path[t - 1] != c))];
                    if (collapsed.AsSpan().SequenceEqual(wanted)) sum += Math.Exp(path.Select((c, t) => logs[t][c]).Sum());
                }
                return -Math.Log(sum);
            })))
        { Attributes = $"blank {blank}" };
    }

    private static double Cosine(double[] a, double[] b) =>
        a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt((a.Sum(x => x * x) + 1e-12) * (b.Sum(y => y * y) + 1e-12));

    private static IEnumerable<double[]> Rows(Grid x)
    {
        int length = x.Shape[^1];
        return Enumerable.Range(0, x.Values.Length / length).Select(i => x.Values.Slice(i * length, length).ToArray());
    }

    private static Shape Vectors(Generator g)
    {
        Shape shape = g.Shape(maxRank: 2, nonEmpty: true);
        return shape.Insert(shape.Rank, g.Integer(1, 3));
    }

    private static Operand Narrow(Shape shape) => new(shape) { TakesWild = false };

    private static Operand Positive(Shape shape) => new(shape) { Domain = (0.2, 1), TakesWild = false };
}
