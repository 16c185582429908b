namespace Engine.Tensors.Tests.Primitives;

/// <summary>Small cases of convolutions, padding and interpolation, worked out with PyTorch, and what wrong arguments are told.</summary>
public sealed class ConvolutionVariantTests
{
    private static readonly Tensor Signal = Tensor.Of([1.0, 2, 3, 4, 5, 6], [1, 1, 6]);
    private static readonly Tensor Taps = Tensor.Of([1.0, -2, 3], [1, 1, 3]);
    private static readonly Tensor Volume = Tensor.Of([0.0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 2, 2]);
    private static readonly Tensor Kernel = Tensor.Of([1.0, 2, 3, 4], [1, 1, 2, 1, 2]);
    private static readonly Tensor Image = Tensor.Of([1.0, 2, 3, 5], [1, 1, 2, 2]);

    [Fact]
    public void OneDimension()
    {
        Is([1, 1, 3], [4, 8, 12], Ops.Conv1D(Signal, Taps, stride: 2, padding: 1));
        Is([1, 1, 6], [10, 6, 8, 10, 12, -4], Ops.Conv1D(Signal, Taps, padding: 1, mode: PaddingMode.Circular));
        Is([1, 1, 6], [10, 10, 10, 12, 8, 4], Ops.Conv1D(Signal, Taps, padding: 2, dilation: 2, mode: PaddingMode.Reflect));
        Is([1, 1, 6], [-2, 5, -4, 9, -6, 9], Ops.ConvTranspose1D(Signal[0, 0, ..3].Reshape(1, 1, 3), Taps, stride: 2, padding: 1, outputPadding: 1));
    }

    [Fact]
    public void ThreeDimensions()
    {
        Is([1, 1, 1, 2, 3], [16, 34, 16, 28, 54, 24], Ops.Conv3D(Volume, Kernel, padding: [0, 0, 1]));
        Is([1, 1, 3, 2, 4], [0, 0, 1, 2, 2, 4, 3, 6, 4, 8, 8, 14, 12, 20, 16, 26, 12, 16, 15, 20, 18, 24, 21, 28], Ops.ConvTranspose3D(Volume, Kernel, stride: [1, 1, 2]));
    }

    [Fact]
    public void TransposedImages() =>
        Is([1, 1, 4, 4], [1, 2, 2, 4, 3, 4, 6, 8, 3, 6, 5, 10, 9, 12, 15, 20], Ops.ConvTranspose2D(Image, Tensor.Of([1.0, 2, 3, 4], [1, 1, 2, 2]), stride: 2));

    [Fact]
    public void Folding()
    {
        // Four window elements at two positions, as PyTorch orders them; here positions come first.
        Tensor parts = Tensor.Of([1.0, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]).Permute(2, 0, 1).Reshape(1, 2, 2, 2);
        Is([2, 3], [1, 5, 4, 5, 13, 8], Ops.Fold(parts, [2, 3], [1, 1], [1, 1]));
    }

    [Fact]
    public void Resampling()
    {
        Tensor plane = Image.Reshape(2, 2);
        Is([3, 4], [1, 1.25, 1.75, 2, 2, 2.375, 3.125, 3.5, 3, 3.5, 4.5, 5], Ops.Interpolate(plane, [3, 4]));
        Is([3, 3], [1, 1.5, 2, 2, 2.75, 3.5, 3, 4, 5], Ops.Interpolate(plane, [3, 3], alignCorners: true));
        Is([3, 5], [1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 3, 3, 5, 5], Ops.Interpolate(plane, [3, 5], InterpolationMode.Nearest));
    }

    [Fact]
    public void PaddingModes()
    {
        Tensor x = Tensor.Of([1.0, 2, 3]);
        Is([6], [2, 3, 1, 2, 3, 1], Ops.Pad(x, [2], [1], PaddingMode.Circular));
        Is([6], [3, 2, 1, 2, 3, 2], Ops.Pad(x, [2], [1], PaddingMode.Reflect));
        Is([6], [1, 1, 1, 2, 3, 3], Ops.Pad(x, [2], [1], PaddingMode.Replicate));
        Is([6], [0, 0, 1, 2, 3, 0], Ops.Pad(x, [2], [1], PaddingMode.Zeros));
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("conv1d: signals are [N, C, L] and kernels [O, C / groups, K], got [6] and [1, 1, 3]. Reshape to 3 axes.", Says(() => Ops.Conv1D(Signal.Reshape(6), Taps)));
        Assert.Equal("conv3d: stride, padding and dilation have one number for depth, height and width each, got [1, 1, 1], [1] and [1, 1, 1].",
            Says(() => Ops.Conv3D(Volume, Kernel, padding: [1])));
        Assert.Equal("convTranspose2d: the output padding must be at least 0 and less than the stride, got 2 and 2.",
            Says(() => Ops.ConvTranspose2D(Image, Image, stride: 2, outputPadding: 2)));
        Assert.Equal("convTranspose2d: 1 channels in 1 groups do not fit kernels [2, 1, 2, 2]. The first axis of the kernels must be the channels, and a multiple of groups.",
            Says(() => Ops.ConvTranspose2D(Image, Tensor.Zeros([2, 1, 2, 2], DType.F64))));
        Assert.Equal("pad: axis 0 of [3] is 3 and takes reflect padding from 0 to 2, got 3 and 0. Pad less.", Says(() => Ops.Pad(Tensor.Zeros([3]), [3], [0], PaddingMode.Reflect)));
        Assert.Equal("interpolate: axis 1 goes from 2 to 0, and neither may be 0.", Says(() => Ops.Interpolate(Image.Reshape(2, 2), [2, 0])));
        Assert.Equal("fold: axis 0 of [3, 2] is 3, but windows of 2 elements have 2 positions in 3. Windows(y, ...) gives the shape that fits.",
            Says(() => Ops.Fold(Tensor.Zeros([3, 2]), [3], [1], [1])));
    }

    private static void Is(Shape shape, double[] expected, Tensor actual)
    {
        Assert.Equal(shape, actual.Shape);
        double[] got = actual.ToArray<double>();
        for (int i = 0; i < got.Length; i++) Assert.True(Math.Abs(got[i] - expected[i]) <= 1e-14 * Math.Max(1, Math.Abs(expected[i])), $"element {i}: {got[i]:R}, not {expected[i]:R}");
    }

    private static string Says(Action action) => Assert.Throws<ShapeException>(action).Message;
}
