namespace Engine.Tensors.Reference;

/// <summary>Inclusive running sums, products and places of extremes along an axis, and linear recurrences.</summary>
internal static class Scanning
{
    public static void Run(ScanKernel kernel, ReferenceArray x, ReferenceArray result)
    {
        foreach (int[] line in Lines(x.Shape, kernel.Axis, kernel.Reverse))
        {
            switch (kernel.Op)
            {
                case ReduceOp.Sum:
                    var total = new Totals(1);
                    foreach (int position in line)
                    {
                        total.Add(0, x, position);
                        total.Store(0, result, position);
                    }
                    break;
                case ReduceOp.Prod:
                    Multiply(line, x, result);
                    break;
                default:
                    Places(kernel, line, x, result);
                    break;
            }
        }
    }

    public static void Run(RecurrenceKernel kernel, ReferenceArray a, ReferenceArray b, ReferenceArray result)
    {
        foreach (int[] line in Lines(a.Shape, kernel.Axis, kernel.Reverse))
        {
            double last = 0;
            for (int i = 0; i < line.Length; i++)
            {
                last = i == 0 ? b.Float(line[i]) : (a.Float(line[i]) * last) + b.Float(line[i]);
                result.Set(line[i], last);
            }
        }
    }

    private static void Multiply(int[] line, ReferenceArray x, ReferenceArray result)
    {
        double product = 1;
        long integer = 1;
        foreach (int position in line)
        {
            if (x.IsFloating)
            {
                product *= x.Float(position);
                result.Set(position, product);
            }
            else
            {
                integer = unchecked(integer * x.Integer(position));
                result.Set(position, integer);
            }
        }
    }

    private static void Places(ScanKernel kernel, int[] line, ReferenceArray x, ReferenceArray result)
    {
        int best = 0;
        bool beats(int i, int j)
        {
            if (!x.IsFloating)
                return kernel.Op == ReduceOp.ArgMax ? x.Integer(line[i]) > x.Integer(line[j]) : x.Integer(line[i]) < x.Integer(line[j]);
            double a = x.Float(line[i]), b = x.Float(line[j]);
            return double.IsNaN(a) ? !double.IsNaN(b) : kernel.Op == ReduceOp.ArgMax ? a > b : a < b;
        }
        for (int i = 0; i < line.Length; i++)
        {
            if (beats(i, best)) best = i;
            result.Set(line[i], (long)(kernel.Reverse ? line.Length - 1 - best : best));
        }
    }

    /// <summary>The positions of every line along an axis, in the order in which they are met.</summary>
    private static IEnumerable<int[]> Lines(Shape shape, int axis, bool reverse)
    {
        AxisLines lines = AxisLines.Along(shape, axis);
        for (int outer = 0; outer < lines.Outer; outer++)
        {
            for (int inner = 0; inner < lines.Inner; inner++)
            {
                int[] line = new int[lines.Length];
                for (int i = 0; i < line.Length; i++) line[i] = lines.Position(outer, reverse ? line.Length - 1 - i : i, inner);
                yield return line;
            }
        }
    }
}
