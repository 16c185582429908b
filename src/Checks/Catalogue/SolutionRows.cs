using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>Functions that are given as the solution of an equation.</remarks>
internal static class SolutionRows
{
    private static readonly Domain Positive = (0.5, 3);

    public static OpInfo[] All { get; } =
    [
        new("fixedPoint", g => Root(g, x => ImplicitDiff.FixedPoint(Babylonian, x, Ones(x)).Value)) { Covers = ["ImplicitOp"], Domains = "[0.5, 3]", SingleTolerance = 1e-4, Cost = 5 },
        new("fixedPoint mapped", g => Root(g, x => Transform.Vmap(t => ImplicitDiff.FixedPoint(Babylonian, t, Ones(t)).Value)(x)))
        {
            Covers = ["MappedOp"], Domains = "[0.5, 3]", SingleTolerance = 1e-4, Cost = 5,
        },
        new("fixedPoint shared inverse", g => Root(g, x => ImplicitDiff.FixedPoint((p, z) => z - (z * z - p) * 0.2, x, Ones(x), Shared).Value))
        {
            Covers = ["EstimateOp"], Derivative = DerivativeCheck.None, Domains = "[0.5, 3]", Note = "the derivative is an estimate", SingleTolerance = 1e-4,
        },
        new("root", g => Root(g, x => ImplicitDiff.Root((p, z) => z * z - p, x, Ones(x)).Value)) { Domains = "[0.5, 3]", SingleTolerance = 1e-4, Cost = 5 },
        new("dormandPrince", Decay) { Covers = ["OdeOp"], SingleTolerance = 1e-4, Domains = "[0.5, 3]", Cost = 10 },
    ];

    private static FixedPointOptions Shared { get; } = new() { Method = FixedPointMethod.Broyden, Derivative = LinearSolver.SharedInverse };

    private static OdeOptions Fine { get; } = new() { RelativeTolerance = 1e-13, AbsoluteTolerance = 1e-13 };

    private static OdeOptions Coarse { get; } = new() { RelativeTolerance = 1e-5, AbsoluteTolerance = 1e-5 };

    private static Tensor Babylonian(Tensor p, Tensor z) => 0.5 * (z + p / z);

    private static Tensor Ones(Tensor x) => Ops.StopGradient(x) * 0 + 1;

    private static OpCase Root(Generator g, Func<Tensor, Tensor> solve)
    {
        Shape shape = [g.Integer(1, 3)];
        return new(xs => Wide(xs[0], solve), [new(shape) { Domain = Positive, TakesWild = false }], a => Naive.Map(a, v => Math.Sqrt(v[0])));
    }

    /// <summary>Solvers work in f32 or f64.</summary>
    private static Tensor Wide(Tensor x, Func<Tensor, Tensor> solve) => x.DType is DType.F16 or DType.BF16 ? solve(x.Cast(DType.F32)).Cast(x.DType) : solve(x);

    /// <summary>y' = -y from y(0) = x, at 0.7.</summary>
    private static OpCase Decay(Generator g)
    {
        Shape shape = [g.Integer(1, 3)];
        return new(
            xs => Wide(xs[0], x => Odes.DormandPrince((t, y) => -y, x, Tensor.Of([0.0, 0.7]).Cast(x.DType), x.DType == DType.F64 ? Fine : Coarse).States[1]),
            [new(shape) { Domain = Positive, TakesWild = false }], a => Naive.Map(a, v => v[0] * Math.Exp(-0.7)));
    }
}
