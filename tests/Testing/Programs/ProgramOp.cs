using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Testing.Programs;

/// <summary>
/// A step of a random program: from matrices of one shape to a matrix of that shape. Steps are scaled so that values stay within about [-2, 2], whatever the
/// program.
/// </summary>
/// <param name="Name">For printing.</param>
/// <param name="Arity">How many operands.</param>
/// <param name="Apply">What it computes.</param>
/// <param name="Smooth">False when it has kinks.</param>
public sealed record ProgramOp(string Name, int Arity, Func<Tensor[], Tensor> Apply, bool Smooth = true)
{
    /// <summary>Steps between elements at one place.</summary>
    public static IReadOnlyList<ProgramOp> Elementwise { get; } =
    [
        new("neg", 1, v => -v[0]),
        new("tanh", 1, v => Ops.Tanh(v[0])),
        new("sigmoid", 1, v => Ops.Sigmoid(v[0])),
        new("sin", 1, v => Ops.Sin(v[0])),
        new("cos", 1, v => Ops.Cos(v[0])),
        new("atan", 1, v => Ops.Atan(v[0])),
        new("erf", 1, v => Ops.Erf(v[0])),
        new("softplus", 1, v => Ops.Softplus(v[0]) - 0.5),
        new("gelu", 1, v => Ops.Gelu(v[0])),
        new("silu", 1, v => Ops.Silu(v[0])),
        new("geluTanh", 1, v => Ops.GeluTanh(v[0])),
        new("halfSquare", 1, v => Ops.Square(v[0]) * 0.5),
        new("expDecay", 1, v => Ops.Exp(v[0] - 2)),
        new("log1pSquare", 1, v => Ops.Log1p(v[0] * v[0])),
        new("rsqrt1p", 1, v => Ops.Rsqrt(v[0] * v[0] + 1)),
        new("hypot1", 1, v => Ops.Sqrt(v[0] * v[0] + 1) - 1),
        new("recip1p", 1, v => Ops.Reciprocal(v[0] * v[0] + 1)),
        new("asinh", 1, v => Ops.Asinh(v[0])),
        new("mean", 2, v => (v[0] + v[1]) * 0.5),
        new("halfDifference", 2, v => (v[0] - v[1]) * 0.5),
        new("halfProduct", 2, v => v[0] * v[1] * 0.5),
        new("quotient", 2, v => v[0] / (v[1] * v[1] + 1)),
        new("atan2", 2, v => Ops.Atan2(v[0], v[1] * v[1] + 1)),
        new("power", 2, v => Ops.Pow(v[0] * v[0] + 1, Ops.Tanh(v[1])) * 0.4),
        new("fma", 3, v => Ops.Fma(v[0], v[1] * 0.25, v[2] * 0.5)),
        new("abs", 1, v => Ops.Abs(v[0]), Smooth: false),
        new("relu", 1, v => Ops.Relu(v[0]), Smooth: false),
        new("max", 2, v => Ops.Maximum(v[0], v[1]), Smooth: false),
        new("min", 2, v => Ops.Minimum(v[0], v[1]), Smooth: false),
        new("where", 3, v => Ops.Where(v[0] > 0.1, v[1], v[2]), Smooth: false),
        new("floorHalf", 1, v => Ops.Floor(v[0] * 2) * 0.5, Smooth: false),
    ];

