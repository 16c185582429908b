using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Mathematics;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Engine.Perf.Compare;

namespace Engine.Perf.Benchmarks;

/// <summary>A column computed from the times of a kernel, its work, and its threads.</summary>
internal sealed class RateColumn(string name, string legend, Func<RateColumn.Result, string> text) : IColumn
{
    public string Id => ColumnName;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    /// <summary>The columns of all families.</summary>
    public static IColumn[] All(Peaks peaks) =>
    [
        new RateColumn("best, us", "least time of a call", r => Report.Number(r.Times.Min / 1e3)),
        new RateColumn("median, us", "median time of a call", r => Report.Number(r.Times.Median / 1e3)),
        new RateColumn("rate", "work of a call over its best time", Rate),
        new RateColumn("of peak", "rate over what the processor can do", r => Fraction(r, peaks)),
        new RateColumn("bytes allocated", "managed memory that a call allocates on all threads", r => r.Work.BytesAllocated(r.Threads).ToString(CultureInfo.InvariantCulture)),
    ];

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } times) return "?";
        var work = (Measured)benchmarkCase.Parameters[nameof(Family.Case)];
        return text(new(work, (int)benchmarkCase.Parameters[nameof(Family.Threads)], times));
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    private static string Rate(Result r) =>
        r.Work.Flops > 0 ? $"{Report.Number(r.Work.Flops / r.Times.Min)} GFLOP/s" : r.Work.Bytes > 0 ? $"{Report.Number(r.Work.Bytes / r.Times.Min)} GB/s" : "";

    private static string Fraction(Result r, Peaks peaks)
    {
        if (r.Work.Flops > 0) return Report.Number(r.Work.Flops / r.Times.Min / (r.Threads * r.Work.PeakShare * peaks.Gflops));
        return r.Work.Bytes > 0 ? Report.Number(r.Work.Bytes / r.Times.Min / peaks.CopyGbps) : "";
    }

    /// <summary>What was measured; times are in nanoseconds.</summary>
    internal sealed record Result(Measured Work, int Threads, Statistics Times);
}
