using Engine.Checks;
using Engine.Tensors;

namespace Engine.Testing.Proofs;

/// <summary>An elementwise op at every combination of NaN, infinities, zeros, subnormal and greatest numbers.</summary>
internal static class SpecialValueTable
{
    private static readonly double[] Doubles =
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 1, -1];

    private static readonly double[] Singles =
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, 1, -1];

    /// <summary>Compares the op with its definition, whose values are rounded to the type.</summary>
    public static void Check(Tally tally, OpInfo row, DType type)
    {
        bool single = type == DType.F32;
        int arity = row.ScalarOperands.Count;
        double[][] values =
        [
            .. row.ScalarOperands.Select(o => o.DType.IsFloating() ? (single ? Singles : Doubles) : o.DType == DType.Bool ? [0, 1] : [-3.0, -1, 0, 1, 2]),
        ];
        int count = values.Aggregate(1, (n, v) => n * v.Length);
        double[][] columns = new double[arity][];
        for (int a = 0, step = 1; a < arity; step *= values[a++].Length)
        {
            int length = values[a].Length, stride = step;
            columns[a] = [.. Enumerable.Range(0, count).Select(i => values[a][i / stride % length])];
        }
        Tensor[] operands = new Tensor[arity];
        for (int a = 0; a < arity; a++)
        {
            DType own = row.ScalarOperands[a].DType;
            operands[a] = TypedValues.Make(columns[a], [count], own == DType.F64 ? type : own);
        }
        double[] actual = TypedValues.Read(row.Function!(operands));
        (double relative, double least) = single ? (1e-6, float.Epsilon) : (1e-14, double.Epsilon);
        for (int i = 0; i < count; i++)
        {
            double[] at = [.. columns.Select(c => c[i])];
            double expected = row.Scalar!(at);
            if (single) expected = (float)expected;
            bool same = double.IsNaN(expected) ? double.IsNaN(actual[i])
                : double.IsInfinity(expected) || double.IsInfinity(actual[i]) ? expected == actual[i]
                : Math.Abs(actual[i] - expected) <= (relative * Math.Abs(expected)) + least;
            Tally.Require(same, $"{row.Name}({string.Join(", ", at)}) in {type.Name()} is {actual[i]}, by definition {expected}.");
        }
        tally.Add($"special values, {type.Name()}", count);
    }
}
