using Engine.Tensors;

namespace Engine.Checks;

internal static class LayoutRows
{
    public static OpInfo[] All { get; } =
    [
        new("reshape", Reshape),
        new("permute", Permute),
        new("transpose", Transpose),
        new("moveAxis", MoveAxis),
        new("broadcastTo", BroadcastTo),
        new("flip", Flip),
        new("unsqueeze", Unsqueeze),
        new("squeeze", Squeeze),
        new("narrow", Narrow),
        new("slice", Slices) { Covers = ["SliceOp"] },
        new("copy", Copy) { Covers = ["CopyOp"], Note = "a flattened view of permuted memory, which only a copy can give" },
    ];

    private static OpCase Reshape(Generator g)
    {
        Shape shape = g.Shape();
        int[] target = [.. shape.Lengths];
        g.Shuffle<int>(target);
        if (g.OneIn(3)) target = [.. target, 1];
        Shape result = Shape.Create(target);
        int[] written = [.. target];
        if (shape.Count > 0 && target.Length > 0 && g.OneIn(2)) written[g.Integer(0, target.Length - 1)] = -1;
        return new(xs => Ops.Reshape(xs[0], written), [new(shape)], a => Naive.Reshape(a[0], result)) { Attributes = $"to {result}" };
    }

    private static OpCase Permute(Generator g)
    {
        Shape shape = g.Shape();
        int[] order = g.Permutation(shape.Rank);
        int[] written = [.. order.Select(a => g.OneIn(4) ? a - order.Length : a)];
        return new(xs => Ops.Permute(xs[0], written), [new(shape)], a => Naive.Permute(a[0], order)) { Attributes = $"order {Shape.Create(order)}" };
    }

    private static OpCase Transpose(Generator g)
    {
        Shape shape = g.Shape(minRank: 2);
        int[] order = [.. Enumerable.Range(0, shape.Rank - 2), shape.Rank - 1, shape.Rank - 2];
        return new(xs => Ops.Transpose(xs[0]), [new(shape)], a => Naive.Permute(a[0], order));
    }

    private static OpCase MoveAxis(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int from = g.Integer(0, shape.Rank - 1), to = g.Integer(0, shape.Rank - 1);
        List<int> order = [.. Enumerable.Range(0, shape.Rank).Where(a => a != from)];
        order.Insert(to, from);
        return new(xs => Ops.MoveAxis(xs[0], from - shape.Rank, to), [new(shape)], a => Naive.Permute(a[0], [.. order])) { Attributes = $"{from} to {to}" };
    }

    private static OpCase BroadcastTo(Generator g)
    {
        Shape shape = g.Shape();
        return new(xs => Ops.BroadcastTo(xs[0], shape), [new(g.Broadcastable(shape))], a => Naive.BroadcastTo(a[0], shape)) { Attributes = $"to {shape}" };
    }

    private static OpCase Flip(Generator g)
    {
        Shape shape = g.Shape();
        int[] axes = g.Axes(shape.Rank);
        return new(xs => Ops.Flip(xs[0], axes), [new(shape)], a => Naive.Flip(a[0], axes)) { Attributes = $"axes {string.Join(' ', axes)}" };
    }

    private static OpCase Unsqueeze(Generator g)
    {
        Shape shape = g.Shape(maxRank: 4);
        int axis = g.Integer(0, shape.Rank), written = g.OneIn(3) ? axis - shape.Rank - 1 : axis;
        return new(xs => Ops.Unsqueeze(xs[0], written), [new(shape)], a => Naive.Reshape(a[0], shape.Insert(axis, 1))) { Attributes = $"axis {axis}" };
    }

    private static OpCase Squeeze(Generator g)
    {
        Shape shape = g.Shape(maxRank: 4);
        int axis = g.Integer(0, shape.Rank);
        return new(xs => Ops.Squeeze(xs[0], axis), [new(shape.Insert(axis, 1))], a => Naive.Reshape(a[0], shape)) { Attributes = $"axis {axis}" };
    }

    private static OpCase Narrow(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Integer(0, shape.Rank - 1), start = g.Integer(0, shape[axis]), length = g.Integer(0, shape[axis] - start);
        int[] starts = new int[shape.Rank];
        starts[axis] = start;
        return new(xs => Ops.Narrow(xs[0], axis, start, length), [new(shape)],
            a => Naive.Slice(a[0], starts, [.. shape.With(axis, length)], [.. shape.Select(_ => 1)]))
        { Attributes = $"axis {axis} from {start} for {length}" };
    }

    private static OpCase Slices(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int n = shape.Rank;
        int[] start = new int[n], lengths = new int[n], step = new int[n];
        Slice[] places = new Slice[n];
        for (int i = 0; i < n; i++)
        {
            int from = g.Integer(0, shape[i]), to = g.Integer(from, shape[i]);
            step[i] = g.Integer(1, 3);
            lengths[i] = (to - from + step[i] - 1) / step[i];
            start[i] = from;
            bool backwards = g.OneIn(3);
            places[i] = Slice.Every(backwards ? -step[i] : step[i], from..to);
            if (!backwards) continue;
            start[i] = to - 1;
            step[i] = -step[i];
        }
        return new(xs => xs[0][places], [new(shape)], a => Naive.Slice(a[0], start, lengths, step)) { Attributes = $"lengths {Shape.Create(lengths)}" };
    }

    private static OpCase Copy(Generator g)
    {
        Shape shape = g.Shape(minRank: 2, nonEmpty: true);
        int[] order = [.. Enumerable.Range(0, shape.Rank).Reverse()];
        return new(xs => xs[0].Permute(order).Reshape(-1), [new(shape)], a => Naive.Reshape(Naive.Permute(a[0], order), [shape.Count]));
    }
}
