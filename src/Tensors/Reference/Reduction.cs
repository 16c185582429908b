namespace Engine.Tensors.Reference;

/// <summary>Sums, products, extremes and their places.</summary>
internal static class Reduction
{
    public static void Run(ReduceKernel kernel, ReferenceArray x, ReferenceArray result)
    {
        List<int>[] groups = Groups(kernel.Axes, x.Shape, result.Count);
        for (int i = 0; i < groups.Length; i++)
        {
            List<int> group = groups[i];
            switch (kernel.Op)
            {
                case ReduceOp.ArgMax or ReduceOp.ArgMin:
                    result.Set(i, (long)First(kernel.Op, x, group));
                    break;
                case ReduceOp.Max or ReduceOp.Min:
                    result.Bits[i] = x.Bits[group[First(kernel.Op, x, group)]];
                    break;
                default:
                    if (x.IsFloating) result.Set(i, Combine(kernel.Op, x, group));
                    else result.Set(i, CombineIntegers(kernel.Op, x, group));
                    break;
            }
        }
    }

    /// <summary>For every element of the result, the positions that are reduced to it, in row-major order.</summary>
    private static List<int>[] Groups(Axes axes, Shape shape, int count)
    {
        List<int>[] groups = new List<int>[count];
        for (int i = 0; i < count; i++) groups[i] = [];
        for (int i = 0; i < shape.Count; i++)
        {
            int[] at = RowMajorOrder.At(shape, i);
            int group = 0;
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                if (!axes.Contains(axis)) group = (group * shape[axis]) + at[axis];
            }
            groups[group].Add(i);
        }
        return groups;
    }

    private static double Combine(ReduceOp op, ReferenceArray x, List<int> group)
    {
        double total = op == ReduceOp.Sum ? 0 : 1;
        foreach (int i in group) total = op == ReduceOp.Sum ? total + x.Float(i) : total * x.Float(i);
        return total;
    }

    private static long CombineIntegers(ReduceOp op, ReferenceArray x, List<int> group)
    {
        long total = op == ReduceOp.Sum ? 0 : 1;
        foreach (int i in group) total = unchecked(op == ReduceOp.Sum ? total + x.Integer(i) : total * x.Integer(i));
        return total;
    }

    /// <summary>Where in its group the chosen element is: the first NaN if there is one, else the first that no other goes before.</summary>
    private static int First(ReduceOp op, ReferenceArray x, List<int> group)
    {
        int best = 0;
        for (int i = 0; i < group.Count; i++)
        {
            if (x.IsFloating && double.IsNaN(x.Float(group[i]))) return i;
            if (Before(op, x, group[i], group[best])) best = i;
        }
        return best;
    }

    private static bool Before(ReduceOp op, ReferenceArray x, int i, int j)
    {
        if (!x.IsFloating)
            return op is ReduceOp.Max or ReduceOp.ArgMax ? x.Integer(i) > x.Integer(j) : x.Integer(i) < x.Integer(j);
        double a = x.Float(i), b = x.Float(j);
        return op switch
        {
            ReduceOp.ArgMax => a > b,
            ReduceOp.ArgMin => a < b,
            // Greatest and least elements tell -0 from +0, as Math.Max and Math.Min do; places do not, since the two compare equal.
            ReduceOp.Max => a > b || (a == b && double.IsNegative(b) && !double.IsNegative(a)),
            _ => a < b || (a == b && double.IsNegative(a) && !double.IsNegative(b)),
        };
    }
}
