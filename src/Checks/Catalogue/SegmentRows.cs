using Engine.Tensors;

namespace Engine.Checks;

internal static class SegmentRows
{
    public static OpInfo[] All { get; } =
    [
        new("segmentSum", g => Segment(g, Ops.SegmentSum, v => v.Sum(), Spread.Uniform)),
        new("segmentMean", g => Segment(g, Ops.SegmentMean, v => v.Length == 0 ? 0 : v.Sum() / v.Length, Spread.Uniform)),
        new("segmentMax", g => Segment(g, Ops.SegmentMax, v => v.Length == 0 ? double.NegativeInfinity : Naive.Max(v), Spread.Distinct, full: true))
        {
            Domains = "distinct quarters", Note = "one segment: an empty one gives -inf, which has no derivative",
        },
        new("segmentMax empty segments", g => Segment(g, Ops.SegmentMax, v => v.Length == 0 ? double.NegativeInfinity : Naive.Max(v), Spread.Distinct))
        {
            Derivative = DerivativeCheck.None, Note = "-inf has no derivative",
        },
        new("pairwiseSquaredDistances", g => Pairwise(g, Ops.PairwiseSquaredDistances, s => s)) { SingleTolerance = 1e-5, Note = "cancellation" },
        new("pairwiseDistances", g => Pairwise(g, Ops.PairwiseDistances, Math.Sqrt)) { SingleTolerance = 1e-5, Note = "cancellation" },
    ];

    private static OpCase Segment(
        Generator g, Func<Tensor, Tensor, int, int, Tensor> function, Func<double[], double> reference, Spread spread, bool full = false)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 4, nonEmpty: true);
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis, n = shape[at];
        // With one segment none is empty.
        int segments = full ? 1 : g.Integer(1, n + 2);
        return new(
            xs => function(xs[0], xs[1], segments, axis),
            [new(shape) { Spread = spread }, new([n]) { DType = g.Pick(DType.I32, DType.I64), Domain = (0, segments - 1) }],
            a => Naive.LinesTo(a[0], at, segments, v => [.. Enumerable.Range(0, segments).Select(s => reference([.. v.Where((_, i) => a[1][i] == s)]))]))
        { Attributes = $"{segments} segments along axis {axis}" };
    }

    private static OpCase Pairwise(Generator g, Func<Tensor, Tensor, Tensor> function, Func<double, double> outer)
    {
        Shape lead = g.Scale == Scale.Large ? [g.Integer(1, 3)] : g.Shape(maxRank: 2);
        int n = g.Length(1, 4), m = g.Length(1, 4), d = g.Integer(1, 4);
        Shape left = lead.Concat([n, d]), right = g.OneIn(3) ? [m, d] : lead.Concat([m, d]);
        Operand operand(Shape shape, int shift) => new(shape) { Spread = Spread.Lattice, Shift = shift, TakesWild = false };
        return new(xs => function(xs[0], xs[1]), [operand(left, 0), operand(right, 1)], a =>
            Grid.Build(lead.Concat([n, m]), index =>
            {
                int[] row = [.. index[..^1], 0], other = right.Rank == 2 ? [index[^1], 0] : [.. index[..^2], index[^1], 0];
                double sum = 0;
                for (int k = 0; k < d; k++)
                {
                    row[^1] = other[^1] = k;
                    sum += Math.Pow(a[0][row] - a[1][other], 2);
                }
                return outer(sum);
            }));
    }
}
