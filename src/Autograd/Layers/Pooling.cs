using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>The greatest element of every window: images [N, C, H, W] to [N, C, OH, OW] with OH = (H + 2 padding - size) / stride + 1. Padding never wins.</summary>
/// <remarks>Sensitivity 1: no element of the result changes by more than the largest change in its window.</remarks>
public sealed class MaxPool : Bond
{
    private readonly PoolWindow window;

    /// <summary>Max pooling.</summary>
    /// <param name="size">Window height and width.</param>
    /// <param name="stride">Step; the size when omitted, so that windows tile the image.</param>
    /// <param name="padding">Positions outside the image, at most half a window; 0 when omitted.</param>
    /// <exception cref="ArgumentException">Size or stride is below 1, or the padding is negative or above half a window.</exception>
    public MaxPool(Extent size, Extent? stride = null, Extent? padding = null) => window = PoolWindow.Of("maxPool", size, stride, padding);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is no batch of images, or a window does not fit.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) =>
        Ops.MaxPool2D(PoolWindow.Images("maxPool", x), window.Size, window.Stride, window.Padding);
}

/// <summary>The mean of every window: images [N, C, H, W] to [N, C, OH, OW] with OH = (H + 2 padding - size) / stride + 1. Padding counts as zeros.</summary>
/// <remarks>Sensitivity 1: a mean stretches by at most 1.</remarks>
public sealed class AvgPool : Bond
{
    private readonly PoolWindow window;

    /// <summary>Mean pooling.</summary>
    /// <param name="size">Window height and width.</param>
    /// <param name="stride">Step; the size when omitted, so that windows tile the image.</param>
    /// <param name="padding">Zeros outside the image, at most half a window; 0 when omitted.</param>
    /// <exception cref="ArgumentException">Size or stride is below 1, or the padding is negative or above half a window.</exception>
    public AvgPool(Extent size, Extent? stride = null, Extent? padding = null) => window = PoolWindow.Of("avgPool", size, stride, padding);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is no batch of images, or a window does not fit.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) =>
        Ops.AvgPool2D(PoolWindow.Images("avgPool", x), window.Size, window.Stride, window.Padding);
}

/// <summary>The mean over each whole image: [N, C, H, W] to [N, C].</summary>
/// <remarks>Sensitivity 1: a mean stretches by at most 1.</remarks>
public sealed class GlobalAvgPool : Bond
{
    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Mean(PoolWindow.Images("globalAvgPool", x), [2, 3]);
}

/// <summary>The window of a pooling layer.</summary>
/// <param name="Size">Height and width.</param>
/// <param name="Stride">Step.</param>
/// <param name="Padding">Positions outside the image.</param>
internal readonly record struct PoolWindow(Extent Size, Extent Stride, Extent Padding)
{
    public static PoolWindow Of(string layer, Extent size, Extent? stride, Extent? padding)
    {
        Guard.Extent(layer, "the window", size, 1);
        Extent step = Guard.Extent(layer, "the stride", stride ?? size, 1), pad = Guard.Extent(layer, "the padding", padding ?? 0, 0);
        if (2 * pad.Height > size.Height || 2 * pad.Width > size.Width)
            throw new ArgumentException($"{layer}: the padding must be at most half the window {size}, got {pad}. More would leave windows without an element.");
        return new(size, step, pad);
    }

    public static Tensor Images(string layer, Tensor x) =>
        x.Rank == 4 ? x : throw new ShapeException($"{layer}: the input must be [N, C, H, W], got {x.Shape}. Reshape it to four axes.");
}
