using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// A closed graph used as one op. Its operands are the graph's inputs followed by its captures; planned, it becomes the graph's own nodes in one run.
/// </summary>
internal abstract record RegionPrimitive(Graph Body) : Primitive, IRegion
{
    public override bool TakesHalfWidth => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [.. Body.Outputs.Select(o => o.Spec)];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Graph pushed = Graph.Of(Name, Specs([.. inputs, .. tangents.OfType<Tensor>()]), symbols =>
        {
            Tensor[] primal = symbols[..inputs.Length];
            int next = inputs.Length;
            Tensor?[] seeds = Array.ConvertAll(tangents, t => t is null ? null : symbols[next++]);
            Tensor[] results = Inline(primal);
            Graph inner = Graph.Close(symbols[0].Node!.Trace, primal, results);
            return Leaves.OrZeros(Forward.Push(inner, seeds), results);
        });
        return Call.Apply(pushed, [.. inputs, .. tangents.OfType<Tensor>()]);
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) =>
        Call.Apply(Graph.Of(Name, Specs(inputs), symbols => Mapped(symbols, batched, size)), inputs);

    public sealed override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        throw new InvalidOperationException($"{Name}: a region has no kernel.");

    protected sealed override Tensor[] Evaluate(Tensor[] inputs, TensorSpec[] results) => Inline(inputs);

    /// <summary>The body's ops applied to other operands.</summary>
    protected Tensor[] Inline(Tensor[] operands) => Body.Replay(operands.AsSpan(0, Body.Inputs.Count), operands.AsSpan(Body.Inputs.Count));

    /// <summary>The body over a batch.</summary>
    protected Tensor[] Mapped(Tensor[] operands, bool[] batched, int size)
    {
        int n = Body.Inputs.Count;
        return Batching.Map(Body, operands.AsSpan(0, n), batched.AsSpan(0, n), size, operands.AsSpan(n), batched.AsSpan(n));
    }

    protected static TensorSpec[] Specs(Tensor[] tensors) => Array.ConvertAll(tensors, t => t.Spec);
}

/// <summary>Calls of closed graphs.</summary>
internal static class Call
{
    /// <summary>Puts a graph into the trace of its operands as one op; its captures become further operands.</summary>
    public static Tensor[] Apply(Graph body, Tensor[] inputs) => new CallOp(body).Bind([.. inputs, .. body.Captures]);
}

/// <summary>A plain call: differentiated, it calls the body's forward pass again where the derivative needs it.</summary>
internal sealed record CallOp(Graph Body) : RegionPrimitive(Body)
{
    public override string Name => "call";

    /// <summary>The derivative recomputes the body's intermediates from the operands, so none of them stays in memory in between.</summary>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Tensor[] seeds = [.. cotangents.OfType<Tensor>()];
        bool[] floating = Array.ConvertAll(inputs, x => x.DType.IsFloating());
        Graph pulled = Graph.Of(Name, Specs([.. inputs, .. seeds]), symbols =>
        {
            Tensor[] primal = symbols[..inputs.Length];
            int next = inputs.Length;
            Tensor?[] arrived = Array.ConvertAll(cotangents, c => c is null ? null : symbols[next++]);
            Graph inner = Graph.Close(symbols[0].Node!.Trace, primal, Inline(primal));
            Tensor[] all = Leaves.OrZeros(Reverse.Pull(inner, arrived), primal);
            return [.. all.Where((_, i) => floating[i])];
        });
        var results = new Queue<Tensor>(Call.Apply(pulled, [.. inputs, .. seeds]));
        return Array.ConvertAll(floating, f => f ? results.Dequeue() : null);
    }
}
