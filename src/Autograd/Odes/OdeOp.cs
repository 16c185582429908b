using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// States of an initial value problem at given times. Operands: the first state [n], the times f64 [T], a first step size f64, then what the field depends on. Results: the
/// states after the first [T - 1, n], a step size to go on with, steps accepted, rejected, whether all times were reached. The derivative is that of the exact solution and is
/// again the result of such ops.
/// </summary>
/// <param name="Body">The integration.</param>
/// <param name="Field">From (t, y, the rest) to dy/dt.</param>
/// <param name="Options">Tolerances, also of the derivatives.</param>
internal sealed record OdeOp(Graph Body, Graph Field, OdeOptions Options) : RuledPrimitive(Body)
{
    private const int First = 3;

    public override string Name => "dormandPrince";

    private int Others => Field.Inputs.Count - 2;

    public static Tensor[] Solve(Graph field, OdeOptions options, Tensor y0, Tensor times, Tensor h, Tensor[] others)
    {
        Graph body = Graph.Of("dormandPrince", Specs([y0, times, h, .. others]), s =>
        {
            var method = new DormandPrince((t, y) => field.Replay([t, y, .. s[First..]])[0], options);
            TensorList start = new(s[0], s[2], Tensor.Scalar(0, DType.I64), Tensor.Scalar(0, DType.I64), Tensor.Scalar(1, DType.Bool));
            (TensorList end, Tensor states) = ControlFlow.Scan(start, new Pair<Tensor, Tensor>(s[1][..^1], s[1][1..]), (TensorList now, Pair<Tensor, Tensor> ends) =>
            {
                Tensor[] r = method.Integrate(ends.First, ends.Second, now.Items[0], now.Items[1]);
                return (new TensorList(r[0], r[1], now.Items[2] + r[2], now.Items[3] + r[3], Ops.And(now.Items[4], r[4])), r[0]);
            });
            return [states, .. end.Items[1..]];
        });
        return new OdeOp(body, field, options).Bind([y0, times, h, .. others, .. body.Captures]);
    }

    /// <summary>The sensitivities s' = df/dy s + df/dp dp beside the state. A moved first time is a moved first state.</summary>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor?[] result = new Tensor?[outputs.Length];
        (Tensor y0, Tensor times, Tensor[] others) = (inputs[0], inputs[1], inputs[First..(First + Others)]);
        Tensor?[] moves = tangents[First..(First + Others)];
        if (tangents[0] is null && tangents[1] is null && !moves.Any(m => m is not null)) return result;
        int n = y0.Count;
        Tensor[] directions = [.. moves.OfType<Tensor>()];
        TensorSpec state = new(y0.DType, [2 * n]);
        Graph along = Graph.Of(Name, [new(y0.DType, Shape.Scalar), state, .. Specs(others), .. Specs(directions)], s =>
        {
            int next = 2 + Others;
            Tensor?[] seeds = [null, s[1][n..], .. moves.Select(m => m is null ? null : s[next++])];
            Graph opened = Opened(Field, [s[0], s[1][..n], .. s[2..(2 + Others)]]);
            return [Ops.Concat([opened.Outputs[0], Forward.Push(opened, seeds)[0] ?? Zeros(y0)], 0)];
        });
        Tensor first = tangents[0] ?? Zeros(y0);
        if (tangents[1] is { } dt) first -= dt[0].Cast(y0.DType) * Slope(times[0], y0, others);
        Tensor change = Solve(along, Options, Ops.Concat([y0, first], 0), times, inputs[2], [.. others, .. directions])[0][.., n..];
        if (tangents[1] is { } moved) change += moved[1..].Cast(y0.DType).Reshape(times.Count - 1, 1) * Slopes(times, outputs[0], others);
        result[0] = change;
        return result;
    }

    /// <summary>
    /// The adjoint l' = -(df/dy)^T l, q' = -(df/dp)^T l from each time back to the one before, beside the state, which starts from the kept one every time.
    /// </summary>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Tensor?[] result = new Tensor?[inputs.Length];
        if (cotangents[0] is not { } arriving) return result;
        (Tensor y0, Tensor times, Tensor[] others) = (inputs[0], inputs[1], inputs[First..(First + Others)]);
        int n = y0.Count;
        bool[] moves = Array.ConvertAll(others, p => p.DType.IsFloating());
        Tensor[] floating = [.. others.Where((_, i) => moves[i])];
        int size = floating.Sum(p => p.Count);
        Graph adjoint = Graph.Of(Name, [new(y0.DType, Shape.Scalar), new(y0.DType, [(2 * n) + size]), .. Specs(others)], s =>
        {
            Graph opened = Opened(Field, [s[0], s[1][..n], .. s[2..]]);
            Tensor?[] back = Reverse.Pull(opened, [-s[1][n..(2 * n)]]);
            Tensor[] all = [.. Leaves.OrZeros(back[2..], others).Where((_, i) => moves[i])];
            return [Ops.Concat([opened.Outputs[0], back[1] ?? Zeros(y0), .. all.Select(p => p.Reshape(p.Count).Cast(y0.DType))], 0)];
        });
        TensorList sequence = new(outputs[0], arriving, times[..^1], times[1..]);
        Tensor sums = Tensor.Zeros([size], y0.DType);
        TensorList end = ControlFlow.Scan(new TensorList(Zeros(y0), sums, outputs[1]), sequence, (TensorList now, TensorList at) =>
        {
            Tensor turned = Ops.Concat([at.Items[0], now.Items[0] + at.Items[1], sums], 0);
            Tensor[] before = Solve(adjoint, Options, turned, Ops.Stack([at.Items[3], at.Items[2]], 0), now.Items[2], others);
            Tensor values = before[0][0];
            return (new TensorList(values[n..(2 * n)], now.Items[1] + values[(2 * n)..], before[1]), Tensor.Zeros([0]));
        }, reversed: true).State;
        Tensor first = end.Items[0];
        result[0] = first;
        Tensor start = -(first * Slope(times[0], y0, others)).Sum(), rest = (arriving * Slopes(times, outputs[0], others)).Sum(1);
        result[1] = Ops.Concat([start.Reshape(1), rest], 0).Cast(DType.F64);
        for (int i = 0, offset = 0; i < others.Length; i++)
        {
            if (!moves[i]) continue;
            result[First + i] = end.Items[1][offset..(offset + others[i].Count)].Reshape(others[i].Shape.Lengths).Cast(others[i].DType);
            offset += others[i].Count;
        }
        return result;
    }

    private Tensor Slope(Tensor t, Tensor y, Tensor[] others) => Field.Replay([t.Cast(y.DType), y, .. others])[0];

    /// <summary>The slopes at the times after the first.</summary>
    private Tensor Slopes(Tensor times, Tensor states, Tensor[] others) =>
        Batching.Map(Field, [times[1..].Cast(states.DType), states, .. others], [true, true, .. others.Select(_ => false)], times.Count - 1)[0];

    private static Tensor Zeros(Tensor like) => Tensor.Zeros(like.Shape, like.DType);
}
