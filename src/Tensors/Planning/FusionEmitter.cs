namespace Engine.Tensors;

/// <summary>Writes the kernel of a fused group: expressions of members put into each other's places.</summary>
internal sealed class FusionEmitter(PlanDraft draft, IReadOnlyList<FusedStep> members, Shape shape, int rowAxes)
{
    private readonly Dictionary<int, Expr> values = [];
    private readonly Dictionary<Operand, int> outside = [];
    private readonly List<RowStage> stages = [];

    /// <summary>The kernel; null when nothing reads what it computes.</summary>
    public PlanStep? Emit(HashSet<int> escaping)
    {
        PlanStep first = members[0].Step;
        if (members.Count == 1 && first.Kernel is ReduceKernel) return first;
        HashSet<int> inside = [.. members.SelectMany(m => m.Step.Outputs).Select(o => o.Buffer)];
        foreach (FusedStep member in members)
        {
            foreach (Operand input in member.Step.Inputs)
            {
                if (!inside.Contains(input.Buffer) && !draft.TryConstant(input, out _)) outside.TryAdd(Rows(input, member.IsPerRow), outside.Count);
            }
        }
        var results = new List<Operand>();
        var bodies = new List<Expr>();
        foreach (FusedStep member in members)
        {
            Compute(member);
            foreach (Operand output in member.Step.Outputs)
            {
                if (!escaping.Contains(output.Buffer)) continue;
                bool perRow = member.IsPerRow || member.Step.Kernel is ReduceKernel;
                results.Add(rowAxes == 0 ? output : output with { Layout = Layout.Contiguous(perRow ? [RowCount] : [RowCount, shape.Count / RowCount]) });
                bodies.Add(values[output.Buffer]);
            }
        }
        if (bodies.Count == 0) return null;
        Kernel kernel = rowAxes == 0 ? new MapKernel([.. bodies]) : new RowsKernel(RowCount, shape.Count / RowCount, [.. stages], [.. bodies]);
        string name = members.Count == 1 ? first.Name : string.Join('+', members.Select(m => m.Step.Name));
        return new(name, kernel, [.. outside.OrderBy(o => o.Value).Select(o => o.Key)], [.. results]) { Sources = [.. members.SelectMany(m => m.Step.Sources).Distinct()] };
    }

    private int RowCount => shape[..^rowAxes].Count;

    /// <summary>An operand of shape [R, n] that shows the same elements: those of a row by their trailing axes, or one value for each row.</summary>
    public static bool TryRows(Layout layout, Shape shape, int rowAxes, bool perRow, out Layout rows)
    {
        int count = shape[..^rowAxes].Count, length = shape.Count / count;
        if (!layout.TryReshape(perRow ? [count] : [count, length], out rows)) return false;
        if (perRow) rows = new([count, length], [rows.Strides[0], 0], rows.Offset);
        return true;
    }

    private Operand Rows(Operand operand, bool perRow)
    {
        if (rowAxes == 0) return operand;
        TryRows(operand.Layout, shape, rowAxes, perRow, out Layout rows);
        return operand with { Layout = rows };
    }

    private void Compute(FusedStep member)
    {
        PlanStep step = member.Step;
        Expr[] operands = new Expr[step.Inputs.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            Operand input = step.Inputs[i];
            if (values.TryGetValue(input.Buffer, out Expr? value)) operands[i] = value;
            else if (draft.TryConstant(input, out ulong bits)) operands[i] = Expr.ConstantBits(bits, input.DType);
            else operands[i] = Expr.Input(outside[Rows(input, member.IsPerRow)], input.DType);
        }
        if (step.Kernel is ReduceKernel reduce)
        {
            stages.Add(new(reduce.Op, operands[0]));
            values[step.Outputs[0].Buffer] = Expr.Input(outside.Count + stages.Count - 1, step.Outputs[0].DType);
            return;
        }
        var known = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        Exprs bodies = ((MapKernel)step.Kernel).Bodies;
        for (int i = 0; i < bodies.Count; i++)
            values[step.Outputs[i].Buffer] = bodies[i].Replace(e => e.Op == ExprOp.Input ? operands[e.Index] : null, known);
    }
}
