using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class ReduceTests
{
    private static readonly CpuDevice Device = new(2);

    private static readonly DType[] Types = [DType.F32, DType.F64, DType.I32, DType.I64, DType.U8, DType.Bool];

    public static TheoryData<ReduceOp, DType> Cases
    {
        get
        {
            var data = new TheoryData<ReduceOp, DType>();
            foreach (ReduceOp op in Enum.GetValues<ReduceOp>())
                foreach (DType type in Types) data.Add(op, type);
            return data;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void EveryAxisSetOfEveryLayout(ReduceOp op, DType type)
    {
        int seed = 0;
        foreach (int[] shape in (int[][])[.. Views.Shapes, [70, 40], [40, 70], [3, 130, 5], [65, 2, 20]])
        {
            foreach (Tensor x in Views.Of(type, shape, new Random(seed++)))
            {
                for (int mask = 1; mask < 1 << shape.Length; mask++)
                {
                    int[] axes = [.. Enumerable.Range(0, shape.Length).Where(a => (mask >> a & 1) != 0)];
                    if (op is ReduceOp.ArgMax or ReduceOp.ArgMin && axes.Length > 1) continue;
                    Check(Device, op, x, axes);
                }
            }
        }
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void LongReductionsGoByChunks(DType type)
    {
        foreach (int[] shape in (int[][])[[16_384], [16_385], [5, 16_383], [3 * 16_384], [(4 * 16_384) + 77], [40_000, 3], [3, 40_000, 2], [17_000, 40], [2, 200, 250]])
        {
            foreach (ReduceOp op in (ReduceOp[])[ReduceOp.Sum, ReduceOp.Prod, ReduceOp.Max, ReduceOp.ArgMin])
            {
                for (int axis = 0; axis < shape.Length; axis++)
                {
                    Check(Device, op, Numbers.Finite(type, shape, new Random(axis)), [axis]);
                    Check(Device, op, Numbers.Finite(type, shape, new Random(axis), transposed: true), [axis]);
                }
            }
            Check(Device, ReduceOp.Sum, Numbers.Finite(type, shape, new Random(1)), [.. Enumerable.Range(0, shape.Length)]);
            Check(Device, ReduceOp.Sum, Numbers.Finite(type, shape, new Random(1), transposed: true), [.. Enumerable.Range(0, shape.Length)]);
        }
    }

    [Theory, InlineData(1), InlineData(3), InlineData(4), InlineData(8)]
    public void ThreadsDoNotChangeResults(int threads)
    {
        var device = new CpuDevice(threads);
        foreach (int[] shape in (int[][])[[200_000], [300, 400], [2, 70_000], [70_000, 2], [20, 30, 200]])
        {
            for (int axis = 0; axis < shape.Length; axis++)
            {
                Check(device, ReduceOp.Sum, Numbers.Finite(DType.F32, shape, new Random(3)), [axis]);
                Check(device, ReduceOp.ArgMax, Numbers.Finite(DType.F32, shape, new Random(3)), [axis]);
            }
        }
    }

    [Fact]
    public void EmptyReductionsGiveTheIdentity()
    {
        Assert.Equal([0UL, 0UL], KernelOp.Run(Device, Kernel(ReduceOp.Sum, [2, 0], [1]), DType.F32, [2], Views.Contiguous(DType.F32, [2, 0], new Random(1))));
        Assert.Equal([Numbers.Bits(1f)], KernelOp.Run(Device, Kernel(ReduceOp.Prod, [0], [0]), DType.F32, [], Views.Contiguous(DType.F32, [0], new Random(1))));
        Assert.Equal([1UL, 1UL, 1UL], KernelOp.Run(Device, Kernel(ReduceOp.Prod, [0, 3], [0]), DType.I64, [3], Views.Contiguous(DType.I32, [0, 3], new Random(1))));
    }

    [Fact]
    public void FirstOfEqualElementsWins()
    {
        Tensor x = Tensor.Of([1f, 3f, float.NaN, 3f, float.NaN, -0f, 0f]), y = Tensor.Of([2f, -0f, 0f, 5f, -0f]);
        Assert.Equal([2UL], KernelOp.Run(Device, Kernel(ReduceOp.ArgMax, [7], [0]), DType.I64, [], x));
        Assert.Equal([2UL], KernelOp.Run(Device, Kernel(ReduceOp.ArgMin, [7], [0]), DType.I64, [], x));
        Assert.Equal([1UL], KernelOp.Run(Device, Kernel(ReduceOp.ArgMin, [5], [0]), DType.I64, [], y));
        Assert.Equal([3UL], KernelOp.Run(Device, Kernel(ReduceOp.ArgMax, [5], [0]), DType.I64, [], y));
    }

    private static ReduceKernel Kernel(ReduceOp op, int[] shape, int[] axes) => new(op, Axes.Of(axes, shape, "test"));

    private static void Check(CpuDevice device, ReduceOp op, Tensor x, int[] axes)
    {
        int[] shape = x.Shape.Lengths.ToArray();
        int[] result = [.. Enumerable.Range(0, shape.Length).Where(a => !axes.Contains(a)).Select(a => shape[a])];
        int reduced = axes.Aggregate(1, (n, a) => n * shape[a]);
        bool adds = op is ReduceOp.Sum or ReduceOp.Prod;
        if (!adds && reduced == 0) return;
        DType type = op is ReduceOp.ArgMax or ReduceOp.ArgMin || (adds && !x.DType.IsFloating()) ? DType.I64 : x.DType;
        ulong[] bits = Views.Bits(x);
        var groups = new List<ulong>[Numbers.Count(result)];
        for (int i = 0; i < groups.Length; i++) groups[i] = [];
        for (int i = 0; i < bits.Length; i++)
        {
            int[] at = Numbers.At(i, shape);
            groups[Numbers.Index([.. at.Where((_, a) => !axes.Contains(a))], result)].Add(bits[i]);
        }
        ulong[] expected = Array.ConvertAll(groups, g => Reduce(op, x.DType, g));
        ulong[] actual = KernelOp.Run(device, Kernel(op, shape, axes), type, result, x);
        Views.AssertSame(expected, actual, type, $"{op} over {string.Join(", ", axes)} of {x.DType.Name()} {x.Layout}");
    }

    private static ulong Reduce(ReduceOp op, DType type, List<ulong> elements)
    {
        switch (op)
        {
            case ReduceOp.Sum or ReduceOp.Prod when type.IsFloating():
                return Tree(op, type, elements);
            case ReduceOp.Sum or ReduceOp.Prod:
                long total = op == ReduceOp.Sum ? 0 : 1;
                foreach (ulong e in elements) total = op == ReduceOp.Sum ? total + Numbers.Integer(e, type) : total * Numbers.Integer(e, type);
                return (ulong)total;
        }
        int best = 0;
        for (int i = 1; i < elements.Count; i++)
        {
            if (Better(op, type, elements[i], elements[best])) best = i;
        }
        return op is ReduceOp.Max or ReduceOp.Min ? elements[best] : (ulong)best;
    }

    private static bool Better(ReduceOp op, DType type, ulong a, ulong b)
    {
        bool greatest = op is ReduceOp.Max or ReduceOp.ArgMax;
        if (!type.IsFloating())
        {
            long m = Numbers.Integer(a, type), n = Numbers.Integer(b, type);
            return greatest ? m > n : m < n;
        }
        double x = type == DType.F32 ? Numbers.F32(a) : Numbers.F64(a), y = type == DType.F32 ? Numbers.F32(b) : Numbers.F64(b);
        if (double.IsNaN(y)) return false;
        if (double.IsNaN(x)) return true;
        // Max and Min, which give values, order -0 below +0; an index goes to the first of the two.
        if (x == 0 && y == 0 && op is ReduceOp.Max or ReduceOp.Min && x == 0 && y == 0)
            return greatest ? double.IsNegative(y) && !double.IsNegative(x) : double.IsNegative(x) && !double.IsNegative(y);
        return greatest ? x > y : x < y;
    }

    /// <summary>The documented order: 64 lanes in chunks of 16,384, halves of lanes, pairs of chunks.</summary>
    private static ulong Tree(ReduceOp op, DType type, List<ulong> elements)
    {
        ulong identity = op == ReduceOp.Sum ? 0 : type == DType.F32 ? Numbers.Bits(1f) : Numbers.Bits(1.0);
        ulong combine(ulong a, ulong b) => op == ReduceOp.Sum ? Numbers.Add(a, b, type) : Numbers.Multiply(a, b, type);
        var chunks = new List<ulong>();
        for (int start = 0; start < elements.Count; start += 16_384)
        {
            ulong[] lanes = new ulong[64];
            Array.Fill(lanes, identity);
            for (int i = start; i < Math.Min(elements.Count, start + 16_384); i++) lanes[i % 64] = combine(lanes[i % 64], elements[i]);
            foreach (int distance in (int[])[32, 16, 8, 4, 2, 1])
                for (int j = 0; j < distance; j++) lanes[j] = combine(lanes[j], lanes[j + distance]);
            chunks.Add(lanes[0]);
        }
        if (chunks.Count == 0) return identity;
        while (chunks.Count > 1)
        {
            var next = new List<ulong>();
            for (int i = 0; i < chunks.Count; i += 2) next.Add(i + 1 < chunks.Count ? combine(chunks[i], chunks[i + 1]) : chunks[i]);
            chunks = next;
        }
        return chunks[0];
    }
}
