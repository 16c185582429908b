using Engine.Cli.Bench;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Benchmarks;

/// <summary>What one core can compute and copy at most: the better of what was measured before the kernels and after them.</summary>
internal sealed class Peaks
{
    private readonly Lazy<(double Gflops, double CopyGbps)> best;

    public Peaks()
    {
        (double gflops, double copy) = Measure();
        best = new(() =>
        {
            (double laterGflops, double laterCopy) = Measure();
            return (Math.Max(gflops, laterGflops), Math.Max(copy, laterCopy));
        });
    }

    /// <summary>Single precision multiply-adds of a core, as GFLOP/s. To be read after the kernels.</summary>
    public double Gflops => best.Value.Gflops;

    /// <summary>Bytes read and written by a core that copies more than its caches hold, as GB/s. To be read after the kernels.</summary>
    public double CopyGbps => best.Value.CopyGbps;

    private static (double Gflops, double CopyGbps) Measure()
    {
        const int Times = 4;
        double gflops = 0, copy = 0;
        for (int i = 0; i < Times; i++)
        {
            gflops = Math.Max(gflops, PeakProbe.SingleGigaflops(CpuDevice.MatrixVectorBits));
            copy = Math.Max(copy, BenchSuites.CopyGigabytes());
        }
        return (gflops, copy);
    }
}
