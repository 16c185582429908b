using System.Runtime.InteropServices;
using Engine.Tensors.Cpu;
using MemoryLayout = Engine.Tensors.Layout;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Emitted loops that reduce, and kernels over rows made of them, bit for bit against single maps and sums added up lane by lane.</summary>
public sealed unsafe class RowLoopTests
{
    private static readonly int[] Widths = [512, 256, 128];

    private static readonly int[] Lengths = [64, 65, 127, 128, 129, 191, 192, 193, 255, 257, 319, 320, 1000, 1023, 2047, 4095, 4096];

    public static TheoryData<int, DType> WidthsAndTypes
    {
        get
        {
            var data = new TheoryData<int, DType>();
            foreach (int width in Widths)
                foreach (DType type in (DType[])[DType.F32, DType.F64]) data.Add(width, type);
            return data;
        }
    }

    public static TheoryData<int> KernelNumbers => [.. Enumerable.Range(0, Kernels(DType.F32).Length)];

    [Theory, MemberData(nameof(WidthsAndTypes))]
    public void ReductionsOfEveryLength(int width, DType type)
    {
        Expr a = Expr.Input(0, type), b = Expr.Input(1, type), half = Expr.Input(2, DType.F16);
        TileSource[] sources = [TileSource.InPlace, TileSource.Scalar, TileSource.InPlace];
        RowStage[][] cases =
        [
            [new(ReduceOp.Sum, a)],
            [new(ReduceOp.Max, a), new(ReduceOp.Min, a), new(ReduceOp.Sum, (a - b) * (a - b))],
            [new(ReduceOp.Prod, (a * 0.01) + 1), new(ReduceOp.Sum, half.Cast(DType.F64))],
            [new(ReduceOp.Sum, (a * 0.1).Tanh() + (a - b).Exp()), new(ReduceOp.Max, a.Sigmoid())],
            [new(ReduceOp.Min, half.Cast(DType.F32)), new(ReduceOp.Sum, b * 3)],
        ];
        var random = new Random(width);
        foreach (RowStage[] reductions in cases)
        {
            Expr kept = reductions[^1].Body;
            EmittedLoop loop = LoopEmitter.TryEmit([kept], sources, [], overRow: true, reductions, width)!;
            Assert.NotNull(loop);
            foreach (int length in (int[])[.. Enumerable.Range(64, 140), .. Lengths]) Check(loop, reductions, kept, sources, [type, type, DType.F16], length, random);
        }
    }

    [Theory, MemberData(nameof(KernelNumbers))]
    public void KernelsOfEveryLayout(int number)
    {
        foreach (DType type in (DType[])[DType.F32, DType.F64])
        {
            (RowStages stages, Exprs bodies, bool[] perRow) = Kernels(type)[number];
            foreach (int length in (int[])[192, 193, 255, 331])
            {
                var random = new Random(length);
                Tensor[] x = [.. Views.Of(type, [5, length], random)], y = [.. Views.Of(type, [5, length], random)];
                Tensor weight = Views.View(type, [5, length], [0, 1], 0, random), perRows = Views.View(type, [5, length], [1, 0], 0, random);
                for (int i = 0; i < x.Length; i++)
                    CheckKernel(stages, bodies, perRow, null, x[i], i % 3 == 0 ? weight : i % 3 == 1 ? perRows : y[i]);
            }
        }
    }

    [Theory, MemberData(nameof(KernelNumbers))]
    public void KernelsOfEveryWidthAndLength(int number)
    {
        foreach (DType type in (DType[])[DType.F32, DType.F64])
        {
            (RowStages stages, Exprs bodies, bool[] perRow) = Kernels(type)[number];
            foreach (int width in Widths)
            {
                var loops = new LoopCache(width);
                foreach (int length in (int[])[192, 199, 221, 256, 4095])
                {
                    var random = new Random(length);
                    CheckKernel(stages, bodies, perRow, loops, Views.Contiguous(type, [3, length], random), Views.View(type, [3, length], [0, 1], 0, random));
                }
            }
        }
    }

    [Fact]
    public void ShortRows()
    {
        (RowStages stages, Exprs bodies, bool[] perRow) = Kernels(DType.F32)[0];
        for (int length = 2; length <= 200; length++)
        {
            var random = new Random(length);
            CheckKernel(stages, bodies, perRow, null, Views.Contiguous(DType.F32, [7, length], random), Views.Contiguous(DType.F32, [7, length], random));
        }
    }

