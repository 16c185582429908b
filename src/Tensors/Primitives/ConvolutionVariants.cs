namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// One-dimensional cross-correlation of signals x [N, C, L] with kernels w [O, C / groups, K] to [N, O, OL], where OL = (L + 2 padding - dilation (K - 1) - 1) / stride + 1.
    /// f32 and f64; products are accumulated in the order (channel, k).
    /// </summary>
    /// <param name="x">Signals.</param>
    /// <param name="w">Kernels.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Elements put on both sides.</param>
    /// <param name="dilation">Distance between neighbouring kernel elements.</param>
    /// <param name="groups">Channels and outputs are split into this many independent groups.</param>
    /// <param name="mode">What the padding holds.</param>
    /// <exception cref="ShapeException">Ranks, channels, groups or the window do not fit.</exception>
    public static Tensor Conv1D(Tensor x, Tensor w, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, PaddingMode mode = PaddingMode.Zeros)
    {
        RequireRank("conv1d", x, w, 3, "signals are [N, C, L] and kernels [O, C / groups, K]");
        Tensor y = Conv2D(Unsqueeze(x, 2), Unsqueeze(w, 2), new Extent(1, stride), new Extent(0, padding), new Extent(1, dilation), groups, mode);
        return Squeeze(y, 2);
    }

    /// <summary>
    /// Three-dimensional cross-correlation of volumes x [N, C, D, H, W] with kernels w [O, C / groups, KD, KH, KW] to [N, O, OD, OH, OW]; lengths as for <see cref="Conv2D"/>.
    /// f32 and f64; products are accumulated in the order (channel, kz, ky, kx).
    /// </summary>
    /// <param name="x">Volumes.</param>
    /// <param name="w">Kernels.</param>
    /// <param name="stride">Step of the window along depth, height and width; 1 when omitted.</param>
    /// <param name="padding">Elements put on both sides of each axis; none when omitted.</param>
    /// <param name="dilation">Distance between neighbouring kernel elements; 1 when omitted.</param>
    /// <param name="groups">Channels and outputs are split into this many independent groups.</param>
    /// <param name="mode">What the padding holds.</param>
    /// <exception cref="ShapeException">Ranks, channels, groups or the window do not fit.</exception>
    public static Tensor Conv3D(
        Tensor x, Tensor w, Shape? stride = null, Shape? padding = null, Shape? dilation = null, int groups = 1, PaddingMode mode = PaddingMode.Zeros)
    {
        RequireRank("conv3d", x, w, 5, "volumes are [N, C, D, H, W] and kernels [O, C / groups, KD, KH, KW]");
        (Shape step, Shape around, Shape apart) = Three("conv3d", stride, padding, dilation);
        x = Pad(x, [0, 0, around[0], 0, 0], [0, 0, around[0], 0, 0], mode);
        int depth = w.Shape[2], channels = x.Shape[1];
        // The depth of a window joins the channels, so that one convolution of planes adds all products in order.
        Tensor seen = Windows(x.Permute(0, 1, 3, 4, 2), [depth], [step[0]], [apart[0]]);
        int images = seen.Shape[0], planes = seen.Shape[4];
        Tensor flat = seen.Permute(0, 4, 1, 5, 2, 3).Reshape(images * planes, channels * depth, seen.Shape[2], seen.Shape[3]);
        Tensor kernels = w.Reshape(w.Shape[0], w.Shape[1] * depth, w.Shape[3], w.Shape[4]);
        Tensor y = Conv2D(flat, kernels, new Extent(step[1], step[2]), new Extent(around[1], around[2]), new Extent(apart[1], apart[2]), groups, mode);
        return y.Reshape(images, planes, y.Shape[1], y.Shape[2], y.Shape[3]).Permute(0, 2, 1, 3, 4);
    }

    /// <summary>
    /// The transpose of <see cref="Conv2D"/>: images x [N, C, H, W] and kernels w [C, O / groups, KH, KW] to [N, O, OH, OW], where
    /// OH = (H - 1) stride - 2 padding + dilation (KH - 1) + outputPadding + 1. f32 and f64.
    /// </summary>
    /// <param name="x">Images.</param>
    /// <param name="w">Kernels.</param>
    /// <param name="stride">Distance of the places where neighbouring elements of x are put.</param>
    /// <param name="padding">Elements taken off both sides of the result.</param>
    /// <param name="outputPadding">Elements added at the end of each axis, less than the stride: which of the lengths that a convolution maps to this one is meant.</param>
    /// <param name="dilation">Distance between neighbouring kernel elements.</param>
    /// <param name="groups">Channels and outputs are split into this many independent groups.</param>
    /// <exception cref="ShapeException">Ranks, channels, groups or lengths do not fit.</exception>
    public static Tensor ConvTranspose2D(Tensor x, Tensor w, Extent? stride = null, Extent? padding = null, Extent? outputPadding = null, Extent? dilation = null, int groups = 1)
    {
        RequireRank("convTranspose2d", x, w, 4, "images are [N, C, H, W] and kernels [C, O / groups, KH, KW]");
        if (groups < 1 || x.Shape[1] != w.Shape[0] || w.Shape[0] % groups != 0)
        {
            throw new ShapeException($"convTranspose2d: {x.Shape[1]} channels in {groups} groups do not fit kernels {w.Shape}. "
                + "The first axis of the kernels must be the channels, and a multiple of groups.");
        }
        (Extent step, Extent around, Extent extra, Extent apart) = (stride ?? 1, padding ?? 0, outputPadding ?? 0, dilation ?? 1);
        int height = TransposedLength("convTranspose2d", x.Shape[2], w.Shape[2], step.Height, around.Height, extra.Height, apart.Height);
        int width = TransposedLength("convTranspose2d", x.Shape[3], w.Shape[3], step.Width, around.Width, extra.Width, apart.Width);
        var window = new ConvolutionWindow(step, around, apart, groups, new(height, width), new(w.Shape[2], w.Shape[3]));
        return new ConvolutionOp(ConvolutionPass.InputGradient, window).Apply(x, w);
    }

    /// <summary>The transpose of <see cref="Conv1D"/>: signals x [N, C, L] and kernels w [C, O / groups, K]; lengths as for <see cref="ConvTranspose2D"/>.</summary>
    /// <exception cref="ShapeException">Ranks, channels, groups or lengths do not fit.</exception>
    public static Tensor ConvTranspose1D(Tensor x, Tensor w, int stride = 1, int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1)
    {
        RequireRank("convTranspose1d", x, w, 3, "signals are [N, C, L] and kernels [C, O / groups, K]");
        return Squeeze(
            ConvTranspose2D(Unsqueeze(x, 2), Unsqueeze(w, 2), new Extent(1, stride), new Extent(0, padding), new Extent(0, outputPadding), new Extent(1, dilation), groups), 2);
    }

    /// <summary>The transpose of <see cref="Conv3D"/>: volumes x [N, C, D, H, W] and kernels w [C, O / groups, KD, KH, KW]; lengths as for <see cref="ConvTranspose2D"/>.</summary>
    /// <exception cref="ShapeException">Ranks, channels, groups or lengths do not fit.</exception>
    public static Tensor ConvTranspose3D(
        Tensor x, Tensor w, Shape? stride = null, Shape? padding = null, Shape? outputPadding = null, Shape? dilation = null, int groups = 1)
    {
        RequireRank("convTranspose3d", x, w, 5, "volumes are [N, C, D, H, W] and kernels [C, O / groups, KD, KH, KW]");
        (Shape step, Shape around, Shape apart) = Three("convTranspose3d", stride, padding, dilation);
        Shape extra = outputPadding ?? [0, 0, 0];
        int images = x.Shape[0], planes = x.Shape[2], depth = w.Shape[2];
        int length = TransposedLength("convTranspose3d", planes, depth, step[0], around[0], extra[0], apart[0]);
        Tensor flat = x.Permute(0, 2, 1, 3, 4).Reshape(images * planes, x.Shape[1], x.Shape[3], x.Shape[4]);
        Tensor kernels = w.Reshape(w.Shape[0], w.Shape[1] * depth, w.Shape[3], w.Shape[4]);
        Tensor y = ConvTranspose2D(
            flat, kernels, new Extent(step[1], step[2]), new Extent(around[1], around[2]), new Extent(extra[1], extra[2]), new Extent(apart[1], apart[2]), groups);
        Tensor parts = y.Reshape(images, planes, y.Shape[1] / depth, depth, y.Shape[2], y.Shape[3]).Permute(0, 2, 4, 5, 1, 3);
        Tensor whole = Fold(parts, [length + (2 * around[0])], [step[0]], [apart[0]]);
        return Narrow(whole, 4, around[0], length).Permute(0, 1, 4, 2, 3);
    }

    /// <summary>
    /// The transpose of <see cref="Windows"/>: [.., O1, .., Ok, K1, .., Kk] to [.., S1, .., Sk], every element of a window added to its place, in row-major order of x.
    /// </summary>
    /// <param name="x">Elements of windows; the last k axes are the window's, the k before them its positions.</param>
    /// <param name="lengths">S1 to Sk.</param>
    /// <param name="stride">Step per axis.</param>
    /// <param name="dilation">Distance between window elements per axis.</param>
    /// <exception cref="ShapeException">The axes of x are not those of windows over these lengths.</exception>
    public static Tensor Fold(Tensor x, Shape lengths, Shape stride, Shape dilation)
    {
        int k = lengths.Rank;
        if (k < 1 || x.Rank < 2 * k || stride.Rank != k || dilation.Rank != k)
            throw new ShapeException($"fold: lengths {lengths}, stride {stride} and dilation {dilation} must name the same number of axes, at most half of those of {x.Shape}.");
        var window = new SlidingWindow(lengths, x.Shape[^k..], stride, dilation);
        for (int i = 0; i < k; i++)
        {
            if (stride[i] < 1 || dilation[i] < 1 || window.Size[i] < 1)
                throw new ShapeException($"fold: size, stride and dilation must be at least 1, got {window.Size}, {stride} and {dilation}.");
            int span = (dilation[i] * (window.Size[i] - 1)) + 1, positions = lengths[i] < span ? 0 : window.Positions[i];
            if (x.Shape[x.Rank - (2 * k) + i] != positions)
            {
                throw new ShapeException($"fold: axis {x.Rank - (2 * k) + i} of {x.Shape} is {x.Shape[x.Rank - (2 * k) + i]}, but windows of {span} elements have {positions} positions "
                    + $"in {lengths[i]}. Windows(y, ...) gives the shape that fits.");
            }
        }
        return new FoldOp(window).Apply(x);
    }

    private static void RequireRank(string op, Tensor x, Tensor w, int rank, string axes)
    {
        if (x.Rank != rank || w.Rank != rank) throw new ShapeException($"{op}: {axes}, got {x.Shape} and {w.Shape}. Reshape to {rank} axes.");
    }

    private static (Shape Stride, Shape Padding, Shape Dilation) Three(string op, Shape? stride, Shape? padding, Shape? dilation)
    {
        (Shape step, Shape around, Shape apart) = (stride ?? [1, 1, 1], padding ?? [0, 0, 0], dilation ?? [1, 1, 1]);
        if (step.Rank != 3 || around.Rank != 3 || apart.Rank != 3)
            throw new ShapeException($"{op}: stride, padding and dilation have one number for depth, height and width each, got {step}, {around} and {apart}.");
        return (step, around, apart);
    }

    private static int TransposedLength(string op, int input, int kernel, int stride, int padding, int outputPadding, int dilation)
    {
        if (stride < 1 || dilation < 1 || padding < 0 || kernel < 1)
            throw new ShapeException($"{op}: stride, dilation and kernel must be at least 1 and padding at least 0, got {stride}, {dilation}, {kernel} and {padding}.");
        if (outputPadding < 0 || outputPadding >= stride)
            throw new ShapeException($"{op}: the output padding must be at least 0 and less than the stride, got {outputPadding} and {stride}.");
        int length = ((input - 1) * stride) - (2 * padding) + (dilation * (kernel - 1)) + outputPadding + 1;
        if (length < 1) throw new ShapeException($"{op}: {input} elements with padding {padding} give a length of {length}. Pad less.");
        return length;
    }
}
