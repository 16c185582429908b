using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>Ways into the unit ball of the spectral norm that take products only.</summary>
public static class Projections
{
    /// <summary>
    /// Matrices [.., out, in] of spectral norm at most 1: each row over the root of max(1, T_i), with T_i = sum over j of |W W^T|_ij exp(p_j - p_i). Then diag(T) - W W^T is
    /// diagonally dominant in another scale of rows, hence positive semidefinite (Araujo et al., "A Unified Algebraic Perspective on Lipschitz Neural Networks",
    /// ICLR 2023, theorem 3; with p = 0 the almost-orthogonal layers of Prach and Lampert, ECCV 2022). Matrices whose T_i are at most 1 stay as they are. Floating types.
    /// </summary>
    /// <remarks>Where a product of two rows is 0 its absolute value has the derivative 0.</remarks>
    /// <param name="weight">Matrices.</param>
    /// <param name="scales">p, [out] or with leading axes that broadcast; 0 when omitted.</param>
    /// <exception cref="ShapeException">The operand has less than two axes, or the scales do not fit its rows.</exception>
    /// <exception cref="DTypeException">The operand is not floating.</exception>
    public static Tensor Sll(Tensor weight, Tensor? scales = null)
    {
        if (weight.Rank < 2) throw new ShapeException($"sll: takes matrices [.., out, in], got {weight.Shape}. Add the axes that are missing: x.Reshape(m, n).");
        if (!weight.DType.IsFloating()) throw new DTypeException($"sll: takes a floating type, got {weight.DType.Name()}. Cast first: x.Cast(DType.F32).");
        if (scales is not null && (scales.Rank == 0 || scales.Shape[^1] != weight.Shape[^2]))
            throw new ShapeException($"sll: one scale for each of the {weight.Shape[^2]} rows is needed, got {scales.Shape}.");
        if (weight.DType.IsHalfWidth()) return Sll(weight.Cast(DType.F32), scales?.Cast(DType.F32)).Cast(weight.DType);
        Tensor products = Ops.Abs(Ops.MatMul(weight, weight.T));
        if (scales is not null) products = products * Ops.Exp(Ops.Unsqueeze(scales, -2) - Ops.Unsqueeze(scales, -1));
        Tensor rows = Ops.Sum(products, [-1], keepDims: true);
        return weight * Ops.Rsqrt(Ops.Maximum(rows, rows.Like(1)));
    }
}
