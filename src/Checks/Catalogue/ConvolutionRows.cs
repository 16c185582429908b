using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

internal static class ConvolutionRows
{
    private const string Padding = "weights stay finite, since an infinite weight times padding is NaN or nothing depending on whether padding is multiplied";

    public static OpInfo[] All { get; } =
    [
        new("conv2D", Forward) { SingleTolerance = 1e-4, Note = Padding },
        new("conv2D input gradient", InputGradient) { Covers = ["ConvolutionOp"], SingleTolerance = 1e-4, Note = Padding },
        new("conv2D weight gradient", WeightGradient) { Covers = ["ConvolutionOp"], SingleTolerance = 1e-4, Note = Padding },
    ];

    private static OpCase Forward(Generator g)
    {
        (Shape x, Shape w, ConvolutionWindow c) = Draw(g);
        return new(
            xs => Apply(xs[0], xs[1], c),
            [new(x), new(w) { TakesWild = false }],
            a => Naive.Convolution(a[0], a[1], c))
        { Attributes = Text(c) };
    }

    private static OpCase InputGradient(Generator g)
    {
        (Shape x, Shape w, ConvolutionWindow c) = Draw(g);
        return new(
            xs => Transform.Vjp(t => Apply(t, xs[1], c), Tensor.Zeros(x, xs[0].DType), xs[0]).Cotangent,
            [new(Result(x, w, c)), new(w) { TakesWild = false }],
            a => Naive.ConvolutionInputGradient(a[0], a[1], c))
        { Attributes = Text(c) };
    }

    private static OpCase WeightGradient(Generator g)
    {
        (Shape x, Shape w, ConvolutionWindow c) = Draw(g);
        return new(
            xs => Transform.Vjp(t => Apply(xs[0], t, c), Tensor.Zeros(w, xs[0].DType), xs[1]).Cotangent,
            [new(x), new(Result(x, w, c)) { TakesWild = false }],
            a => Naive.ConvolutionWeightGradient(a[0], a[1], c))
        { Attributes = Text(c) };
    }

    private static Tensor Apply(Tensor x, Tensor w, ConvolutionWindow c) => Ops.Conv2D(x, w, c.Stride, c.Padding, c.Dilation, c.Groups);

    private static (Shape X, Shape W, ConvolutionWindow Window) Draw(Generator g)
    {
        int groups = g.OneIn(3) ? 2 : 1, channels = g.Integer(1, 2), outputs = groups * g.Integer(1, 2), images = g.Integer(1, 2);
        Extent kernel = new(g.Integer(1, 3), g.Integer(1, 2)), stride = new(g.Integer(1, 2), g.Integer(1, 2));
        Extent dilation = new(g.Integer(1, 2), g.Integer(1, 2)), padding = new(g.Integer(0, 1), g.Integer(0, 1));
        Extent input = new(
            Math.Max(1, (dilation.Height * (kernel.Height - 1)) + 1 - (2 * padding.Height)) + g.Length(0, 2),
            Math.Max(1, (dilation.Width * (kernel.Width - 1)) + 1 - (2 * padding.Width)) + g.Length(0, 2));
        return (
            [images, groups * channels, input.Height, input.Width],
            [outputs, channels, kernel.Height, kernel.Width],
            new(stride, padding, dilation, groups, input, kernel));
    }

    private static Shape Result(Shape x, Shape w, ConvolutionWindow c) => [x[0], w[0], c.Output.Height, c.Output.Width];

    private static string Text(ConvolutionWindow c) => $"stride {c.Stride} padding {c.Padding} dilation {c.Dilation} groups {c.Groups}";
}
