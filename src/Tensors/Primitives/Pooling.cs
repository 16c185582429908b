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
    public static Tensor MaxPool2D(Tensor x, Extent size, Extent? stride = null, Extent? padding = null)
    {
        (Tensor padded, SlidingWindow window) = PoolWindows("maxPool2d", x, size, stride, padding, double.NegativeInfinity);
        return new MaxPoolOp(window).Apply(padded);
    }

    /// <summary>The mean of every window over the last two axes; padding counts as zeros.</summary>
    /// <param name="x">[.., H, W], a floating type.</param>
    /// <param name="size">Window height and width.</param>
    /// <param name="stride">Step; the window size when omitted.</param>
    /// <param name="padding">Zeros outside the image, at most half a window.</param>
    /// <exception cref="ShapeException">A window does not fit.</exception>
    public static Tensor AvgPool2D(Tensor x, Extent size, Extent? stride = null, Extent? padding = null)
    {
        (Tensor padded, SlidingWindow window) = PoolWindows("avgPool2d", x, size, stride, padding, 0);
        return Mean(new WindowsOp(window).Apply(padded), [-2, -1]);
    }

    private static (Tensor Padded, SlidingWindow Window) PoolWindows(string op, Tensor x, Extent size, Extent? stride, Extent? padding, double fill)
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
        Tensor padded = Pad(x, margin, margin, fill);
        return (padded, WindowsOver(padded, [size.Height, size.Width], [step.Height, step.Width], [1, 1]));
    }
}

/// <summary>The greatest element of every window over the last two axes.</summary>
internal sealed record MaxPoolOp(SlidingWindow Window) : Primitive
{
    public override string Name => "maxPool2d";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TypeRules.Require(Name, Accepts.Floating, inputs[0].DType);
        return [inputs[0] with { Shape = inputs[0].Shape[..^2].Concat(Window.Positions) }];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [cotangents[0] is { } cotangent ? new MaxPoolGradientOp(Window).Bind(inputs[0], outputs[0], cotangent)[0] : null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [tangents[0] is { } tangent ? Gather(Window, inputs[0], outputs[0], tangent) : null];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MaxPoolKernel(Window);

    /// <summary>The derivative of the results applied to a tangent of x: the mean over those elements of a window that are as great as its result.</summary>
    public static Tensor Gather(SlidingWindow window, Tensor x, Tensor y, Tensor tangent)
    {
        var windows = new WindowsOp(window);
        Tensor chosen = windows.Apply(x).EqualTo(y.Reshape([.. y.Shape, 1, 1])).Cast(x.DType);
        return Ops.Sum(windows.Apply(tangent) * (chosen / Ops.Sum(chosen, [-2, -1], keepDims: true)), [-2, -1]);
    }
}

/// <summary>
/// (x, greatest elements, their cotangent) to the cotangent of x. Mathematically a function of x and the cotangent, piecewise constant in x:
/// its rules carry no derivative through the first two operands.
/// </summary>
internal sealed record MaxPoolGradientOp(SlidingWindow Window) : Primitive
{
    public override string Name => "maxPool2dGradient";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [null, null, cotangents[0] is { } cotangent ? MaxPoolOp.Gather(Window, inputs[0], inputs[1], cotangent) : null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [tangents[2] is { } tangent ? Bind(inputs[0], inputs[1], tangent)[0] : null];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) =>
        Bind([.. inputs.Select((x, i) => batched[i] ? x : x.BroadcastTo(x.Shape.Insert(0, size)))]);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MaxPoolGradientKernel(Window);
}
