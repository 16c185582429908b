using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// A norm on a weight. It decides which update a gradient means: of all updates of norm 1, the one along which the loss rises most.
/// Matrices are [.., out, in] and act as y = W x; over leading axes the norm is the largest of the matrices', so its dual adds them.
/// </summary>
/// <remarks>
/// Everything is made of tensor ops: it traces, compiles and maps under vmap. f16 and bf16 are measured in f32. Lengths are formed without overflow or underflow.
/// </remarks>
public abstract class TensorNorm
{
    /// <summary>The norm of a weight or an update, as a scalar; 0 where there are no elements.</summary>
    /// <exception cref="ShapeException">The norm is one of matrices and the tensor is none.</exception>
    public Tensor Of(Tensor x) => Measure("norm", x, Norm);

    /// <summary>The dual norm of a gradient, as a scalar: the most it pairs to with an update of norm 1.</summary>
    /// <exception cref="ShapeException">The norm is one of matrices and the tensor is none.</exception>
    public Tensor DualNorm(Tensor gradient) => Measure("dualNorm", gradient, Dual);

    /// <summary>
    /// An update of norm 1 that pairs with the gradient to its dual norm; where a part of the gradient is 0, as it is for a token that a batch lacks, that part is 0.
    /// </summary>
    /// <param name="gradient">The gradient.</param>
    /// <param name="accuracy">How exact polar factors are, where the norm has one.</param>
    /// <exception cref="ShapeException">The norm is one of matrices and the tensor is none.</exception>
    public Tensor Dualize(Tensor gradient, PolarAccuracy accuracy = PolarAccuracy.Default)
    {
        Require("dualize", gradient);
        if (gradient.Count == 0) return gradient;
        return gradient.DType.IsHalfWidth() ? Map(gradient.Cast(DType.F32), accuracy).Cast(gradient.DType) : Map(gradient, accuracy);
    }

    /// <summary>
    /// The update u that maximizes (gradient, u) - N(u)^2 / 2: dual norm times duality map. For the Euclidean norm the gradient's own numbers, bit for bit.
    /// </summary>
    /// <param name="gradient">The gradient.</param>
    /// <param name="accuracy">How exact polar factors are, where the norm has one.</param>
    /// <exception cref="ShapeException">The norm is one of matrices and the tensor is none.</exception>
    public virtual Tensor Riesz(Tensor gradient, PolarAccuracy accuracy = PolarAccuracy.Default)
    {
        Tensor update = Dualize(gradient, accuracy);
        if (gradient.Count == 0) return update;
        // The pairing is the dual norm as far as the map is exact, and costs no singular values.
        DType type = gradient.DType.IsHalfWidth() ? DType.F32 : gradient.DType;
        return (update.Cast(type) * Ops.Sum(gradient.Cast(type) * update.Cast(type))).Cast(gradient.DType);
    }

    /// <summary>
    /// A weight brought to norm 1: for norms of matrices the duality map of the weight itself, which sets every singular value, row or column to its greatest length
    /// (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024); for norms of vectors the nearest point of the unit ball along the way to the origin.
    /// </summary>
    public virtual Tensor Project(Tensor weight) => Dualize(weight, PolarAccuracy.Exact);

    /// <summary>The norm times a factor: its dual is divided by it.</summary>
    /// <exception cref="ArgumentException">The factor is not finite and positive.</exception>
    public TensorNorm Scale(double factor)
    {
        if (!(factor > 0 && double.IsFinite(factor))) throw new ArgumentException($"norm: the factor must be finite and positive, got {factor}.");
        return new ScaledNorm(this, _ => factor);
    }

    /// <summary>The norm times a factor that the shape of the matrices decides: with sqrt(in / out) the spectral norm becomes <see cref="MatrixNorms.RmsToRms"/>.</summary>
    /// <param name="factor">From the shape to a positive factor.</param>
    public TensorNorm Scale(Func<Shape, double> factor) => new ScaledNorm(this, factor);

    /// <summary>The norm of the transpose.</summary>
    public TensorNorm Transposed() => new ViewedNorm(this, x => x.T, (x, _) => x.T);

    /// <summary>
    /// The norm of X seen through a preconditioner, N(L X R) or N(D X): its duality map is that of the preconditioned gradient, preconditioned once more
    /// (Veprikov et al., "Preconditioned Norms", 2025, eqs. 1 and 2).
    /// </summary>
    public TensorNorm Preconditioned(Preconditioner by) => new PreconditionedNorm(this, by);

    /// <summary>The norm of a floating tensor with elements, no wider than f64 and no narrower than f32.</summary>
    internal abstract Tensor Norm(Tensor x);

    /// <summary>The dual norm of such a tensor.</summary>
    internal abstract Tensor Dual(Tensor gradient);

    /// <summary>The duality map of such a tensor.</summary>
    internal abstract Tensor Map(Tensor gradient, PolarAccuracy accuracy);

    /// <summary>Least number of axes.</summary>
    internal virtual int LeastRank => 0;

    private Tensor Measure(string op, Tensor x, Func<Tensor, Tensor> measure)
    {
        Require(op, x);
        DType type = x.DType.IsHalfWidth() ? DType.F32 : x.DType;
        return x.Count == 0 ? Tensor.Zeros([], type) : measure(x.Cast(type));
    }

    private void Require(string op, Tensor x)
    {
        if (!x.DType.IsFloating()) throw new DTypeException($"{op}: takes a floating type, got {x.DType.Name()}. Cast first: x.Cast(DType.F32).");
        if (x.Rank < LeastRank) throw new ShapeException($"{op}: the norm is one of tensors with at least {LeastRank} axes, got {x.Shape}. Take one of VectorNorms.");
    }
}

/// <summary>A norm times a factor that the shape decides.</summary>
internal sealed class ScaledNorm(TensorNorm inner, Func<Shape, double> factor) : TensorNorm
{
    internal override int LeastRank => inner.LeastRank;

    internal override Tensor Norm(Tensor x) => inner.Norm(x) * factor(x.Shape);

    internal override Tensor Dual(Tensor gradient) => inner.Dual(gradient) * (1 / factor(gradient.Shape));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => inner.Map(gradient, accuracy) * (1 / factor(gradient.Shape));

    public override Tensor Project(Tensor weight) => inner.Project(weight * factor(weight.Shape)) * (1 / factor(weight.Shape));
}

/// <summary>A norm of a view of the tensor that keeps its elements: transposed, reshaped, its axes in another order.</summary>
/// <param name="inner">The norm of the view.</param>
/// <param name="view">The view.</param>
/// <param name="back">From the view to the tensor's shape.</param>
/// <param name="rank">Least number of axes of the tensor.</param>
internal sealed class ViewedNorm(TensorNorm inner, Func<Tensor, Tensor> view, Func<Tensor, Shape, Tensor> back, int rank = 2) : TensorNorm
{
    internal override int LeastRank => rank;

    internal override Tensor Norm(Tensor x) => inner.Norm(view(x));

    internal override Tensor Dual(Tensor gradient) => inner.Dual(view(gradient));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => back(inner.Map(view(gradient), accuracy), gradient.Shape);

    public override Tensor Project(Tensor weight) => back(inner.Project(view(weight)), weight.Shape);
}
