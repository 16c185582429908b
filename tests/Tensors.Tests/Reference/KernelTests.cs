using static Engine.Tensors.Tests.Reference.KernelRunner;

namespace Engine.Tensors.Tests.Reference;

/// <summary>Every kernel at values worked by hand.</summary>
public sealed class KernelTests
{
    private static double[] Reduce(ReduceOp op, Tensor x, int[] axes)
    {
        Axes reduced = Axes.Of(axes, x.Shape, "reduce");
        return Run<double>(new ReduceKernel(op, reduced), reduced.RemoveFrom(x.Shape), x);
    }

    [Fact]
    public void Reductions()
    {
        Tensor x = Range(2, 3);

        Assert.Equal([6.0, 15], Reduce(ReduceOp.Sum, x, [1]));
        Assert.Equal([5.0, 7, 9], Reduce(ReduceOp.Sum, x, [0]));
        Assert.Equal([21.0], Reduce(ReduceOp.Sum, x, []));
        Assert.Equal([4.0, 10, 18], Reduce(ReduceOp.Prod, x, [0]));
        Assert.Equal([4.0, 5, 6], Reduce(ReduceOp.Max, x, [0]));
        Assert.Equal([1.0, 4], Reduce(ReduceOp.Min, x, [1]));
        Assert.Equal([6.0 + 15 + 24 + 33], Reduce(ReduceOp.Sum, Range(2, 2, 3), [0, 1, 2]));
        Assert.Equal([1.0 + 4 + 7 + 10, 26, 30], Reduce(ReduceOp.Sum, Range(2, 2, 3), [0, 1]));
    }

    [Fact]
    public void EmptyReductions()
    {
        Assert.Equal([0.0, 0], Reduce(ReduceOp.Sum, Range(2, 0), [1]));
        Assert.Equal([1.0, 1], Reduce(ReduceOp.Prod, Range(2, 0), [1]));
        Assert.Empty(Reduce(ReduceOp.Sum, Range(0, 2), [1]));
        Assert.False(double.IsNegative(Reduce(ReduceOp.Sum, Vector(-0.0), [0])[0]));
    }

    [Fact]
    public void IntegerSumsAreExactAndWrap()
    {
        var all = new ReduceKernel(ReduceOp.Sum, Axes.All(1));

        Assert.Equal([9007199254740993L], Run<long>(all, [], Vector(9007199254740992L, 1L)));
        Assert.Equal([long.MinValue], Run<long>(all, [], Vector(long.MaxValue, 1L)));
        Assert.Equal([2L], Run<long>(all, [], Vector(true, false, true)));
        Assert.Equal([510L], Run<long>(all, [], Vector((byte)255, (byte)255)));
        Assert.Equal([6L], Run<long>(all with { Op = ReduceOp.Prod }, [], Vector(-2, -3)));
    }

    [Fact]
    public void ExtremesAndPlaces()
    {
        Tensor x = Vector(1.0, 3, 3, -2), nan = Vector(1.0, double.NaN, 9), zeros = Vector(-0.0, 0.0);
        static long Place(ReduceOp op, Tensor x) => Run<long>(new ReduceKernel(op, Axes.All(1)), [], x)[0];

        Assert.Equal(1, Place(ReduceOp.ArgMax, x));
        Assert.Equal(3, Place(ReduceOp.ArgMin, x));
        Assert.Equal(1, Place(ReduceOp.ArgMax, nan));
        Assert.Equal(1, Place(ReduceOp.ArgMin, nan));
        Assert.Equal(0, Place(ReduceOp.ArgMax, zeros));
        Assert.Equal(0, Place(ReduceOp.ArgMin, Vector(5, 5)));
        Assert.Equal(1, Place(ReduceOp.ArgMax, Vector(9007199254740992L, 9007199254740993L)));
        Assert.Equal([double.NaN], Reduce(ReduceOp.Max, nan, []));
        Assert.Equal([double.NaN], Reduce(ReduceOp.Min, nan, []));
        Assert.False(double.IsNegative(Reduce(ReduceOp.Max, zeros, [])[0]));
        Assert.True(double.IsNegative(Reduce(ReduceOp.Min, Vector(0.0, -0.0), [])[0]));
    }

