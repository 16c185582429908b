using Engine.Tensors;

namespace Engine.Checks;

internal static class FourierRows
{
    public static OpInfo[] All { get; } =
    [
        new("fft", g => Complex(g, Ops.Fft, false)),
        new("ifft", g => Complex(g, Ops.Ifft, true)),
        new("fftN", g => Several(g, false)),
        new("ifftN", g => Several(g, true)),
        new("rfft", Rfft),
        new("irfft", Irfft),
    ];

    private static OpCase Complex(Generator g, Func<Tensor, int, FourierNorm, Tensor> function, bool backward)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3);
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis;
        if (g.Scale == Scale.Small) shape = shape.With(at, g.Pick(shape[at], 4, 6, 7, 17));
        FourierNorm norm = g.Pick(FourierNorm.Backward, FourierNorm.Ortho, FourierNorm.Forward);
        return new(xs => function(xs[0], axis, norm), [new(shape.Insert(shape.Rank, 2)) { TakesWild = false }], a => Naive.Fourier(a[0], at, backward, ScaleOf(norm, backward, shape[at])))
        {
            Attributes = $"axis {axis} norm {norm}",
        };
    }

    private static OpCase Several(Generator g, bool backward)
    {
        Shape shape = [g.Integer(1, 4), g.Integer(1, 3), g.Integer(1, 4)];
        int[] axes = g.Pick<int[]>([], [0], [-1, 0], [1, 2]);
        return new(
            xs => backward ? Ops.IfftN(xs[0], axes) : Ops.FftN(xs[0], axes),
            [new(shape.Insert(shape.Rank, 2)) { TakesWild = false }],
            a =>
            {
                Grid x = a[0];
                foreach (int axis in axes.Length == 0 ? [0, 1, 2] : axes) x = Naive.Fourier(x, (axis + 3) % 3, backward, backward ? 1.0 / shape[(axis + 3) % 3] : 1);
                return x;
            })
        { Attributes = $"axes [{string.Join(", ", axes)}]" };
    }

    private static OpCase Rfft(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true);
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis;
        FourierNorm norm = g.Pick(FourierNorm.Backward, FourierNorm.Ortho, FourierNorm.Forward);
        int n = shape[at];
        return new(xs => Ops.Rfft(xs[0], axis, norm), [new(shape) { TakesWild = false }],
            a => Naive.Complexes(Naive.Fourier(Naive.WithImaginary(a[0]), at, false, ScaleOf(norm, false, n)), at, (n / 2) + 1, line => line))
        {
            Attributes = $"axis {axis} norm {norm}",
        };
    }

    private static OpCase Irfft(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true);
        int axis = g.Axis(shape.Rank), at = axis < 0 ? axis + shape.Rank : axis, n = shape[at];
        FourierNorm norm = g.Pick(FourierNorm.Backward, FourierNorm.Ortho, FourierNorm.Forward);
        return new(xs => Ops.Irfft(xs[0], n, axis, norm), [new(shape.With(at, (n / 2) + 1).Insert(shape.Rank, 2)) { TakesWild = false }],
            a =>
            {
                Grid y = Naive.Fourier(Naive.WholeSpectrum(a[0], at, n), at, true, ScaleOf(norm, true, n));
                return Grid.Build(shape, index => y[[.. index, 0]]);
            })
        { Attributes = $"length {n} axis {axis} norm {norm}" };
    }

    private static double ScaleOf(FourierNorm norm, bool backward, int n) => norm switch
    {
        FourierNorm.Ortho => 1 / Math.Sqrt(n),
        FourierNorm.Forward => backward ? 1 : 1.0 / n,
        _ => backward ? 1.0 / n : 1,
    };
}
