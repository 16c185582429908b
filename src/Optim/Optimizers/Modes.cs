using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>Products with matrices along one axis of stacked pieces [B, d1, .., dk]; axes count from 1.</summary>
internal static class Modes
{
    /// <summary>F [B, d, d] times every line along an axis.</summary>
    public static Tensor Product(Tensor f, Tensor x, int axis)
    {
        if (axis == x.Rank - 1) return x.Reshape(x.Shape[0], -1, x.Shape[axis]).MatMul(f.T).Reshape(x.Shape.Lengths);
        Tensor moved = Ops.MoveAxis(x, axis, 1);
        return Ops.MoveAxis(f.MatMul(moved.Reshape(x.Shape[0], x.Shape[axis], -1)).Reshape(moved.Shape.Lengths), 1, axis);
    }

    /// <summary>All axes that have a factor, first to last.</summary>
    public static Tensor Products(IReadOnlyList<Tensor?> factors, Tensor x, Func<Tensor, Tensor>? each = null)
    {
        for (int i = 0; i < factors.Count; i++)
            if (factors[i] is { } f) x = Product(each is null ? f : each(f), x, i + 1);
        return x;
    }

    /// <summary>The unfolding along an axis times its transpose, [B, d, d].</summary>
    public static Tensor Covariance(Tensor x, int axis)
    {
        Tensor unfolded = Ops.MoveAxis(x, axis, 1).Reshape(x.Shape[0], x.Shape[axis], -1);
        return unfolded.MatMul(unfolded.T);
    }
}

/// <summary>Stacked pieces through the inverse F of a preconditioner along every axis that has one; F is symmetric.</summary>
internal sealed class KroneckerPreconditioner(IReadOnlyList<Tensor?> inverses) : Preconditioner
{
    public override Tensor Apply(Tensor x) => Modes.Products(inverses, x, Ops.Inverse);

    public override Tensor Undo(Tensor x) => Modes.Products(inverses, x);

    public override Tensor ApplyDual(Tensor gradient) => Modes.Products(inverses, gradient);
}

/// <summary>Stacked pieces in orthogonal bases, and there through another preconditioner.</summary>
internal sealed class EigenbasisPreconditioner(IReadOnlyList<Tensor?> bases, Preconditioner? inner) : Preconditioner
{
    public override Tensor Apply(Tensor x) => inner is null ? Into(x) : inner.Apply(Into(x));

    public override Tensor Undo(Tensor x) => Modes.Products(bases, inner is null ? x : inner.Undo(x));

    public override Tensor ApplyDual(Tensor gradient) => inner is null ? Into(gradient) : inner.ApplyDual(Into(gradient));

    private Tensor Into(Tensor x) => Modes.Products(bases, x, q => q.T);
}

/// <summary>A weight cut into pieces that have preconditioners of their own.</summary>
internal sealed class PiecewisePreconditioner(KroneckerPartition partition, IReadOnlyList<Preconditioner> pieces) : Preconditioner
{
    public override Tensor Apply(Tensor x) => Each(x, (by, piece) => by.Apply(piece));

    public override Tensor Undo(Tensor x) => Each(x, (by, piece) => by.Undo(piece));

    public override Tensor ApplyDual(Tensor gradient) => Each(gradient, (by, piece) => by.ApplyDual(piece));

    private Tensor Each(Tensor x, Func<Preconditioner, Tensor, Tensor> map) => partition.Join([.. partition.Split(x).Select((piece, i) => map(pieces[i], piece))]);
}
