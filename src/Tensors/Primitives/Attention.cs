namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Scaled dot-product attention: softmax(q k^T * scale + mask) v, with queries q [..., T, D], keys k [..., S, D] and values v [..., S, E] to [..., T, E];
    /// leading axes broadcast. The T x S scores are never stored, forward or in the gradients of q, k and v: memory grows with T + S. f32 and f64.
    /// </summary>
    /// <remarks>
    /// A score of -inf hides its key from its query. A query that sees no key gives 0. Whether what a hidden key holds is multiplied by its weight 0 is not
    /// specified, so hidden keys and values should be finite. The gradient of a floating mask, second derivatives and forward mode do store T x S numbers.
    /// Streaming in blocks of keys with a running maximum: Milakov and Gimelshein 2018; with recomputed gradients: Dao and others 2022.
    /// </remarks>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="scale">Factor of the products q k^T; 1 / sqrt(D) when omitted.</param>
    /// <param name="causal">Query i sees key j only when j &lt;= i + S - T: the last query sees all keys.</param>
    /// <param name="mask">Broadcasts to [..., T, S]. Bool: whether the query may see the key. Of the operands' type: added to the scaled products.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    /// <exception cref="DTypeException">The element types differ or are not floating; the mask is neither of the same type nor bool.</exception>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, double? scale = null, bool causal = false, Tensor? mask = null)
    {
        if (q.Rank < 2 || k.Rank < 2 || v.Rank < 2)
            throw new ShapeException($"attention: takes q [..., T, D], k [..., S, D] and v [..., S, E], got {q.Shape}, {k.Shape} and {v.Shape}. Add the axes that are missing.");
        if (q.Shape[^1] != k.Shape[^1])
            throw new ShapeException($"attention: the last axes of queries {q.Shape} and keys {k.Shape} differ, {q.Shape[^1]} != {k.Shape[^1]}. They must be equal.");
        if (k.Shape[^2] != v.Shape[^2])
            throw new ShapeException($"attention: keys {k.Shape} and values {v.Shape} differ in number, {k.Shape[^2]} != {v.Shape[^2]}. They must be equal.");
        Shape batch = Broadcasting.Join("attention", Broadcasting.Join("attention", q.Shape[..^2], k.Shape[..^2]), v.Shape[..^2]);
        Shape scores = batch.Concat([q.Shape[^2], k.Shape[^2]]);
        var op = new AttentionOp(scale ?? 1 / Math.Sqrt(Math.Max(1, q.Shape[^1])), causal);
        Tensor wide(Tensor x) => x.BroadcastTo(batch.Concat(x.Shape[^2..]));
        if (mask is null) return op.Bind(wide(q), wide(k), wide(v))[0];
        if (mask.Rank > scores.Rank || Broadcasting.Join("attention", scores, mask.Shape) != scores)
            throw new ShapeException($"attention: the mask {mask.Shape} does not broadcast to the scores {scores}. Its axes must be equal to theirs or 1.");
        return op.Bind(wide(q), wide(k), wide(v), mask.BroadcastTo(scores))[0];
    }
}

