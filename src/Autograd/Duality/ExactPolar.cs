using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// The polar factor through singular values, and its derivatives. For G of full row rank with polar factor O and P = G O^T, which is symmetric and positive definite:
/// dO = K O + P^-1 dG (1 - O^T O) with P K + K P = dG O^T - O dG^T.
/// </summary>
internal static class ExactPolar
{
    /// <summary>Of wide matrices [..., n, m].</summary>
    public static Tensor Of(Tensor g)
    {
        Tensor magnitude = PolarPrescale.Magnitude(g), x = g / magnitude;
        (Tensor u, Tensor s, Tensor vt) = Ops.Svd(Ops.StopGradient(x));
        Tensor kept = s > Ops.Max(s, [-1], keepDims: true) * Tolerance(g);
        return ExactPolarOp.Instance.Apply(x, Ops.MatMul(u * Ops.Unsqueeze(Ops.Where(kept, Tensor.Ones([], g.DType), g.Like(0)), -2), vt));
    }

    /// <summary>The derivative in a direction; the map is its own transpose, so it is the cotangent rule as well.</summary>
    public static Tensor Slope(Tensor g, Tensor o, Tensor direction)
    {
        Tensor product = Ops.MatMul(g, o.T), p = (product + product.T) * 0.5, moved = Ops.MatMul(direction, o.T);
        Tensor within = Ops.MatMul(Lyapunov.Solve(p, moved - moved.T), o);
        if (g.Shape[^1] == g.Shape[^2]) return within;
        Tensor twice = Ops.Eye(g.Shape[^2], dtype: g.DType) * 2;
        return within + Ops.MatMul(Lyapunov.Solve(p, twice.BroadcastTo(p.Shape)), direction - Ops.MatMul(moved, o));
    }

    /// <summary>Relative size of a singular value that counts as 0.</summary>
    private static double Tolerance(Tensor g) => Math.Max(g.Shape[^2], g.Shape[^1]) * Lyapunov.Rounding(g.DType);
}

/// <summary>(g, its polar factor) to the latter: mathematically a function of g alone, so the second operand carries no derivative.</summary>
internal sealed record ExactPolarOp : Primitive
{
    public static readonly ExactPolarOp Instance = new();

    public override string Name => "polar";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1]];

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [cotangents[0] is { } cotangent ? ExactPolar.Slope(inputs[0], outputs[0], cotangent) : null, null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [tangents[0] is { } tangent ? ExactPolar.Slope(inputs[0], outputs[0], tangent) : null];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(Lyapunov.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MapKernel(Expr.Input(1, inputs[1].DType));
}
