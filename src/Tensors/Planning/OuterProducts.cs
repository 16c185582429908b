namespace Engine.Tensors;

/// <summary>
/// Turns matrix products over an axis of length 1 into elementwise kernels, which can be fused: the gradient of a layer's matrix for one example is then never stored. The bits
/// are the same, because the chain of such a product is one fused multiply-add on +0.
/// </summary>
internal static class OuterProducts
{
    // Along shorter rows an elementwise kernel would have to copy its broadcast operands.
    private const int ShortestRow = 192;

    public static void Rewrite(PlanDraft draft)
    {
        for (int i = 0; i < draft.Steps.Count; i++)
        {
            PlanStep step = draft.Steps[i];
            if (step.Kernel is not MatMulKernel { Columns: >= ShortestRow, Symmetric: false } || step.Inputs[0].Layout.Shape[^1] != 1) continue;
            Operand output = step.Outputs[0];
            Expr a = Expr.Input(0, output.DType), b = Expr.Input(1, output.DType);
            draft.Steps[i] = step with
            {
                Kernel = new MapKernel(a.Fma(b, a.Like(0))),
                Inputs = [.. step.Inputs.Select(o => o with { Layout = o.Layout.BroadcastTo(output.Layout.Shape) })],
            };
        }
    }
}
