using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>The polar factor of a matrix.</summary>
public static class Polar
{
    /// <summary>U V^T of the reduced singular value decomposition U S V^T, without the directions of singular values that rounding cannot tell from 0. [.., m, n] to the same.</summary>
    public static Tensor Factor(Tensor g, PolarAccuracy accuracy = PolarAccuracy.Default)
    {
        (Tensor u, Tensor s, Tensor vt) = Ops.Svd(g);
        double eps = (g.DType == DType.F64 ? 2.220446049250313e-16 : 1.1920929e-7) * Math.Max(g.Shape[^1], g.Shape[^2]);
        Tensor kept = Ops.Where(s > Ops.Max(s, [-1], keepDims: true) * eps, s.Like(1), s.Like(0));
        return (u * Ops.Unsqueeze(kept, -2)).MatMul(vt);
    }
}
