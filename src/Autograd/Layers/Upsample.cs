using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Every element repeated over a rectangle: images [N, C, H, W] to [N, C, H FH, W FW], the nearest element for each.</summary>
/// <remarks>Sensitivity 1, in RMS and in the largest element.</remarks>
public sealed class Upsample : Bond
{
    private readonly Extent factor;

    /// <summary>Repetition of elements.</summary>
    /// <param name="factor">Height and width of a rectangle.</param>
    /// <exception cref="ArgumentException">A factor is below 1.</exception>
    public Upsample(Extent factor) => this.factor = Guard.Extent("upsample", "the factor", factor, 1);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        Shape s = PoolWindow.Images("upsample", x).Shape;
        return x.Reshape(s[0], s[1], s[2], 1, s[3], 1).BroadcastTo([s[0], s[1], s[2], factor.Height, s[3], factor.Width])
            .Reshape(s[0], s[1], s[2] * factor.Height, s[3] * factor.Width);
    }
}
