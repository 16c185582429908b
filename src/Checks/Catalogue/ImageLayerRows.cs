using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Convolution, pooling and reshaping of images.</summary>
internal static class ImageLayerRows
{
    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("Conv2D layer", Conv2D) with { SingleTolerance = 1e-4 },
        ModuleRow.Of("MaxPool layer", g => Pool(g, isMax: true)),
        ModuleRow.Of("AvgPool layer", g => Pool(g, isMax: false)),
        ModuleRow.Of("GlobalAvgPool layer", g => new(new GlobalAvgPool(), new(Images(g)), (_, x) => Naive.Reduce(x, [2, 3], false, v => v.Average()))),
        ModuleRow.Of("Flatten layer", g => new(new Flatten(), new(g.Shape(minRank: 1)), (_, x) =>
            Naive.Reshape(x, [x.Shape[0], x.Shape[1..].Aggregate(1, (n, m) => n * m)]))),
        ModuleRow.Of("Reshape layer", g => new(new Reshape(2, -1), new([g.Integer(1, 3), g.Integer(1, 2), 4]), (_, x) =>
            Naive.Reshape(x, [x.Shape[0], 2, x.Shape[1] * 2]))),
    ];

    private static ModuleCase Conv2D(Generator g)
    {
        int groups = g.Integer(1, 2), inputs = groups * g.Integer(1, 2), outputs = groups * g.Integer(1, 2);
        bool bias = g.OneIn(2);
        Extent kernel = new(g.Integer(1, 3), g.Integer(1, 2)), stride = new(g.Integer(1, 2), 1), padding = new(0, g.Integer(0, 1)), dilation = new(1, g.Integer(1, 2));
        Extent sides = new(kernel.Height + g.Length(0, 2), (dilation.Width * (kernel.Width - 1)) + 1 + g.Length(0, 2));
        var window = new ConvolutionWindow(stride, padding, dilation, groups, sides, kernel);
        return new(
            new Conv2D(inputs, outputs, kernel, stride, padding, dilation, groups, bias),
            new([g.Integer(1, 2), inputs, sides.Height, sides.Width]),
            (w, x) =>
            {
                Grid y = Naive.Convolution(x, w["weight"], window);
                return bias ? Grid.Build(y.Shape, at => y[at] + w["bias"][at[1]]) : y;
            })
        { Attributes = $"stride {stride} padding {padding} dilation {dilation} groups {groups} bias {bias}" };
    }

    private static ModuleCase Pool(Generator g, bool isMax)
    {
        Extent size = new(g.Integer(1, 3), g.Integer(1, 3)), stride = g.OneIn(2) ? size : new(g.Integer(1, 2), g.Integer(1, 2));
        Extent padding = new(g.Integer(0, size.Height / 2), g.Integer(0, size.Width / 2));
        Shape shape = [g.Integer(1, 2), g.Integer(1, 2), size.Height + g.Length(0, 2), size.Width + g.Length(0, 2)];
        int[] around = [0, 0, padding.Height, padding.Width];
        var window = new SlidingWindow(
            [shape[2] + (2 * padding.Height), shape[3] + (2 * padding.Width)], [size.Height, size.Width], [stride.Height, stride.Width], [1, 1]);
        Module layer = isMax ? new MaxPool(size, stride, padding) : new AvgPool(size, stride, padding);
        return new(layer, new(shape) { Spread = isMax ? Spread.Distinct : Spread.Uniform }, (_, x) => Naive.Reduce(
            Naive.Windows(Naive.Pad(x, around, around, isMax ? double.NegativeInfinity : 0), window), [-2, -1], false, isMax ? Naive.Max : v => v.Average()))
        {
            Attributes = $"{size} stride {stride} padding {padding}",
        };
    }

    private static Shape Images(Generator g) => [g.Integer(1, 3), g.Integer(1, 3), g.Length(1, 4), g.Length(1, 4)];
}
