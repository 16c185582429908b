using Engine.Cli.Bench;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Benchmarks;

/// <summary>A computation of a family, made when its turn comes.</summary>
public sealed class Measured
{
    private readonly string name;
    private readonly Func<CpuDevice, Workload> make;
    private readonly Dictionary<int, long> allocated = [];

    internal Measured(string name, Func<CpuDevice, Workload> make) => (this.name, this.make) = (name, make);

    /// <summary>The part of the single precision peak that can be reached at all: a half in double precision.</summary>
    internal double PeakShare { get; init; } = 1;

    /// <summary>Floating point operations of a run, once it has been made; 0 where they are not what takes the time.</summary>
    internal double Flops { get; private set; }

    /// <summary>Bytes that a run moves at least, once it has been made; 0 where they are not what takes the time.</summary>
    internal double Bytes { get; private set; }

    /// <summary>Managed memory that a call allocates, by threads, once it has been measured.</summary>
    internal long BytesAllocated(int threads) => allocated[threads];

    /// <summary>Its place among the cases of the family.</summary>
    internal int Number { get; set; }

    public override string ToString() => name;

    internal static Measured Of(string name, Func<CpuDevice, Tensor[]> operands, Func<Tensor[], Tensor[]> function, double flops = 0, double bytes = 0, double peakShare = 1) =>
        new(name, device => Workload.Of(name, device, operands(device), function, flops, bytes)) { PeakShare = peakShare };

    internal Workload Start(int threads)
    {
        Workload work = make(new CpuDevice(threads));
        (Flops, Bytes) = (work.Flops, work.Bytes);
        return work;
    }

    /// <summary>
    /// Counts what calls in the steady state allocate. The diagnoser of BenchmarkDotNet adds some kilobytes of its own, which short measurements do not hide; the least of several counts has
    /// nothing of other threads of the process.
    /// </summary>
    internal void CountAllocation(Workload work, int threads)
    {
        const int Counts = 8, Calls = 4;
        long least = long.MaxValue;
        for (int i = 0; i < Counts; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int call = 0; call < Calls; call++) work.Run();
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Calls);
        }
        allocated[threads] = least;
    }
}
