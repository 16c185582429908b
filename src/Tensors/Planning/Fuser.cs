namespace Engine.Tensors;

/// <summary>
/// Joins steps into fewer kernels with the same bits. Elementwise steps of one shape that read each other's results become one map with several results; together with
/// reductions over their last axes, and steps on one value per row, they become one kernel over rows. Every primitive still rounds as it does alone.
/// </summary>
internal sealed class Fuser
{
    private readonly PlanDraft draft;
    private readonly Dictionary<int, FusionGroup> producers = [];
    private readonly HashSet<FusionGroup> groups = new(ReferenceEqualityComparer.Instance);
    private readonly GroupOrder order;

    private Fuser(PlanDraft draft)
    {
        this.draft = draft;
        order = new(draft.Steps.Count);
    }

    /// <summary>The fused steps, in an order in which every step follows those it reads.</summary>
    public static List<PlanStep> Fuse(PlanDraft draft)
    {
        var fuser = new Fuser(draft);
        for (int i = 0; i < draft.Steps.Count; i++) fuser.Add(i);
        return fuser.Emit();
    }

    private void Add(int index)
    {
        PlanStep step = draft.Steps[index];
        var group = new FusionGroup(draft, index);
        var read = new List<FusionGroup>();
        foreach (Operand input in step.Inputs)
        {
            if (producers.TryGetValue(input.Buffer, out FusionGroup? producer) && !read.Contains(producer)) read.Add(producer);
        }
        order.Add(group.Id, read);
        // The latest first: it is the least likely to have others wait for it.
        read.Sort((a, b) => b.Last.CompareTo(a.Last));
        foreach (FusionGroup producer in read)
        {
            if (order.CanJoin(group.Id, producer.Id) && group.TryMerge(producer)) Replace(producer, group);
        }
        groups.Add(group);
        foreach (Operand output in step.Outputs) producers[output.Buffer] = group;
    }

    /// <summary>A group has gone into another.</summary>
    private void Replace(FusionGroup part, FusionGroup whole)
    {
        order.Join(part.Id, whole.Id);
        groups.Remove(part);
        foreach (FusedStep member in part.Members)
        {
            foreach (Operand output in member.Step.Outputs) producers[output.Buffer] = whole;
        }
    }

    private List<PlanStep> Emit()
    {
        var escaping = new HashSet<int>(draft.Results.Select(r => r.Buffer));
        foreach (FusionGroup group in groups)
        {
            foreach (FusedStep member in group.Members)
            {
                foreach (Operand input in member.Step.Inputs)
                {
                    if (producers.TryGetValue(input.Buffer, out FusionGroup? producer) && !ReferenceEquals(producer, group)) escaping.Add(input.Buffer);
                }
            }
        }
        return [.. Ordered().Select(g => g.Emit(escaping)).OfType<PlanStep>()];
    }

    /// <summary>Every group after those it depends on, otherwise by its last step.</summary>
    private List<FusionGroup> Ordered()
    {
        FusionGroup[] all = [.. groups.OrderBy(g => g.Last)];
        var ordered = new List<FusionGroup>(all.Length);
        var placed = new HashSet<FusionGroup>(ReferenceEqualityComparer.Instance);
        foreach (FusionGroup group in all) Place(group);
        return ordered;

        void Place(FusionGroup group)
        {
            if (!placed.Add(group)) return;
            foreach (FusionGroup other in all)
            {
                if (!placed.Contains(other) && order.Precedes(other.Id, group.Id)) Place(other);
            }
            ordered.Add(group);
        }
    }
}
