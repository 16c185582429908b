namespace Engine.Tensors;

/// <summary>
/// Steps that become one kernel. Their elements have one shape; once a reduction is among them, the last axes of that shape are the elements of a row, and members may also
/// compute one value per row.
/// </summary>
internal sealed class FusionGroup
{
    // A row stays in scratch while its stages run: longer ones would leave the first-level cache.
    private const int LongestRow = 4096;

    // More values would not stay in registers, and would cost more to compile than the memory traffic they save.
    private const int MostOperands = 24;
    private const int MostOperations = 256;

    private readonly PlanDraft draft;
    private readonly bool isFusible;
    private List<FusedStep> members;
    private Shape shape;
    private int rowAxes;
    private int operations;
    private PlanStep? product;

    /// <summary>A group of one step.</summary>
    /// <param name="draft">The plan.</param>
    /// <param name="index">Number of the step.</param>
    public FusionGroup(PlanDraft draft, int index)
    {
        this.draft = draft;
        PlanStep step = draft.Steps[index];
        Id = index;
        members = [new(index, step, IsPerRow: false)];
        switch (step.Kernel)
        {
            case MapKernel map:
                shape = step.Outputs[0].Layout.Shape;
                operations = Operations(map);
                isFusible = operations <= MostOperations;
                break;
            case ReduceKernel { Op: ReduceOp.Sum or ReduceOp.Prod or ReduceOp.Max or ReduceOp.Min } reduce when step.Outputs[0].DType is DType.F32 or DType.F64:
                shape = step.Inputs[0].Layout.Shape;
                rowAxes = reduce.Axes.Count;
                operations = 1;
                isFusible = reduce.Axes.Values[0] == shape.Rank - rowAxes && FitsRows(shape, rowAxes) && Fits(members, shape, rowAxes);
                break;
        }
    }

    /// <summary>Number of the step that it began with.</summary>
    public int Id { get; }

    /// <summary>The steps, in the order of the plan.</summary>
    public IReadOnlyList<FusedStep> Members => members;

    /// <summary>Number of the last step.</summary>
    public int Last => members[^1].Index;

    /// <summary>True when the kernel is elementwise.</summary>
    public bool IsMap => isFusible && rowAxes == 0;

    /// <summary>Takes the members of another group in, if one kernel can compute both. That no third group stands between them is the caller's to know.</summary>
    public bool TryMerge(FusionGroup other)
    {
        if (!isFusible || !other.isFusible || operations + other.operations > MostOperations) return false;
        List<FusedStep> mine = members;
        Shape common = shape;
        int axes = Math.Max(rowAxes, other.rowAxes);
        if (shape == other.shape)
        {
            if (rowAxes != other.rowAxes && rowAxes != 0 && other.rowAxes != 0) return false;
        }
        else
        {
            // A map on the values of the other's rows.
            if (rowAxes != 0 || other.rowAxes == 0 || shape.Count != Rows(other.shape, axes)) return false;
            mine = mine.ConvertAll(m => m with { IsPerRow = true });
            common = other.shape;
        }
        List<FusedStep> all = [.. mine, .. other.members];
        all.Sort((a, b) => a.Index.CompareTo(b.Index));
        if (!Fits(all, common, axes)) return false;
        (members, shape, rowAxes) = (all, common, axes);
        operations += other.operations;
        return true;
    }

    /// <summary>Makes a product that this map reads part of its kernel. That it may is the caller's to know.</summary>
    public void Take(FusionGroup other)
    {
        product = other.members[0].Step;
        members = [.. members, other.members[0]];
        members.Sort((a, b) => a.Index.CompareTo(b.Index));
    }

    /// <summary>The kernel of the group; null when nothing reads what it computes.</summary>
    /// <param name="escaping">Buffers that are read outside their group.</param>
    public PlanStep? Emit(HashSet<int> escaping)
    {
        if (!isFusible) return members[0].Step;
        List<FusedStep> fused = members.FindAll(m => !ReferenceEquals(m.Step, product));
        PlanStep? step = new FusionEmitter(draft, fused, shape, rowAxes).Emit(escaping);
        return product is null ? step : step is null ? product : Epilogues.Join(product, step);
    }

    /// <summary>True when members read each other's results element by element, or row by row, and every other operand can be seen as rows.</summary>
    private bool Fits(List<FusedStep> all, Shape elements, int axes)
    {
        if (axes > 0 && !FitsRows(elements, axes)) return false;
        var inside = new Dictionary<int, bool>();
        var outside = new HashSet<Operand>();
        int results = 0;
        foreach (FusedStep member in all)
        {
            // Coordinates are those of the original axes.
            if (axes > 0 && member.Step.Kernel is MapKernel map && !(elements.Rank == 2 && axes == 1 && !member.IsPerRow) && ReadsCoordinates(map)) return false;
            foreach (Operand input in member.Step.Inputs)
            {
                if (inside.TryGetValue(input.Buffer, out bool perRow))
                {
                    if (!Aligned(input.Layout, perRow, member.IsPerRow, elements, axes)) return false;
                }
                else if (!draft.TryConstant(input, out _))
                {
                    outside.Add(input);
                    if (axes > 0 && !FusionEmitter.TryRows(input.Layout, elements, axes, member.IsPerRow, out _)) return false;
                }
            }
            foreach (Operand output in member.Step.Outputs)
            {
                inside[output.Buffer] = member.IsPerRow || member.Step.Kernel is ReduceKernel;
                results++;
            }
        }
        return outside.Count + results <= MostOperands;
    }

    private static bool Aligned(Layout layout, bool resultPerRow, bool readerPerRow, Shape elements, int axes)
    {
        if (layout.Offset != 0) return false;
        if (!resultPerRow) return !readerPerRow && layout.IsContiguous && layout.Shape == elements;
        if (readerPerRow) return layout.IsContiguous;
        if (layout.Shape != elements) return false;
        int[] strides = Layout.RowMajor(elements[..^axes]);
        for (int i = 0; i < elements.Rank; i++)
        {
            int expected = i < strides.Length ? strides[i] : 0;
            if (elements[i] != 1 && layout.Strides[i] != expected) return false;
        }
        return true;
    }

    private static int Rows(Shape shape, int axes) => shape[..^axes].Count;

    private static bool FitsRows(Shape shape, int axes) => shape.Count > 0 && shape[^axes..].Count is > 1 and <= LongestRow;

    private static int Operations(MapKernel map)
    {
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr body in map.Bodies) Visit(body, seen);
        return seen.Count;
    }

    private static bool ReadsCoordinates(MapKernel map)
    {
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr body in map.Bodies) Visit(body, seen);
        return seen.Any(e => e.Op == ExprOp.Coordinate);
    }

    private static void Visit(Expr e, HashSet<Expr> seen)
    {
        if (!seen.Add(e)) return;
        foreach (Expr a in e.Arguments) Visit(a, seen);
    }
}

/// <summary>A step as member of a group.</summary>
/// <param name="Index">Number in the plan.</param>
/// <param name="Step">The step.</param>
/// <param name="IsPerRow">True for a map on one value per row.</param>
internal readonly record struct FusedStep(int Index, PlanStep Step, bool IsPerRow);