    [Fact]
    public void ResultsLargerThanTheCachesAreStreamed()
    {
        (RowStages stages, Exprs bodies, bool[] perRow) = Kernels(DType.F32)[0];
        const int Length = 333;
        int rows = (int)(StreamedCopy.LeastBytes / (2 * sizeof(float) * Length)) + 2;
        Tensor x = Views.Contiguous(DType.F32, [rows, Length], new Random(1)), y = Views.View(DType.F32, [rows, Length], [0, 1], 0, new Random(2));
        Operand[] operands = [new(0, DType.F32, x.Layout), new(1, DType.F32, y.Layout)];
        Operand[] outputs = [.. Enumerable.Range(0, 2).Select(o => new Operand(o, DType.F32, x.Layout))];
        var kernel = new RowsKernel(rows, Length, stages, bodies);
        using var pool = new WorkerPool(2);
        ulong[][] bits = new ulong[4][];
        for (int i = 0; i < 2; i++)
        {
            Tensor[] results = [.. outputs.Select(_ => Views.Output(new CpuDevice(1), DType.F32, [rows, Length]))];
            PromotionTests.Run(new CpuMap(kernel, operands, outputs, new LoopCache(), i == 0 ? PlanUse.Steps : PlanUse.Once), pool, [x, y, .. results]);
            for (int o = 0; o < 2; o++) bits[(2 * i) + o] = Views.Bits(results[o]);
        }
        for (int o = 0; o < 2; o++) Views.AssertSame(bits[2 + o], bits[o], DType.F32, $"output {o}");
        foreach (int bytes in (int[])[0, 1, 63, 64, 65, 200, 1000])
        {
            byte[] source = new byte[bytes], target = new byte[bytes + 130];
            new Random(bytes).NextBytes(source);
            for (int offset = 0; offset < 65; offset += 13)
            {
                Array.Fill(target, (byte)7);
                fixed (byte* from = source, to = target) StreamedCopy.Run(from, to + offset, bytes);
                Assert.Equal(source, target.AsSpan(offset, bytes).ToArray());
                Assert.False(target.AsSpan(0, offset).ContainsAnyExcept((byte)7) || target.AsSpan(offset + bytes).ContainsAnyExcept((byte)7));
            }
        }
    }

    /// <summary>Stages and results of kernels with two operands.</summary>
    private static (RowStages Stages, Exprs Bodies, bool[] PerRow)[] Kernels(DType type)
    {
        Expr x = Expr.Input(0, type), y = Expr.Input(1, type), first = Expr.Input(2, type), second = Expr.Input(3, type), third = Expr.Input(4, type);
        Expr e = (x - first).Exp(), centred = x - (first / 100), costly = (x * 0.3).Tanh();
        return
        [
            ([new(ReduceOp.Max, x), new(ReduceOp.Sum, e)], [e / second, (e / second * y) + first], [false, false]),
            ([new(ReduceOp.Sum, x), new(ReduceOp.Sum, centred * centred)], [(centred / (second + 1).Sqrt() * y) + 0.5], [false]),
            ([new(ReduceOp.Sum, x), new(ReduceOp.Max, y), new(ReduceOp.Min, x * y)], [first + second, (third * x).Cast(DType.F32), second], [true, false, true]),
            ([new(ReduceOp.Sum, costly * costly), new(ReduceOp.Prod, (y * 0.001) + first.Like(1)), new(ReduceOp.Sum, costly * second)], [costly - third, first], [false, true]),
            ([new(ReduceOp.Max, x), new(ReduceOp.Sum, e), new(ReduceOp.Sum, y * ((x - first) - second.Log()))], [-third], [true]),
            ([new(ReduceOp.Min, (x < y).Select(x, y)), new(ReduceOp.Max, (x - first).Abs())], [x.EqualTo(first), second - y], [false, false]),
        ];
    }

    private static void CheckKernel(RowStages stages, Exprs bodies, bool[] perRow, LoopCache? loops, params Tensor[] inputs)
    {
        Shape shape = inputs[0].Shape;
        var kernel = new RowsKernel(shape[0], shape[1], stages, bodies);
        Operand[] operands = [.. inputs.Select((t, i) => new Operand(i, t.DType, t.Layout))];
        Operand[] outputs = [.. Enumerable.Range(0, bodies.Count).Select(o => new Operand(o, bodies[o].Type, MemoryLayout.Contiguous(perRow[o] ? [shape[0]] : shape)))];
        var emitted = new CpuMap(kernel, operands, outputs, loops ?? new LoopCache(), PlanUse.Steps);
        Assert.Equal(shape[1] >= 192, emitted.IsEmitted);
        var tiles = new CpuMap(kernel, operands, outputs, new LoopCache(), PlanUse.Once);
        ulong[][] expected = Composed(kernel, perRow, inputs);
        foreach (int threads in (int[])[1, 2, 3])
        {
            using var pool = new WorkerPool(threads);
            foreach (CpuMap map in (CpuMap[])[tiles, emitted])
            {
                Tensor[] results = [.. outputs.Select(o => Views.Output(new CpuDevice(1), o.DType, o.Layout.Shape.Lengths.ToArray()))];
                PromotionTests.Run(map, pool, [.. inputs, .. results]);
                for (int o = 0; o < results.Length; o++)
                {
                    string what = $"{(map == emitted ? "emitted" : "tiles")}, output {o} over {string.Join(", ", inputs.Select(t => t.Layout))}";
                    Views.AssertSame(expected[o], Views.Bits(results[o]), bodies[o].Type, what);
                }
            }
        }
    }

