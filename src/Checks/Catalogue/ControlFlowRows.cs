using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

internal static class ControlFlowRows
{
    public static OpInfo[] All { get; } =
    [
        new("loop", x => ControlFlow.Loop(3, x, (t, s) => Ops.Sin(s) + (s * (t.Cast(s.DType) * 0.25))), x => Repeat(x, 3, (t, s) => Math.Sin(s) + (s * t * 0.25)), (-3, 3), SpecialValues: [0]),
        new("loop of no runs", x => ControlFlow.Loop(0, Ops.Exp(x), (_, s) => s * 2), Math.Exp, (-3, 3)) { Covers = ["LoopOp"] },
        new("loop captures", (a, b) => ControlFlow.Loop(4, a + (b * 0), (_, s) => Ops.Tanh(s) * b), (a, b) => Repeat(a + (b * 0), 4, (_, s) => Math.Tanh(s) * b), (-2, 2), SpecialValues: [0]),
        new("scan", Scan) { Covers = ["LoopOp"] },
        new("while", Halved) { Covers = ["WhileOp"], Derivative = DerivativeCheck.None, Note = "the number of runs is unknown, so there is no reverse rule; the forward one has its own tests" },
        new("cond", Choice) { Covers = ["CondOp"] },
    ];

    private static double Repeat(double x, int count, Func<int, double, double> body)
    {
        for (int t = 0; t < count; t++) x = body(t, x);
        return x;
    }

    /// <summary>A state that mixes with every slice; the result holds what every slice gave, then the last state.</summary>
    private static OpCase Scan(Generator g)
    {
        int count = g.Integer(0, 5);
        Shape slice = g.Shape(maxRank: 2), whole = slice.Insert(0, count);
        bool reversed = g.OneIn(2);
        return new(xs => Scan(xs[0], xs[1], reversed), [new(slice), new(whole)], a =>
        {
            double[] state = a[0].Values.ToArray(), results = new double[whole.Count + slice.Count];
            for (int run = 0; run < count; run++)
            {
                int t = reversed ? count - 1 - run : run;
                for (int i = 0; i < state.Length; i++)
                {
                    double x = a[1].Values[(t * state.Length) + i];
                    results[(t * state.Length) + i] = state[i] * x;
                    state[i] = Math.Sin(state[i]) + (0.5 * x);
                }
            }
            state.CopyTo(results, whole.Count);
            return new(slice.Insert(0, count + 1), results);
        })
        {
            Attributes = $"reversed {reversed}",
        };
    }

    private static Tensor Scan(Tensor state, Tensor sequence, bool reversed)
    {
        (Tensor last, Tensor results) = ControlFlow.Scan(state, sequence, (Tensor s, Tensor x) => (Ops.Sin(s) + (x * 0.5), s * x), reversed);
        return Ops.Concat([results, Ops.Unsqueeze(last, 0)], 0);
    }

    /// <summary>Halves until nothing is above 1 in size.</summary>
    private static OpCase Halved(Generator g)
    {
        Shape shape = g.Shape(nonEmpty: true);
        // An infinity would be halved for ever.
        return new(xs => ControlFlow.While(xs[0], x => Ops.Max(Ops.Abs(x)) > 1, x => x * 0.5), [new(shape) { Domain = (-40, 40), TakesWild = false }], a =>
        {
            double[] x = a[0].Values.ToArray();
            while (x.Max(Math.Abs) > 1) x = Array.ConvertAll(x, v => v * 0.5);
            return new(shape, x);
        });
    }

    private static OpCase Choice(Generator g)
    {
        Shape shape = g.Shape();
        return new(
            xs => ControlFlow.Cond(xs[1] > 0, xs[0], x => Ops.Sin(x) * x, x => Ops.Exp(x) - x),
            [new(shape), new([]) { DType = DType.I64, Domain = (0, 1) }],
            a => Naive.Map([a[0]], v => a[1].Values[0] > 0 ? Math.Sin(v[0]) * v[0] : Math.Exp(v[0]) - v[0]));
    }
}
