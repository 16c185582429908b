namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Two-dimensional cross-correlation of images x [N, C, H, W] with kernels w [O, C / groups, KH, KW] to [N, O, OH, OW], where
    /// OH = (H + 2 padding - dilation (KH - 1) - 1) / stride + 1. f32 and f64; products are accumulated in the order (channel, ky, kx).
    /// </summary>
    /// <exception cref="ShapeException">Channels, groups or the window do not fit.</exception>
    public static Tensor Conv2D(Tensor x, Tensor w, Extent? stride = null, Extent? padding = null, Extent? dilation = null, int groups = 1, PaddingMode mode = PaddingMode.Zeros)
    {
        if (x.Rank != 4 || w.Rank != 4)
            throw new ShapeException($"conv2d: images are [N, C, H, W] and kernels [O, C / groups, KH, KW], got {x.Shape} and {w.Shape}. Reshape to four axes.");
        if (mode != PaddingMode.Zeros && padding is { } around)
        {
            Shape sides = [0, 0, around.Height, around.Width];
            (x, padding) = (Pad(x, sides, sides, mode), null);
        }
        if (groups < 1 || x.Shape[1] != w.Shape[1] * groups || w.Shape[0] % groups != 0)
        {
            throw new ShapeException($"conv2d: {x.Shape[1]} channels in {groups} groups do not fit kernels {w.Shape}. "
                + "Channels must be groups * w.Shape[1], and the number of kernels a multiple of groups.");
        }
        var window = new ConvolutionWindow(stride ?? 1, padding ?? 0, dilation ?? 1, groups, new(x.Shape[2], x.Shape[3]), new(w.Shape[2], w.Shape[3]));
        if (Least(window.Stride) < 1 || Least(window.Dilation) < 1 || Least(window.Padding) < 0)
            throw new ShapeException($"conv2d: stride and dilation must be at least 1 and padding at least 0, got {window.Stride}, {window.Dilation}, {window.Padding}.");
        Extent span = new((window.Dilation.Height * (w.Shape[2] - 1)) + 1, (window.Dilation.Width * (w.Shape[3] - 1)) + 1);
        if (Least(window.Kernel) < 1 || span.Height > x.Shape[2] + (2 * window.Padding.Height) || span.Width > x.Shape[3] + (2 * window.Padding.Width))
            throw new ShapeException($"conv2d: a window of {span} does not fit images of {window.Input} with padding {window.Padding}. Pad more or use smaller kernels.");
        return new ConvolutionOp(ConvolutionPass.Forward, window).Apply(x, w);
    }

    private static int Least(Extent extent) => Math.Min(extent.Height, extent.Width);
}

/// <summary>
/// The three bilinear maps (x, w) to y, (dy, w) to dx and (x, dy) to dw. Each is the transpose of another in one operand, so they are closed under differentiation.
/// </summary>
internal sealed record ConvolutionOp(ConvolutionPass Pass, ConvolutionWindow Window) : BilinearPrimitive
{
    public override string Name => Pass switch
    {
        ConvolutionPass.Forward => "conv2d",
        ConvolutionPass.InputGradient => "conv2dInputGradient",
        _ => "conv2dWeightGradient",
    };

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        (TensorSpec a, TensorSpec b) = (inputs[0], inputs[1]);
        if (a.DType != b.DType)
            throw new DTypeException($"{Name}: element types differ, got {a.DType.Name()} and {b.DType.Name()}. Cast one: x.Cast(DType.{a.DType}).");
        TypeRules.Require(Name, Accepts.Floating, a.DType);
        Extent y = Window.Output;
        Shape shape = Pass switch
        {
            ConvolutionPass.Forward => [a.Shape[0], b.Shape[0], y.Height, y.Width],
            ConvolutionPass.InputGradient => [a.Shape[0], b.Shape[1] * Window.Groups, Window.Input.Height, Window.Input.Width],
            _ => [b.Shape[1], a.Shape[1] / Window.Groups, Window.Kernel.Height, Window.Kernel.Width],
        };
        return [a with { Shape = shape }];
    }

    // Each map is x, w or y as a function of the other two; its cotangent takes the place of its result.
    public override Tensor TransposeA(Tensor cotangent, Tensor b, TensorSpec a) => Pass switch
    {
        ConvolutionPass.Forward => As(ConvolutionPass.InputGradient, cotangent, b),
        ConvolutionPass.InputGradient => As(ConvolutionPass.Forward, cotangent, b),
        _ => As(ConvolutionPass.InputGradient, b, cotangent),
    };

    public override Tensor TransposeB(Tensor cotangent, Tensor a, TensorSpec b) => Pass switch
    {
        ConvolutionPass.Forward => As(ConvolutionPass.WeightGradient, a, cotangent),
        ConvolutionPass.InputGradient => As(ConvolutionPass.WeightGradient, cotangent, a),
        _ => As(ConvolutionPass.Forward, a, cotangent),
    };

    /// <remarks>
    /// With only the image-like operand batched, the batch joins the images. Otherwise (weights batched, or both) the batch becomes groups.
    /// </remarks>
    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Tensor a = inputs[0], b = inputs[1];
        bool images = Pass != ConvolutionPass.WeightGradient && !batched[1];
        if (images)
        {
            Tensor merged = a.Reshape([size * a.Shape[1], .. a.Shape[2..]]);
            Tensor y = As(Pass, merged, b);
            return [y.Reshape([size, a.Shape[1], .. y.Shape[1..]])];
        }
        Tensor all(Tensor t, bool isBatched) => isBatched ? t : t.BroadcastTo(t.Shape.Insert(0, size));
        // [B, N, C, ..] images become [N, B * C, ..]; [B, O, C, ..] kernels become [B * O, C, ..].
        static Tensor asChannels(Tensor t) => t.Permute(1, 0, 2, 3, 4).Reshape(t.Shape[1], t.Shape[0] * t.Shape[2], t.Shape[3], t.Shape[4]);
        static Tensor asKernels(Tensor t) => t.Reshape(t.Shape[0] * t.Shape[1], t.Shape[2], t.Shape[3], t.Shape[4]);
        Tensor first = asChannels(all(a, batched[0]));
        Tensor second = all(b, batched[1]);
        second = Pass == ConvolutionPass.WeightGradient ? asChannels(second) : asKernels(second);
        Tensor grouped = new ConvolutionOp(Pass, Window with { Groups = Window.Groups * size }).Apply(first, second);
        if (Pass == ConvolutionPass.WeightGradient)
            return [grouped.Reshape([size, grouped.Shape[0] / size, .. grouped.Shape[1..]])];
        return [grouped.Reshape(grouped.Shape[0], size, grouped.Shape[1] / size, grouped.Shape[2], grouped.Shape[3]).Permute(1, 0, 2, 3, 4)];
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new ConvolutionKernel(Pass, Window);

    private Tensor As(ConvolutionPass pass, Tensor a, Tensor b) => new ConvolutionOp(pass, Window).Apply(a, b);
}
