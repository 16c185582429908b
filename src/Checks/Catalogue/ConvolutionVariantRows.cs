using Engine.Tensors;

namespace Engine.Checks;

internal static class ConvolutionVariantRows
{
    private const string Finite = "weights stay finite, since an infinite weight times padding is NaN or nothing depending on whether padding is multiplied";

    public static OpInfo[] All { get; } =
    [
        new("conv1D", g => Forward(g, 1)) { SingleTolerance = 1e-4, Note = Finite },
        new("conv2D modes", g => Forward(g, 2)) { SingleTolerance = 1e-4, Note = Finite },
        new("conv3D", g => Forward(g, 3)) { SingleTolerance = 1e-4, Note = Finite },
        new("convTranspose1D", g => Transposed(g, 1)) { SingleTolerance = 1e-4, Note = Finite },
        new("convTranspose2D", g => Transposed(g, 2)) { SingleTolerance = 1e-4, Note = Finite },
        new("convTranspose3D", g => Transposed(g, 3)) { SingleTolerance = 1e-4, Note = Finite },
        new("fold", Fold),
        new("pad modes", Pad),
        new("interpolate", Interpolate) { Note = "infinite samples have no point between them" },
    ];

    private static OpCase Forward(Generator g, int axes)
    {
        (int groups, int[] kernel, int[] stride, int[] dilation, int[] padding) = Window(g, axes);
        PaddingMode mode = g.Pick(PaddingMode.Zeros, PaddingMode.Circular, PaddingMode.Reflect, PaddingMode.Replicate);
        int[] lengths = [.. kernel.Select((k, i) => Math.Max(padding[i] + 1, (dilation[i] * (k - 1)) + 1 - (2 * padding[i])) + g.Integer(0, 1))];
        int channels = groups * g.Integer(1, 2);
        Shape x = Shape.Create([g.Integer(1, 2), channels, .. lengths]), w = Shape.Create([groups * g.Integer(1, 2), channels / groups, .. kernel]);
        int[] sides = [0, 0, .. padding], none = new int[axes];
        return new(xs => axes switch
        {
            1 => Ops.Conv1D(xs[0], xs[1], stride[0], padding[0], dilation[0], groups, mode),
            2 => Ops.Conv2D(xs[0], xs[1], new Extent(stride[0], stride[1]), new Extent(padding[0], padding[1]), new Extent(dilation[0], dilation[1]), groups, mode),
            _ => Ops.Conv3D(xs[0], xs[1], Shape.Create(stride), Shape.Create(padding), Shape.Create(dilation), groups, mode),
        }, [new(x) { TakesWild = false }, new(w) { TakesWild = false }],
            a => NaiveConvolution.Forward(NaiveConvolution.Pad(a[0], sides, sides, mode), a[1], stride, none, dilation, groups))
        { Attributes = Text(stride, padding, dilation, groups) + $" {mode}" };
    }

    private static OpCase Transposed(Generator g, int axes)
    {
        (int groups, int[] kernel, int[] stride, int[] dilation, int[] padding) = Window(g, axes);
        int[] extra = [.. stride.Select(s => g.Integer(0, s - 1))], input = new int[axes], lengths = new int[axes];
        for (int i = 0; i < axes; i++)
        {
            input[i] = g.Integer(1, 3);
            do lengths[i] = ((input[i]++ - 1) * stride[i]) - (2 * padding[i]) + (dilation[i] * (kernel[i] - 1)) + extra[i] + 1;
            while (lengths[i] < 1);
            input[i]--;
        }
        int channels = groups * g.Integer(1, 2);
        Shape x = Shape.Create([g.Integer(1, 2), channels, .. input]), w = Shape.Create([channels, g.Integer(1, 2), .. kernel]);
        return new(xs => axes switch
        {
            1 => Ops.ConvTranspose1D(xs[0], xs[1], stride[0], padding[0], extra[0], dilation[0], groups),
            2 => Ops.ConvTranspose2D(xs[0], xs[1], new Extent(stride[0], stride[1]), new Extent(padding[0], padding[1]), new Extent(extra[0], extra[1]),
                new Extent(dilation[0], dilation[1]), groups),
            _ => Ops.ConvTranspose3D(xs[0], xs[1], Shape.Create(stride), Shape.Create(padding), Shape.Create(extra), Shape.Create(dilation), groups),
        }, [new(x) { TakesWild = false }, new(w) { TakesWild = false }], a => NaiveConvolution.Transposed(a[0], a[1], lengths, stride, padding, dilation, groups))
        { Attributes = Text(stride, padding, dilation, groups) + $" more {string.Join(' ', extra)}" };
    }

    private static (int Groups, int[] Kernel, int[] Stride, int[] Dilation, int[] Padding) Window(Generator g, int axes)
    {
        int[] draw(int low, int high) => [.. Enumerable.Range(0, axes).Select(_ => g.Integer(low, high))];
        return (g.OneIn(3) ? 2 : 1, draw(1, axes == 3 ? 2 : 3), draw(1, 2), draw(1, 2), draw(0, 1));
    }

    private static OpCase Fold(Generator g)
    {
        int size = g.Integer(1, 3), stride = g.Integer(1, 3), dilation = g.Integer(1, 2), length = (dilation * (size - 1)) + g.Integer(1, 4);
        var window = new SlidingWindow([length], [size], [stride], [dilation]);
        Shape seen = new int[] { g.Integer(1, 2), window.Positions[0], size };
        return new(xs => Ops.Fold(xs[0], [length], [stride], [dilation]), [new(seen)], a => Naive.Fold(a[0], window)) { Attributes = $"{window}" };
    }

    private static OpCase Pad(Generator g)
    {
        PaddingMode mode = g.Pick(PaddingMode.Zeros, PaddingMode.Circular, PaddingMode.Reflect, PaddingMode.Replicate);
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true);
        int[] draw() => [.. shape.Lengths.ToArray().Select(n => g.Integer(0, mode switch { PaddingMode.Circular => n, PaddingMode.Reflect => n - 1, _ => 3 }))];
        int[] before = draw(), after = draw();
        return new(xs => Ops.Pad(xs[0], Shape.Create(before), Shape.Create(after), mode), [new(shape)], a => NaiveConvolution.Pad(a[0], before, after, mode))
        { Attributes = $"{mode} {string.Join(' ', before)} and {string.Join(' ', after)}" };
    }

    private static OpCase Interpolate(Generator g)
    {
        Shape shape = [g.Integer(1, 2), g.Integer(1, 4), g.Integer(1, 4)];
        int height = g.Integer(1, 6), width = g.Integer(1, 6);
        InterpolationMode mode = g.OneIn(3) ? InterpolationMode.Nearest : InterpolationMode.Linear;
        bool corners = mode == InterpolationMode.Linear && g.OneIn(2);
        return new(xs => Ops.Interpolate(xs[0], [height, width], mode, corners), [new(shape) { TakesWild = false }],
            a => NaiveConvolution.Interpolate(NaiveConvolution.Interpolate(a[0], 1, height, mode, corners), 2, width, mode, corners))
        { Attributes = $"to {height} x {width} {mode} corners {corners}" };
    }

    private static string Text(int[] stride, int[] padding, int[] dilation, int groups) =>
        $"stride {string.Join(' ', stride)} padding {string.Join(' ', padding)} dilation {string.Join(' ', dilation)} groups {groups}";
}
