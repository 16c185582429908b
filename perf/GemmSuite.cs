using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engine.Tensors.Cpu;

namespace Engine.Perf;

/// <summary>Single precision matrix products against the peak of the arithmetic units, measured in turns so that both see the same clock.</summary>
internal static unsafe class GemmSuite
{
    private static readonly int[] Sizes = [128, 256, 512, 1024];

    private static readonly (string Name, bool TransposeA, bool TransposeB)[] Kinds = [("NN", false, false), ("NT", false, true), ("TN", true, false)];

    /// <summary>The widest vectors the hardware has, whatever the runtime prefers.</summary>
    private static int HardwareWidth => Avx512F.IsSupported ? 512 : Avx2.IsSupported ? 256 : 128;

    public static void Run(int threads, int width)
    {
        using var pool = new WorkerPool(threads);
        Print($"matrix products, single precision, {threads} thread(s), kernels {width} bits; GFLOP/s, best of many runs; peak is one core's");
        Print($"{"m = n = k",9} {"kind",4} {"GFLOP/s",9} {"median",9} {"peak " + width,9} {"fraction",9} {"peak " + HardwareWidth,9} {"fraction",9}");
        foreach (var size in Sizes)
        {
            using var matrices = new Matrices(size);
            foreach (var (name, transposeA, transposeB) in Kinds)
                Measure(pool, width, matrices, name, transposeA, transposeB);
            MeasureSymmetric(pool, width, matrices);
        }
    }

    /// <summary>The time of a product of a matrix with its own transpose, as part of the time with another matrix.</summary>
    private static void MeasureSymmetric(WorkerPool pool, int width, Matrices matrices)
    {
        var (symmetric, full) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < 12; round++)
        {
            var end = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 20;
            do
            {
                full = Math.Min(full, matrices.Multiply(pool, width, false, true));
                symmetric = Math.Min(symmetric, matrices.Multiply(pool, width, false, true, ownTranspose: true));
            }
            while (Stopwatch.GetTimestamp() < end);
        }
        Print($"{matrices.Size,9} AAt  {symmetric / full:F2} of the time of NT");
    }

    /// <summary>The time of each of the first calls in this process, at one size: sizes share kernels, so each needs a process of its own.</summary>
    public static void FirstCalls(int size)
    {
        using var pool = new WorkerPool(1);
        using var matrices = new Matrices(size);
        var seconds = new double[10];
        for (var call = 0; call < seconds.Length; call++)
            seconds[call] = matrices.Multiply(pool, SimdWidth.Gemm, false, false);
        // Printed only now: compiling the printing between two calls would let the processor leave its fast state for wide vectors.
        Print($"first calls of a {size} x {size} x {size} product in this process, kernels {SimdWidth.Gemm} bits");
        for (var call = 0; call < seconds.Length; call++)
            Print($"  call {call + 1}: {seconds[call] * 1e6,8:F0} us  {matrices.Flops / seconds[call] * 1e-9,6:F1} GFLOP/s");
        Print($"peak in this process: {PeakProbe.SingleGigaflops(SimdWidth.Gemm):F1} GFLOP/s");
    }

    private static void Measure(WorkerPool pool, int width, Matrices matrices, string name, bool transposeA, bool transposeB)
    {
        var times = new List<double>();
        var (peak, hardwarePeak) = (0.0, 0.0);
        // Rounds in turns: a machine that is shared changes its clock and its load, and each figure deserves its best moment.
        for (var round = 0; round < 12; round++)
        {
            peak = Math.Max(peak, PeakProbe.SingleGigaflops(width, 10));
            hardwarePeak = Math.Max(hardwarePeak, PeakProbe.SingleGigaflops(HardwareWidth, 10));
            var end = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 20;
            do
                times.Add(matrices.Multiply(pool, width, transposeA, transposeB));
            while (Stopwatch.GetTimestamp() < end);
        }
        times.Sort();
        var (best, median) = (matrices.Flops / times[0] * 1e-9, matrices.Flops / times[times.Count / 2] * 1e-9);
        Print($"{matrices.Size,9} {name,4} {best,9:F1} {median,9:F1} {peak,9:F1} {best / peak,9:P1} {hardwarePeak,9:F1} {best / hardwarePeak,9:P1}");
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed class Matrices : IDisposable
    {
        private readonly float* _memory;

        public Matrices(int size)
        {
            Size = size;
            _memory = (float*)NativeMemory.AlignedAlloc((nuint)(3 * size * size * sizeof(float)), 64);
            var random = new Random(1);
            for (var i = 0; i < 3 * size * size; i++)
                _memory[i] = random.NextSingle() - 0.5f;
        }

        public int Size { get; }

        public double Flops => 2.0 * Size * Size * Size;

        public double Multiply(WorkerPool pool, int width, bool transposeA, bool transposeB, bool ownTranspose = false)
        {
            var problem = new GemmProblem<float>
            {
                M = Size,
                N = Size,
                K = Size,
                A = _memory,
                ARow = transposeA ? 1 : Size,
                AColumn = transposeA ? Size : 1,
                B = ownTranspose ? _memory : _memory + Size * Size,
                BRow = transposeB ? 1 : Size,
                BColumn = transposeB ? Size : 1,
                C = _memory + 2 * Size * Size,
                CRow = Size,
            };
            var start = Stopwatch.GetTimestamp();
            Gemm.Run(width, pool, problem, 1, 0, 0, 0);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose() => NativeMemory.AlignedFree(_memory);
    }
}