    /// <summary>Steps that move, reduce or mix elements.</summary>
    public static IReadOnlyList<ProgramOp> Structural { get; } =
    [
        new("softmax", 1, v => Ops.Softmax(v[0], 1)),
        new("softmaxColumns", 1, v => Ops.Softmax(v[0], 0)),
        new("logSumExp", 1, v => (v[0] - Ops.LogSumExp(v[0], [1], keepDims: true)) * 0.3),
        new("centre", 1, v => (v[0] - Ops.Mean(v[0], [0], keepDims: true)) * 0.5),
        new("rowMeans", 1, v => Ops.Mean(v[0], [1], keepDims: true).BroadcastTo(v[0].Shape)),
        new("normalize", 1, v => (v[0] - v[0].Mean()) * Ops.Rsqrt(Ops.Variance(v[0]) + 1) * 0.5),
        new("cumSum", 1, v => Ops.CumSum(v[0], 1) / v[0].Shape[1]),
        new("cumSumBack", 1, v => Ops.CumSum(v[0], 0, reverse: true) / v[0].Shape[0]),
        new("flip", 1, v => Ops.Flip(v[0], 1)),
        new("shuffle", 1, v => v[0].T.Reshape(v[0].Shape.Lengths)),
        new("roll", 1, v => Ops.Concat([Ops.Narrow(v[0], 0, 1, v[0].Shape[0] - 1), Ops.Narrow(v[0], 0, 0, 1)])),
        new("takeRows", 1, v => Ops.Take(v[0], Places(v[0].Shape[0], v[0].Shape[0]))),
        new("gather", 1, v => Ops.Gather(v[0], Places(v[0].Count, v[0].Shape[1]).Reshape(v[0].Shape.Lengths), 1)),
        new("scatter", 1, v => Ops.ScatterAdd(v[0] * 0.5, Places(v[0].Shape[0], v[0].Shape[0]), v[0] * 0.1)),
        new("padSlice", 1, v => Ops.Narrow(Ops.Pad(v[0], [1, 0], [1, 0], 0.5), 0, 0, v[0].Shape[0])),
        new("windows", 1, v => Ops.Mean(Ops.Windows(Ops.Pad(v[0], [0, 1], [0, 1]), [3], [1], [1]), [-1])),
        new("everyOther", 1, v => Ops.Sum(v[0][Slice.Every(2), Slice.Ellipsis], [0], keepDims: true).BroadcastTo(v[0].Shape) * 0.25),
        new("gram", 1, v => v[0].MatMul(v[0].T.MatMul(v[0])) * (0.25 / v[0].Count)),
        new("product", 2, v => v[0].MatMul(v[1].T).MatMul(v[0]) * (0.25 / v[0].Count)),
        new("prod", 1, v => Ops.Prod(Ops.Tanh(v[0]), [1], keepDims: true) * v[0]),
        new("mask", 2, v => Ops.Where(Ops.Less(Ops.Iota(v[0].Shape, 1), Tensor.Scalar(1, DType.I64)), v[0], v[1])),
        new("stack", 2, v => Ops.Mean(Ops.Stack([v[0], v[1]], 1), [1])),
        new("cumProd", 1, v => Ops.CumProd(Ops.Tanh(v[0]), 1)),
        new("recurrence", 2, v => Ops.LinearRecurrence(Ops.Tanh(v[0]) * 0.5, v[1] * 0.5, 1)),
        new("logCumSumExp", 1, v => (Ops.LogCumSumExp(v[0], 1) - 1) * 0.5),
        new("lower", 1, v => Ops.Tril(v[0]) * 0.5 + Ops.Triu(v[0], 1) * 0.25),
        new("rollBoth", 1, v => Ops.Roll(Ops.Roll(v[0], 1, 0), -1, 1)),
        new("segments", 1, v => Ops.Take(Ops.SegmentMean(v[0], Places(v[0].Shape[0], 2), 2), Places(v[0].Shape[0], 2))),
        new("distances", 1, v => Ops.Exp(-Ops.PairwiseSquaredDistances(v[0], v[0])).MatMul(v[0]) * 0.25),
        new("solve", 2, v => Ops.Solve(v[0].MatMul(v[0].T) + Tensor.Full(4, [v[0].Shape[0]], v[0].DType).Reshape(-1, 1) * Ops.Eye(v[0].Shape[0], dtype: v[0].DType), v[1])),
        new("cholesky", 2, v => Ops.Cholesky(v[0].MatMul(v[0].T) * 0.1 + Ops.Eye(v[0].Shape[0], dtype: v[0].DType)).MatMul(v[1]) * 0.5),
        new("padReflect", 1, v => Ops.Mean(Ops.Windows(Ops.Pad(v[0], [0, 1], [0, 1], PaddingMode.Replicate), [3], [1], [1]), [-1])),
        new("resample", 1, v => Ops.Interpolate(Ops.Interpolate(v[0], [3]), [v[0].Shape[1]])),
        new("median", 1, v => v[0] - Ops.Median(v[0], [1], keepDims: true), Smooth: false),
        new("cumMax", 1, v => Ops.CumMax(v[0], 1).Values, Smooth: false),
        new("sort", 1, v => Ops.Sort(v[0], 1), Smooth: false),
        new("rowMax", 1, v => v[0] - Ops.Max(v[0], [1], keepDims: true), Smooth: false),
        new("sortRows", 1, v => Ops.Gather(v[0], Ops.ArgSort(v[0], 1), 1), Smooth: false),
    ];

    /// <summary>Steps whose bodies are graphs of their own.</summary>
    public static IReadOnlyList<ProgramOp> Control { get; } =
    [
        new("loop", 1, v => ControlFlow.Loop(3, v[0], (i, h) => Ops.Tanh(h) * 0.5 + v[0] * (i.Cast(v[0].DType) + 1) * 0.1)),
        new("nestedLoop", 1, v => ControlFlow.Loop(2, v[0], (_, h) => ControlFlow.Loop(2, h, (_, k) => Ops.Sin(k + v[0] * 0.25)))),
        new("loopOfNone", 1, v => ControlFlow.Loop(0, v[0], (_, h) => h * 2)),
        new("scanRows", 1, v => ControlFlow.Scan(v[0][0] * 0, v[0], (h, row) =>
        {
            Tensor next = Ops.Tanh(h * 0.5 + row);
            return (next, next);
        }).Results),
        new("scanBack", 2, v => ControlFlow.Scan(v[1][0], v[0], (h, row) => (h * 0.5 + row * 0.5, h * Ops.Sigmoid(row)), reversed: true).Results),
        new("scanState", 1, v => ControlFlow.Scan(v[0], v[0], (h, row) => (h * 0.5 + Ops.Sin(row), Ops.Mean(h))).State * 0.5),
        new("condOnShape", 2, v => ControlFlow.Cond(Tensor.Of([v[0].Shape[0] > 2]).Reshape([]), v[0], x => x * v[1] * 0.5, x => Ops.Tanh(x) - v[1] * 0.25)),
        new("cond", 2, v => ControlFlow.Cond(v[0].Sum() > 0.1, v[0], x => x * v[1] * 0.5, x => Ops.Sin(x + v[1])), Smooth: false),
        new("checkpoint", 1, v => Transform.Checkpoint(x => Ops.Tanh(x) * Ops.Cos(x))(v[0])),
    ];

    private static Tensor Places(int count, int length)
    {
        long[] places = new long[count];
        for (int i = 0; i < count; i++) places[i] = ((i * 7) + 3) % length;
        return Tensor.Of(places);
    }
}
