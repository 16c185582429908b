using Engine.Tensors;

namespace Engine.Checks;

internal static class CompositeRows
{
    public static OpInfo[] All { get; } =
    [
        new("logSumExp", LogSumExp) { Domains = "[-20, 20]" },
        new("softmax", g => Rows(g, Ops.Softmax, v => Array.ConvertAll(Naive.LogSoftmax(v), Math.Exp))) { Domains = "[-20, 20]" },
        new("logSoftmax", g => Rows(g, Ops.LogSoftmax, Naive.LogSoftmax)) { Domains = "[-20, 20]" },
        new("variance", Variance),
    ];

    private static OpCase LogSumExp(Generator g)
    {
        Shape shape = g.Shape(nonEmpty: true);
        int[] axes = g.Axes(shape.Rank);
        bool keep = g.OneIn(2);
        return new(xs => Ops.LogSumExp(xs[0], axes, keep), [new(shape) { Domain = (-20, 20) }], a => Naive.Reduce(a[0], axes, keep, Naive.LogSumExp))
        {
            Attributes = $"axes {string.Join(' ', axes)} keep {keep}",
        };
    }

    private static OpCase Rows(Generator g, Func<Tensor, int, Tensor> function, Func<double[], double[]> reference)
    {
        Shape shape = g.Shape(minRank: 1, nonEmpty: true);
        int axis = g.Axis(shape.Rank);
        return new(xs => function(xs[0], axis), [new(shape) { Domain = (-20, 20) }], a => Naive.Lines(a[0], axis, reference)) { Attributes = $"axis {axis}" };
    }

    private static OpCase Variance(Generator g)
    {
        Shape shape = g.Shape(nonEmpty: true);
        int[] axes = g.Axes(shape.Rank);
        bool keep = g.OneIn(2);
        int count = shape.Count / Naive.Reduce(new(shape, new double[shape.Count]), axes, false, _ => 0).Shape.Count;
        int correction = count > 1 && g.OneIn(2) ? 1 : 0;
        return new(xs => Ops.Variance(xs[0], axes, correction, keep), [new(shape)], a => Naive.Reduce(a[0], axes, keep, v => Naive.Variance(v, correction)))
        {
            Attributes = $"axes {string.Join(' ', axes)} correction {correction} keep {keep}",
        };
    }
}
