using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>All prefixes of associative operators, by references that go through the sequence one by one.</remarks>
internal static class AssociativeScanRows
{
    public static OpInfo[] All { get; } =
    [
        new("associativeScan sum", Sum) { Cost = 2 },
        new("associativeScan captures", Captures) { Cost = 2 },
        new("associativeScan recurrence", Recurrence) { Cost = 2, SingleTolerance = 1e-5 },
        new("associativeScan matrices", Matrices) { Cost = 4, SingleTolerance = 1e-5 },
    ];

    private static OpCase Sum(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3);
        (int axis, bool reversed) = (g.Axis(shape.Rank), g.OneIn(2));
        return new(
            xs => ControlFlow.AssociativeScan((Tensor a, Tensor b) => a + b, xs[0], axis, reversed), [new(shape) { TakesWild = false }],
            a => Naive.Lines(a[0], axis, line => Naive.CumSum(line, reversed)))
        { Attributes = $"axis {axis} reversed {reversed}" };
    }

    /// <summary>a * b = a + b + c is associative for any outer c: a prefix of n elements is their sum and n - 1 times c.</summary>
    private static OpCase Captures(Generator g)
    {
        Shape slice = g.Shape(maxRank: 2);
        int count = g.Integer(1, 7);
        return new(
            xs => ControlFlow.AssociativeScan((Tensor a, Tensor b) => a + b + xs[1], xs[0]),
            [new(slice.Insert(0, count)) { TakesWild = false }, new(slice) { TakesWild = false }],
            a => Grid.Build(slice.Insert(0, count), index =>
            {
                int[] at = [.. index];
                double sum = index[0] * a[1][index.AsSpan(1)];
                for (at[0] = 0; at[0] <= index[0]; at[0]++) sum += a[0][at];
                return sum;
            }));
    }

    /// <summary>x[t] = a[t] x[t-1] + b[t] from x = 0, as pairs: (a, b) then (c, d) is (c a, c b + d). The results are the b of the prefixes.</summary>
    private static OpCase Recurrence(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3);
        (int axis, bool reversed) = (g.Axis(shape.Rank), g.OneIn(2));
        int at = axis < 0 ? axis + shape.Rank : axis;
        return new(
            xs => ControlFlow.AssociativeScan(
                (Pair<Tensor, Tensor> p, Pair<Tensor, Tensor> q) => new(q.First * p.First, (q.First * p.Second) + q.Second),
                new Pair<Tensor, Tensor>(xs[0], xs[1]), axis, reversed).Second,
            [new(shape) { TakesWild = false }, new(shape) { TakesWild = false }],
            a => Grid.Build(shape, index => Naive.Recurrence(Naive.Line(a[0], at, index), Naive.Line(a[1], at, index), reversed)[index[at]]))
        { Attributes = $"axis {axis} reversed {reversed}" };
    }

    /// <summary>Products of matrices: an operator that is not commutative, so that every place must be where it belongs.</summary>
    private static OpCase Matrices(Generator g)
    {
        (int count, int n, bool reversed) = (g.Integer(1, 6), g.Integer(1, 3), g.OneIn(2));
        Shape shape = [count, n, n];
        Operand operand = new(shape) { Domain = (-1, 1), TakesWild = false };
        return new(xs => ControlFlow.AssociativeScan((Tensor p, Tensor q) => Ops.MatMul(p, q), xs[0], 0, reversed), [operand], a =>
        {
            double[][,] prefixes = [.. Enumerable.Range(0, count).Select(t => Naive.Build(n, n, (i, j) => a[0][t, i, j]))];
            for (int t = 1; t < count; t++)
            {
                int here = reversed ? count - 1 - t : t, before = reversed ? here + 1 : here - 1;
                prefixes[here] = Naive.Product(prefixes[before], prefixes[here]);
            }
            return Grid.Build(shape, index => prefixes[index[0]][index[1], index[2]]);
        })
        { Attributes = $"reversed {reversed}" };
    }
}
