using Engine.Tensors;

namespace Engine.Checks;

internal static class JoiningRows
{
    public static OpInfo[] All { get; } =
    [
        new("pad", g => Pad(g, 0)),
        new("pad value", g => Pad(g, 1.5)) { Covers = ["PadOp"] },
        new("pad between", PadBetween) { Covers = ["PadOp"], Note = "the transpose of a slice with a step, which puts zeros between neighbours" },
        new("concat", Concat),
        new("stack", Stack) { Covers = ["ConcatOp"] },
        new("split", Split) { Covers = ["SliceOp"], Note = "one part chosen per case" },
    ];

    private static OpCase Pad(Generator g, double value)
    {
        Shape shape = g.Shape(maxRank: 4);
        int[] before = [.. shape.Select(_ => g.Integer(0, 2))], after = [.. shape.Select(_ => g.Integer(0, 2))];
        return new(xs => Ops.Pad(xs[0], Shape.Create(before), Shape.Create(after), value), [new(shape)], a => Naive.Pad(a[0], before, after, value))
        {
            Attributes = $"before {Shape.Create(before)} after {Shape.Create(after)}",
        };
    }

    private static OpCase PadBetween(Generator g)
    {
        int n = g.Length(1, 4), step = g.Integer(2, 3), start = g.Integer(0, 1), length = start + ((n - 1) * step) + 1 + g.Integer(0, 1);
        Slice place = Slice.Every(step, start..(start + ((n - 1) * step) + 1));
        return new(
            xs => Autograd.Transform.Vjp(x => x[place], Tensor.Zeros([length], xs[0].DType), xs[0]).Cotangent,
            [new([n])],
            a => Grid.Build([length], i => i[0] >= start && (i[0] - start) % step == 0 && (i[0] - start) / step < n ? a[0][(i[0] - start) / step] : 0));
    }

    private static OpCase Concat(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 4);
        int axis = g.Integer(0, shape.Rank - 1), count = g.Integer(1, 3), written = g.OneIn(3) ? axis - shape.Rank : axis;
        Operand[] operands = [.. Enumerable.Range(0, count).Select(_ => new Operand(shape.With(axis, g.Length(0, 3))))];
        return new(xs => Ops.Concat(xs, written), operands, a => Naive.Concat(a, axis)) { Attributes = $"axis {axis}" };
    }

    private static OpCase Stack(Generator g)
    {
        Shape shape = g.Shape(maxRank: 3);
        int axis = g.Integer(0, shape.Rank);
        Operand[] operands = [.. Enumerable.Range(0, g.Integer(1, 3)).Select(_ => new Operand(shape))];
        return new(
            xs => Ops.Stack(xs, axis),
            operands,
            a => Naive.Concat(Array.ConvertAll(a, x => Naive.Reshape(x, x.Shape.Insert(axis, 1))), axis))
        { Attributes = $"axis {axis}" };
    }

    private static OpCase Split(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 4);
        int axis = g.Integer(0, shape.Rank - 1), parts = g.Integer(1, 3), length = g.Length(0, 2), part = g.Integer(0, parts - 1);
        int[] start = new int[shape.Rank];
        start[axis] = part * length;
        return new(
            xs => Ops.Split(xs[0], parts, axis)[part],
            [new(shape.With(axis, parts * length))],
            a => Naive.Slice(a[0], start, [.. shape.With(axis, length)], [.. shape.Select(_ => 1)]))
        { Attributes = $"part {part} of {parts} along {axis}" };
    }
}
