using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf;

/// <summary>A kernel over rows twice: as stages and expressions, and as the loops that a person would write for vectors of 512 bits.</summary>
internal interface IRowKernel
{
    static abstract string Name { get; }

    /// <summary>The operands: true for one that has the same row for all rows.</summary>
    static abstract bool[] Repeated { get; }

    static abstract RowsKernel Of(int rows, int length);

    /// <summary>Computes one row. Its first 64 elements at least exist.</summary>
    static abstract unsafe void Row(float** operands, float* result, int length);
}

/// <summary>exp(x - max) / sum.</summary>
internal readonly struct SoftmaxRows : IRowKernel
{
    public static string Name => "softmax";

    public static bool[] Repeated => [false];

    public static RowsKernel Of(int rows, int length)
    {
        Expr x = Expr.Input(0, DType.F32), max = Expr.Input(1, DType.F32), sum = Expr.Input(2, DType.F32);
        Expr shift = max.Abs().EqualTo(max.Like(double.PositiveInfinity)).Select(max.Like(0), max), e = (x - shift).Exp();
        return new(rows, length, [new(ReduceOp.Max, x), new(ReduceOp.Sum, e)], [e / sum]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void Row(float** operands, float* result, int length)
    {
        float* x = operands[0];
        float max = RowLanes.Max(x, length), shift = float.IsInfinity(max) ? 0 : max;
        Vector512<float> s = Vector512.Create(shift), a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i <= length - 64; i += 64)
        {
            a += Exp(x + i, s, result + i);
            b += Exp(x + i + 16, s, result + i + 16);
            c += Exp(x + i + 32, s, result + i + 32);
            d += Exp(x + i + 48, s, result + i + 48);
        }
        float* lanes = stackalloc float[64];
        RowLanes.Store(lanes, a, b, c, d);
        for (int k = 0; i < length; i++, k++)
        {
            result[i] = Portable32<Scalar32, float, int, bool>.Exp(x[i] - shift);
            lanes[k] += result[i];
        }
        float sum = RowLanes.Sum(lanes);
        Vector512<float> divisor = Vector512.Create(sum);
        for (i = 0; i <= length - 16; i += 16) (Vector512.Load(result + i) / divisor).Store(result + i);
        for (; i < length; i++) result[i] /= sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Vector512<float> Exp(float* x, Vector512<float> shift, float* result)
    {
        Vector512<float> e = Portable32<V512F, Vector512<float>, Vector512<int>, Vector512<float>>.Exp(Vector512.Load(x) - shift);
        e.Store(result);
        return e;
    }
}

/// <summary>(x - mean) / sqrt(variance + eps) * weight + bias.</summary>
internal readonly struct LayerNormRows : IRowKernel
{
    private const float Epsilon = 1e-5f;

    public static string Name => "layer norm";

    public static bool[] Repeated => [false, true, true];

    public static RowsKernel Of(int rows, int length)
    {
        Expr x = Expr.Input(0, DType.F32), sum = Expr.Input(3, DType.F32), squares = Expr.Input(4, DType.F32);
        Expr centred = x - (sum / length);
        Expr scale = 1 / ((squares / length) + Epsilon).Sqrt();
        return new(rows, length, [new(ReduceOp.Sum, x), new(ReduceOp.Sum, centred * centred)], [(centred * scale * Expr.Input(1, DType.F32)) + Expr.Input(2, DType.F32)]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void Row(float** operands, float* result, int length)
    {
        float* x = operands[0], lanes = stackalloc float[64];
        Vector512<float> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i <= length - 64; i += 64)
        {
            a += Vector512.Load(x + i);
            b += Vector512.Load(x + i + 16);
            c += Vector512.Load(x + i + 32);
            d += Vector512.Load(x + i + 48);
        }
        RowLanes.Store(lanes, a, b, c, d);
        for (int k = 0; i < length; i++, k++) lanes[k] += x[i];
        float mean = RowLanes.Sum(lanes) / length;
        Vector512<float> m = Vector512.Create(mean);
        a = b = c = d = default;
        for (i = 0; i <= length - 64; i += 64)
        {
            a += Square(Vector512.Load(x + i) - m);
            b += Square(Vector512.Load(x + i + 16) - m);
            c += Square(Vector512.Load(x + i + 32) - m);
            d += Square(Vector512.Load(x + i + 48) - m);
        }
        RowLanes.Store(lanes, a, b, c, d);
        for (int k = 0; i < length; i++, k++) lanes[k] += (x[i] - mean) * (x[i] - mean);
        float scale = 1 / MathF.Sqrt((RowLanes.Sum(lanes) / length) + Epsilon);
        Vector512<float> s = Vector512.Create(scale);
        for (i = 0; i <= length - 16; i += 16)
            (((Vector512.Load(x + i) - m) * s * Vector512.Load(operands[1] + i)) + Vector512.Load(operands[2] + i)).Store(result + i);
        for (; i < length; i++) result[i] = ((x[i] - mean) * scale * operands[1][i]) + operands[2][i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Square(Vector512<float> a) => a * a;
}

/// <summary>A kernel over rows three times, on the same operands.</summary>
internal sealed unsafe class FusedRows<TKernel> : IDisposable where TKernel : struct, IRowKernel
{
    private readonly WorkerPool pool = new(1);
    private readonly CpuMap emitted;
    private readonly CpuMap tiles;
    private readonly int rows;
    private readonly int length;
    private readonly float*[] memory;

    public FusedRows(int rows, int length)
    {
        (this.rows, this.length) = (rows, length);
        bool[] repeated = TKernel.Repeated;
        Shape shape = [rows, length];
        var operands = new Operand[repeated.Length];
        memory = new float*[repeated.Length + 1];
        var random = new Random(1);
        for (int i = 0; i < memory.Length; i++)
        {
            int count = rows * length;
            memory[i] = (float*)NativeMemory.AlignedAlloc((nuint)(count + (64 * i)) * sizeof(float), 64);
            for (int k = 0; k < count; k++) memory[i][k] = (random.NextSingle() * 4) - 2;
            if (i < operands.Length) operands[i] = new(i, DType.F32, repeated[i] ? new(shape, [0, 1], 0) : Layout.Contiguous(shape));
        }
        Operand[] outputs = [new(operands.Length, DType.F32, Layout.Contiguous(shape))];
        long start = Stopwatch.GetTimestamp();
        emitted = new(TKernel.Of(rows, length), operands, outputs, new LoopCache(), PlanUse.Steps);
        Emission = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        tiles = new(TKernel.Of(rows, length), operands, outputs, new LoopCache(), PlanUse.Once);
        if (!emitted.IsEmitted) throw new InvalidOperationException($"{TKernel.Name}: no loops were emitted.");
        float[][] results = new float[3][];
        for (int variant = 0; variant < results.Length; variant++)
        {
            Call(variant);
            results[variant] = new ReadOnlySpan<float>(memory[^1], Math.Min(rows * length, 1_000_000)).ToArray();
            if (!MemoryMarshal.AsBytes<float>(results[variant]).SequenceEqual(MemoryMarshal.AsBytes<float>(results[0])))
                throw new InvalidOperationException($"{TKernel.Name}: the results differ.");
        }
    }

    public double Emission { get; }

    /// <summary>The least microseconds of a run: by hand, emitted, over tiles.</summary>
    public double[] Best(int rounds)
    {
        double[] best = [double.MaxValue, double.MaxValue, double.MaxValue];
        int repeats = Math.Max(1, 200_000 / (rows * length));
        long begin = Stopwatch.GetTimestamp();
        // As long as the runtime may still compile what is around the loops anew, and a number of rounds.
        for (int round = 0; round < rounds || Stopwatch.GetElapsedTime(begin).TotalMilliseconds < 600; round++)
        {
            for (int variant = 0; variant < best.Length; variant++)
            {
                Call(variant);
                long start = Stopwatch.GetTimestamp();
                for (int r = 0; r < repeats; r++) Call(variant);
                best[variant] = Math.Min(best[variant], Stopwatch.GetElapsedTime(start).TotalMicroseconds / repeats);
            }
        }
        return best;
    }

    public void Dispose()
    {
        foreach (float* block in memory) NativeMemory.AlignedFree(block);
        pool.Dispose();
    }

    private void Call(int variant)
    {
        if (variant > 0)
        {
            fixed (float** operands = memory) (variant == 1 ? emitted : tiles).Run((void**)operands, pool);
            return;
        }
        bool[] repeated = TKernel.Repeated;
        float** row = stackalloc float*[repeated.Length];
        for (int r = 0; r < rows; r++)
        {
            for (int i = 0; i < repeated.Length; i++) row[i] = memory[i] + (repeated[i] ? 0 : r * length);
            TKernel.Row(row, memory[^1] + (r * length), length);
        }
    }
}

/// <summary>Sums and maxima in the order that reductions promise.</summary>
internal static unsafe class RowLanes
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max(float* x, int length)
    {
        Vector512<float> a = Vector512.Load(x), b = Vector512.Load(x + 16), c = Vector512.Load(x + 32), d = Vector512.Load(x + 48);
        int i = 64;
        for (; i <= length - 64; i += 64)
        {
            a = Vector512.Max(a, Vector512.Load(x + i));
            b = Vector512.Max(b, Vector512.Load(x + i + 16));
            c = Vector512.Max(c, Vector512.Load(x + i + 32));
            d = Vector512.Max(d, Vector512.Load(x + i + 48));
        }
        a = Vector512.Max(Vector512.Max(a, b), Vector512.Max(c, d));
        // A maximum does not depend on the order: the last elements once more.
        for (i = Math.Max(length - 64, 0); i <= length - 16; i += 16) a = Vector512.Max(a, Vector512.Load(x + i));
        Vector256<float> half = Vector256.Max(a.GetLower(), a.GetUpper());
        Vector128<float> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return MathF.Max(MathF.Max(quarter[0], quarter[2]), MathF.Max(quarter[1], quarter[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* lanes, Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        a.Store(lanes);
        b.Store(lanes + 16);
        c.Store(lanes + 32);
        d.Store(lanes + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float* lanes)
    {
        Vector512<float> all = Vector512.Load(lanes) + Vector512.Load(lanes + 32) + (Vector512.Load(lanes + 16) + Vector512.Load(lanes + 48));
        Vector256<float> half = all.GetLower() + all.GetUpper();
        Vector128<float> quarter = half.GetLower() + half.GetUpper();
        return quarter[0] + quarter[2] + (quarter[1] + quarter[3]);
    }
}
