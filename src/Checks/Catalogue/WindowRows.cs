using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

internal static class WindowRows
{
    public static OpInfo[] All { get; } =
    [
        new("windows", Windows),
        new("windows fold", Fold) { Covers = ["FoldOp"], Note = "the transpose of windows, reached as its reverse product" },
        new("maxPool2D", g => Pool(g, isMax: true)) { Covers = ["MaxPoolOp"] },
        new("maxPool2D gradient", MaxPoolGradient) { Covers = ["MaxPoolGradientOp"], Note = "reached as the reverse product of maxPool2D" },
        new("avgPool2D", g => Pool(g, isMax: false)) { Covers = ["WindowsOp", "ReductionOp"] },
    ];

    private static OpCase Windows(Generator g)
    {
        (Shape shape, SlidingWindow window) = Draw(g);
        return new(xs => Ops.Windows(xs[0], window.Size, window.Stride, window.Dilation), [new(shape)],
            a => Naive.Windows(a[0], window))
        { Attributes = $"{window}" };
    }

    private static OpCase Fold(Generator g)
    {
        (Shape shape, SlidingWindow window) = Draw(g);
        Shape seen = shape[..^window.Size.Rank].Concat(window.Positions).Concat(window.Size);
        Tensor f(Tensor x) => Ops.Windows(x, window.Size, window.Stride, window.Dilation);
        return new(xs => Transform.Vjp(f, Tensor.Zeros(shape, xs[0].DType), xs[0]).Cotangent, [new(seen)],
            a => Naive.Fold(a[0], window))
        { Attributes = $"{window}" };
    }

    private static (Shape Shape, SlidingWindow Window) Draw(Generator g)
    {
        int k = g.Integer(1, 2);
        int[] lengths = new int[k], size = new int[k], stride = new int[k], dilation = new int[k];
        for (int i = 0; i < k; i++)
        {
            size[i] = g.Integer(1, 3);
            stride[i] = g.Integer(1, 3);
            dilation[i] = g.Integer(1, 2);
            lengths[i] = (dilation[i] * (size[i] - 1)) + g.Length(1, 3);
        }
        Shape lead = g.OneIn(2) ? [g.Length(1, 2)] : [];
        Shape sides = Shape.Create(lengths);
        return (lead.Concat(sides), new(sides, Shape.Create(size), Shape.Create(stride), Shape.Create(dilation)));
    }

    private static OpCase Pool(Generator g, bool isMax)
    {
        (Shape shape, Extent size, Extent stride, Extent padding) = DrawPool(g);
        int[] around = [.. new int[shape.Rank - 2], padding.Height, padding.Width];
        SlidingWindow window = Padded(shape, size, stride, padding);
        var operand = new Operand(shape) { Spread = isMax ? Spread.Distinct : Spread.Uniform };
        return new(
            xs => isMax ? Ops.MaxPool2D(xs[0], size, stride, padding) : Ops.AvgPool2D(xs[0], size, stride, padding),
            [operand],
            a => Naive.Reduce(Naive.Windows(Naive.Pad(a[0], around, around, isMax ? double.NegativeInfinity : 0), window), [-2, -1], false,
                isMax ? Naive.Max : v => v.Sum() / v.Length))
        { Attributes = $"{size} stride {stride} padding {padding}" };
    }

    private static OpCase MaxPoolGradient(Generator g)
    {
        (Shape shape, Extent size, Extent stride, _) = DrawPool(g);
        SlidingWindow window = Padded(shape, size, stride, 0);
        Shape results = shape[..^2].Concat(window.Positions);
        return new(
            xs => Transform.Vjp(x => Ops.MaxPool2D(x, size, stride), xs[0], xs[1]).Cotangent,
            [new(shape) { Spread = Spread.Distinct }, new(results)],
            a =>
            {
                Grid seen = Naive.Windows(a[0], window), most = Naive.Reduce(seen, [-2, -1], true, Naive.Max);
                Grid chosen = Naive.Map([seen, most], v => v[0] == v[1] ? 1 : 0), count = Naive.Reduce(chosen, [-2, -1], true, v => v.Sum());
                return Naive.Fold(Naive.Map([Naive.Reshape(a[1], results.Concat([1, 1])), chosen, count], v => v[0] * (v[1] / v[2])), window);
            })
        { Attributes = $"{size} stride {stride}" };
    }

    private static (Shape Shape, Extent Size, Extent Stride, Extent Padding) DrawPool(Generator g)
    {
        Extent size = new(g.Integer(1, 3), g.Integer(1, 3)), stride = g.OneIn(2) ? size : new(g.Integer(1, 2), g.Integer(1, 2));
        Extent padding = new(g.Integer(0, size.Height / 2), g.Integer(0, size.Width / 2));
        Shape shape = new int[] { g.Length(1, 2), size.Height + g.Length(0, 2), size.Width + g.Length(0, 2) };
        if (g.OneIn(3)) shape = shape[1..];
        return (shape, size, stride, padding);
    }

    private static SlidingWindow Padded(Shape shape, Extent size, Extent stride, Extent padding) => new(
        [shape[^2] + (2 * padding.Height), shape[^1] + (2 * padding.Width)], [size.Height, size.Width], [stride.Height, stride.Width], [1, 1]);
}
