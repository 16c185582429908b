using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Engine.Checks;

namespace Engine.Cli;

/// <summary><c>engine gradcheck</c>: every row of the op catalogue against finite differences, on the user's own machine.</summary>
internal static class GradcheckCommand
{
    private const int UsualCases = 20;

    public static Verb Create()
    {
        Option<int?> cases = Arguments.Count("--cases", $"Cases per row. [default: {UsualCases}]", most: 1_000_000);
        Option<long?> seed = Arguments.Seed("Decides shapes and values. [default: 0]");
        Option<bool> json = Arguments.Json();
        const string Description = "Checks the values and derivatives of every op, of order 1 and 2, against finite differences in double precision.";
        var command = new Command("gradcheck", Description) { cases, seed, json };
        return new(command, p => Run(p.GetValue(cases) ?? UsualCases, p.GetValue(seed) ?? 0, p.GetValue(json)),
            "engine gradcheck",
            "engine gradcheck --cases 200 --seed 7 --json");
    }

    private static int Run(int cases, long seed, bool json)
    {
        using var interruption = new Interruption();
        CheckReport report = GradCheckRunner.Run(new CheckOptions { Cases = cases, Seed = seed }, json ? null : new Printer(), interruption.Token);
        foreach (CheckFailure failure in report.Failures) Console.Error.WriteLine($"engine gradcheck: {failure.ToString().ReplaceLineEndings(" ")}");
        if (json)
        {
            RowReport? worst = report.Rows.MaxBy(Worst);
            var output = new GradcheckOutput(
                "gradcheck", report.Rows.Count, report.Cases, report.Failures.Count, report.WorstError, worst is null ? "" : worst.Row.Name, seed);
            Console.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.GradcheckOutput));
        }
        else Console.WriteLine(report.Summary);
        return report.Failures.Count == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    private static double Worst(RowReport row) => Math.Max(row.FirstOrder, row.SecondOrder);

    private sealed class Printer : IProgress<CheckProgress>
    {
        public void Report(CheckProgress value)
        {
            RowReport row = value.Row;
            string verdict = row.Failures.Count == 0 ? "ok" : $"{row.Failures.Count} FAILED";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"[{value.Done}/{value.Total}] {row.Row.Name}: {verdict}, order 1 {row.FirstOrder:g2}, order 2 {row.SecondOrder:g2}"));
            IEnumerable<string> values = row.Row.SpecialValues.Select(v => v.ToString(CultureInfo.InvariantCulture));
            string special = row.Row.SpecialValues.Count == 0 ? "" : $", with {string.Join(", ", values)}";
            Console.WriteLine($"    in {row.Row.Domains}{special}; {row.Shapes}");
        }
    }
}

/// <summary>What <c>engine gradcheck --json</c> prints.</summary>
internal sealed record GradcheckOutput(string Command, int Primitives, int Cases, int Failed, double WorstError, string WorstOp, long Seed);