    /// <summary>Compares with the values of the interpreter, added up lane by lane.</summary>
    private static void Check(EmittedLoop loop, RowStage[] reductions, Expr kept, TileSource[] sources, DType[] types, int length, Random random)
    {
        byte[][] inputs = [.. types.Select((t, i) => LoopRun.Values(t, sources[i] == TileSource.Scalar ? 1 : length, random, special: length % 3 == 0))];
        byte[][] expected = LoopRun.Interpret([kept, .. reductions.Select(r => r.Body)], sources, [], inputs, [], length);
        byte[] written = new byte[expected[0].Length + 1];
        written[^1] = 0xA5;
        ulong[] values = new ulong[reductions.Length];
        fixed (byte* a = inputs[0], b = inputs[1], c = inputs[2], w = written)
        fixed (ulong* v = values)
        {
            byte** slots = stackalloc byte*[] { a, b, c, w, null, null, null };
            for (int i = 0; i < reductions.Length; i++) slots[4 + i] = (byte*)(v + i);
            loop(null, slots, length);
        }
        Assert.Equal(0xA5, written[^1]);
        Views.AssertSame(LoopRun.Bits(expected[0], kept.Type), LoopRun.Bits(written.AsSpan(..^1), kept.Type), kept.Type, $"row of {length}");
        for (int i = 0; i < reductions.Length; i++)
        {
            DType type = reductions[i].Body.Type;
            Views.AssertSame([Tree(expected[i + 1], type, reductions[i].Op)], [values[i]], type, $"{reductions[i].Op} of {length} elements: {reductions[i].Body}");
        }
    }

    /// <summary>The results of every row, each stage and each body by a map of its own.</summary>
    private static ulong[][] Composed(RowsKernel kernel, bool[] perRow, Tensor[] inputs)
    {
        DType[] types = [.. inputs.Select(t => t.DType)];
        ulong[][] bits = [.. inputs.Select(Views.Bits)];
        List<ulong>[] results = [.. kernel.Bodies.Values.ToArray().Select(_ => new List<ulong>())];
        for (int row = 0; row < kernel.Rows; row++)
        {
            List<byte[]> known = [.. bits.Select((b, i) => Bytes(b.AsSpan(row * kernel.Length, kernel.Length), types[i]))];
            TileSource[] sources() => [.. known.Select((_, i) => i < inputs.Length ? TileSource.InPlace : TileSource.Scalar)];
            foreach (RowStage stage in kernel.Stages)
            {
                byte[] values = LoopRun.Interpret([stage.Body], sources(), [], [.. known], [], kernel.Length)[0];
                known.Add(Bytes([Tree(values, stage.Body.Type, stage.Op)], stage.Body.Type));
            }
            for (int o = 0; o < results.Length; o++)
                results[o].AddRange(LoopRun.Bits(LoopRun.Interpret([kernel.Bodies[o]], sources(), [], [.. known], [], perRow[o] ? 1 : kernel.Length)[0], kernel.Bodies[o].Type));
        }
        return [.. results.Select(r => r.ToArray())];
    }

    private static byte[] Bytes(ReadOnlySpan<ulong> bits, DType type)
    {
        byte[] bytes = new byte[bits.Length * type.Size()];
        for (int i = 0; i < bits.Length; i++) BitConverter.GetBytes(bits[i]).AsSpan(0, type.Size()).CopyTo(bytes.AsSpan(i * type.Size()));
        return bytes;
    }

    private static ulong Tree(byte[] values, DType type, ReduceOp op) => type == DType.F32
        ? BitConverter.SingleToUInt32Bits(Tree(MemoryMarshal.Cast<byte, float>(values).ToArray(), op))
        : BitConverter.DoubleToUInt64Bits(Tree(MemoryMarshal.Cast<byte, double>(values).ToArray(), op));

    private static T Tree<T>(T[] x, ReduceOp op) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        T[] lanes = new T[64];
        Array.Fill(lanes, op switch { ReduceOp.Sum => T.Zero, ReduceOp.Prod => T.One, ReduceOp.Max => T.NegativeInfinity, _ => T.PositiveInfinity });
        for (int i = 0; i < x.Length; i++) lanes[i % 64] = Apply(lanes[i % 64], x[i]);
        for (int distance = 32; distance > 0; distance /= 2)
        {
            for (int i = 0; i < distance; i++) lanes[i] = Apply(lanes[i], lanes[i + distance]);
        }
        return lanes[0];

        T Apply(T a, T b) => op switch { ReduceOp.Sum => a + b, ReduceOp.Prod => a * b, ReduceOp.Max => T.Max(a, b), _ => T.Min(a, b) };
    }
}
