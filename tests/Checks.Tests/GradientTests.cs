using Engine.Testing;

namespace Engine.Checks.Tests;

/// <summary>
/// First and second derivatives of every op against differences of its values, forward mode against reverse mode, and batches against single examples.
/// </summary>
public sealed class GradientTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> All => Rows.All;

    [Theory]
    [MemberData(nameof(All))]
    public void DerivativesAndBatchesAreRight(string name)
    {
        CheckReport report = GradCheckRunner.Run(new() { Cases = Cases.Scaled(100), Rows = [name] });
        Assert.True(report.Failures.Count == 0, string.Join('\n', report.Failures.Take(5)));
        tally.Add("gradient check, cases", report.Cases);
        tally.Add("gradient check, comparisons, worst at order 1", report.Comparisons, report.Rows.Max(r => r.FirstOrder));
        tally.Add("gradient check, cases at order 2", report.Cases / 4, report.Rows.Max(r => r.SecondOrder));
    }
}
