using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// A closed graph with derivative rules of its own. Mapped over a batch, the rules are mapped with it, so that they still govern what is outside the map.
/// Operands: the body's inputs, then its captures, which are constants of the body and have no derivative.
/// </summary>
internal abstract record RuledPrimitive(Graph Body) : RegionPrimitive(Body)
{
    public abstract override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents);

    public sealed override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Graph mapped = Graph.Of(Name, Specs(inputs), s => Mapped(s, batched, size));
        var axes = Axes.Of([.. Enumerable.Range(0, inputs.Length).Where(i => batched[i])], Shape.Create([.. inputs.Select(_ => 1)]), Name);
        return new MappedOp(this, mapped, axes, size).Bind([.. inputs, .. mapped.Captures]);
    }

    /// <summary>A graph's ops in the trace of its first operand, ready to be differentiated.</summary>
    protected static Graph Opened(Graph graph, Tensor[] symbols) => Graph.Close(symbols[0].Node!.Trace, symbols, graph.Replay(symbols));

    /// <summary>Applies a function to tensors as nodes of their own graph first, so that it may differentiate inside.</summary>
    protected Tensor[] Apply(Tensor[] operands, Func<Tensor[], Tensor[]> function) => Graph.Of(Name, Specs(operands), function).Replay(operands);
}

/// <summary>A ruled op over a batch. Operands: those of the op for one example, some with a batch axis, then captures of the mapped graph.</summary>
/// <param name="Inner">The op for one example.</param>
/// <param name="Body">Its body over the batch.</param>
/// <param name="Batched">Which operands carry the batch, as indices.</param>
/// <param name="Size">Length of the batch axis.</param>
internal sealed record MappedOp(RuledPrimitive Inner, Graph Body, Axes Batched, int Size) : RuledPrimitive(Body)
{
    public override string Name => Inner.Name;

    private int Operands => Inner.Body.Inputs.Count + Inner.Body.Captures.Count;

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor[] examples = inputs[..Operands];
        bool[] mapped = [.. Enumerable.Range(0, Operands).Select(Batched.Contains)];
        Tensor[] seeds = [.. tangents[..Operands].OfType<Tensor>()];
        bool[] seedMapped = [.. mapped.Where((_, i) => tangents[i] is not null)];
        bool[] present = [];
        Graph rule = Graph.Of(Name, [.. One(examples, mapped), .. One(outputs, null), .. One(seeds, seedMapped)], s =>
        {
            int next = Operands + outputs.Length;
            Tensor?[] arrived = [.. Enumerable.Range(0, Operands).Select(i => tangents[i] is null ? null : s[next++])];
            return Present(Inner.Jvp(s[..Operands], s[Operands..(Operands + outputs.Length)], arrived), out present);
        });
        Tensor[] results = Batching.Map(rule, [.. examples, .. outputs, .. seeds], [.. mapped, .. outputs.Select(_ => true), .. seedMapped], Size);
        return Restored(results, present, outputs.Length);
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Tensor[] examples = inputs[..Operands], seeds = [.. cotangents.OfType<Tensor>()];
        bool[] mapped = [.. Enumerable.Range(0, Operands).Select(Batched.Contains)];
        bool[] present = [];
        Graph rule = Graph.Of(Name, [.. One(examples, mapped), .. One(outputs, null), .. One(seeds, null)], s =>
        {
            int next = Operands + outputs.Length;
            Tensor?[] arrived = [.. cotangents.Select(c => c is null ? null : s[next++])];
            return Present(Inner.Vjp(s[..Operands], s[Operands..(Operands + outputs.Length)], arrived), out present);
        });
        Tensor[] results = Batching.Map(rule, [.. examples, .. outputs, .. seeds], [.. mapped, .. outputs.Select(_ => true), .. seeds.Select(_ => true)], Size);
        Tensor?[] all = Restored(results, present, inputs.Length);
        for (int i = 0; i < Operands; i++)
        {
            // What all examples share collects the cotangents of all of them.
            if (all[i] is { } cotangent && !mapped[i]) all[i] = Ops.Sum(cotangent, [0]);
        }
        return all;
    }

    /// <summary>Specs of one example; a null mask means that all carry the batch.</summary>
    private static TensorSpec[] One(Tensor[] tensors, bool[]? mapped) =>
        [.. tensors.Select((t, i) => mapped is null || mapped[i] ? new TensorSpec(t.DType, t.Shape[1..]) : t.Spec)];

    private static Tensor[] Present(Tensor?[] values, out bool[] present)
    {
        present = Array.ConvertAll(values, v => v is not null);
        return [.. values.OfType<Tensor>()];
    }

    private static Tensor?[] Restored(Tensor[] values, bool[] present, int length)
    {
        Tensor?[] restored = new Tensor?[length];
        for (int i = 0, next = 0; i < present.Length; i++)
        {
            if (present[i]) restored[i] = values[next++];
        }
        return restored;
    }
}
