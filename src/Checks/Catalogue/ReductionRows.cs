using Engine.Tensors;

namespace Engine.Checks;

internal static class ReductionRows
{
    public static OpInfo[] All { get; } =
    [
        new("sum", g => Reduce(g, Ops.Sum, v => v.Sum(), s => new(s))) { Covers = ["ReductionOp"] },
        new("sum integers", g => Reduce(g, Ops.Sum, v => v.Sum(), s => new(s) { DType = DType.I32, Domain = (-100, 100) }))
        {
            Domains = "integers in [-100, 100]", Derivative = DerivativeCheck.None, Note = "integers",
        },
        new("mean", g => Reduce(g, Ops.Mean, v => v.Sum() / v.Length, s => new(s), nonEmpty: g.Smooth))
        {
            Note = "the mean of no elements is NaN and has no derivative",
        },
        new("prod", g => Reduce(g, Ops.Prod, v => v.Aggregate(1.0, (p, x) => p * x), s => new(s) { SpecialValues = [0] }))
        {
            Covers = ["ReductionOp"], SpecialValues = [0], Note = "zeros among the factors",
        },
        new("max", g => Reduce(g, Ops.Max, Naive.Max, Distinct, nonEmpty: true)) { Covers = ["ReductionOp"], Domains = "distinct quarters" },
        new("min", g => Reduce(g, Ops.Min, Naive.Min, Distinct, nonEmpty: true)) { Covers = ["ReductionOp"], Domains = "distinct quarters" },
        new("argMax", g => Place(g, Ops.ArgMax, v => Naive.First(v, (a, b) => a > b)))
        {
            Derivative = DerivativeCheck.None, Note = "an integer result", Covers = ["ArgReductionOp"],
        },
        new("argMin", g => Place(g, Ops.ArgMin, v => Naive.First(v, (a, b) => a < b)))
        {
            Derivative = DerivativeCheck.None, Note = "an integer result", Covers = ["ArgReductionOp"],
        },
    ];

    private delegate Tensor Reduction(Tensor x, ReadOnlySpan<int> axes, bool keepDims);

    private static Operand Distinct(Shape shape) => new(shape) { Spread = Spread.Distinct };

    private static OpCase Reduce(Generator g, Reduction function, Func<double[], double> reference, Func<Shape, Operand> operand, bool nonEmpty = false)
    {
        Shape shape = g.Shape(nonEmpty: nonEmpty);
        int[] axes = g.Axes(shape.Rank);
        bool keep = g.OneIn(2);
        return new(xs => function(xs[0], axes, keep), [operand(shape)], a => Naive.Reduce(a[0], axes, keep, reference))
        {
            Attributes = $"axes {string.Join(' ', axes)} keep {keep}",
        };
    }

    private static OpCase Place(Generator g, Func<Tensor, int, bool, Tensor> function, Func<double[], double> reference)
    {
        Shape shape = g.Shape(minRank: 1, nonEmpty: true);
        int axis = g.Axis(shape.Rank);
        bool keep = g.OneIn(2);
        // Half of the operands have equal elements, of which the first counts.
        Spread spread = g.OneIn(2) ? Spread.Lattice : Spread.Distinct;
        return new(xs => function(xs[0], axis, keep), [new(shape) { Spread = spread }], a => Naive.Reduce(a[0], [axis], keep, reference))
        {
            Attributes = $"axis {axis} keep {keep}",
        };
    }
}
