using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>One of two graphs of the same operands. Operands: one bool, then the operands of both.</summary>
internal sealed record CondOp(Graph Then, Graph Otherwise) : FlowPrimitive
{
    public override string Name => "cond";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => Specs(Then.Outputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new BranchRegion(Function.Plan(Then), Function.Plan(Otherwise));

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        bool[] moves = Floating(inputs[1..]), given = Floating(outputs);
        Tensor[] operands = [.. inputs[1..], .. Pick<Tensor>(Leaves.OrZeros(tangents, inputs).AsSpan(1), moves)];
        Graph push(Graph branch) => Graph.Of(Name, Specs(operands), s =>
        {
            Graph inner = Inline(branch, s.AsSpan(0, moves.Length));
            return Pick<Tensor>(Leaves.OrZeros(Forward.Push(inner, Place(s.AsSpan(moves.Length), moves)), [.. inner.Outputs]), given);
        });
        return Place(new CondOp(push(Then), push(Otherwise)).Bind([inputs[0], .. operands]), given);
    }

    /// <summary>The branch that was taken is run again where its derivative needs it.</summary>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        bool[] moves = Floating(inputs[1..]), given = Floating(outputs);
        Tensor[] operands = [.. inputs[1..], .. Pick<Tensor>(Leaves.OrZeros(cotangents, outputs), given)];
        Graph pull(Graph branch) => Graph.Of(Name, Specs(operands), s =>
        {
            Tensor[] primal = s[..moves.Length];
            Graph inner = Inline(branch, primal);
            return Pick<Tensor>(Leaves.OrZeros(Reverse.Pull(inner, Place(s.AsSpan(moves.Length), given)), primal), moves);
        });
        return [null, .. Place(new CondOp(pull(Then), pull(Otherwise)).Bind([inputs[0], .. operands]), moves)];
    }

    /// <summary>With one predicate for all, one branch runs over the batch; with one per example both do, and each example takes its own.</summary>
    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Tensor[] operands = inputs[1..];
        bool[] mapped = batched[1..];
        if (!batched[0])
        {
            Graph over(Graph branch) => Graph.Of(Name, Specs(operands), s => Batching.Map(branch, s, mapped, size));
            return new CondOp(over(Then), over(Otherwise)).Bind(inputs);
        }
        Tensor[] then = Batching.Map(Then, operands, mapped, size), otherwise = Batching.Map(Otherwise, operands, mapped, size);
        return [.. then.Select((y, i) => Ops.Where(inputs[0].Reshape([size, .. Enumerable.Repeat(1, y.Rank - 1)]), y, otherwise[i]))];
    }
}
