namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Sums of products in the notation of Einstein: every axis of every operand has a letter, equal letters run together, and letters that the output lacks are
    /// summed over: <c>"ij,jk->ik"</c> is a matrix product, <c>"bii->b"</c> the trace of each matrix, <c>"i,j,k->ijk"</c> an outer product. Without <c>-></c> the output
    /// has the letters that stand once, in alphabetical order. <c>...</c> stands for the axes without a letter, which broadcast as leading axes do; they come
    /// first in an output that is not written. White space is ignored.
    /// </summary>
    /// <remarks>
    /// More than two operands are contracted in pairs; each time the pair is taken whose product is smallest beside its factors (Smith and Gray 2018, greedy),
    /// so the order is a function of the shapes. A pair is one matrix product wherever a sum is left to it. Floating types; f16 and bf16 are rounded once, at the end.
    /// </remarks>
    /// <param name="subscripts">One term of letters for each operand, separated by commas, then perhaps <c>-></c> and the output.</param>
    /// <param name="operands">As many as there are terms, all of one type.</param>
    /// <exception cref="ShapeException">The string is no einsum, or the operands do not fit it: the message names the subscript.</exception>
    /// <exception cref="DTypeException">An operand is not floating, or types differ.</exception>
    public static Tensor Einsum(string subscripts, params ReadOnlySpan<Tensor> operands)
    {
        EinsumSubscripts parsed = EinsumSubscripts.Parse(subscripts, operands);
        DType type = operands[0].DType;
        List<Contraction.Factor> factors = [];
        for (int i = 0; i < operands.Length; i++)
        {
            RequireFloating("einsum", operands[i]);
            if (operands[i].DType != type)
                throw new DTypeException($"einsum: element types differ, got {type.Name()} and {operands[i].DType.Name()}. Cast one: x.Cast(DType.{type}).");
            factors.Add(new(type.IsHalfWidth() ? operands[i].Cast(DType.F32) : operands[i], parsed.Terms[i]));
        }
        Tensor result = Contraction.Of(factors, parsed.Output);
        return type.IsHalfWidth() ? result.Cast(type) : result;
    }
}

/// <summary>A product of labelled tensors, summed over the labels that are not kept.</summary>
internal static class Contraction
{
    /// <summary>A tensor with a label for every axis.</summary>
    public readonly record struct Factor(Tensor Value, string Labels)
    {
        public double Size => Value.Shape.Lengths.ToArray().Aggregate(1.0, (size, length) => size * length);

        public int LengthOf(char label) => Labels.IndexOf(label) is >= 0 and int axis ? Value.Shape[axis] : 1;
    }

    /// <summary>The contraction with its axes in the order of the output.</summary>
    public static Tensor Of(List<Factor> factors, string output)
    {
        for (int i = 0; i < factors.Count; i++) factors[i] = Diagonal(factors[i]);
        for (int i = 0; i < factors.Count; i++) factors[i] = SumOut(factors[i], Needed(factors, i, i, output));
        while (factors.Count > 1)
        {
            (int i, int j) = Cheapest(factors, output);
            Factor product = Multiply(factors[i], factors[j], Needed(factors, i, j, output));
            factors.RemoveAt(j);
            factors[i] = product;
        }
        return Arrange(factors[0], output);
    }

    /// <summary>The pair that leaves the least behind; of several the one with the least work, then the first.</summary>
    private static (int I, int J) Cheapest(List<Factor> factors, string output)
    {
        (double Growth, double Work) least = (double.PositiveInfinity, double.PositiveInfinity);
        (int, int) pair = (0, 1);
        for (int i = 0; i < factors.Count; i++)
        {
            for (int j = i + 1; j < factors.Count; j++)
            {
                (Factor a, Factor b) = (factors[i], factors[j]);
                string needed = Needed(factors, i, j, output);
                double work = 1, size = 1;
                foreach (char label in a.Labels.Union(b.Labels))
                {
                    double length = Math.Max(a.LengthOf(label), b.LengthOf(label));
                    work *= length;
                    if (needed.Contains(label)) size *= length;
                }
                (double, double) cost = (size - a.Size - b.Size, work);
                if (cost.CompareTo(least) < 0) (least, pair) = (cost, (i, j));
            }
        }
        return pair;
    }

    /// <summary>The labels that somebody other than two factors asks for, those of the output first.</summary>
    private static string Needed(List<Factor> factors, int i, int j, string output) =>
        string.Concat(output.Union(factors.Where((_, at) => at != i && at != j).SelectMany(f => f.Labels)));

    private static Factor Multiply(Factor a, Factor b, string needed)
    {
        // The last axis of a product comes from the right, so the factor that holds the last axis of the result goes there.
        if (needed.LastOrDefault(c => a.Labels.Contains(c) != b.Labels.Contains(c)) is not '\0' and char last && a.Labels.Contains(last)) (a, b) = (b, a);
        string batch = string.Concat(needed.Where(c => a.Labels.Contains(c) && b.Labels.Contains(c)));
        string inner = string.Concat(a.Labels.Where(c => b.Labels.Contains(c) && !batch.Contains(c)));
        string left = string.Concat(a.Labels.Except(b.Labels)), right = string.Concat(b.Labels.Except(a.Labels));
        Tensor rows = Arrange(a, batch + left + inner), columns = Arrange(b, batch + inner + right);
        Shape m = rows.Shape[batch.Length..(batch.Length + left.Length)], n = columns.Shape[(batch.Length + inner.Length)..];
        Tensor product;
        if (inner.Length == 0) product = rows.Reshape([.. rows.Shape, .. right.Select(_ => 1)]) * columns.Reshape([.. columns.Shape[..batch.Length], .. left.Select(_ => 1), .. n]);
        else if (left.Length + right.Length == 0) product = Ops.Sum(rows * columns, [.. Enumerable.Range(batch.Length, inner.Length)]);
        else
        {
            int k = columns.Shape[batch.Length..(batch.Length + inner.Length)].Count;
            product = Ops.MatMul(rows.Reshape([.. rows.Shape[..batch.Length], m.Count, k]), columns.Reshape([.. columns.Shape[..batch.Length], k, n.Count]));
            product = product.Reshape([.. product.Shape[..batch.Length], .. m, .. n]);
        }
        return new(product, batch + left + right);
    }

    /// <summary>One axis for every label: axes that share one become their diagonal.</summary>
    private static Factor Diagonal(Factor factor)
    {
        string labels = factor.Labels;
        for (int i = 0; i < labels.Length; i++)
        {
            int j = labels.IndexOf(labels[i], i + 1);
            if (j < 0) continue;
            int[] rest = [.. Enumerable.Range(0, labels.Length).Where(axis => axis != i && axis != j)];
            return Diagonal(new(Ops.Diagonal(factor.Value.Permute([.. rest, i, j])), string.Concat(rest.Select(axis => labels[axis])) + labels[i]));
        }
        return factor;
    }

    private static Factor SumOut(Factor factor, string needed)
    {
        int[] axes = [.. Enumerable.Range(0, factor.Labels.Length).Where(axis => !needed.Contains(factor.Labels[axis]))];
        return axes.Length == 0 ? factor : new(Ops.Sum(factor.Value, axes), string.Concat(factor.Labels.Where(needed.Contains)));
    }

    private static Tensor Arrange(Factor factor, string labels) => factor.Labels == labels ? factor.Value : factor.Value.Permute([.. labels.Select(c => factor.Labels.IndexOf(c))]);
}