/// <summary>
/// (q, k, v) or (q, k, v, mask) to (output, base-2 logarithm of each query's sum of exponentials). The second result serves the gradient alone: rules take it for
/// a function of the operands and carry no derivative through it.
/// </summary>
internal sealed record AttentionOp(double Scale, bool Causal) : Primitive
{
    public override string Name => "attention";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec q = inputs[0];
        for (int i = 1; i < 3; i++)
        {
            if (inputs[i].DType != q.DType)
                throw new DTypeException($"attention: element types differ, got {q.DType.Name()} and {inputs[i].DType.Name()}. Cast one: x.Cast(DType.{q.DType}).");
        }
        TypeRules.Require(Name, Accepts.Floating, q.DType);
        if (inputs.Length == 4 && inputs[3].DType != DType.Bool && inputs[3].DType != q.DType)
            throw new DTypeException($"attention: the mask must be bool or {q.DType.Name()}, got {inputs[3].DType.Name()}. Compare or cast it: mask.Cast(DType.{q.DType}).");
        return [q with { Shape = q.Shape[..^1].Concat([inputs[2].Shape[^1]]) }, q with { Shape = q.Shape[..^1] }];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return new Tensor?[inputs.Length];
        Tensor[] gradients = new AttentionGradientOp(Scale, Causal).Bind([.. inputs, outputs[0], outputs[1], cotangent]);
        if (inputs.Length == 3) return gradients;
        if (!inputs[3].DType.IsFloating()) return [.. gradients, null];
        var scores = new AttentionScores(inputs, Scale, Causal);
        return [.. gradients, scores.SoftmaxSlope(Ops.MatMul(cotangent, inputs[2].T))];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        var scores = new AttentionScores(inputs, Scale, Causal);
        Tensor? output = scores.WeightsTangent(tangents) is { } moved ? Ops.MatMul(moved, inputs[2]) : null;
        if (tangents[2] is { } values) output = AttentionScores.Sum(output, Ops.MatMul(scores.Weights, values));
        return [output, null];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(AttentionScores.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new AttentionKernel(Scale, Causal);
}

/// <summary>
/// (q, k, v[, mask], output, logarithms, output cotangent) to the cotangents of q, k and v. Mathematically a function of q, k, v, mask and the cotangent:
/// its rules take the forward results for functions of these.
/// </summary>
internal sealed record AttentionGradientOp(double Scale, bool Causal) : Primitive
{
    public override string Name => "attentionGradient";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0], inputs[1], inputs[2]];

    /// <remarks>
    /// With P the weights, A = dO v^T and B = P (A - sum(P A)): dq = scale B k, dk = scale B^T q, dv = P^T dO. The reverse of these lines, last first.
    /// </remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        (Tensor q, Tensor k, Tensor v, Tensor dO) = (inputs[0], inputs[1], inputs[2], inputs[^1]);
        (Tensor? x, Tensor? y, Tensor? z) = (cotangents[0], cotangents[1], cotangents[2]);
        var scores = new AttentionScores(inputs.AsSpan(..^3), Scale, Causal);
        Tensor p = scores.Weights, a = Ops.MatMul(dO, v.T), b = scores.SoftmaxSlope(a);
        Tensor? toB = AttentionScores.Sum(x is null ? null : Ops.MatMul(x * Scale, k.T), y is null ? null : Ops.MatMul(q * Scale, y.T));
        Tensor? toA = toB is null ? null : scores.SoftmaxSlope(toB);
        Tensor? toP = z is null ? null : Ops.MatMul(dO, z.T);
        if (toB is not null) toP = AttentionScores.Sum(toP, (toB * (a - scores.Mean(a))) - (a * scores.Mean(toB)));
        Tensor? toS = toP is null ? null : scores.SoftmaxSlope(toP);
        if (toS is null) return new Tensor?[inputs.Length];
        Tensor? toQ = Ops.MatMul(toS, k), toK = Ops.MatMul(toS.T, q), toOutput = null, toV = null;
        if (y is not null) toQ = toQ + Ops.MatMul(b, y);
        if (x is not null) toK = toK + Ops.MatMul(b.T, x);
        if (toA is not null) (toOutput, toV) = (Ops.MatMul(toA, v), Ops.MatMul(toA.T, dO));
        if (z is not null) toOutput = AttentionScores.Sum(toOutput, Ops.MatMul(p, z));
        Tensor?[] mask = inputs.Length == 6 ? [] : [inputs[3].DType.IsFloating() ? toS : null];
        return [toQ * Scale, toK * Scale, toV, .. mask, null, null, toOutput];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        (Tensor q, Tensor k, Tensor v, Tensor dO) = (inputs[0], inputs[1], inputs[2], inputs[^1]);
        var scores = new AttentionScores(inputs.AsSpan(..^3), Scale, Causal);
        Tensor p = scores.Weights, a = Ops.MatMul(dO, v.T), b = scores.SoftmaxSlope(a);
        Tensor? pMoves = scores.WeightsTangent(tangents.AsSpan(..^3));
        Tensor? aMoves = AttentionScores.Sum(
            tangents[^1] is { } moving ? Ops.MatMul(moving, v.T) : null, tangents[2] is { } values ? Ops.MatMul(dO, values.T) : null);
        Tensor? bMoves = aMoves is null ? null : scores.SoftmaxSlope(aMoves);
        if (pMoves is not null)
            bMoves = AttentionScores.Sum(bMoves, (pMoves * (a - scores.Mean(a))) - (p * Ops.Sum(a * pMoves, [-1], keepDims: true)));
        Tensor? toQ = AttentionScores.Sum(bMoves is null ? null : Ops.MatMul(bMoves, k), tangents[1] is { } keys ? Ops.MatMul(b, keys) : null);
        Tensor? toK = AttentionScores.Sum(bMoves is null ? null : Ops.MatMul(bMoves.T, q), tangents[0] is { } queries ? Ops.MatMul(b.T, queries) : null);
        Tensor? toV = AttentionScores.Sum(pMoves is null ? null : Ops.MatMul(pMoves.T, dO), tangents[^1] is { } last ? Ops.MatMul(p.T, last) : null);
        return [toQ is null ? null : toQ * Scale, toK is null ? null : toK * Scale, toV];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(AttentionScores.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new AttentionGradientKernel(Scale, Causal);
}

