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
            Derivative = DerivativeCheck.None, Domains = "[0.5, 3]", Note = "the derivative is an estimate", SingleTolerance = 1e-4,
        },
        new("fixedPoint shared inverse, cotangent", SharedCotangent)
        {
            Covers = ["EstimateOp"], Derivative = DerivativeCheck.None, Domains = "[0.6, 3]", Note = "the estimate has no derivative", SingleTolerance = 1e-4,
        },
        new("root", g => Root(g, x => ImplicitDiff.Root((p, z) => z * z - p, x, Ones(x)).Value)) { Domains = "[0.5, 3]", SingleTolerance = 1e-4, Cost = 5 },
    ];

    private static FixedPointOptions Shared { get; } = new() { Method = FixedPointMethod.Broyden, Derivative = LinearSolver.SharedInverse };

    private static Tensor Babylonian(Tensor p, Tensor z) => 0.5 * (z + p / z);

    private static Tensor Ones(Tensor x) => Ops.StopGradient(x) * 0 + 1;

    private static OpCase Root(Generator g, Func<Tensor, Tensor> solve)
    {
        Shape shape = [g.Integer(1, 3)];
        return new(xs => Widened.Run(xs, x => solve(x[0])), [new(shape) { Domain = Positive, TakesWild = false }], a => Naive.Map(a, v => Math.Sqrt(v[0])));
    }

    /// <summary>z = z / 2 + p, whose solution is 2 p: one secant finds the slope, so that the estimate is exact and the cotangent doubles.</summary>
    private static OpCase SharedCotangent(Generator g) => new(
        xs => Widened.Run(xs, x => Transform.Vjp(p => ImplicitDiff.FixedPoint((q, z) => (0.5 * z) + q, p, Ones(p), Shared).Value, x[0], x[1]).Cotangent),
        [new([1]) { Domain = (0.6, 3), TakesWild = false }, new([1]) { TakesWild = false }], a => Naive.Map([a[1]], v => 2 * v[0]));
}
