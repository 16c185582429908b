using Engine.Tensors;

namespace Engine.Checks;

internal static class OrderRows
{
    public static OpInfo[] All { get; } =
    [
        new("cumSum", CumSum),
        new("argSort", ArgSort) { Derivative = DerivativeCheck.None, Note = "an integer result" },
    ];

    private static OpCase CumSum(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        bool reverse = g.OneIn(2);
        return new(xs => Ops.CumSum(xs[0], axis, reverse), [new(shape)], a => Naive.Lines(a[0], axis, v => Naive.CumSum(v, reverse)))
        {
            Attributes = $"axis {axis} reverse {reverse}",
        };
    }

    private static OpCase ArgSort(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        return new(xs => Ops.ArgSort(xs[0], axis), [new(shape) { Spread = Spread.Lattice }],
            a => Naive.Lines(a[0], axis, Naive.ArgSort))
        { Attributes = $"axis {axis}" };
    }
}
