namespace Engine.Tensors;

/// <summary>
/// Computes a matrix product as its transpose, (A B)^T = B^T A^T, where all readers see it turned around: the gradient of a layer's matrix, for one. The bits are the same,
/// because a product of two numbers does not depend on their order and the sums run over the same axis. Of a symmetric product the other triangle would be computed.
/// </summary>
internal static class ProductOrientation
{
    /// <summary>Turns products around where that makes a reader's view row-major and none's worse.</summary>
    public static void Improve(PlanDraft draft)
    {
        List<PlanStep> steps = draft.Steps;
        var readers = new Dictionary<int, List<Layout>>();
        foreach (Operand operand in steps.SelectMany(s => s.Inputs).Concat(draft.Results))
        {
            if (!readers.TryGetValue(operand.Buffer, out List<Layout>? layouts)) readers[operand.Buffer] = layouts = [];
            layouts.Add(operand.Layout);
        }
        var turned = new Dictionary<int, (int Rows, int Columns)>();
        for (int i = 0; i < steps.Count; i++)
        {
            if (steps[i].Kernel is not MatMulKernel { Rows: > 1, Columns: > 1, Symmetric: false } product || !readers.TryGetValue(steps[i].Outputs[0].Buffer, out List<Layout>? layouts)) continue;
            if (layouts.Exists(l => l.IsContiguous) || !layouts.TrueForAll(l => TryTurn(l, product, out _))) continue;
            if (!layouts.Exists(l => TryTurn(l, product, out Layout? other) && other.IsContiguous)) continue;
            turned[steps[i].Outputs[0].Buffer] = (product.Rows, product.Columns);
            Operand output = steps[i].Outputs[0];
            steps[i] = steps[i] with
            {
                Kernel = new MatMulKernel(product.Columns, product.Rows),
                Inputs = [Transposed(steps[i].Inputs[1]), Transposed(steps[i].Inputs[0])],
                Outputs = [output with { Layout = Layout.Contiguous(Transposed(output).Layout.Shape) }],
            };
        }
        if (turned.Count == 0) return;
        for (int i = 0; i < steps.Count; i++) steps[i] = steps[i] with { Inputs = [.. steps[i].Inputs.Select(Follow)] };
        draft.Results = [.. draft.Results.Select(Follow)];

        Operand Follow(Operand operand)
        {
            if (!turned.TryGetValue(operand.Buffer, out var size)) return operand;
            TryTurn(operand.Layout, new MatMulKernel(size.Rows, size.Columns), out Layout? layout);
            return operand with { Layout = layout! };
        }
    }

    /// <summary>The same elements when every m x n matrix of the buffer is stored as its transpose.</summary>
    private static bool TryTurn(Layout layout, MatMulKernel product, out Layout turned)
    {
        (int m, int n) = (product.Rows, product.Columns);
        int[] strides = layout.Strides.ToArray();
        turned = layout;
        if (layout.Offset != 0) return false;
        for (int i = 0; i < strides.Length; i++)
        {
            if (layout.Shape[i] == 1) strides[i] = 0;
            else if (strides[i] == 1 && layout.Shape[i] <= n) strides[i] = m;
            else if (strides[i] == n && layout.Shape[i] <= m) strides[i] = 1;
            else if (strides[i] % ((long)m * n) != 0) return false;
        }
        turned = new(layout.Shape, strides);
        return true;
    }

    private static Operand Transposed(Operand operand)
    {
        int rank = operand.Layout.Shape.Rank;
        int[] order = [.. Enumerable.Range(0, rank)];
        (order[rank - 2], order[rank - 1]) = (rank - 1, rank - 2);
        return operand with { Layout = operand.Layout.Permute(order) };
    }
}
