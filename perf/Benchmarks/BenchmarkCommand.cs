using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Engine.Perf.Compare;
using Perfolizer.Horology;

namespace Engine.Perf.Benchmarks;

/// <summary><c>benchmark</c>: the engine alone, family by family, by BenchmarkDotNet. Every family has a page of results, whose history shows how it fared over time.</summary>
internal static class BenchmarkCommand
{
    private const string UsualFolder = "perf/results/benchmarks";

    private static readonly (string Name, Type Family)[] families =
    [
        ("matmul", typeof(MatrixProducts)),
        ("elementwise", typeof(Elementwise)),
        ("reduce", typeof(Reductions)),
        ("conv", typeof(Convolutions)),
        ("attention", typeof(Attention)),
        ("memory", typeof(MemoryMovement)),
        ("train", typeof(TrainingSteps)),
    ];

    public static int Run(string[] options)
    {
        string chosen = "all", folder = UsualFolder;
        string? filter = null;
        for (int i = 0; i < options.Length; i++)
        {
            if (options[i] == "--family" && i + 1 < options.Length) chosen = options[++i];
            else if (options[i] == "--filter" && i + 1 < options.Length) filter = options[++i];
            else if (options[i] == "--output" && i + 1 < options.Length) folder = options[++i];
            else return Wrong($"'{options[i]}' is unknown or lacks its value");
        }
        (string Name, Type Family)[] run = [.. families.Where(f => chosen == "all" || f.Name == chosen)];
        if (run.Length == 0) return Wrong($"--family '{chosen}' is unknown");
        foreach ((string name, Type family) in run)
        {
            var peaks = new Peaks();
            string load = Machine.Load;
            Summary summary = BenchmarkRunner.Run(family, Config(peaks, filter));
            if (summary.HasCriticalValidationErrors || summary.Reports.Any(r => !r.Success)) return 1;
            // A part of a family is not worth a page.
            if (filter is null) Write(Path.Combine(folder, $"{name}.md"), name, summary, peaks, load);
        }
        return 0;
    }

    /// <summary>
    /// In this process: loops are emitted and kernels compiled in full before the first sample, so that a process of its own would change nothing, and nothing has to be built.
    /// Many short iterations: on a shared machine a few of them are undisturbed.
    /// </summary>
    private static ManualConfig Config(Peaks peaks, string? filter)
    {
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithUnrollFactor(1).WithWarmupCount(4).WithIterationCount(60)
            .WithIterationTime(TimeInterval.FromMilliseconds(3)).WithEvaluateOverhead(false).WithGcForce(false).DontEnforcePowerPlan();
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).WithOrderer(new CaseOrder()).AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultColumnProviders.Params).AddColumn(RateColumn.All(peaks)).WithOptions(ConfigOptions.DisableLogFile)
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(80));
        return filter is null ? config : config.AddFilter(new GlobFilter([filter]));
    }

    private static void Write(string path, string name, Summary summary, Peaks peaks, string load)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SummaryTable table = summary.Table;
        int[] shown = [.. table.Columns.Where(c => c.NeedToShow).Select(c => c.Index)];
        string[] lines =
        [
            $"# {name}: the engine alone",
            "",
            $"{DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, {Machine.Description}, load average {load}. `dotnet run -c Release --project perf -- benchmark --family {name}`",
            "",
            $"Single precision unless a name says f64. A core of the same run multiplies and adds at {Report.Number(peaks.Gflops)} GFLOP/s and copies memory at {Report.Number(peaks.CopyGbps)} GB/s (bytes read and written).",
            "Rates are of best times; of the peak means of the multiply-adds of all threads (a half of them in double precision), or of the speed of copying on one core: data in caches exceeds it.",
            "Where the load average exceeds the number of cores, others ran as well: times of several threads are then longer than they would be alone.",
            "",
            Cells(shown.Select(i => table.FullHeader[i])),
            Cells(shown.Select(_ => "---")),
            .. table.FullContent.Select(row => Cells(shown.Select(i => row[i]))),
        ];
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
    }

    private static string Cells(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    private static int Wrong(string problem)
    {
        Console.Error.WriteLine($"benchmark: {problem}. Use benchmark [--family all|{string.Join('|', families.Select(f => f.Name))}] [--filter GLOB] [--output FOLDER].");
        return 2;
    }
}
