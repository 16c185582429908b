using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf;

/// <summary>Fused elementwise kernels and kernels over rows on one thread: a loop written by hand, the emitted loop, and the loops over tiles, in turns.</summary>
internal static unsafe class FusedSuite
{
    private static readonly int[] Sizes = [1_000, 100_000, 10_000_000];

    public static void Run()
    {
        Print($"fused kernels, single precision, one thread, vectors of {SimdWidth.Elementwise} bits; best of many runs, in turns; ratios to the hand-written loop");
        Print($"{"kernel",-14} {"n",9} {"hand us",10} {"emitted",8} {"tiles",8} {"emission ms",12}");
        Measure<GeluForward>();
        Measure<GeluBackward>();
        Measure<SiluGate>();
        Measure<Adam>();
        MeasureRows<SoftmaxRows>();
        MeasureRows<LayerNormRows>();
    }

    private static void Measure<TKernel>() where TKernel : struct, IFusedKernel
    {
        foreach (int n in Sizes)
        {
            using var run = new Operands<TKernel>(n);
            run.CheckSame();
            run.WarmUp();
            double hand = double.MaxValue, emitted = double.MaxValue, tiles = double.MaxValue;
            for (int round = 0; round < (n > 1_000_000 ? 12 : 40); round++)
            {
                hand = Math.Min(hand, run.Time(0));
                emitted = Math.Min(emitted, run.Time(1));
                tiles = Math.Min(tiles, run.Time(2));
            }
            Print($"{TKernel.Name,-14} {n,9} {hand,10:F2} {emitted / hand,8:F2} {tiles / hand,8:F2} {run.Emission,12:F2}");
        }
    }

    private static void MeasureRows<TKernel>() where TKernel : struct, IRowKernel
    {
        // What is written by hand is written for vectors of 512 bits.
        if (!Vector512.IsHardwareAccelerated) return;
        foreach (int n in Sizes)
        {
            using var run = new FusedRows<TKernel>(n / 1000, 1000);
            double[] best = run.Best(n > 1_000_000 ? 12 : 40);
            Print($"{TKernel.Name,-14} {n,9} {best[0],10:F2} {best[1] / best[0],8:F2} {best[2] / best[0],8:F2} {run.Emission,12:F2}");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Hand<TKernel, L, F, I, M>(float** operands, nint count)
        where TKernel : struct, IFusedKernel where L : IVectorLanes<float, F, I, M>
    {
        nint i = 0;
        for (; i <= count - L.Count; i += L.Count) TKernel.Step<L, F, I, M>(operands, i);
        for (; i < count; i++) TKernel.Step<Scalar32, float, int, bool>(operands, i);
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed class Operands<TKernel> : IDisposable where TKernel : struct, IFusedKernel
    {
        private readonly WorkerPool pool = new(1);
        private readonly CpuMap emitted;
        private readonly CpuMap tiles;
        private readonly int count;
        private readonly int outputs;
        private readonly float** memory;

        public Operands(int n)
        {
            count = n;
            Exprs bodies = Exprs.Create(TKernel.Bodies);
            outputs = bodies.Count;
            Layout layout = Layout.Contiguous([n]);
            var operands = new Operand[TKernel.Inputs + outputs];
            memory = (float**)NativeMemory.Alloc((nuint)(operands.Length * sizeof(float*)));
            var random = new Random(1);
            for (int i = 0; i < operands.Length; i++)
            {
                operands[i] = new(i, DType.F32, layout);
                memory[i] = (float*)NativeMemory.AlignedAlloc((nuint)(n + 64 * i) * sizeof(float), 64);
                for (int k = 0; k < n; k++) memory[i][k] = random.NextSingle() * 4 - (i == 3 ? 0 : 2);
            }
            long start = Stopwatch.GetTimestamp();
            emitted = new(new MapKernel(bodies), operands.AsSpan(0, TKernel.Inputs), operands.AsSpan(TKernel.Inputs), new LoopCache(), PlanUse.Steps);
            Emission = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            tiles = new(new MapKernel(bodies), operands.AsSpan(0, TKernel.Inputs), operands.AsSpan(TKernel.Inputs), new LoopCache(), PlanUse.Once);
            if (!emitted.IsEmitted) throw new InvalidOperationException($"{TKernel.Name}: no loop was emitted.");
        }

        public double Emission { get; }

        /// <summary>Microseconds of one run.</summary>
        public double Time(int variant)
        {
            int repeats = Math.Max(1, 200_000 / count);
            Call(variant);
            long start = Stopwatch.GetTimestamp();
            for (int r = 0; r < repeats; r++) Call(variant);
            return Stopwatch.GetElapsedTime(start).TotalMicroseconds / repeats;
        }

        /// <summary>Runs until the runtime has compiled what is around the loops for good.</summary>
        public void WarmUp()
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < 400)
            {
                for (int variant = 0; variant < 3; variant++) Call(variant);
            }
        }

        /// <summary>The three variants must give the same bits before their times mean anything.</summary>
        public void CheckSame()
        {
            byte[][] results = new byte[3][];
            for (int variant = 0; variant < 3; variant++)
            {
                Call(variant);
                using var bytes = new MemoryStream();
                for (int o = 0; o < outputs; o++) bytes.Write(new ReadOnlySpan<byte>(memory[TKernel.Inputs + o], Math.Min(count, 1_000_000) * sizeof(float)));
                results[variant] = bytes.ToArray();
            }
            if (!results[0].SequenceEqual(results[1]) || !results[0].SequenceEqual(results[2])) throw new InvalidOperationException($"{TKernel.Name}: the results differ.");
        }

        public void Dispose()
        {
            for (int i = 0; i < TKernel.Inputs + outputs; i++) NativeMemory.AlignedFree(memory[i]);
            NativeMemory.Free(memory);
            pool.Dispose();
        }

        private void Call(int variant)
        {
            switch (variant)
            {
                case 1: emitted.Run((void**)memory, pool); break;
                case 2: tiles.Run((void**)memory, pool); break;
                default:
                    if (Vector512.IsHardwareAccelerated) Hand<TKernel, V512F, Vector512<float>, Vector512<int>, Vector512<float>>(memory, count);
                    else if (Vector256.IsHardwareAccelerated) Hand<TKernel, V256F, Vector256<float>, Vector256<int>, Vector256<float>>(memory, count);
                    else Hand<TKernel, V128F, Vector128<float>, Vector128<int>, Vector128<float>>(memory, count);
                    break;
            }
        }
    }
}
