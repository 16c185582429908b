using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>Keys and parameters are operands; draws are compared with the same algorithms over the cipher written out, in f64.</remarks>
internal static class DistributionRows
{
    public static OpInfo[] All { get; } =
    [
        Drawn("randomExponential", (k, s) => Ops.RandomExponential(k, s, DType.F64), (a, b, i) => NaiveRandom.Exponential(NaiveRandom.Unit(a, b, i, 0))),
        Drawn("randomGumbel", (k, s) => Ops.RandomGumbel(k, s, DType.F64), NaiveRandom.Gumbel),
        Drawn("randomTruncatedNormal", (k, s) => Ops.RandomTruncatedNormal(k, s, -1.5, 0.5, DType.F64), (a, b, i) => NaiveRandom.TruncatedNormal(a, b, i, -1.5, 0.5)) with
        {
            Covers = ["NormalQuantileOp"],
        },
        Drawn("randomTruncatedNormal tail", (k, s) => Ops.RandomTruncatedNormal(k, s, 3, 9, DType.F64), (a, b, i) => -NaiveRandom.TruncatedNormal(a, b, i, -9, -3)),
        Row("randomBernoulli probabilities", g => Parameters(g, (0, 1), 0, (k, p) => Ops.RandomBernoulli(k, p), (a, b, p) => Each(p, (v, i) => NaiveRandom.Unit(a, b, i, 0) < v ? 1 : 0))),
        Drawn("randomPoisson", (k, s) => Ops.RandomPoisson(k, 3.7, s), (a, b, i) => NaiveRandom.Poisson(NaiveRandom.Unit(a, b, i, 0), 3.7)),
        Row("randomGamma", g => Parameters(g, (0.1, 6), 0, Ops.RandomGamma, (a, b, p) => Each(p, (v, i) => Math.Exp(NaiveRandom.LogGamma(a, b, i, v))))) with { Covers = ["ParameterOp"] },
        Row("randomBeta", Beta),
        Row("randomDirichlet", g => Parameters(g, (0.1, 6), 1, Ops.RandomDirichlet, Dirichlet)) with { Cost = 4 },
        Row("randomCategorical", Categorical),
        Row("randomOrthogonal", Orthogonal),
        Row("randomChoice", Choice),
        Row("randomChoice logits", g => Parameters(g, (-2, 2), 1, (k, p) => Ops.RandomChoice(k, p, p.Rank == 0 ? 0 : p.Shape[^1]), (a, b, p) =>
            Naive.Lines(Each(p, (v, i) => v + NaiveRandom.Gumbel(a, b, i)), -1, v => Array.ConvertAll(Naive.Order(v, true), i => (double)i)))),
    ];

    private static Operand Key => new([2]) { DType = DType.I64, Domain = (-1e15, 1e15) };

    private static OpInfo Row(string name, Func<Generator, OpCase> draw) =>
        new(name, draw) { Derivative = DerivativeCheck.None, Note = "random numbers have no derivative in their parameters" };

    private static OpInfo Drawn(string name, Func<RandomKey, Shape, Tensor> function, Func<long, long, int, double> reference) => Row(name, g =>
    {
        Shape shape = g.Shape();
        return new(xs => function(new RandomKey(xs[0]), shape), [Key], a => Each(new(shape, new double[shape.Count]), (_, i) => reference((long)a[0][0], (long)a[0][1], i)))
        {
            Attributes = $"{shape}",
        };
    });

    private static OpCase Parameters(Generator g, Domain domain, int minRank, Func<RandomKey, Tensor, Tensor> function, Func<long, long, Grid, Grid> reference)
    {
        Shape shape = g.Shape(minRank, maxRank: 3, nonEmpty: minRank > 0);
        return new(
            xs => function(new RandomKey(xs[0]), xs[1].Cast(DType.F64)), [Key, new(shape) { Domain = domain, TakesWild = false }],
            a => reference((long)a[0][0], (long)a[0][1], a[1]));
    }