    [Fact]
    public void MatrixProducts()
    {
        Assert.Equal([22.0, 28, 49, 64], Run<double>(new MatMulKernel(2, 2), [2, 2], Range(2, 3), Range(3, 2)));
        Assert.Equal([14.0], Run<double>(new MatMulKernel(1, 1), [1, 1], Range(1, 3), Range(3, 1)));
        Assert.Equal([7.0, 10, 15, 22, 67, 78, 91, 106], Run<double>(new MatMulKernel(2, 2), [2, 2, 2], Range(2, 2, 2), Range(2, 2, 2)));
        Assert.Equal([0.0, 0, 0, 0], Run<double>(new MatMulKernel(2, 2), [2, 2], Range(2, 0), Range(0, 2)));
        Expr other = Expr.Input(0, DType.F64), product = Expr.Input(1, DType.F64);
        Assert.Equal([21.0, 26, 46, 60], Run<double>(new EpilogueKernel(new MatMulKernel(2, 2), 2, [product - other]), [2, 2], Range(2, 3), Range(3, 2), Range(2, 2)));
        Assert.Empty(Run<double>(new MatMulKernel(0, 2), [0, 2], Range(0, 3), Range(3, 2)));
        // 1e7 * 1e7 + 1 - 1e14 in f32 keeps the 1, because sums are carried in double precision.
        Assert.Equal([1f], Run<float>(new MatMulKernel(1, 1), [1, 1], Tensor.Wrap([1e7f, 1f, -1e7f], [1, 3]), Tensor.Wrap([1e7f, 1f, 1e7f], [3, 1])));
    }

    [Fact]
    public void ConvolutionForward()
    {
        var window = new ConvolutionWindow(1, 0, 1, 1, 3, 2);
        Tensor x = Range(1, 1, 3, 3), w = Range(1, 1, 2, 2);

        // 1*1 + 2*2 + 4*3 + 5*4 = 37, and one more of each per step.
        Assert.Equal([37.0, 47, 67, 77], Run<double>(new ConvolutionKernel(ConvolutionPass.Forward, window), [1, 1, 2, 2], x, w));
        var padded = window with { Stride = 2, Padding = 1 };
        Assert.Equal([1.0 * 4, (2 * 3) + (3 * 4), (4 * 2) + (7 * 4), 5 + (6 * 2) + (8 * 3) + (9 * 4)],
            Run<double>(new ConvolutionKernel(ConvolutionPass.Forward, padded), [1, 1, 2, 2], x, w));
        var dilated = window with { Dilation = 2 };
        Assert.Equal([1.0 + (3 * 2) + (7 * 3) + (9 * 4)], Run<double>(new ConvolutionKernel(ConvolutionPass.Forward, dilated), [1, 1, 1, 1], x, w));
    }

    [Fact]
    public void ConvolutionInGroups()
    {
        // Two channels in two groups, each output seeing its own channel; a kernel of one element scales.
        var window = new ConvolutionWindow(1, 0, 1, 2, new(1, 2), 1);
        Assert.Equal([10.0, 20, 60, 80], Run<double>(new ConvolutionKernel(ConvolutionPass.Forward, window), [1, 2, 1, 2],
            Range(1, 2, 1, 2), Tensor.Wrap([10.0, 20], [2, 1, 1, 1])));
    }

