using System.Collections.Immutable;

namespace Engine.Tensors;

/// <summary>
/// Finds the state tensors of a step that may be written over: their next value is computed element by element from the old one and nothing else reads the old one later. The
/// steps that do it go last, so that an error in any other kernel leaves the state as it was.
/// </summary>
internal static class StateUpdates
{
    /// <summary>Moves the steps and returns the numbers of the results that are written over the input of the same number.</summary>
    /// <param name="draft">The plan.</param>
    /// <param name="states">How many of the first inputs and results are state.</param>
    public static ImmutableArray<int> Place(PlanDraft draft, int states)
    {
        List<PlanStep> steps = draft.Steps;
        var producers = new Dictionary<int, PlanStep>();
        foreach (PlanStep step in steps)
        {
            foreach (Operand output in step.Outputs) producers[output.Buffer] = step;
        }
        ILookup<int, PlanStep> readers = steps.SelectMany(s => s.Inputs.Select(o => (o.Buffer, Step: s))).ToLookup(r => r.Buffer, r => r.Step);
        List<(int State, PlanStep Step)> found = [.. Enumerable.Range(0, states)
            .Where(i => producers.ContainsKey(draft.Results[i].Buffer))
            .Select(i => (State: i, Step: producers[draft.Results[i].Buffer]))
            .Where(u => IsUpdate(draft, u.State, u.Step) && u.Step.Outputs.All(o => !readers[o.Buffer].Any()))];
        HashSet<PlanStep> last = new(found.Select(u => u.Step), ReferenceEqualityComparer.Instance);
        // Another update that reads this state would have to run first.
        found.RemoveAll(u => readers[u.State].Any(r => !ReferenceEquals(r, u.Step) && last.Contains(r)));
        draft.Steps = [.. steps.Where(s => !last.Contains(s)), .. steps.Where(last.Contains)];
        return [.. found.Select(u => u.State)];
    }

    private static bool IsUpdate(PlanDraft draft, int state, PlanStep step)
    {
        Operand result = draft.Results[state];
        // A product is complete before the map writes over anything, but only where it is: what it reads may not be written over.
        int operandsOfProduct = 0;
        if (step.Kernel is EpilogueKernel epilogue && result.Buffer != step.Outputs[0].Buffer) operandsOfProduct = epilogue.ProducerOperands;
        else if (step.Kernel is not MapKernel) return false;
        if (step.Inputs[..operandsOfProduct].Any(o => o.Buffer == state)) return false;
        bool whole = result.Layout.IsContiguous && result.Layout.Offset == 0 && result.Layout.Shape.Count == draft.Buffers[result.Buffer].Count;
        if (!whole || draft.Results.Count(r => r.Buffer == result.Buffer) > 1 || draft.Results.Any(r => r.Buffer == state)) return false;
        // The buffers of the inputs are the first of the plan, in order.
        return step.Inputs.All(o => o.Buffer != state || (o.Layout.Equals(Layout.Contiguous(o.Layout.Shape)) && o.Layout.Shape == step.Outputs[^1].Layout.Shape));
    }
}
