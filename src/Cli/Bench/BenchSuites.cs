using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Cli.Bench;

/// <summary>Measures the suites of <c>engine bench</c>.</summary>
internal static class BenchSuites
{
    private const double SecondsPerRow = 0.15;
    private const int CopyBytes = 64 << 20;

    private static readonly Dictionary<string, Func<Measurement, IEnumerable<BenchRow>>> suites = new(StringComparer.Ordinal)
    {
        ["gemm"] = Gemm,
        ["elementwise"] = Elementwise,
        ["train"] = Train,
        ["conv"] = Convolutions,
        ["attention"] = Attention,
    };

    public static string[] Names => [.. suites.Keys];

    /// <summary>Runs a suite.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="threads">Threads of the device.</param>
    /// <param name="progress">Told about every row as it comes.</param>
    public static BenchOutput Run(string name, int threads, Action<BenchRow>? progress)
    {
        double peak = threads * PeakProbe.SingleGigaflops(CpuDevice.MatrixVectorBits), copy = CopyGigabytes();
        var rows = new List<BenchRow>();
        foreach (BenchRow row in suites[name](new(new CpuDevice(threads), peak, copy)))
        {
            rows.Add(row);
            progress?.Invoke(row);
        }
        return new("bench", name, threads, peak, copy, rows);
    }

    private static IEnumerable<BenchRow> Gemm(Measurement on)
    {
        foreach (string kind in (string[])["NN", "NT", "TN"])
        {
            foreach (int size in (int[])[128, 256, 512, 1024]) yield return Row(kind, size, size, size);
        }
        yield return Row("NN", 32, 128, 784);
        yield return Row("NN", 1, 4096, 1024);
        yield return Row("NT", 1, 4096, 1024);

        BenchRow Row(string kind, int m, int n, int k)
        {
            using Workload work = Workloads.MatMul(on.Device, kind, m, n, k);
            return on.Rate(work) with { M = m, N = n, K = k, Nanoseconds = null };
        }
    }

    private static IEnumerable<BenchRow> Elementwise(Measurement on)
    {
        foreach (Func<Device, int, Workload> make in (Func<Device, int, Workload>[])[Workloads.Gelu, Workloads.Softmax, Workloads.Norm, Workloads.Adam])
        {
            foreach (int count in (int[])[100_000, 10_000_000])
            {
                using Workload work = make(on.Device, count);
                yield return on.Bandwidth(work) with { N = count };
            }
        }
    }

    private static IEnumerable<BenchRow> Train(Measurement on)
    {
        foreach (int batch in (int[])[1, 32, 128])
        {
            using Workload mlp = Workloads.Mlp(on.Device, batch);
            yield return on.Step(mlp, batch);
        }
        using Workload leNet = Workloads.LeNet(on.Device, 32);
        yield return on.Step(leNet, 32);
    }

    private static IEnumerable<BenchRow> Convolutions(Measurement on)
    {
        foreach ((int channels, int size, int outputs, bool backward) in
            ((int, int, int, bool)[])[(3, 32, 64, false), (64, 16, 64, false), (64, 32, 64, false), (128, 16, 128, false), (64, 16, 64, true), (64, 32, 64, true)])
        {
            using Workload work = Workloads.Convolution(on.Device, 32, channels, size, outputs, backward);
            yield return on.Rate(work) with { N = 32 };
        }
    }

    private static IEnumerable<BenchRow> Attention(Measurement on)
    {
        foreach ((int length, bool backward) in ((int, bool)[])[(256, false), (1024, false), (1024, true)])
        {
            using Workload work = Workloads.Attention(on.Device, 8, length, 64, backward);
            yield return on.Rate(work) with { N = length };
        }
    }

    /// <summary>Bytes read and written per nanosecond by one thread that copies more than the caches hold.</summary>
    internal static double CopyGigabytes()
    {
        byte[] from = new byte[CopyBytes], to = new byte[CopyBytes];
        var sampler = new Sampler(() => from.AsSpan().CopyTo(to));
        sampler.Run(SecondsPerRow);
        return 2.0 * CopyBytes / sampler.Samples.Best * 1e-9;
    }

    /// <summary>Where to measure and what to compare with.</summary>
    private sealed record Measurement(Device Device, double PeakGflops, double CopyGbps)
    {
        public BenchRow Rate(Workload work)
        {
            double seconds = Seconds(work), rate = work.Flops / seconds * 1e-9;
            return new(work.Name) { Nanoseconds = seconds * 1e9, Gflops = rate, FractionOfPeak = rate / PeakGflops };
        }

        public BenchRow Bandwidth(Workload work)
        {
            double seconds = Seconds(work), rate = work.Bytes / seconds * 1e-9;
            return new(work.Name) { Nanoseconds = seconds * 1e9, Gbps = rate, FractionOfPeak = rate / CopyGbps };
        }

        public BenchRow Step(Workload work, int batch)
        {
            const int Steps = 10;
            double seconds = Seconds(work);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Steps; i++) work.Run();
            long allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Steps;
            return new(work.Name) { Batch = batch, Microseconds = seconds * 1e6, BytesAllocated = allocated };
        }

        private static double Seconds(Workload work)
        {
            var sampler = new Sampler(work.Run);
            sampler.Run(SecondsPerRow);
            return sampler.Samples.Best;
        }
    }
}
