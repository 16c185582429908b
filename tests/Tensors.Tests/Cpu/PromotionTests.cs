using Engine.Tensors.Cpu;
using MemoryLayout = Engine.Tensors.Layout;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Elementwise kernels that run emitted loops against the same kernels over tiles.</summary>
public sealed unsafe class PromotionTests
{
    private static readonly Expr A = Expr.Input(0, DType.F32), B = Expr.Input(1, DType.F32);

    public static TheoryData<int> Threads => [1, 2, 3];

    [Theory, MemberData(nameof(Threads))]
    public void EveryLayoutGivesTheSameBits(int threads)
    {
        Exprs[] kernels =
        [
            Exprs.Create([((A * B) + 1).Tanh() - A]),
            Exprs.Create([A + B, (A < B).Select(A, B * 2), (A * A) - B, A.EqualTo(B)]),
        ];
        using var pool = new WorkerPool(threads);
        foreach (int[] shape in (int[][])[.. Views.Shapes, [100_003], [40, 2_000], [700, 33], [3, 70, 66]])
        {
            Tensor[] left = [.. Views.Of(DType.F32, shape, new Random(1))], right = [.. Views.Of(DType.F32, shape, new Random(2))];
            for (int i = 0; i < left.Length; i++)
            {
                if (left[i].Count == 0) continue;
                foreach (Exprs bodies in kernels) Check(bodies, pool, shape, left[i], right[(i * 3 + 1) % right.Length]);
            }
        }
    }

    [Fact]
    public void Coordinates()
    {
        using var pool = new WorkerPool(2);
        Exprs bodies = Exprs.Create([(Expr.Coordinate(1) <= Expr.Coordinate(0)).Select(A, A.Like(-1e9)), Expr.Coordinate(1).Cast(DType.F32) * A]);
        foreach (int[] shape in (int[][])[[5, 7], [300, 250], [4, 5000], [2000, 3]]) Check(bodies, pool, shape, Views.Contiguous(DType.F32, shape, new Random(3)));
    }

    [Fact]
    public void ALoopIsEmittedOnceItPays()
    {
        using var pool = new WorkerPool(1);
        Tensor x = Views.Contiguous(DType.F32, [200_000], new Random(4));
        Operand operand = new(0, DType.F32, x.Layout);
        var map = new CpuMap(new MapKernel(Exprs.Create([((A * A) + 1).Sqrt()])), [operand], [operand], new LoopCache());
        int runs = 0;
        for (; !map.IsEmitted && runs < 10_000; runs++) Run(map, pool, [x, Views.Output(new CpuDevice(1), DType.F32, [200_000])]);
        Assert.InRange(runs, 20, 2_000);
        Assert.False(new CpuMap(new MapKernel(Exprs.Create([(A * A) + 1])), [operand], [operand], new LoopCache(), PlanUse.Steps).IsEmitted);
        Assert.False(new CpuMap(new MapKernel(Exprs.Create([((A * A) + 1).Sqrt()])), [operand], [operand], new LoopCache(), PlanUse.Once).IsEmitted);
        Assert.True(new CpuMap(new MapKernel(Exprs.Create([((A * A) + 1).Sqrt()])), [operand], [operand], new LoopCache(), PlanUse.Steps).IsEmitted);
    }

    [Theory, InlineData(PlanUse.Once), InlineData(PlanUse.Steps)]
    public void OutputsMayBeWrittenOverInputs(PlanUse use)
    {
        using var pool = new WorkerPool(2);
        Expr product = A * B;
        Exprs bodies = [product * 0.9, B - (A * product), product - B];
        foreach (int count in (int[])[1, 5, 33, 1000, 100_001])
        {
            Tensor a = Views.Contiguous(DType.F32, [count], new Random(5)), b = Views.Contiguous(DType.F32, [count], new Random(6));
            Operand[] inputs = [new(0, DType.F32, a.Layout), new(1, DType.F32, a.Layout)], outputs = [inputs[0], inputs[1], inputs[0]];
            Tensor[] apart = [.. outputs.Select(_ => Views.Output(new CpuDevice(1), DType.F32, [count]))];
            Run(new CpuMap(new MapKernel(bodies), inputs, outputs, new LoopCache(), PlanUse.Once), pool, [a, b, .. apart]);
            Tensor third = Views.Output(new CpuDevice(1), DType.F32, [count]);
            Run(new CpuMap(new MapKernel(bodies), inputs, outputs, new LoopCache(), use, writesOver: true), pool, [a, b, a, b, third]);
            Assert.Equal(Views.Bits(apart[0]), Views.Bits(a));
            Assert.Equal(Views.Bits(apart[1]), Views.Bits(b));
            Assert.Equal(Views.Bits(apart[2]), Views.Bits(third));
        }
    }

    [Fact]
    public void KernelsOfADeviceShareLoops()
    {
        var loops = new LoopCache();
        TileSource[] contiguous = [TileSource.InPlace, TileSource.InPlace];
        EmittedLoop sum = loops.Find([(A * B) + 1], contiguous, [])!;
        Expr x = Expr.Input(0, DType.F32), y = Expr.Input(1, DType.F32);
        Assert.Same(sum, loops.Find([(x * y) + 1], contiguous, []));
        Assert.NotSame(sum, loops.Find([(x * y) + 2], contiguous, []));
        Assert.NotSame(sum, loops.Find([(x * y) + 1], [TileSource.InPlace, TileSource.Scalar], []));
        Assert.NotSame(sum, loops.Find([(x * y) + 1, x], contiguous, []));
        Assert.NotSame(sum, loops.Find([(x * y) + 1], [TileSource.InPlace, TileSource.InPlace, TileSource.InPlace], []));
    }

    private static void Check(Exprs bodies, WorkerPool pool, int[] shape, params Tensor[] inputs)
    {
        Operand[] operands = [.. inputs.Select((x, i) => new Operand(i, x.DType, x.Layout))], outputs = new Operand[bodies.Count];
        for (int o = 0; o < outputs.Length; o++) outputs[o] = new(o, bodies[o].Type, MemoryLayout.Contiguous(shape));
        var emitted = new CpuMap(new MapKernel(bodies), operands, outputs, new LoopCache(), PlanUse.Steps);
        Assert.True(emitted.IsEmitted);
        Tensor[][] results = new Tensor[2][];
        for (int i = 0; i < 2; i++)
        {
            results[i] = [.. outputs.Select(o => Views.Output(new CpuDevice(1), o.DType, shape))];
            Run(i == 0 ? emitted : new CpuMap(new MapKernel(bodies), operands, outputs, new LoopCache(), PlanUse.Once), pool, [.. inputs, .. results[i]]);
        }
        for (int o = 0; o < outputs.Length; o++)
            Views.AssertSame(Views.Bits(results[1][o]), Views.Bits(results[0][o]), bodies[o].Type, $"output {o} over {string.Join(", ", inputs.Select(x => x.Layout))}");
    }

    /// <summary>Runs a kernel on tensors in host memory: its operands, then its outputs.</summary>
    internal static void Run(CpuMap map, WorkerPool pool, Tensor[] operands)
    {
        using var pins = new Pins(operands);
        fixed (nint* addresses = pins.Addresses) map.Run((void**)addresses, pool);
    }
}
