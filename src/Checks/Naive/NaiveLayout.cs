using Engine.Tensors;

namespace Engine.Checks;

/// <content>Moving elements about.</content>
internal static partial class Naive
{
    public static Grid Reshape(Grid x, Shape shape) => new(shape, x.Values.ToArray());

    public static Grid Permute(Grid x, int[] order)
    {
        int[] source = new int[order.Length];
        return Grid.Build(Shape.Create([.. order.Select(a => x.Shape[a])]), index =>
        {
            for (int i = 0; i < order.Length; i++) source[order[i]] = index[i];
            return x[source];
        });
    }

    public static Grid BroadcastTo(Grid x, Shape shape) => Grid.Build(shape, index => BroadcastElement(x, index));

    public static Grid Flip(Grid x, int[] axes)
    {
        bool[] turned = Marked(x.Rank, axes);
        return Grid.Build(x.Shape, index => x[[.. index.Select((n, i) => turned[i] ? x.Shape[i] - 1 - n : n)]]);
    }

    /// <summary>Every step-th element from start.</summary>
    public static Grid Slice(Grid x, int[] start, int[] lengths, int[] step) =>
        Grid.Build(Shape.Create(lengths), index => x[[.. index.Select((n, i) => start[i] + (n * step[i]))]]);

    public static Grid Pad(Grid x, int[] before, int[] after, double value)
    {
        Shape shape = Shape.Create([.. x.Shape.Select((n, i) => before[i] + n + after[i])]);
        return Grid.Build(shape, index =>
        {
            int[] source = [.. index.Select((n, i) => n - before[i])];
            for (int i = 0; i < source.Length; i++)
            {
                if (source[i] < 0 || source[i] >= x.Shape[i]) return value;
            }
            return x[source];
        });
    }

    public static Grid Concat(Grid[] grids, int axis)
    {
        int total = grids.Sum(g => g.Shape[axis]);
        return Grid.Build(grids[0].Shape.With(axis, total), index =>
        {
            int[] at = [.. index];
            foreach (Grid grid in grids)
            {
                if (at[axis] < grid.Shape[axis]) return grid[at];
                at[axis] -= grid.Shape[axis];
            }
            throw new InvalidOperationException("concat: the index is past the last operand.");
        });
    }

    /// <summary>The last axes seen through sliding windows.</summary>
    public static Grid Windows(Grid x, SlidingWindow window)
    {
        int k = window.Size.Rank, lead = x.Rank - k;
        return Grid.Build(x.Shape[..lead].Concat(window.Positions).Concat(window.Size), index => x[WindowPlace(index, lead, window)]);
    }

    /// <summary>Elements of windows added back to where they were seen.</summary>
    public static Grid Fold(Grid y, SlidingWindow window)
    {
        int k = window.Size.Rank, lead = y.Rank - (2 * k);
        Shape shape = y.Shape[..lead].Concat(window.Lengths);
        double[] sums = new double[shape.Count];
        foreach (int[] index in Grid.Indices(y.Shape)) sums[Flat(shape, WindowPlace(index, lead, window))] += y[index];
        return new(shape, sums);
    }

    private static int[] WindowPlace(int[] index, int lead, SlidingWindow window)
    {
        int k = window.Size.Rank;
        int[] place = index[..(lead + k)];
        for (int i = 0; i < k; i++) place[lead + i] = (index[lead + i] * window.Stride[i]) + (index[lead + k + i] * window.Dilation[i]);
        return place;
    }

    private static int Flat(Shape shape, int[] index)
    {
        int at = 0;
        for (int i = 0; i < index.Length; i++) at = (at * shape[i]) + index[i];
        return at;
    }
}
