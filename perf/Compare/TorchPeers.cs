using Engine.Cli.Bench;
using Engine.Perf.Compare.Peers;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Compare;

/// <summary>PyTorch twice, with memory kept and as installed, and the tables in which the engine meets both.</summary>
internal sealed class TorchPeers : IDisposable
{
    private const double SecondsPerTurn = 0.03;

    private readonly Report report;
    private readonly Torch? tuned = Torch.Start(true);
    private readonly Torch? stock = Torch.Start(false);

    public TorchPeers(Report report)
    {
        this.report = report;
        report.Line();
        report.Line(tuned is null
            ? "PyTorch is not installed."
            : $"PyTorch {tuned.Version}, eager, in processes of its own: one whose malloc keeps freed memory (`MALLOC_MMAP_MAX_=0` and so on), one as installed.");
    }

    /// <summary>A table for each number of threads, the same on both sides.</summary>
    /// <param name="title">What is compared.</param>
    /// <param name="subject">What tells rows apart.</param>
    /// <param name="rows">The rows, on a device.</param>
    public void TablesAtEqualThreads(string title, string subject, params Row[] rows)
    {
        foreach (int threads in Environment.ProcessorCount > 1 ? (int[])[1, 2] : [1])
        {
            report.Times($"{title}, {threads} thread(s)", subject, ["engine", "PyTorch, malloc tuned", "PyTorch, malloc as installed", "ratio"]);
            var device = new CpuDevice(threads);
            foreach (Row row in rows)
            {
                using Workload work = row.Make(device);
                Contender? Peer(Torch? torch) => torch?.Contender("PyTorch", threads, row.Case, row.Arguments);
                Contender?[] contenders = [new InProcess("engine", work.Run), Peer(tuned), Peer(stock)];
                Rounds.Run([.. contenders.OfType<Contender>()], rounds: 8, SecondsPerTurn);
                report.Row(row.Name ?? work.Name, contenders);
            }
            report.Summary();
        }
    }

    /// <summary>A table in which each side has the better of one and two threads.</summary>
    public void TableAtBestThreads(string title, string subject, params Row[] rows)
    {
        string[] columns = ["engine, 1 thread", "engine, 2 threads", "PyTorch, 1 thread", "PyTorch, 2 threads", "stock malloc, 1 thread", "stock malloc, 2 threads"];
        report.Times(title, subject, [.. columns, "ratio, best of each", "bytes allocated per step of the engine"]);
        foreach (Row row in rows)
        {
            using Workload one = row.Make(new CpuDevice(1)), two = row.Make(new CpuDevice(2));
            Contender[] engine = [new InProcess("engine", one.Run), new InProcess("engine", two.Run)];
            Contender?[] torch = [.. ((Torch?[])[tuned, stock]).SelectMany(_ => (int[])[1, 2], (t, threads) => t?.Contender("PyTorch", threads, row.Case, row.Arguments))];
            Rounds.Run([.. engine, .. torch.OfType<Contender>()], rounds: 12, SecondsPerTurn);
            report.Row(row.Name ?? one.Name, engine, torch, 0, $"{Math.Max(Allocated(one), Allocated(two))}");
        }
        report.Summary();
    }

    public void Dispose()
    {
        tuned?.Dispose();
        stock?.Dispose();
    }

    private static long Allocated(Workload work)
    {
        const int Steps = 100;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Steps; i++) work.Run();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Steps;
    }

    /// <summary>A computation of the engine and its case in the script of PyTorch.</summary>
    public sealed record Row(string? Name, Func<Device, Workload> Make, string Case, params object[] Arguments);
}
