using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

internal static class AttentionRows
{
    private const string Hidden = "values stay finite, since whether what a hidden key holds is multiplied by its weight 0 is not specified";

    public static OpInfo[] All { get; } =
    [
        new("attention", Plain) { SingleTolerance = 1e-5, Note = Hidden },
        new("attention mask", Masked) { Covers = ["AttentionOp"], SingleTolerance = 1e-5, Note = Hidden },
        new("attention gradient", Gradient)
        {
            Covers = ["AttentionGradientOp"], SingleTolerance = 1e-4, Note = "operands stay finite, since hidden keys need not be multiplied by their weight 0",
        },
    ];

    private static OpCase Plain(Generator g)
    {
        (Shape q, Shape k, Shape v) = Draw(g);
        bool causal = g.OneIn(2);
        double? scale = g.OneIn(2) ? 0.6 : null;
        return new(
            xs => Ops.Attention(xs[0], xs[1], xs[2], scale, causal),
            [new(q), new(k), new(v) { TakesWild = false }],
            a => Naive.Attention(a[0], a[1], a[2], null, scale ?? 1 / Math.Sqrt(q[^1]), causal))
        { Attributes = $"causal {causal}" };
    }

    private static OpCase Masked(Generator g)
    {
        (Shape q, Shape k, Shape v) = Draw(g);
        bool causal = g.OneIn(2), isBool = g.OneIn(2);
        var mask = new Operand(g.Broadcastable(q[..^1].Concat([k[^2]]))) { Domain = isBool ? (0, 1) : (-2, 2), DType = isBool ? DType.Bool : DType.F64 };
        return new(
            xs => Ops.Attention(xs[0], xs[1], xs[2], null, causal, xs[3]),
            [new(q), new(k), new(v) { TakesWild = false }, mask],
            a => Naive.Attention(a[0], a[1], a[2], isBool ? Naive.Map([a[3]], b => b[0] == 0 ? double.NegativeInfinity : 0) : a[3], 1 / Math.Sqrt(q[^1]), causal))
        { Attributes = $"causal {causal}" };
    }

    private static OpCase Gradient(Generator g)
    {
        (Shape q, Shape k, Shape v) = Draw(g);
        bool causal = g.OneIn(2);
        int operand = g.Integer(0, 2);
        Shape y = q[..^1].Concat([v[^1]]);
        return new(
            xs => Transform.Vjp(t => Ops.Attention(operand == 0 ? t : xs[1], operand == 1 ? t : xs[2], operand == 2 ? t : xs[3], 0.6, causal), xs[1 + operand], xs[0]).Cotangent,
            [.. new[] { y, q, k, v }.Select(s => new Operand(s) { TakesWild = false })],
            a => Naive.AttentionGradient(operand, a[0], a[1], a[2], a[3], 0.6, causal))
        { Attributes = $"operand {operand} causal {causal}" };
    }

    private static (Shape Q, Shape K, Shape V) Draw(Generator g)
    {
        int most = g.Scale == Scale.Large ? 150 : 4;
        int queries = g.Integer(1, most), keys = g.OneIn(16) ? 0 : g.Integer(1, most), depth = g.Length(1, 3), width = g.Length(1, 3);
        Shape heads = g.OneIn(2) ? [] : [g.Integer(1, 2)];
        return (heads.Concat([queries, depth]), heads.Concat([keys, depth]), heads.Concat([keys, width]));
    }
}