/// <summary>The scores of attention and what follows from them, written out with public ops: what rules of any order are made of.</summary>
internal sealed class AttentionScores
{
    private readonly Tensor q;
    private readonly Tensor k;
    private readonly double scale;

    /// <param name="operands">(q, k, v) or (q, k, v, mask).</param>
    /// <param name="scale">Factor of the products.</param>
    /// <param name="causal">Whether later keys are hidden.</param>
    public AttentionScores(ReadOnlySpan<Tensor> operands, double scale, bool causal)
    {
        (q, k, this.scale) = (operands[0], operands[1], scale);
        Weights = Softmax(Scores(operands, causal));
    }

    /// <summary>Weights of the keys, one row per query; they add up to 1, or to 0 where a query sees nothing.</summary>
    public Tensor Weights { get; }

    /// <summary>The mean of each row under the weights.</summary>
    public Tensor Mean(Tensor x) => Ops.Sum(x * Weights, [-1], keepDims: true);

    /// <summary>The derivative of the weights in the scores applied to x, forward or reverse: it is symmetric.</summary>
    public Tensor SoftmaxSlope(Tensor x) => Weights * (x - Mean(x));

    /// <summary>The tangent of the weights from those of (q, k, v[, mask]).</summary>
    public Tensor? WeightsTangent(ReadOnlySpan<Tensor?> tangents)
    {
        Tensor? products = Sum(tangents[0] is { } queries ? Ops.MatMul(queries, k.T) : null, tangents[1] is { } keys ? Ops.MatMul(q, keys.T) : null);
        Tensor? scores = Sum(products is null ? null : products * scale, tangents.Length > 3 ? tangents[3] : null);
        return scores is null ? null : SoftmaxSlope(scores);
    }

    /// <summary>A sum in which null is zero.</summary>
    public static Tensor? Sum(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a + b;

    /// <summary>Every operand with the batch as axis 0.</summary>
    public static Tensor[] Batch(Tensor[] inputs, bool[] batched, int size) =>
        [.. inputs.Select((x, i) => batched[i] ? x : x.BroadcastTo(x.Shape.Insert(0, size)))];

    private Tensor Scores(ReadOnlySpan<Tensor> operands, bool causal)
    {
        Tensor scores = Ops.MatMul(q * scale, k.T);
        Tensor hidden = scores.Like(double.NegativeInfinity);
        int queries = scores.Shape[^2], keys = scores.Shape[^1];
        if (operands.Length > 3)
        {
            Tensor mask = operands[3];
            scores = mask.DType == DType.Bool ? Ops.Where(mask, scores, hidden) : Ops.Where(mask.EqualTo(double.NegativeInfinity), hidden, scores + mask);
        }
        if (causal)
        {
            Tensor sees = Ops.Iota([1, keys], 1, DType.I32) <= Ops.Iota([queries, 1], 0, DType.I32) + (keys - queries);
            scores = Ops.Where(sees, scores, hidden);
        }
        return scores;
    }

    private static Tensor Softmax(Tensor scores)
    {
        if (scores.Shape[^1] == 0) return scores;
        Tensor exponentials = Ops.Exp(scores - Ops.SafeMax(scores, [-1]));
        Tensor sum = Ops.Sum(exponentials, [-1], keepDims: true);
        return exponentials / Ops.Where(sum.EqualTo(0), sum.Like(1), sum);
    }
}