    [Fact]
    public void ConvolutionGradientsAreItsAdjoints()
    {
        var random = new Random(3);
        Tensor random4(params int[] shape) => Tensor.Wrap([.. Enumerable.Range(0, Shape.Create(shape).Count).Select(_ => random.NextDouble() - 0.5)], shape);
        foreach (int groups in new[] { 1, 2 })
        {
            var window = new ConvolutionWindow(new(2, 1), new(1, 0), new(1, 2), groups, new(5, 6), new(3, 2));
            Shape shape = [2, 6, window.Output.Height, window.Output.Width];
            Tensor x = random4(2, 4, 5, 6), w = random4(6, 4 / groups, 3, 2), dy = random4([.. shape]);
            double[] y = Run<double>(new ConvolutionKernel(ConvolutionPass.Forward, window), shape, x, w);
            double[] dx = Run<double>(new ConvolutionKernel(ConvolutionPass.InputGradient, window), x.Shape, dy, w);
            double[] dw = Run<double>(new ConvolutionKernel(ConvolutionPass.WeightGradient, window), w.Shape, x, dy);
            static double Inner(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();

            double expected = Inner(y, dy.ToArray<double>());
            Assert.Equal(expected, Inner(dx, x.ToArray<double>()), 1e-12);
            Assert.Equal(expected, Inner(dw, w.ToArray<double>()), 1e-12);
        }
    }

    [Fact]
    public void FoldAddsWindowsBack()
    {
        var window = new SlidingWindow([4], [2], [1], [1]);
        Assert.Equal([1.0, 2 + 3, 4 + 5, 6], Run<double>(new FoldKernel(window), [4], Range(3, 2)));

        var sparse = new SlidingWindow([5], [2], [2], [2]);
        Assert.Equal([1.0, 0, 2 + 3, 0, 4], Run<double>(new FoldKernel(sparse), [5], Range(2, 2)));

        var plane = new SlidingWindow([2, 2], [1, 2], [1, 1], [1, 1]);
        Assert.Equal([1.0, 2, 3, 4, 5, 6, 7, 8], Run<double>(new FoldKernel(plane), [2, 2, 2], Range(2, 2, 1, 1, 2)));
    }

    [Fact]
    public void GatherAndScatterAdd()
    {
        Tensor x = Range(3, 2);

        Assert.Equal([5.0, 6, 1, 2, 5, 6], Run<double>(new GatherKernel(0, 0), [3, 2], x, Vector(2L, 0, 2)));
        Assert.Equal([2.0, 1, 4, 3, 6, 5], Run<double>(new GatherKernel(1, 0), [3, 2], x, Vector(1, 0)));
        Assert.Equal([2.0, 3, 6], Run<double>(new GatherKernel(1, 1), [3, 1], x, Tensor.Wrap([1, 0, 1], [3, 1])));
        Assert.Equal([3.0, 4], Run<double>(new GatherKernel(0, 0), [2], x, Tensor.Wrap([1L], [])));
        Assert.Empty(Run<double>(new GatherKernel(0, 0), [0, 2], x, Vector<long>()));
        Assert.Equal([3.0, 4, 0, 0, 1 + 5, 2 + 6], Run<double>(new ScatterAddKernel(0, 0, 3), [3, 2], x, Vector(2L, 0, 2)));
        Assert.Equal([0.0, 1, 3, 0, 0, 5], Run<double>(new ScatterAddKernel(1, 1, 2), [3, 2], Tensor.Wrap([1.0, 3, 5], [3, 1]), Tensor.Wrap([1, 0, 1], [3, 1])));
        Assert.Equal([0L, 9007199254740993], Run<long>(new ScatterAddKernel(0, 0, 2), [2], Vector(9007199254740992L, 1), Vector(1, 1)));
    }

    [Theory]
    [InlineData(7L, 5, "take: index 7 is out of range for axis 0 of length 5. Use 0 to 4.")]
    [InlineData(-1L, 5, "take: index -1 is out of range for axis 0 of length 5. Use 0 to 4.")]
    [InlineData(4294967296L, 5, "take: index 4294967296 is out of range for axis 0 of length 5. Use 0 to 4.")]
    [InlineData(0L, 0, "take: index 0 is out of range for axis 0 of length 0. The axis is empty.")]
    public void IndicesAreChecked(long index, int length, string message)
    {
        Assert.Equal(message, Assert.Throws<ShapeException>(() => Run<double>(new GatherKernel(0, 0), [1], Range(length), Vector(index))).Message);
        Assert.Equal(message, Assert.Throws<ShapeException>(() => Run<double>(new ScatterAddKernel(0, 0, length), [length], Range(1), Vector(index))).Message);
    }

    [Fact]
    public void Scans()
    {
        Assert.Equal([1.0, 3, 6, 4, 9, 15], Run<double>(new ScanKernel(1, false), [2, 3], Range(2, 3)));
        Assert.Equal([6.0, 5, 3, 15, 11, 6], Run<double>(new ScanKernel(1, true), [2, 3], Range(2, 3)));
        Assert.Equal([1.0, 2, 3, 5, 7, 9], Run<double>(new ScanKernel(0, false), [2, 3], Range(2, 3)));
        Assert.Equal([int.MaxValue, int.MinValue], Run<int>(new ScanKernel(0, false), [2], Vector(int.MaxValue, 1)));
        Assert.Empty(Run<double>(new ScanKernel(0, false), [0], Range(0)));
        Assert.Equal([1.0, 2, 6, 4, 20, 120], Run<double>(new ScanKernel(1, false, ReduceOp.Prod), [2, 3], Range(2, 3)));
        Assert.Equal([6.0, 6, 3, 120, 30, 6], Run<double>(new ScanKernel(1, true, ReduceOp.Prod), [2, 3], Range(2, 3)));
        Assert.Equal([0L, 1, 1, 3, 3], Run<long>(new ScanKernel(0, false, ReduceOp.ArgMax), [5], Vector(1.0, 2, 2, double.NaN, 9)));
        Assert.Equal([3L, 3, 3, 3, 4], Run<long>(new ScanKernel(0, true, ReduceOp.ArgMin), [5], Vector(1.0, 2, 2, double.NaN, 9)));
        Assert.Equal([1.0, 4, 11], Run<double>(new RecurrenceKernel(0, false), [3], Vector(9.0, 2, 2), Vector(1.0, 2, 3)));
        Assert.Equal([11.0, 5, 1], Run<double>(new RecurrenceKernel(0, true), [3], Vector(2.0, 2, 9), Vector(1.0, 3, 1)));
    }

    [Fact]
    public void Sorts()
    {
        Assert.Equal([3L, 4, 1, 2, 5, 0], Run<long>(new SortKernel(0), [6], Vector(double.NaN, 0.0, -0.0, double.NegativeInfinity, -1, 7)));
        Assert.Equal([0L, 1, 1, 0], Run<long>(new SortKernel(0), [2, 2], Tensor.Wrap([1, 9, 2, 8], [2, 2])));
        Assert.Equal([1L, 0], Run<long>(new SortKernel(0), [2], Vector(9007199254740993L, 9007199254740992L)));
        Assert.Equal([2L, 0, 1], Run<long>(new SortKernel(0), [3], Vector(double.NaN, double.NaN, 1)));
    }

    [Fact]
    public void PadAndConcat()
    {
        Assert.Equal([0.0, 1, 0, 2, 0, 0], Run<double>(new PadKernel(new([1], [2], [1])), [6], Range(2)));
        Assert.Equal([0.0, 0, 1, 2], Run<double>(new PadKernel(new([1, 0], [0, 0], [0, 0])), [2, 2], Range(1, 2)));
        Assert.Equal([false, true], Run<bool>(new PadKernel(new([1], [0], [0])), [2], Vector(true)));
        Assert.Equal([0.0, 0], Run<double>(new PadKernel(new([1], [1], [5])), [2], Range(0)));
        Assert.Equal([1.0, 2, 1, 3, 4, 2], Run<double>(new ConcatKernel(1), [2, 3], Range(2, 2), Range(2, 1)));
        Assert.Equal([1.0, 2, 1, 2], Run<double>(new ConcatKernel(0), [4], Range(2), Range(0), Range(2)));
    }
}
