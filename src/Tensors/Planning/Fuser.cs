namespace Engine.Tensors;

/// <summary>
/// Joins steps into fewer kernels with the same bits. Elementwise steps of one shape that read each other's results become one map with several results; together with
/// reductions over their last axes, and steps on one value per row, they become one kernel over rows. A map that reads a product becomes part of the product's kernel. Every
/// primitive still rounds as it does alone.
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
    /// <param name="draft">The plan.</param>
    /// <param name="states">How many of the first inputs and results are state.</param>
    public static List<PlanStep> Fuse(PlanDraft draft, int states = 0)
    {
        var fuser = new Fuser(draft);
        for (int i = 0; i < draft.Steps.Count; i++) fuser.Add(i);
        fuser.JoinProducts(states);
        return fuser.Emit();
    }

    private void Add(int index)
    {
        PlanStep step = draft.Steps[index];
        var group = new FusionGroup(draft, index);
        List<FusionGroup> read = Read(group);
        order.Add(group.Id, read);
        foreach (FusionGroup producer in read)
        {
            if (order.CanJoin(group.Id, producer.Id) && group.TryMerge(producer)) Replace(producer, group);
        }
        groups.Add(group);
        foreach (Operand output in step.Outputs) producers[output.Buffer] = group;
    }

    /// <summary>Makes every product part of the first map that can take it; a map takes the last product that it reads.</summary>
    private void JoinProducts(int states)
    {
        var epilogues = new Epilogues(draft, states);
        foreach (FusionGroup map in groups.Where(g => g.IsMap).OrderBy(g => g.Last).ToArray())
        {
            foreach (FusionGroup product in Read(map))
            {
                if (!epilogues.CanJoin(product, map) || !order.CanJoin(map.Id, product.Id)) continue;
                map.Take(product);
                Replace(product, map);
                break;
            }
        }
    }

    /// <summary>The groups that a group reads, the latest first: it is the least likely to have others wait for it.</summary>
    private List<FusionGroup> Read(FusionGroup group)
    {
        var read = new List<FusionGroup>();
        foreach (Operand input in group.Members.SelectMany(m => m.Step.Inputs))
        {
            if (producers.TryGetValue(input.Buffer, out FusionGroup? producer) && !ReferenceEquals(producer, group) && !read.Contains(producer)) read.Add(producer);
        }
        read.Sort((a, b) => b.Last.CompareTo(a.Last));
        return read;
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
