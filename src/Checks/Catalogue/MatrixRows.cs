using Engine.Tensors;

namespace Engine.Checks;

internal static class MatrixRows
{
    public static OpInfo[] All { get; } =
    [
        new("tril", g => Kept(g, Ops.Tril, (i, j, d) => j - i <= d)),
        new("triu", g => Kept(g, Ops.Triu, (i, j, d) => j - i >= d)),
        new("diagonal", Diagonal),
        new("diag", Diag),
        new("trace", Trace),
        new("outer", Outer),
        new("eye", Eye) { Derivative = DerivativeCheck.None, Note = "no operands" },
        new("roll", Roll),
        new("tile", Tile),
        new("repeat", Repeat),
        new("meshgrid", Meshgrid),
    ];

    private static OpCase Kept(Generator g, Func<Tensor, int, Tensor> function, Func<int, int, int, bool> kept)
    {
        Shape shape = g.Shape(minRank: 2);
        int diagonal = g.Integer(-3, 3);
        return new(xs => function(xs[0], diagonal), [new(shape)], a => Grid.Build(shape, i => kept(i[^2], i[^1], diagonal) ? a[0][i] : 0))
        {
            Attributes = $"diagonal {diagonal}",
        };
    }

    private static OpCase Diagonal(Generator g)
    {
        Shape shape = g.Shape(minRank: 2);
        int offset = g.Integer(-3, 3), length = Enumerable.Range(0, shape[^2]).Count(i => i + offset >= 0 && i + offset < shape[^1]);
        return new(xs => Ops.Diagonal(xs[0], offset), [new(shape)], a => Grid.Build(shape[..^2].Concat([length]), i => a[0][Place(i, offset)]))
        {
            Attributes = $"offset {offset}",
        };
    }

    private static OpCase Trace(Generator g)
    {
        Shape shape = g.Shape(minRank: 2);
        int offset = g.Integer(-3, 3), length = Enumerable.Range(0, shape[^2]).Count(i => i + offset >= 0 && i + offset < shape[^1]);
        return new(
            xs => Ops.Trace(xs[0], offset), [new(shape)],
            a => Grid.Build(shape[..^2], i => Enumerable.Range(0, length).Sum(k => a[0][Place([.. i, k], offset)])))
        { Attributes = $"offset {offset}" };
    }

    private static OpCase Diag(Generator g)
    {
        Shape shape = g.Scale == Scale.Large ? [g.Integer(1, 60)] : g.Shape(minRank: 1, maxRank: 3);
        int offset = g.Integer(-3, 3), n = shape[^1] + Math.Abs(offset);
        return new(
            xs => Ops.Diag(xs[0], offset), [new(shape)],
            a => Grid.Build(shape[..^1].Concat([n, n]), i => i[^1] - i[^2] == offset ? a[0][[.. i[..^2], Math.Min(i[^1], i[^2])]] : 0))
        { Attributes = $"offset {offset}" };
    }

    private static OpCase Outer(Generator g)
    {
        Shape lead = g.Scale == Scale.Large ? [3] : g.Shape(maxRank: 2);
        Shape a = lead.Concat([g.Length(0, 4)]), b = g.Broadcastable(lead).Concat([g.Length(0, 4)]);
        return new(
            xs => Ops.Outer(xs[0], xs[1]), [new(a), new(b)],
            x =>
            {
                Grid right = Naive.BroadcastTo(x[1], lead.Concat([b[^1]]));
                return Grid.Build(a.Concat([b[^1]]), i => x[0][i.AsSpan(..^1)] * right[[.. i[..^2], i[^1]]]);
            });
    }

    private static OpCase Eye(Generator g)
    {
        int rows = g.Integer(0, 5), columns = g.Integer(0, 5), offset = g.Integer(-2, 2);
        return new(_ => Ops.Eye(rows, columns, offset, DType.F64), [], _ => Grid.Build([rows, columns], i => i[1] - i[0] == offset ? 1 : 0))
        {
            Attributes = $"{rows} x {columns} offset {offset}",
        };
    }

    private static OpCase Roll(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis, shift = g.Integer(-9, 9);
        return new(xs => Ops.Roll(xs[0], shift, axis), [new(shape)], a => Naive.Lines(a[0], axis, v =>
        {
            double[] moved = new double[v.Length];
            for (int i = 0; i < v.Length; i++) moved[(((i + shift) % v.Length) + v.Length) % v.Length] = v[i];
            return moved;
        }))
        { Attributes = $"by {shift} along axis {at}" };
    }

    private static OpCase Tile(Generator g)
    {
        Shape shape = g.Shape(maxRank: 3);
        int[] repeats = [.. Enumerable.Range(0, g.Integer(0, 4)).Select(_ => g.Integer(0, 3))];
        int rank = Math.Max(shape.Rank, repeats.Length);
        int[] lengths = [.. Enumerable.Repeat(1, rank - shape.Rank), .. shape.Lengths], times = [.. Enumerable.Repeat(1, rank - repeats.Length), .. repeats];
        return new(
            xs => Ops.Tile(xs[0], repeats), [new(shape)],
            a => Grid.Build(Shape.Create([.. lengths.Zip(times, (n, t) => n * t)]), i => a[0][[.. i.Select((p, axis) => p % lengths[axis]).Skip(rank - shape.Rank)]]))
        { Attributes = $"repeats {Shape.Create(repeats)}" };
    }

    private static OpCase Repeat(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 4);
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis, count = g.Integer(0, 3);
        return new(
            xs => Ops.Repeat(xs[0], count, axis), [new(shape)],
            a => Naive.LinesTo(a[0], at, shape[at] * count, v => [.. v.SelectMany(e => Enumerable.Repeat(e, count))]))
        { Attributes = $"{count} along axis {axis}" };
    }

    private static OpCase Meshgrid(Generator g)
    {
        int[] lengths = [.. Enumerable.Range(0, g.Integer(1, 3)).Select(_ => g.Length(0, 4))];
        int which = g.Integer(0, lengths.Length - 1);
        return new(
            xs => Ops.Meshgrid(xs)[which], Array.ConvertAll(lengths, n => new Operand([n])),
            a => Grid.Build(lengths, i => a[which][i[which]]))
        { Attributes = $"coordinate {which}" };
    }

    /// <summary>The place in a matrix of an element of a diagonal.</summary>
    private static int[] Place(int[] index, int offset) => [.. index[..^1], index[^1] + Math.Max(0, -offset), index[^1] + Math.Max(0, offset)];
}
