using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>
/// Initial value problems. Runge-Kutta is compared with its own table of stages; the steps of Dormand and Prince adapt, so that it is compared with exact solutions, to the
/// tolerance that it is given.
/// </remarks>
internal static class OdeRows
{
    public static OpInfo[] All { get; } =
    [
        new("rungeKutta4", Predators) { SingleTolerance = 1e-5, Cost = 4 },
        new("rungeKutta4 of a tree", Oscillator) { SingleTolerance = 1e-5, Cost = 8 },
        new("dormandPrince", Decay) { Covers = ["OdeOp"], SingleTolerance = 1e-4, Domains = "[0.5, 3]", Cost = 10 },
        new("dormandPrince logistic", Logistic) { Covers = ["OdeOp"], SingleTolerance = 1e-4, Domains = "[0.8, 1.6], [-0.3, 0.3]", Cost = 20 },
    ];

    private static readonly Domain Positive = (0.5, 3);

    private static OdeOptions Fine { get; } = new() { RelativeTolerance = 1e-14, AbsoluteTolerance = 1e-14 };

    private static OdeOptions Coarse { get; } = new() { RelativeTolerance = 1e-5, AbsoluteTolerance = 1e-5 };

    private static OdeOptions Tolerances(DType type) => type == DType.F64 ? Fine : Coarse;

    /// <summary>Lotka and Volterra's predators and prey with a season: u' = a u - b u v, v' = c u v - d v + t / 2. Operands: the state, (a, b, c, d), the times.</summary>
    private static OpCase Predators(Generator g)
    {
        int times = g.Integer(1, 4), steps = g.Integer(1, 3);
        return new(
            xs => Widened.Run(xs, x => Odes.RungeKutta4((t, y) => Slope(t, y, x[1]), x[0], x[2], steps)),
            [new([2]) { TakesWild = false }, new([4]) { Domain = (0.2, 1), TakesWild = false }, new([times]) { Domain = (-0.5, 0.5), TakesWild = false }],
            a =>
            {
                double[] p = a[1].Values.ToArray();
                double[][] states = Naive.RungeKutta4(
                    (t, y) => [(p[0] * y[0]) - (p[1] * y[0] * y[1]), (p[2] * y[0] * y[1]) - (p[3] * y[1]) + (t / 2)], a[0].Values.ToArray(), a[2].Values.ToArray(), steps);
                return Grid.Build([times, 2], i => states[i[0]][i[1]]);
            })
        { Attributes = $"steps {steps}" };
    }

    private static Tensor Slope(Tensor t, Tensor y, Tensor p)
    {
        Tensor u = y[0], v = y[1], met = u * v;
        return Ops.Stack([(p[0] * u) - (p[1] * met), (p[2] * met) - (p[3] * v) + (t * 0.5)]);
    }

    /// <summary>A place and a speed under a force -k sin(place), for a vector of pendulums; the result holds the last places, then the last speeds.</summary>
    private static OpCase Oscillator(Generator g)
    {
        int n = g.Integer(1, 3), steps = g.Integer(1, 4);
        return new(
            xs => Widened.Run(xs, x =>
            {
                Pair<Tensor, Tensor> end = Odes.RungeKutta4(
                    (t, y) => new(y.Second, -x[2] * Ops.Sin(y.First)), new Pair<Tensor, Tensor>(x[0], x[1]), Tensor.Of([1.0, 0.25]).Cast(x[0].DType), steps);
                return Ops.Concat([end.First[1], end.Second[1]], 0);
            }),
            [new([n]) { TakesWild = false }, new([n]) { TakesWild = false }, new([n]) { Domain = (0.2, 2), TakesWild = false }],
            a =>
            {
                double[] k = a[2].Values.ToArray();
                double[] end = Naive.RungeKutta4(
                    (_, y) => [.. y[n..], .. y[..n].Select((v, i) => -k[i] * Math.Sin(v))], [.. a[0].Values, .. a[1].Values], [1.0, 0.25], steps)[1];
                return new([2 * n], end);
            })
        { Attributes = $"steps {steps}" };
    }

    /// <summary>y' = -y from y(0) = x, at 0.7.</summary>
    private static OpCase Decay(Generator g)
    {
        Shape shape = [g.Integer(1, 3)];
        return new(
            xs => Widened.Run(xs, x => Odes.DormandPrince((t, y) => -y, x[0], Tensor.Of([0.0, 0.7]).Cast(x[0].DType), Tolerances(x[0].DType)).States[1]),
            [new(shape) { Domain = Positive, TakesWild = false }], a => Naive.Map(a, v => v[0] * Math.Exp(-0.7)));
    }

    /// <summary>y' = r y (1 - y / k), whose solution is k / (1 + (k / y0 - 1) exp(-r t)), in y0, r, k and both times.</summary>
    private static OpCase Logistic(Generator g) => new(
        xs => Widened.Run(xs, x => Odes.DormandPrince((t, y) => x[1] * y * (1 - (y / x[2])), x[0], x[3], Tolerances(x[0].DType)).States[1]),
        [.. Enumerable.Range(0, 3).Select(_ => new Operand([]) { Domain = (0.8, 1.6), TakesWild = false }), new Operand([2]) { Domain = (-0.3, 0.3), TakesWild = false }],
        a => Naive.Map(a[..3], v => v[2] / (1 + (((v[2] / v[0]) - 1) * Math.Exp(-v[1] * (a[3][1] - a[3][0]))))));
}
