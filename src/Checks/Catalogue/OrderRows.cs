using Engine.Tensors;

namespace Engine.Checks;

internal static class OrderRows
{
    private const string Integer = "an integer result";

    public static OpInfo[] All { get; } =
    [
        new("argSort", ArgSort) { Derivative = DerivativeCheck.None, Note = Integer },
        new("sort", Sort) { Domains = "distinct quarters" },
        new("topK", g => TopK(g, places: false)) { Domains = "distinct quarters" },
        new("topK indices", g => TopK(g, places: true)) { Derivative = DerivativeCheck.None, Note = Integer },
        new("searchSorted", g => SearchSorted(g, batched: false)) { Derivative = DerivativeCheck.None, Note = Integer },
        new("searchSorted batched", g => SearchSorted(g, batched: true)) { Derivative = DerivativeCheck.None, Note = Integer },
        new("unique", g => Unique(g, 0)) { Derivative = DerivativeCheck.AdjointOnly, Note = "of equal elements the first is taken" },
        new("unique inverse", g => Unique(g, 1)) { Derivative = DerivativeCheck.None, Note = Integer },
        new("unique counts", g => Unique(g, 2)) { Derivative = DerivativeCheck.None, Note = Integer },
        new("quantile", Quantile) { Domains = "distinct quarters" },
        new("median", Median) { Domains = "distinct quarters" },
    ];

    private static OpCase ArgSort(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        bool descending = g.OneIn(2);
        return new(xs => Ops.ArgSort(xs[0], axis, descending), [new(shape) { Spread = Spread.Lattice }],
            a => Naive.Lines(a[0], axis, v => Array.ConvertAll(Naive.Order(v, descending), i => (double)i)))
        { Attributes = $"axis {axis} descending {descending}" };
    }

    private static OpCase Sort(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        bool descending = g.OneIn(2);
        return new(xs => Ops.Sort(xs[0], axis, descending), [new(shape) { Spread = Spread.Distinct }],
            a => Naive.Lines(a[0], axis, v => [.. Naive.Order(v, descending).Select(i => v[i])]))
        { Attributes = $"axis {axis} descending {descending}" };
    }

    private static OpCase TopK(Generator g, bool places)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank), length = shape[axis < 0 ? axis + shape.Rank : axis], count = g.Integer(0, length);
        bool largest = g.OneIn(2);
        return new(
            xs => places ? Ops.TopK(xs[0], count, axis, largest).Indices : Ops.TopK(xs[0], count, axis, largest).Values,
            [new(shape) { Spread = places ? Spread.Lattice : Spread.Distinct }],
            a => Naive.LinesTo(a[0], axis, count, v => [.. Naive.Order(v, largest).Take(count).Select(i => places ? i : v[i])]))
        { Attributes = $"{count} along axis {axis} largest {largest}" };
    }

    private static OpCase SearchSorted(Generator g, bool batched)
    {
        Shape lines = batched ? g.Shape(minRank: 2, maxRank: 4) : [g.Length(0, 9)];
        Shape values = batched ? lines.With(lines.Rank - 1, g.Length(0, 5)) : g.Shape(maxRank: 3);
        bool right = g.OneIn(2);
        return new(
            xs => Ops.SearchSorted(Ops.Sort(xs[0]), xs[1], right),
            [new(lines) { Spread = Spread.Lattice }, new(values) { Spread = Spread.Lattice }],
            a => Grid.Build(values, index => Naive.Search(Naive.Line(a[0], lines.Rank - 1, batched ? index : [0]), a[1][index], right)))
        { Attributes = $"right {right}" };
    }

    private static OpCase Unique(Generator g, int part)
    {
        Shape shape = g.Shape(maxRank: 3, nonEmpty: true);
        int size = Math.Max(0, shape.Count + g.Integer(-2, 2));
        return new(
            xs =>
            {
                (Tensor values, Tensor inverse, Tensor counts) = Ops.Unique(xs[0], size);
                return part switch { 0 => values, 1 => inverse, _ => counts };
            },
            [new(shape) { Spread = Spread.Lattice }],
            a =>
            {
                double[] all = a[0].Values.ToArray();
                List<double> distinct = [];
                foreach (int i in Naive.Order(all, false))
                {
                    if (distinct.Count == 0 || Naive.Before(distinct[^1], all[i])) distinct.Add(all[i]);
                }
                bool equal(double x, double y) => !Naive.Before(x, y) && !Naive.Before(y, x);
                return part switch
                {
                    0 => Grid.Build([size], i => distinct[Math.Min(i[0], distinct.Count - 1)]),
                    1 => Grid.Build(shape, i => distinct.FindIndex(d => equal(d, a[0][i]))),
                    _ => Grid.Build([size], i => i[0] < distinct.Count ? all.Count(v => equal(v, distinct[i[0]])) : 0),
                };
            })
        { Attributes = $"size {size}" };
    }

    private static OpCase Quantile(Generator g)
    {
        double q = g.Pick(0, 1, 0.5, 0.25, g.Uniform(0, 1));
        return Middle(g, (x, axes, keep) => Ops.Quantile(x, q, axes, keep), q);
    }

    private static OpCase Median(Generator g) => Middle(g, (x, axes, keep) => Ops.Median(x, axes, keep), 0.5);

    private static OpCase Middle(Generator g, Func<Tensor, int[], bool, Tensor> function, double q)
    {
        Shape shape = g.Shape(nonEmpty: true);
        int[] axes = g.Axes(shape.Rank);
        bool keep = g.OneIn(2);
        return new(xs => function(xs[0], axes, keep), [new(shape) { Spread = Spread.Distinct }], a => Naive.Reduce(a[0], axes, keep, v => Naive.Quantile(v, q)))
        {
            Attributes = $"q {q} axes {string.Join(' ', axes)} keep {keep}",
        };
    }
}
