namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// The greatest element of every window over the last two axes; padding never wins. Where elements are equally great the derivative is shared among them.
    /// </summary>
    /// <param name="x">[.., H, W], a floating type.</param>
    /// <param name="size">Window height and width.</param>
    /// <param name="stride">Step; the window size when omitted.</param>
    /// <param name="padding">Positions outside the image, at most half a window.</param>
    /// <exception cref="ShapeException">A window does not fit.</exception>
    public static Tensor MaxPool2D(Tensor x, Extent size, Extent? stride = null, Extent? padding = null) =>
        Max(PoolWindows("maxPool2d", x, size, stride, padding, double.NegativeInfinity), [-2, -1]);

    /// <summary>The mean of every window over the last two axes; padding counts as zeros.</summary>
    /// <param name="x">[.., H, W], a floating type.</param>
    /// <param name="size">Window height and width.</param>
    /// <param name="stride">Step; the window size when omitted.</param>
    /// <param name="padding">Zeros outside the image, at most half a window.</param>
    /// <exception cref="ShapeException">A window does not fit.</exception>
    public static Tensor AvgPool2D(Tensor x, Extent size, Extent? stride = null, Extent? padding = null) =>
        Mean(PoolWindows("avgPool2d", x, size, stride, padding, 0), [-2, -1]);

    private static Tensor PoolWindows(string op, Tensor x, Extent size, Extent? stride, Extent? padding, double fill)
    {
        if (x.Rank < 2) throw new ShapeException($"{op}: needs images [.., H, W], got {x.Shape}.");
        TypeRules.Require(op, Accepts.Floating, x.DType.IsHalfWidth() ? DType.F32 : x.DType);
        Extent pad = padding ?? 0, step = stride ?? size;
        if (pad.Height < 0 || pad.Width < 0 || 2 * pad.Height > size.Height || 2 * pad.Width > size.Width)
            throw new ShapeException($"{op}: padding must be between 0 and half the window {size}, got {pad}.");
        int[] around = new int[x.Rank];
        around[^2] = pad.Height;
        around[^1] = pad.Width;
        Shape margin = Shape.Create(around);
        return Windows(Pad(x, margin, margin, fill), [size.Height, size.Width], [step.Height, step.Width], [1, 1]);
    }
}
