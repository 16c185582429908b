using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// A body run a fixed number of times. Operands: the carried tensors, the scanned ones [Count, ...], then others that every run sees.
/// The body maps (carried, slices, number of the run, others) to (carried, slices of the stacked results).
/// </summary>
internal sealed record LoopOp(Graph Body, int Count, int Carried, int Scanned, bool Reversed) : FlowPrimitive
{
    public override string Name => Scanned > 0 || Body.Outputs.Count > Carried ? "scan" : "loop";

    private int Slices => Carried + Scanned;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec[] specs = new TensorSpec[Body.Outputs.Count];
        for (int i = 0; i < specs.Length; i++)
        {
            TensorSpec result = Body.Outputs[i].Spec;
            specs[i] = i < Carried ? result : new(result.DType, result.Shape.Insert(0, Count));
        }
        return specs;
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        new LoopRegion(Count, Carried, Scanned, Reversed, Function.Plan(Body));

    /// <summary>The tangents are carried, scanned and stacked beside the values.</summary>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        bool[] moves = Floating(inputs), given = Floating(outputs);
        Tensor[] directions = Pick<Tensor>(Leaves.OrZeros(tangents, inputs), moves);
        (Tensor[] carry, Tensor[] scan, Tensor[] rest) = Split(inputs);
        int carryMoves = moves.AsSpan(0, Carried).Count(true), scanMoves = moves.AsSpan(Carried, Scanned).Count(true);
        Tensor[] operands =
        [
            .. carry, .. directions[..carryMoves], .. scan, .. directions[carryMoves..(carryMoves + scanMoves)], .. rest, .. directions[(carryMoves + scanMoves)..],
        ];
        Graph pushed = Graph.Of(Name, BodySpecs(operands, Carried + carryMoves, Scanned + scanMoves), s =>
        {
            var next = new Cursor(s);
            Tensor[] c = next.Take(Carried), dc = next.Take(carryMoves), x = next.Take(Scanned), dx = next.Take(scanMoves), index = next.Take(1);
            Tensor[] o = next.Take(rest.Length), d = next.Remaining();
            Graph inner = Inline(Body, [.. c, .. x, .. index, .. o]);
            Tensor?[] seeds = Place([.. dc, .. dx, .. d], moves);
            Tensor?[] along = Forward.Push(inner, [.. seeds[..Slices], null, .. seeds[Slices..]]);
            Tensor[] results = [.. inner.Outputs], changes = Pick<Tensor>(Leaves.OrZeros(along, results), given);
            int carried = given.AsSpan(0, Carried).Count(true);
            return [.. results[..Carried], .. changes[..carried], .. results[Carried..], .. changes[carried..]];
        });
        int stacked = outputs.Length - Carried, givenCarried = given.AsSpan(0, Carried).Count(true);
        Tensor[] all = new LoopOp(pushed, Count, Carried + carryMoves, Scanned + scanMoves, Reversed).Bind(operands);
        return Place([.. all[Carried..(Carried + givenCarried)], .. all[(Carried + givenCarried + stacked)..]], given);
    }

    /// <summary>
    /// Backwards through the runs. The forward runs are repeated first, with what they carry stacked, because every derivative is taken where its run began.
    /// </summary>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        (Tensor[] carry, Tensor[] scan, Tensor[] rest) = Split(inputs);
        Tensor[] history = History(inputs);
        bool[] carryMoves = Floating(carry), scanMoves = Floating(scan), restMoves = Floating(rest), stackedMoves = Floating(outputs[Carried..]);
        Tensor[] seeds = Leaves.OrZeros(cotangents, outputs);
        Tensor[] arriving = Pick<Tensor>(seeds.AsSpan(0, Carried), carryMoves), stacked = Pick<Tensor>(seeds.AsSpan(Carried), stackedMoves);
        Tensor[] sums = [.. Pick<Tensor>(rest, restMoves).Select(r => Tensor.Zeros(r.Shape, r.DType))];
        Tensor[] operands = [.. arriving, .. sums, .. history, .. scan, .. stacked, .. rest];
        int carried = arriving.Length + sums.Length, scanned = history.Length + scan.Length + stacked.Length;
        Graph pulled = Graph.Of(Name, BodySpecs(operands, carried, scanned), s =>
        {
            var next = new Cursor(s);
            Tensor[] dc = next.Take(arriving.Length), total = next.Take(sums.Length), c = next.Take(Carried), x = next.Take(Scanned), dy = next.Take(stacked.Length);
            Tensor[] index = next.Take(1), o = next.Remaining();
            Graph inner = Inline(Body, [.. c, .. x, .. index, .. o]);
            Tensor?[] back = Reverse.Pull(inner, [.. Place(dc, carryMoves), .. Place(dy, stackedMoves)]);
            Tensor[] all = Leaves.OrZeros(back, [.. inner.Inputs]);
            Tensor[] others = Pick<Tensor>(all.AsSpan(Slices + 1), restMoves);
            return
            [
                .. Pick<Tensor>(all.AsSpan(0, Carried), carryMoves), .. total.Zip(others, (a, b) => a + b), .. Pick<Tensor>(all.AsSpan(Carried, Scanned), scanMoves),
            ];
        });
        Tensor[] results = new LoopOp(pulled, Count, carried, scanned, !Reversed).Bind(operands);
        var parts = new Cursor(results);
        Tensor[] start = parts.Take(arriving.Length), shared = parts.Take(sums.Length), slices = parts.Remaining();
        return [.. Place(start, carryMoves), .. Place(slices, scanMoves), .. Place(shared, restMoves)];
    }

    /// <summary>The batch is an axis of everything carried, scanned and stacked.</summary>
    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        (Tensor[] carry, Tensor[] scan, Tensor[] rest) = Split(inputs);
        Tensor[] operands =
        [
            .. carry.Select((x, i) => OverBatch(x, batched[i], size)),
            .. scan.Select((x, i) => Ops.MoveAxis(OverBatch(x, batched[Carried + i], size), 0, 1)),
            .. rest,
        ];
        bool[] mapped = [.. Enumerable.Repeat(true, Slices), false, .. batched[Slices..]];
        Graph body = Graph.Of(Name, BodySpecs(operands, Carried, Scanned), s => Batching.Map(Body, s, mapped, size));
        Tensor[] results = new LoopOp(body, Count, Carried, Scanned, Reversed).Bind(operands);
        return [.. results[..Carried], .. results[Carried..].Select(y => Ops.MoveAxis(y, 1, 0))];
    }

    /// <summary>What is carried into every run, stacked.</summary>
    private Tensor[] History(Tensor[] inputs)
    {
        Graph recorded = Graph.Of(Name, Specs(Body.Inputs), s => [.. Body.Replay(s)[..Carried], .. s[..Carried]]);
        return new LoopOp(recorded, Count, Carried, Scanned, Reversed).Bind(inputs)[Carried..];
    }

    private (Tensor[] Carry, Tensor[] Scan, Tensor[] Others) Split(Tensor[] inputs) => (inputs[..Carried], inputs[Carried..Slices], inputs[Slices..]);

    /// <summary>The inputs of a body for these operands.</summary>
    private static TensorSpec[] BodySpecs(Tensor[] operands, int carried, int scanned) =>
    [
        .. Specs(operands[..carried]),
        .. operands[carried..(carried + scanned)].Select(x => new TensorSpec(x.DType, x.Shape[1..])),
        new TensorSpec(DType.I64, Shape.Scalar),
        .. Specs(operands[(carried + scanned)..]),
    ];

    /// <summary>Takes a list apart from the front.</summary>
    private ref struct Cursor(ReadOnlySpan<Tensor> values)
    {
        private ReadOnlySpan<Tensor> left = values;

        public Tensor[] Take(int count)
        {
            Tensor[] taken = left[..count].ToArray();
            left = left[count..];
            return taken;
        }

        public Tensor[] Remaining() => Take(left.Length);
    }
}
