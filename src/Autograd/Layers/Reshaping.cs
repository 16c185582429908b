using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>All axes but the first as one: [N, ..] to [N, product of ..].</summary>
/// <remarks>Sensitivity 1: the elements stay what they are.</remarks>
public sealed class Flatten : Bond
{
    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is a scalar.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank == 0) throw new ShapeException($"flatten: the input must have a batch axis, got {x.Shape}.");
        int rest = 1;
        foreach (int length in x.Shape[1..]) rest *= length;
        return x.Reshape(x.Shape[0], rest);
    }
}

/// <summary>Another shape for every example: [N, ..] to [N, lengths]. One length may be -1: it is worked out.</summary>
/// <remarks>Sensitivity 1: the elements stay what they are.</remarks>
public sealed class Reshape : Bond
{
    private readonly int[] lengths;

    /// <summary>A reshaping of every example.</summary>
    /// <param name="lengths">The axis lengths after the batch axis.</param>
    /// <exception cref="ArgumentException">A length is negative and not -1, or -1 is named twice.</exception>
    public Reshape(params ReadOnlySpan<int> lengths)
    {
        this.lengths = lengths.ToArray();
        if (this.lengths.Any(n => n < -1) || this.lengths.Count(n => n == -1) > 1)
            throw new ArgumentException($"reshape: lengths must not be negative, and at most one may be -1, got [{string.Join(", ", this.lengths)}].");
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The shape holds another number of elements.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank == 0) throw new ShapeException($"reshape: the input must have a batch axis, got {x.Shape}.");
        return x.Reshape([x.Shape[0], .. lengths]);
    }
}
