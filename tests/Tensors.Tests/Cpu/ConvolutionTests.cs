using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class ConvolutionTests
{
    private static readonly (int N, int C, int H, int W, int O, Extent Kernel, Extent Stride, Extent Padding, Extent Dilation, int Groups)[] Cases =
    [
        (1, 1, 5, 5, 1, 3, 1, 0, 1, 1), (2, 3, 8, 8, 4, 3, 1, 1, 1, 1), (2, 4, 9, 7, 6, new(3, 2), new(2, 1), new(1, 0), 1, 2), (1, 2, 12, 12, 3, 3, 1, 2, 2, 1),
        (3, 4, 6, 6, 4, 3, 1, 1, 1, 4), (2, 2, 4, 4, 5, 4, 1, 0, 1, 1), (2, 3, 7, 7, 9, 1, 1, 0, 1, 1), (2, 3, 10, 11, 10, 5, 3, 2, 1, 1), (1, 1, 3, 3, 1, 1, 2, 0, 1, 1),
        (2, 2, 5, 5, 2, 2, 1, 3, 1, 1), (2, 70, 6, 6, 20, 3, 1, 1, 1, 1), (1, 1, 28, 28, 8, 3, 1, 1, 1, 1), (2, 2, 30, 30, 3, 5, 1, 0, 1, 1), (0, 2, 5, 5, 3, 3, 1, 1, 1, 1),
        (2, 0, 5, 5, 3, 3, 1, 1, 1, 1),
        // Rows of positions that fill vectors well are read in place: whole vectors, last ones partly filled, odd numbers of vectors, kernels in strips of unequal height.
        (2, 3, 6, 16, 9, 3, 1, 1, 1, 1), (3, 2, 4, 14, 12, 5, 1, 2, 1, 1), (2, 4, 5, 31, 10, new(3, 5), new(2, 1), new(1, 2), new(1, 2), 2), (1, 1, 3, 48, 17, new(1, 3), 1, 0, 1, 1),
        (1, 3, 1, 64, 3, 1, 1, 0, 1, 3), (2, 6, 7, 15, 6, 3, 1, new(0, 1), new(2, 1), 3), (5, 1, 2, 32, 25, 2, 1, 1, 1, 1), (1, 2, 20, 13, 33, 3, new(3, 2), 1, 1, 1),
        // Kernels that fill vectors, in one and in several blocks; a gradient taken a few rows at a time.
        (2, 4, 5, 6, 32, 3, new(2, 1), 1, 1, 2), (3, 2, 4, 5, 80, new(2, 3), 1, new(0, 1), new(1, 2), 1), (2, 1, 6, 6, 15, 5, 1, 2, 1, 1), (1, 1, 70, 64, 16, new(2, 1), 1, 0, 1, 1),
    ];

    public static TheoryData<ConvolutionPass, DType, int> Runs
    {
        get
        {
            var data = new TheoryData<ConvolutionPass, DType, int>();
            foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
            {
                foreach (int threads in (int[])[1, 2, 3, 8]) data.Add(pass, DType.F32, threads);
                data.Add(pass, DType.F64, 2);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Runs))]
    public void EveryPassAddsInOrder(ConvolutionPass pass, DType type, int threads)
    {
        var device = new CpuDevice(threads);
        foreach (var c in Cases)
        {
            var window = new ConvolutionWindow(c.Stride, c.Padding, c.Dilation, c.Groups, new(c.H, c.W), c.Kernel);
            int[] x = [c.N, c.C, c.H, c.W], w = [c.O, c.C / c.Groups, c.Kernel.Height, c.Kernel.Width], y = [c.N, c.O, window.Output.Height, window.Output.Width];
            (int[] first, int[] second, int[] result) = pass switch
            {
                ConvolutionPass.Forward => (x, w, y),
                ConvolutionPass.InputGradient => (y, w, x),
                _ => (x, y, w),
            };
            foreach (bool transposed in (bool[])[false, true])
            {
                Tensor a = Numbers.Finite(type, first, new Random(1), transposed), b = Numbers.Finite(type, second, new Random(2), transposed);
                ulong[] expected = Naive(pass, window, type, Views.Bits(a), Views.Bits(b), x, w, y);
                ulong[] actual = KernelOp.Run(device, new ConvolutionKernel(pass, window), type, result, a, b);
                Views.AssertSame(expected, actual, type, $"{pass} {window} of {a.Layout} and {b.Layout}");
            }
        }
    }

    [Fact]
    public void BroadcastAndOffsetOperands()
    {
        var window = new ConvolutionWindow(1, 1, 1, 1, 6, 3);
        int[] x = [2, 3, 6, 6], w = [4, 3, 3, 3], y = [2, 4, 6, 6];
        var device = new CpuDevice(1);
        Tensor image = Views.View(DType.F32, x, [0, 40, 6, 1], 5, new Random(3)), kernel = Views.View(DType.F32, w, [27, 9, -3, -1], 8, new Random(4));
        Tensor gradient = Views.View(DType.F32, y, [0, 0, 0, 0], 1, new Random(5));
        foreach (Tensor t in (Tensor[])[image, kernel, gradient]) new Span<float>((float[])((HostStorage)t.Storage).Data).Fill(1.25f);
        ((float[])((HostStorage)kernel.Storage).Data)[3] = -3;
        ((float[])((HostStorage)image.Storage).Data)[20] = 7;
        Views.AssertSame(
            Naive(ConvolutionPass.Forward, window, DType.F32, Views.Bits(image), Views.Bits(kernel), x, w, y),
            KernelOp.Run(device, new ConvolutionKernel(ConvolutionPass.Forward, window), DType.F32, y, image, kernel), DType.F32, "forward");
        Views.AssertSame(
            Naive(ConvolutionPass.WeightGradient, window, DType.F32, Views.Bits(image), Views.Bits(gradient), x, w, y),
            KernelOp.Run(device, new ConvolutionKernel(ConvolutionPass.WeightGradient, window), DType.F32, w, image, gradient), DType.F32, "weight gradient");
    }

    /// <summary>Each result element as one chain in the documented order, positions outside of the image left out.</summary>
    private static ulong[] Naive(ConvolutionPass pass, ConvolutionWindow v, DType type, ulong[] a, ulong[] b, int[] x, int[] w, int[] y)
    {
        int[] result = pass switch { ConvolutionPass.Forward => y, ConvolutionPass.InputGradient => x, _ => w };
        ulong[] sums = new ulong[Numbers.Count(result)];
        int perGroup = w[0] / v.Groups;
        void add(int n, int o, int c, int oy, int ox, int ky, int kx)
        {
            int iy = (oy * v.Stride.Height) + (ky * v.Dilation.Height) - v.Padding.Height, ix = (ox * v.Stride.Width) + (kx * v.Dilation.Width) - v.Padding.Width;
            if (iy < 0 || iy >= x[2] || ix < 0 || ix >= x[3]) return;
            int atX = Numbers.Index([n, (o / perGroup * w[1]) + c, iy, ix], x), atW = Numbers.Index([o, c, ky, kx], w), atY = Numbers.Index([n, o, oy, ox], y);
            (int to, ulong left, ulong right) = pass switch
            {
                ConvolutionPass.Forward => (atY, a[atX], b[atW]),
                ConvolutionPass.InputGradient => (atX, a[atY], b[atW]),
                _ => (atW, a[atX], b[atY]),
            };
            sums[to] = Numbers.MultiplyAdd(left, right, sums[to], type);
        }
        // (o, c, ky, kx) outside of (n, y, x) gives every element of y and of dx its order, the reverse nesting that of dw.
        for (int outer = 0; outer < (pass == ConvolutionPass.WeightGradient ? y[0] * y[2] * y[3] : Numbers.Count(w)); outer++)
        {
            for (int inner = 0; inner < (pass == ConvolutionPass.WeightGradient ? Numbers.Count(w) : y[0] * y[2] * y[3]); inner++)
            {
                int[] at = Numbers.At(pass == ConvolutionPass.WeightGradient ? outer : inner, [y[0], y[2], y[3]]);
                int[] k = Numbers.At(pass == ConvolutionPass.WeightGradient ? inner : outer, w);
                add(at[0], k[0], k[1], at[1], at[2], k[2], k[3]);
            }
        }
        return sums;
    }
}
