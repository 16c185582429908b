using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class Conv2DTests
{
    private static readonly Tensor Nine = Given.Of([1, 1, 3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9);

    private static Weights Of(Shape shape, params double[] values) => new(["weight"], [Given.Of(shape, values)]);

    // 1 + 2 + 4 + 5 = 12, 2 + 3 + 5 + 6 = 16, 4 + 5 + 7 + 8 = 24, 5 + 6 + 8 + 9 = 28.
    [Fact]
    public void GoldenSumOfWindows() =>
        Given.Near([1, 1, 2, 2], [12, 16, 24, 28], new Conv2D(1, 1, 2, bias: false).Forward(Of([1, 1, 2, 2], 1, 1, 1, 1), Nine));

    // Every element less the one below and to the right of it is -4; the bias adds a half.
    [Fact]
    public void GoldenDiagonalDifferenceWithBias()
    {
        Weights w = new(["weight", "bias"], [Given.Of([1, 1, 2, 2], 1, 0, 0, -1), Given.Of([1], 0.5)]);
        Given.Near([1, 1, 2, 2], [-3.5, -3.5, -3.5, -3.5], new Conv2D(1, 1, 2).Forward(w, Nine));
    }

    // Windows start at -1 and 1: they see 1; 2 + 3; 4 + 7; 5 + 6 + 8 + 9.
    [Fact]
    public void GoldenStrideAndPadding() =>
        Given.Near([1, 1, 2, 2], [1, 5, 11, 28], new Conv2D(1, 1, 2, stride: 2, padding: 1, bias: false).Forward(Of([1, 1, 2, 2], 1, 1, 1, 1), Nine));

    // The four corners: 1 + 3 + 7 + 9.
    [Fact]
    public void GoldenDilation() =>
        Given.Near([1, 1, 1, 1], [20], new Conv2D(1, 1, 2, dilation: 2, bias: false).Forward(Of([1, 1, 2, 2], 1, 1, 1, 1), Nine));

    // Each of two groups scales its own channel.
    [Fact]
    public void GoldenGroups() => Given.Near([1, 2, 1, 2], [2, 4, 30, 60],
        new Conv2D(2, 2, 1, groups: 2, bias: false).Forward(Of([2, 1, 1, 1], 2, 3), Given.Of([1, 2, 1, 2], 1, 2, 10, 20)));

    public static TheoryData<int, int, int, int, int, int> Geometries() => new()
    {
        // kernel height, kernel width, stride, padding, dilation, groups
        { 1, 1, 1, 0, 1, 1 },
        { 3, 3, 1, 1, 1, 1 },
        { 2, 3, 2, 1, 1, 1 },
        { 3, 2, 1, 2, 2, 2 },
        { 2, 2, 3, 0, 1, 2 },
    };

    [Theory]
    [MemberData(nameof(Geometries))]
    public void FollowsTheSum(int kernelHeight, int kernelWidth, int stride, int padding, int dilation, int groups)
    {
        const int n = 2, c = 4, o = 6, h = 6, width = 7;
        var layer = new Conv2D(c, o, new Extent(kernelHeight, kernelWidth), stride, padding, dilation, groups);
        Weights w = Differences.Irregular(layer);
        Tensor x = Given.Values([n, c, h, width]);
        double[] image = x.ToArray<double>(), kernel = w["weight"].ToArray<double>(), bias = w["bias"].ToArray<double>();
        int rows = ((h + (2 * padding) - (dilation * (kernelHeight - 1)) - 1) / stride) + 1;
        int columns = ((width + (2 * padding) - (dilation * (kernelWidth - 1)) - 1) / stride) + 1;
        List<double> expected = [];
        for (int i = 0; i < n * o * rows * columns; i++)
        {
            int column = i % columns, row = i / columns % rows, channel = i / columns / rows % o, picture = i / columns / rows / o;
            int group = channel / (o / groups);
            double sum = bias[channel];
            for (int k = 0; k < c / groups; k++)
            {
                for (int ky = 0; ky < kernelHeight; ky++)
                {
                    for (int kx = 0; kx < kernelWidth; kx++)
                    {
                        int y = (row * stride) - padding + (ky * dilation), z = (column * stride) - padding + (kx * dilation);
                        if (y < 0 || y >= h || z < 0 || z >= width) continue;
                        sum += image[(((((picture * c) + (group * (c / groups)) + k) * h) + y) * width) + z]
                            * kernel[(((((channel * (c / groups)) + k) * kernelHeight) + ky) * kernelWidth) + kx];
                    }
                }
            }
            expected.Add(sum);
        }
        Given.Near([n, o, rows, columns], [.. expected], layer.Forward(w, x));
    }

    [Theory]
    [MemberData(nameof(Geometries))]
    public void GradientsFollowDifferences(int kernelHeight, int kernelWidth, int stride, int padding, int dilation, int groups)
    {
        var layer = new Conv2D(2, 2, new Extent(kernelHeight, kernelWidth), stride, padding, dilation, groups);
        Differences.Check(layer, Differences.Irregular(layer), Given.Values([2, 2, 4, 4]));
    }

    [Fact]
    public void FreshWeights()
    {
        Weights w = new Conv2D(8, 50, new Extent(5, 2), groups: 2).Initialize(Given.Key());
        Assert.Equal(["weight", "bias"], w.Names);
        Assert.Equal(new TensorSpec(DType.F32, [50, 4, 5, 2]), w["weight"].Spec);
        Assert.Equal(new TensorSpec(DType.F32, [50]), w["bias"].Spec);
        // The fan-in is 4 * 5 * 2 = 40.
        float bound = 1 / MathF.Sqrt(40);
        Assert.InRange(w["weight"].ToArray<float>().Max(), bound * 0.99f, bound);
        Assert.All(w["bias"].ToArray<float>(), b => Assert.Equal(0, b));
    }

    [Fact]
    public void Geometry()
    {
        var layer = new Conv2D(2, 3, 3, bias: false, mass: 0.5);
        Assert.Equal(0.5, layer.Mass);
        Assert.Equal(1, layer.Sensitivity);
        Assert.Equal(1, layer.WeightCount);
        Assert.Equal(2, new Conv2D(2, 3, 3).WeightCount);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("conv2d: the number of input channels must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Conv2D(0, 1, 3)));
        Assert.Equal("conv2d: the number of output channels must be at least 1, got -1.", Given.Message<ArgumentException>(() => _ = new Conv2D(1, -1, 3)));
        Assert.Equal("conv2d: the kernel must be at least 1, got [3, 0].", Given.Message<ArgumentException>(() => _ = new Conv2D(1, 1, new Extent(3, 0))));
        Assert.Equal("conv2d: the stride must be at least 1, got [0, 0].", Given.Message<ArgumentException>(() => _ = new Conv2D(1, 1, 3, stride: 0)));
        Assert.Equal("conv2d: the padding must be at least 0, got [-1, -1].", Given.Message<ArgumentException>(() => _ = new Conv2D(1, 1, 3, padding: -1)));
        Assert.Equal("conv2d: the dilation must be at least 1, got [0, 0].", Given.Message<ArgumentException>(() => _ = new Conv2D(1, 1, 3, dilation: 0)));
        Assert.Equal("conv2d: the number of groups must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Conv2D(1, 1, 3, groups: 0)));
        Assert.Equal("conv2d: 2 groups must divide the channels, got 4 input and 3 output channels.",
            Given.Message<ArgumentException>(() => _ = new Conv2D(4, 3, 3, groups: 2)));
        Assert.Equal("conv2d: the mass must be finite and not negative, got NaN.", Given.Message<ArgumentException>(() => _ = new Conv2D(1, 1, 3, mass: double.NaN)));
        var layer = new Conv2D(3, 1, 3);
        Weights w = layer.Initialize(Given.Key(), DType.F64);
        Assert.Equal("conv2d: the input must be [N, 3, H, W], got [1, 2, 5, 5]. Its second axis is the layer's number of input channels.",
            Given.Message<ShapeException>(() => layer.Forward(w, Given.Values([1, 2, 5, 5]))));
        Assert.Equal("conv2d: a window of [3, 3] does not fit images of [2, 5] with padding [0, 0]. Pad more or use smaller kernels.",
            Given.Message<ShapeException>(() => layer.Forward(w, Given.Values([1, 3, 2, 5]))));
    }
}
