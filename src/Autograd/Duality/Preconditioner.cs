using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>An invertible linear map of a weight, through which a norm sees it: X to D X entry by entry, or to L X R.</summary>
public abstract class Preconditioner
{
    /// <summary>The map.</summary>
    public abstract Tensor Apply(Tensor x);

    /// <summary>The inverse map.</summary>
    public abstract Tensor Undo(Tensor x);

    /// <summary>The inverse of the transposed map, which gradients go through.</summary>
    public abstract Tensor ApplyDual(Tensor gradient);

    /// <summary>Entry by entry: D X.</summary>
    /// <param name="d">Positive, of the weight's shape or broadcasting to it.</param>
    public static Preconditioner Diagonal(Tensor d) => new DiagonalPreconditioner(d);

    /// <summary>Both sides: L X R.</summary>
    /// <param name="left">L, [.., out, out], invertible; the identity when null.</param>
    /// <param name="right">R, [.., in, in], invertible; the identity when null.</param>
    public static Preconditioner Sides(Tensor? left, Tensor? right) => new SidesPreconditioner(left, right);

    /// <summary>Both sides, L X R, given by the inverses, which gradients and updates go through.</summary>
    /// <param name="left">L^-1, [.., out, out]; the identity when null.</param>
    /// <param name="right">R^-1, [.., in, in]; the identity when null.</param>
    public static Preconditioner InverseSides(Tensor? left, Tensor? right) => new InverseSidesPreconditioner(left, right);

    /// <summary>Entry by entry in another basis: D (U^T X V), for orthogonal U and V.</summary>
    /// <param name="left">U, [.., out, out]; the identity when null.</param>
    /// <param name="right">V, [.., in, in]; the identity when null.</param>
    /// <param name="d">Positive, of the weight's shape or broadcasting to it.</param>
    public static Preconditioner InBasis(Tensor? left, Tensor? right, Tensor d) => new BasisPreconditioner(left, right, d);
}

internal sealed class DiagonalPreconditioner(Tensor d) : Preconditioner
{
    public override Tensor Apply(Tensor x) => x * d;

    public override Tensor Undo(Tensor x) => x / d;

    public override Tensor ApplyDual(Tensor gradient) => gradient / d;
}

internal sealed class SidesPreconditioner(Tensor? left, Tensor? right) : Preconditioner
{
    public override Tensor Apply(Tensor x) => Right(Left(x, (l, y) => l.MatMul(y)), (y, r) => y.MatMul(r));

    public override Tensor Undo(Tensor x) => Right(Left(x, Ops.Solve), (y, r) => Ops.Solve(r.T, y.T).T);

    public override Tensor ApplyDual(Tensor gradient) => Right(Left(gradient, (l, y) => Ops.Solve(l.T, y)), (y, r) => Ops.Solve(r, y.T).T);

    private Tensor Left(Tensor x, Func<Tensor, Tensor, Tensor> map) => left is null ? x : map(left, x);

    private Tensor Right(Tensor x, Func<Tensor, Tensor, Tensor> map) => right is null ? x : map(x, right);
}

internal sealed class InverseSidesPreconditioner(Tensor? left, Tensor? right) : Preconditioner
{
    private readonly Preconditioner inverse = Sides(left, right);

    public override Tensor Apply(Tensor x) => inverse.Undo(x);

    public override Tensor Undo(Tensor x) => inverse.Apply(x);

    public override Tensor ApplyDual(Tensor gradient) => Sides(left?.T, right?.T).Apply(gradient);
}

internal sealed class BasisPreconditioner(Tensor? left, Tensor? right, Tensor d) : Preconditioner
{
    private readonly Preconditioner into = Sides(left?.T, right), outOf = Sides(left, right?.T);

    public override Tensor Apply(Tensor x) => into.Apply(x) * d;

    public override Tensor Undo(Tensor x) => outOf.Apply(x / d);

    // U and V are their own inverse transposes, so gradients turn as weights do. What follows is a norm in the other basis.
    public override Tensor ApplyDual(Tensor gradient) => into.Apply(gradient) / d;
}

/// <summary>A norm of the preconditioned tensor.</summary>
internal sealed class PreconditionedNorm(TensorNorm inner, Preconditioner by) : TensorNorm
{
    internal override int LeastRank => inner.LeastRank;

    internal override Tensor Norm(Tensor x) => inner.Norm(by.Apply(x));

    internal override Tensor Dual(Tensor gradient) => inner.Dual(by.ApplyDual(gradient));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => by.Undo(inner.Map(by.ApplyDual(gradient), accuracy));

    public override Tensor Riesz(Tensor gradient, PolarAccuracy accuracy = PolarAccuracy.Default)
    {
        DType type = gradient.DType.IsHalfWidth() ? DType.F32 : gradient.DType;
        return by.Undo(inner.Riesz(by.ApplyDual(gradient.Cast(type)), accuracy)).Cast(gradient.DType);
    }
}
