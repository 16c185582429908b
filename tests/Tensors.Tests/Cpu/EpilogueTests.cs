using Engine.Tensors.Cpu;
using MemoryLayout = Engine.Tensors.Layout;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Maps that products apply to their own results against the product and then the map.</summary>
public sealed unsafe class EpilogueTests
{
    private static readonly LoopCache Loops = new();

    public static TheoryData<DType, int> Runs => new()
    {
        { DType.F32, 1 }, { DType.F32, 2 }, { DType.F32, 3 }, { DType.F64, 1 }, { DType.F64, 3 },
    };

    [Theory, MemberData(nameof(Runs))]
    public void MatrixProducts(DType type, int threads)
    {
        (int[] Batch, int M, int K, int N)[] cases =
        [
            ([], 3, 4, 5), ([], 1, 40, 300), ([], 300, 40, 1), ([], 1, 70, 1), ([], 257, 33, 67), ([], 40, 300, 500), ([], 2, 5000, 131), ([], 9, 900, 213), ([70], 9, 20, 30),
            ([2, 3], 4, 33, 6), ([2], 3, 0, 4), ([], 3, 0, 250), ([], 0, 3, 2), ([], 700, 20, 333), ([3], 1, 20, 7), ([3], 60, 400, 200), ([5], 201, 3, 250),
        ];
        using var pool = new WorkerPool(threads);
        foreach ((int[] batch, int m, int k, int n) in cases)
        {
            var random = new Random(m + n);
            Tensor a = Numbers.Finite(type, [.. batch, m, k], random), b = Numbers.Finite(type, [.. batch, k, n], random, transposed: n % 2 == 1);
            Check(new MatMulKernel(m, n), pool, [.. batch, m, n], [a, b]);
        }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void ProductsOfAMatrixWithItself(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (int n in (int[])[7, 300])
        {
            Tensor a = Numbers.Finite(DType.F32, [2, n, 90], new Random(n)), b = new(a.Storage, a.Layout.Permute([0, 2, 1]), null);
            Check(new MatMulKernel(n, n), pool, [2, n, n], [a, b]);
        }
    }

    [Theory, MemberData(nameof(Runs))]
    public void Convolutions(DType type, int threads)
    {
        (int N, int C, int S, int O, Extent Kernel, Extent Stride, Extent Padding, int Groups)[] cases =
        [
            (2, 3, 8, 4, 3, 1, 1, 1), (1, 1, 5, 1, 3, 1, 0, 1), (2, 4, 9, 6, new(3, 2), new(2, 1), new(1, 0), 2), (40, 2, 7, 5, 1, 1, 0, 1), (0, 2, 5, 3, 3, 1, 1, 1), (2, 0, 5, 3, 3, 1, 1, 1),
            (1, 3, 70, 17, 3, 1, 1, 1), (2, 4, 64, 32, 3, 1, 1, 2), (3, 2, 47, 90, 2, 1, 0, 1), (3, 6, 16, 9, 3, 2, 1, 3),
        ];
        using var pool = new WorkerPool(threads);
        foreach (var c in cases)
        {
            var window = new ConvolutionWindow(c.Stride, c.Padding, 1, c.Groups, new(c.S, c.S), c.Kernel);
            int[] x = [c.N, c.C, c.S, c.S], w = [c.O, c.C / c.Groups, c.Kernel.Height, c.Kernel.Width], y = [c.N, c.O, window.Output.Height, window.Output.Width];
            Tensor images = Numbers.Finite(type, x, new Random(1)), kernels = Numbers.Finite(type, w, new Random(2)), gradient = Numbers.Finite(type, y, new Random(3));
            Check(new ConvolutionKernel(ConvolutionPass.Forward, window), pool, y, [images, kernels]);
            Check(new ConvolutionKernel(ConvolutionPass.InputGradient, window), pool, x, [gradient, kernels]);
        }
    }

    [Fact]
    public void ALoopIsEmittedOnceItPays()
    {
        Operand x = new(0, DType.F32, MemoryLayout.Contiguous([300, 2])), y = new(1, DType.F32, MemoryLayout.Contiguous([2, 1000])), result = new(2, DType.F32, MemoryLayout.Contiguous([300, 1000]));
        var map = new CpuMap(new MapKernel(Expr.Input(0, DType.F32).Tanh() + 1), [result], [result], new LoopCache());
        var product = new CpuMatMul(new MatMulKernel(300, 1000), x, y, new ProductEpilogue(map, 2, 2));
        using var pool = new WorkerPool(2);
        Tensor[] tensors = [.. ((Operand[])[x, y, result, result]).Select(o => Views.Contiguous(o.DType, [.. o.Layout.Shape.Lengths], new Random(1)))];
        using var pins = new Pins(tensors);
        int runs = 0;
        fixed (nint* addresses = pins.Addresses)
        {
            for (; !map.IsEmitted && runs < 2_000; runs++) product.Run((void**)addresses, pool);
        }
        Assert.InRange(runs, 5, 1_000);
    }

    /// <summary>Maps with operands of every layout, with a result of another type, with coordinates; the product in memory of its own and in that of a result.</summary>
    private static void Check(Kernel kernel, WorkerPool pool, int[] shape, Tensor[] operands)
    {
        DType type = operands[0].DType;
        var random = new Random(4);
        int[] along = [.. MemoryLayout.RowMajor(shape)], perChannel = new int[shape.Length];
        for (int i = 0; i < shape.Length; i++) along[i] = i == shape.Length - 1 ? 1 : 0;
        if (shape.Length > 2) perChannel[^3] = 1;
        Tensor[] others = [.. Views.Of(type, shape, random), Views.View(type, shape, along, 1, random), Views.View(type, shape, perChannel, 2, random)];
        var device = new CpuDevice(1);
        Tensor product = Views.Output(device, type, shape);
        device.Run(new KernelOp(kernel), operands, [product]);
        // Large products are there for how they are divided: a few of the layouts will do.
        for (int i = 0; i < others.Length; i += product.Count > 20_000 ? 4 : 1)
        {
            Tensor other = others[i];
            Expr x = Expr.Input(0, type), p = Expr.Input(1, type);
            Exprs[] maps =
            [
                [(p + x).Max(p.Like(0))],
                [p * x, (p <= x).Select(Expr.Coordinate(shape.Length - 1).Cast(type), p.Tanh()), p < x],
            ];
            foreach (Exprs bodies in maps)
            {
                Tensor[] expected = [.. bodies.Values.ToArray().Select(b => Views.Output(device, b.Type, shape))];
                device.Run(new KernelOp(new MapKernel(bodies)), [other, product], expected);
                foreach (PlanUse use in (PlanUse[])[PlanUse.Once, PlanUse.Steps])
                {
                    foreach (bool shares in (bool[])[false, true])
                    {
                        Tensor[] results = [.. expected.Select(e => Views.Output(device, e.DType, shape))];
                        Tensor place = shares ? results[^1].DType == type ? results[^1] : results[0] : Views.Output(device, type, shape);
                        Run(new EpilogueKernel(kernel, operands.Length, bodies), use, pool, [.. operands, other], [place, .. results]);
                        string what = $"{kernel} with {other.Layout}, {use}, {(shares ? "shared" : "apart")}";
                        for (int r = 0; r < results.Length; r++) Views.AssertSame(Views.Bits(expected[r]), Views.Bits(results[r]), results[r].DType, what);
                        if (!shares) Views.AssertSame(Views.Bits(product), Views.Bits(place), type, what);
                    }
                }
            }
        }
    }

    private static void Run(Kernel kernel, PlanUse use, WorkerPool pool, Tensor[] inputs, Tensor[] outputs)
    {
        Tensor[] all = [.. inputs, .. outputs];
        Operand[] operands = [.. all.Select(t => new Operand(Array.FindIndex(all, o => ReferenceEquals(o.Storage, t.Storage)), t.DType, t.Layout))];
        CpuKernel prepared = CpuKernels.Prepare("test", kernel, operands.AsSpan(0, inputs.Length), operands.AsSpan(inputs.Length), Loops, use);
        using var pins = new Pins(all);
        fixed (nint* addresses = pins.Addresses) prepared.Run((void**)addresses, pool);
    }
}
