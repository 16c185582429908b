using Engine.Tensors;

namespace Engine.Checks;

internal static class ScanRows
{
    public static OpInfo[] All { get; } =
    [
        new("cumSum", g => Scan(g, Ops.CumSum, Naive.CumSum, s => new(s))),
        new("cumProd", g => Scan(g, Ops.CumProd, Naive.CumProd, s => new(s) { SpecialValues = [0], Domain = (-1.5, 1.5) }))
        {
            SpecialValues = [0], Domains = "[-1.5, 1.5]", Note = "zeros among the factors",
        },
        new("cumMax", g => Extreme(g, Ops.CumMax, true, false)) { Domains = "distinct quarters" },
        new("cumMax indices", g => Extreme(g, Ops.CumMax, true, true))
        {
            Derivative = DerivativeCheck.None, Note = "an integer result", Covers = ["CumulativePlaceOp"],
        },
        new("cumMin", g => Extreme(g, Ops.CumMin, false, false)) { Domains = "distinct quarters" },
        new("cumMin indices", g => Extreme(g, Ops.CumMin, false, true)) { Derivative = DerivativeCheck.None, Note = "an integer result" },
        new("logCumSumExp", LogCumSumExp) { Domains = "[-20, 20]" },
        new("linearRecurrence", Recurrence) { Domains = "[-1.5, 1.5], [-2, 2]" },
    ];

    private static OpCase Scan(Generator g, Func<Tensor, int, bool, Tensor> function, Func<double[], bool, double[]> reference, Func<Shape, Operand> operand)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        bool reverse = g.OneIn(2);
        return new(xs => function(xs[0], axis, reverse), [operand(shape)], a => Naive.Lines(a[0], axis, v => reference(v, reverse)))
        {
            Attributes = $"axis {axis} reverse {reverse}",
        };
    }

    private static OpCase Extreme(Generator g, Func<Tensor, int, (Tensor Values, Tensor Indices)> function, bool greatest, bool places)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        return new(
            xs => places ? function(xs[0], axis).Indices : function(xs[0], axis).Values,
            [new(shape) { Spread = places ? Spread.Lattice : Spread.Distinct }],
            a => Naive.Lines(a[0], axis, v => Array.ConvertAll(Naive.RunningPlace(v, greatest), i => places ? i : v[(int)i])))
        { Attributes = $"axis {axis}" };
    }

    private static OpCase LogCumSumExp(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank);
        return new(xs => Ops.LogCumSumExp(xs[0], axis), [new(shape) { Domain = (-20, 20) }], a => Naive.Lines(a[0], axis, Naive.LogCumSumExp))
        {
            Attributes = $"axis {axis}",
        };
    }

    private static OpCase Recurrence(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        Shape a = g.OneIn(3) ? shape.With(0, 1) : shape;
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis;
        bool reverse = g.OneIn(2);
        return new(
            xs => Ops.LinearRecurrence(xs[0], xs[1], axis, reverse),
            [new(a) { Domain = (-1.5, 1.5) }, new(shape)],
            x =>
            {
                Grid factors = Naive.BroadcastTo(x[0], shape);
                return Grid.Build(shape, i => Naive.Recurrence(Naive.Line(factors, at, i), Naive.Line(x[1], at, i), reverse)[i[at]]);
            })
        { Attributes = $"axis {axis} reverse {reverse}" };
    }
}
