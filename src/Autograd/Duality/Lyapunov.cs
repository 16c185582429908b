using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// The X with P X + X P = M for symmetric positive definite P, through its eigenvalues. Where the sum of two is negligible, as for a P without full rank, the part of X between their vectors
/// is taken for 0.
/// </summary>
internal static class Lyapunov
{
    /// <summary>Of matrices [..., n, n]; M 2 times the identity gives the inverse of P.</summary>
    public static Tensor Solve(Tensor p, Tensor m)
    {
        (Tensor values, Tensor v) = Ops.SymmetricEigen(Ops.StopGradient(p));
        Tensor sums = Ops.Unsqueeze(values, -2) + Ops.Unsqueeze(values, -1);
        // Errors of eigenvalues are small multiples of the rounding of the greatest.
        double tolerance = 8 * p.Shape[^1] * Rounding(p.DType);
        Tensor none = sums <= Ops.Unsqueeze(Ops.Max(Ops.Abs(values), [-1], keepDims: true), -1) * tolerance;
        Tensor inverse = Ops.Where(none, sums.Like(0), Ops.Reciprocal(Ops.Where(none, sums.Like(1), sums)));
        Tensor inner = Ops.MatMul(Ops.MatMul(v.T, Ops.StopGradient(m)), v) * inverse;
        return LyapunovOp.Instance.Apply(p, m, Ops.MatMul(Ops.MatMul(v, inner), v.T));
    }

    /// <summary>The distance of 1 from the next number.</summary>
    public static double Rounding(DType type) => type == DType.F64 ? Math.ScaleB(1, -52) : Math.ScaleB(1, -23);

    /// <summary>Every operand with the batch as axis 0.</summary>
    public static Tensor[] Batch(Tensor[] inputs, bool[] batched, int size) =>
        [.. inputs.Select((x, i) => batched[i] ? x : x.BroadcastTo(x.Shape.Insert(0, size)))];
}

/// <summary>(p, m, the solution) to the latter: mathematically a function of p and m, so the third operand carries no derivative.</summary>
internal sealed record LyapunovOp : Primitive
{
    public static readonly LyapunovOp Instance = new();

    public override string Name => "lyapunov";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[2]];

    /// <remarks>With Y the solution for the cotangent: Y to m, -(Y X^T + X^T Y) to p.</remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return [null, null, null];
        Tensor y = Lyapunov.Solve(inputs[0], cotangent), x = outputs[0];
        return [-(Ops.MatMul(y, x.T) + Ops.MatMul(x.T, y)), y, null];
    }

    /// <remarks>The solution for dm - dp X - X dp.</remarks>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor? right = tangents[1], x = outputs[0];
        if (tangents[0] is { } p)
        {
            Tensor moved = Ops.MatMul(p, x) + Ops.MatMul(x, p);
            right = right is null ? -moved : right - moved;
        }
        return [right is null ? null : Lyapunov.Solve(inputs[0], right)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(Lyapunov.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MapKernel(Expr.Input(2, inputs[2].DType));
}
