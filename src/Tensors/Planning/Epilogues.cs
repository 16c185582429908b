using System.Collections.Immutable;

namespace Engine.Tensors;

/// <summary>Says which maps become part of the product that they read, and writes the kernel: an <see cref="EpilogueKernel"/>.</summary>
/// <param name="draft">The plan.</param>
/// <param name="states">How many of the first inputs and results are state.</param>
internal sealed class Epilogues(PlanDraft draft, int states)
{
    private readonly Dictionary<int, int> stateOf = Enumerable.Range(0, states).DistinctBy(i => draft.Results[i].Buffer).ToDictionary(i => draft.Results[i].Buffer);

    /// <summary>True when a map reads a product, and nothing else of its buffer, element by element. That no third group stands between them is the caller's to know.</summary>
    public bool CanJoin(FusionGroup product, FusionGroup map)
    {
        if (product.Members is not [{ Step: { Kernel: MatMulKernel or ConvolutionKernel { Pass: not ConvolutionPass.WeightGradient } } step }]) return false;
        Operand result = step.Outputs[0];
        foreach (Operand input in map.Members.SelectMany(m => m.Step.Inputs))
        {
            if (input.Buffer == result.Buffer && !(input.Layout.Offset == 0 && input.Layout.IsContiguous && input.Layout.Shape.Count == result.Layout.Shape.Count)) return false;
        }
        return map.Members.SelectMany(m => m.Step.Outputs).All(o => !stateOf.TryGetValue(o.Buffer, out int state) || CanUpdate(step, state));
    }

    /// <summary>
    /// A kernel that updates state goes last. Its product then holds on to its operands, so they have to be smaller than the result that would be kept otherwise; and it may not read
    /// the state, which could not be written over.
    /// </summary>
    private bool CanUpdate(PlanStep product, int state)
    {
        static long bytes(Operand operand) => (long)operand.Layout.Shape.Count * operand.DType.Size();
        long kept = product.Inputs.Where(o => draft.Buffers[o.Buffer].Kind == BufferKind.Arena).Sum(bytes);
        return kept <= bytes(product.Outputs[0]) && product.Inputs.All(o => o.Buffer != state);
    }

    /// <summary>One kernel for a product and the map that reads it.</summary>
    public static PlanStep Join(PlanStep product, PlanStep map)
    {
        Operand result = product.Outputs[0];
        Operand[] others = [.. map.Inputs.Where(o => o.Buffer != result.Buffer)];
        Expr[] operands = [.. map.Inputs.Select(o => Expr.Input(o.Buffer == result.Buffer ? others.Length : Array.IndexOf(others, o), o.DType))];
        var known = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        Expr[] bodies = [.. ((MapKernel)map.Kernel).Bodies.Values.ToArray().Select(b => b.Replace(e => e.Op == ExprOp.Input ? operands[e.Index] : null, known))];
        return new($"{product.Name}+{map.Name}", new EpilogueKernel(product.Kernel, product.Inputs.Length, [.. bodies]), [.. product.Inputs, .. others], [result, .. map.Outputs])
        {
            Sources = [.. product.Sources.Concat(map.Sources).Distinct()],
        };
    }

    /// <summary>
    /// Lets a product that only its own kernel reads lie in the memory of a result of the map, which is written over it. Not of a state's next value: that may lie in the memory of the
    /// old one, which is still to be read.
    /// </summary>
    public static void ShareMemory(PlanDraft draft, ImmutableArray<int> inPlace)
    {
        HashSet<int> read = [.. draft.Steps.SelectMany(s => s.Inputs).Concat(draft.Results).Select(o => o.Buffer)];
        HashSet<int> states = [.. inPlace.Select(i => draft.Results[i].Buffer)];
        for (int i = 0; i < draft.Steps.Count; i++)
        {
            PlanStep step = draft.Steps[i];
            if (step.Kernel is not EpilogueKernel || read.Contains(step.Outputs[0].Buffer)) continue;
            Operand product = step.Outputs[0];
            int place = step.Outputs.Skip(1).Where(o => o.DType == product.DType && !states.Contains(o.Buffer)).Select(o => o.Buffer).FirstOrDefault(product.Buffer);
            draft.Steps[i] = step with { Outputs = step.Outputs.SetItem(0, product with { Buffer = place }) };
        }
    }
}
