using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// Two-dimensional cross-correlation: images [N, C, H, W] to [N, O, OH, OW] with OH = (H + 2 padding - dilation (KH - 1) - 1) / stride + 1.
/// Weights: <c>weight</c> [O, C / groups, KH, KW] and, with a bias, <c>bias</c> [O].
/// </summary>
/// <remarks>
/// Norm: KH KW times the largest over kernel offsets of sqrt(in / out) times the spectral norm of the weight at that offset; the bias counts by its RMS.
/// At unit norm the sum over offsets stretches by at most 1, which is the sensitivity (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024).
/// </remarks>
public sealed class Conv2D : Module
{
    private readonly int inputs;
    private readonly int outputs;
    private readonly Extent kernel;
    private readonly Extent stride;
    private readonly Extent padding;
    private readonly Extent dilation;
    private readonly int groups;
    private readonly bool bias;
    private readonly Initializer initializer;

    /// <summary>A convolution layer.</summary>
    /// <param name="inputChannels">Channels of the images.</param>
    /// <param name="outputChannels">Channels of the result.</param>
    /// <param name="kernel">Height and width of the kernels.</param>
    /// <param name="stride">Step of the window; 1 when omitted.</param>
    /// <param name="padding">Zeros on every side; 0 when omitted.</param>
    /// <param name="dilation">Distance between neighbouring kernel elements; 1 when omitted.</param>
    /// <param name="groups">Channels are split into this many independent groups.</param>
    /// <param name="bias">Whether a bias, which starts at 0, is added.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <param name="initializer">Draws the weight; <see cref="Initializers.FanInUniform"/> when omitted.</param>
    /// <exception cref="ArgumentException">A length is below 1, the padding or mass is negative, or the groups do not divide the channels.</exception>
    public Conv2D(
        int inputChannels, int outputChannels, Extent kernel, Extent? stride = null, Extent? padding = null, Extent? dilation = null,
        int groups = 1, bool bias = true, double mass = 1, Initializer? initializer = null)
    {
        inputs = Guard.Length("conv2d", "the number of input channels", inputChannels);
        outputs = Guard.Length("conv2d", "the number of output channels", outputChannels);
        this.kernel = Guard.Extent("conv2d", "the kernel", kernel, 1);
        this.stride = Guard.Extent("conv2d", "the stride", stride ?? 1, 1);
        this.padding = Guard.Extent("conv2d", "the padding", padding ?? 0, 0);
        this.dilation = Guard.Extent("conv2d", "the dilation", dilation ?? 1, 1);
        this.groups = Guard.Length("conv2d", "the number of groups", groups);
        if (inputs % groups != 0 || outputs % groups != 0)
            throw new ArgumentException($"conv2d: {groups} groups must divide the channels, got {inputs} input and {outputs} output channels.");
        this.bias = bias;
        this.initializer = initializer ?? Initializers.FanInUniform;
        Mass = Guard.Mass("conv2d", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => bias ? 2 : 1;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => LeafGeometry.WithBias("weight", [outputs, inputs / groups, kernel.Height, kernel.Width], MatrixNorms.ConvolutionTaps(groups), bias ? [outputs] : null);

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Tensor weight = initializer(key, [outputs, inputs / groups, kernel.Height, kernel.Width], dtype);
        return bias ? new(["weight", "bias"], [weight, Tensor.Zeros([outputs], dtype)]) : new(["weight"], [weight]);
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is no batch of images with the layer's channels, or the window does not fit.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank != 4 || x.Shape[1] != inputs)
            throw new ShapeException($"conv2d: the input must be [N, {inputs}, H, W], got {x.Shape}. Its second axis is the layer's number of input channels.");
        Tensor y = Ops.Conv2D(x, weights["weight"], stride, padding, dilation, groups);
        return bias ? y + weights["bias"].Reshape(outputs, 1, 1) : y;
    }

    internal override Tensor? InputRows(Tensor x)
    {
        Shape sides = [0, 0, padding.Height, padding.Width];
        Tensor windows = Ops.Windows(Ops.Pad(x, sides, sides), [kernel.Height, kernel.Width], [stride.Height, stride.Width], [dilation.Height, dilation.Width]);
        int rows = x.Shape[0] * windows.Shape[2] * windows.Shape[3], length = inputs / groups * kernel.Height * kernel.Width;
        return windows.Reshape([x.Shape[0], groups, inputs / groups, .. windows.Shape[2..]]).Permute(1, 0, 3, 4, 2, 5, 6).Reshape(groups, rows, length);
    }

    internal override Tensor OutputRows(Tensor y) =>
        y.Reshape(y.Shape[0], groups, outputs / groups, -1).Permute(1, 0, 3, 2).Reshape(groups, -1, outputs / groups);
}
