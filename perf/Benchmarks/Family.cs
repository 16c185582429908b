using BenchmarkDotNet.Attributes;
using Engine.Cli.Bench;

namespace Engine.Perf.Benchmarks;

/// <summary>Kernels of one kind. BenchmarkDotNet derives from the classes below it, so they are open.</summary>
public abstract class Family
{
    private Workload? work;

    private protected Family(IEnumerable<Measured> cases)
    {
        Cases = [.. cases];
        for (int i = 0; i < Cases.Count; i++) Cases[i].Number = i;
    }

    /// <summary>What is measured.</summary>
    public IReadOnlyList<Measured> Cases { get; }

    /// <summary>One thread, and all cores where there are more.</summary>
    public static IEnumerable<int> ThreadCounts => [.. new[] { 1, Environment.ProcessorCount }.Distinct()];

    [ParamsSource(nameof(Cases))]
    public Measured? Case { get; set; }

    [ParamsSource(nameof(ThreadCounts))]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Start() => work = Case!.Start(Threads);

    [Benchmark]
    public void Run() => work!.Run();

    [GlobalCleanup]
    public void End()
    {
        Case!.CountAllocation(work!, Threads);
        work!.Dispose();
    }
}