    private static OpCase Beta(Generator g)
    {
        Shape shape = g.Shape(maxRank: 3);
        Operand operand(Shape s) => new(s) { Domain = (0.1, 6), TakesWild = false };
        return new(
            xs => Ops.RandomBeta(new RandomKey(xs[0]), xs[1].Cast(DType.F64), xs[2].Cast(DType.F64)), [Key, operand(shape), operand(g.Broadcastable(shape))],
            a =>
            {
                (long k0, long k1) = ((long)a[0][0], (long)a[0][1]);
                Grid other = Naive.BroadcastTo(a[2], shape);
                ((long a0, long a1), (long b0, long b1)) = (NaiveRandom.Fold(k0, k1, 0), NaiveRandom.Fold(k0, k1, 1));
                return Each(a[1], (v, i) => 1 / (1 + Math.Exp(NaiveRandom.LogGamma(b0, b1, i, other.Values[i]) - NaiveRandom.LogGamma(a0, a1, i, v))));
            });
    }

    private static Grid Dirichlet(long k0, long k1, Grid concentration) =>
        Naive.Lines(Each(concentration, (v, i) => NaiveRandom.LogGamma(k0, k1, i, v)), -1, v => Array.ConvertAll(Naive.LogSoftmax(v), Math.Exp));

    private static OpCase Categorical(Generator g)
    {
        Shape logits = g.Shape(minRank: 1, maxRank: 2, nonEmpty: true), sample = g.Scale == Scale.Large ? [] : g.Shape(maxRank: 2), drawn = sample.Concat(logits);
        return new(
            xs => Ops.RandomCategorical(new RandomKey(xs[0]), xs[1].Cast(DType.F64), sample), [Key, new(logits) { TakesWild = false }],
            a =>
            {
                Grid perturbed = Each(Naive.BroadcastTo(a[1], drawn), (v, i) => v + NaiveRandom.Gumbel((long)a[0][0], (long)a[0][1], i));
                return Naive.Reduce(perturbed, [drawn.Rank - 1], false, v => Naive.First(v, (x, y) => x > y));
            })
        { Attributes = $"sample {sample}" };
    }

    private static OpCase Orthogonal(Generator g)
    {
        int n = g.Integer(0, 6);
        return new(xs => Ops.RandomOrthogonal(new RandomKey(xs[0]), n, DType.F64), [Key], a =>
        {
            // The columns of normal numbers made orthonormal one after another by Gram and Schmidt's method, twice for the sake of rounding.
            double[][] columns = [.. Enumerable.Range(0, n).Select(j => Enumerable.Range(0, n).Select(i => NaiveRandom.Normal((long)a[0][0], (long)a[0][1], (i * n) + j)).ToArray())];
            for (int j = 0; j < n; j++)
            {
                for (int pass = 0; pass < 2; pass++)
                {
                    foreach (double[] other in columns[..j])
                    {
                        double along = other.Zip(columns[j], (x, y) => x * y).Sum();
                        columns[j] = [.. columns[j].Select((x, i) => x - (along * other[i]))];
                    }
                }
                double length = Math.Sqrt(columns[j].Sum(x => x * x));
                columns[j] = [.. columns[j].Select(x => x / length)];
            }
            return Grid.Build([n, n], i => columns[i[1]][i[0]]);
        })
        { Attributes = $"{n}" };
    }

    private static OpCase Choice(Generator g)
    {
        int population = g.Length(0, 20), count = g.Integer(0, population);
        return new(xs => Ops.RandomChoice(new RandomKey(xs[0]), population, count), [Key], a =>
        {
            long k0 = (long)a[0][0], k1 = (long)a[0][1];
            long place(int i) => unchecked(((long)(int)NaiveRandom.Word(k0, k1, i, 0) << 32) + (int)NaiveRandom.Word(k0, k1, i, 1));
            return new([count], [.. Enumerable.Range(0, population).OrderBy(place).Take(count).Select(i => (double)i)]);
        })
        { Attributes = $"{count} of {population}" };
    }

    private static Grid Each(Grid x, Func<double, int, double> f) => new(x.Shape, [.. x.Values.ToArray().Select(f)]);
}
