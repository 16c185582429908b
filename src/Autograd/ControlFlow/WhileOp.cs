using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// A body run for as long as a condition holds. Operands: the carried tensors, then others. Condition and body map (carried, others) to one bool and to the next
/// carried tensors.
/// </summary>
internal sealed record WhileOp(Graph Condition, Graph Body, int Carried) : FlowPrimitive
{
    public override string Name => "while";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => Specs(Body.Outputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        new WhileRegion(Carried, Function.Plan(Condition), Function.Plan(Body));

    /// <summary>The tangents are carried beside the values; the condition sees the values alone.</summary>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        bool[] moves = Floating(inputs);
        Tensor[] directions = Pick<Tensor>(Leaves.OrZeros(tangents, inputs), moves);
        int carryMoves = moves.AsSpan(0, Carried).Count(true), others = inputs.Length - Carried;
        Tensor[] operands = [.. inputs[..Carried], .. directions[..carryMoves], .. inputs[Carried..], .. directions[carryMoves..]];
        TensorSpec[] specs = Specs(operands);
        int first = Carried + carryMoves;
        Graph condition = Graph.Of(Name, specs, s => Condition.Replay([.. s[..Carried], .. s[first..(first + others)]]));
        Graph body = Graph.Of(Name, specs, s =>
        {
            Graph inner = Inline(Body, [.. s[..Carried], .. s[first..(first + others)]]);
            Tensor?[] along = Forward.Push(inner, Place([.. s[Carried..first], .. s[(first + others)..]], moves));
            Tensor[] results = [.. inner.Outputs];
            return [.. results, .. Pick<Tensor>(Leaves.OrZeros(along, results), moves.AsSpan(0, Carried))];
        });
        return Place(new WhileOp(condition, body, first).Bind(operands).AsSpan(Carried), moves.AsSpan(0, Carried));
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) => throw new GradientException(
        "while: the number of runs is not known, so there is no reverse rule. Use Loop with a fixed count, or FixedPoint or Root, which differentiate the solution itself.");

    /// <summary>Runs until no example goes on; an example that is done keeps its values.</summary>
    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Tensor[] operands = [.. inputs[..Carried].Select((x, i) => OverBatch(x, batched[i], size)), .. inputs[Carried..]];
        bool[] mapped = [.. Enumerable.Repeat(true, Carried), .. batched[Carried..]];
        TensorSpec[] specs = Specs(operands);
        Graph condition = Graph.Of(Name, specs, s => [Ops.Max(GoesOn(s, mapped, size).Cast(DType.I32)).Cast(DType.Bool)]);
        Graph body = Graph.Of(Name, specs, s =>
        {
            Tensor goesOn = GoesOn(s, mapped, size);
            Tensor[] next = Batching.Map(Body, s, mapped, size);
            return [.. next.Select((y, i) => Ops.Where(goesOn.Reshape([size, .. Enumerable.Repeat(1, y.Rank - 1)]), y, s[i]))];
        });
        return new WhileOp(condition, body, Carried).Bind(operands);
    }

    private Tensor GoesOn(Tensor[] symbols, bool[] mapped, int size) => Batching.Map(Condition, symbols, mapped, size)[0].Reshape(size);
}
