using Engine.Tensors;

namespace Engine.Checks;

/// <summary>
/// Ops by definition, on plain arrays: short, slow, and written without the engine's ops, so that an error in one is not repeated in the other.
/// </summary>
internal static partial class Naive
{
    /// <summary>A function of one element of each array, broadcasting by right alignment.</summary>
    public static Grid Map(Grid[] grids, Func<double[], double> f)
    {
        int rank = grids.Max(g => g.Rank);
        int[] lengths = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            lengths[i] = 1;
            foreach (Grid grid in grids)
            {
                int axis = i - (rank - grid.Rank);
                if (axis >= 0 && grid.Shape[axis] != 1) lengths[i] = grid.Shape[axis];
            }
        }
        double[] arguments = new double[grids.Length];
        return Grid.Build(Shape.Create(lengths), index =>
        {
            for (int i = 0; i < grids.Length; i++) arguments[i] = BroadcastElement(grids[i], index);
            return f(arguments);
        });
    }

    /// <summary>The element of an array that is seen at an index of a shape it broadcasts to.</summary>
    public static double BroadcastElement(Grid grid, int[] index)
    {
        int[] own = index[(index.Length - grid.Rank)..];
        for (int i = 0; i < own.Length; i++)
        {
            if (grid.Shape[i] == 1) own[i] = 0;
        }
        return grid[own];
    }

    /// <summary>A function of the elements along axes (all when none is named), in row-major order.</summary>
    public static Grid Reduce(Grid x, int[] axes, bool keepDims, Func<double[], double> f)
    {
        bool[] gone = Marked(x.Rank, axes);
        int[] kept = [.. Enumerable.Range(0, x.Rank).Where(a => !gone[a])], over = [.. Enumerable.Range(0, x.Rank).Where(a => gone[a])];
        Shape outer = Shape.Create([.. kept.Select(a => x.Shape[a])]), inner = Shape.Create([.. over.Select(a => x.Shape[a])]);
        int[] at = new int[x.Rank];
        Grid result = Grid.Build(outer, o =>
        {
            for (int i = 0; i < kept.Length; i++) at[kept[i]] = o[i];
            List<double> elements = [];
            foreach (int[] n in Grid.Indices(inner))
            {
                for (int i = 0; i < over.Length; i++) at[over[i]] = n[i];
                elements.Add(x[at]);
            }
            return f([.. elements]);
        });
        return keepDims ? new(Kept(x.Shape, axes), result.Values.ToArray()) : result;
    }

    /// <summary>A function from every line along an axis to a line of the same length.</summary>
    public static Grid Lines(Grid x, int axis, Func<double[], double[]> f)
    {
        int at = axis < 0 ? axis + x.Rank : axis;
        return Grid.Build(x.Shape, index =>
        {
            int[] place = [.. index];
            double[] line = new double[x.Shape[at]];
            for (place[at] = 0; place[at] < line.Length; place[at]++) line[place[at]] = x[place];
            return f(line)[index[at]];
        });
    }

    /// <summary>The shape with the named axes (all when none is) of length 1.</summary>
    public static Shape Kept(Shape shape, int[] axes)
    {
        bool[] gone = Marked(shape.Rank, axes);
        return Shape.Create([.. shape.Select((n, i) => gone[i] ? 1 : n)]);
    }

    public static double Max(double[] values) => values.Aggregate(Math.Max);

    public static double Min(double[] values) => values.Aggregate(Math.Min);

    /// <summary>Place of the first element that no other beats; NaN beats everything.</summary>
    public static double First(double[] values, Func<double, double, bool> beats)
    {
        int nan = Array.FindIndex(values, double.IsNaN);
        return nan >= 0 ? nan : Array.FindIndex(values, v => !values.Any(other => beats(other, v)));
    }

    /// <summary>log(sum(exp)) with the greatest element taken out when it is finite.</summary>
    public static double LogSumExp(double[] values)
    {
        double shift = double.IsInfinity(Max(values)) ? 0 : Max(values);
        return Math.Log(values.Sum(v => Math.Exp(v - shift))) + shift;
    }

    /// <summary>Every element less the logarithm of the sum of exponentials.</summary>
    public static double[] LogSoftmax(double[] values)
    {
        double total = LogSumExp(values);
        return Array.ConvertAll(values, v => v - total);
    }

    /// <summary>Mean squared distance from the mean.</summary>
    public static double Variance(double[] values, int correction)
    {
        double mean = values.Sum() / values.Length;
        return values.Sum(v => (v - mean) * (v - mean)) / (values.Length - correction);
    }

    private static bool[] Marked(int rank, int[] axes)
    {
        bool[] marked = new bool[rank];
        foreach (int axis in axes) marked[axis < 0 ? axis + rank : axis] = true;
        if (axes.Length == 0) Array.Fill(marked, true);
        return marked;
    }
}
