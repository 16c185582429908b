using System.Collections.Immutable;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Engine.Perf.Benchmarks;

/// <summary>Cases in the order of their family, instead of by name.</summary>
internal sealed class CaseOrder : DefaultOrderer
{
    public override IEnumerable<BenchmarkCase> GetExecutionOrder(ImmutableArray<BenchmarkCase> benchmarksCase, IEnumerable<BenchmarkLogicalGroupRule>? order = null) =>
        Sorted(benchmarksCase);

    public override IEnumerable<BenchmarkCase> GetSummaryOrder(ImmutableArray<BenchmarkCase> benchmarksCases, Summary summary) => Sorted(benchmarksCases);

    private static IEnumerable<BenchmarkCase> Sorted(ImmutableArray<BenchmarkCase> cases) =>
        cases.OrderBy(c => ((Measured)c.Parameters[nameof(Family.Case)]).Number).ThenBy(c => (int)c.Parameters[nameof(Family.Threads)]);
}
