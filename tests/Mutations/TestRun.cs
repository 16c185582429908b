using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Engine.Mutations;

/// <summary>What some tests said.</summary>
/// <param name="Failed">Whether they did not all pass.</param>
/// <param name="Tests">The methods that failed, with their classes; none when all passed, or when the process crashed or hung.</param>
/// <param name="What">The first of them, or how the process ended.</param>
internal sealed record TestOutcome(bool Failed, IReadOnlyList<string> Tests, string What);

/// <summary>Runs tests of the copy.</summary>
internal static partial class TestRun
{
    public static async Task<TestOutcome> Run(Workspace workspace, Stage stage, TimeSpan limit, bool stops, CancellationToken token)
    {
        string folder = workspace.PathOf("TestResults/mutations"), file = Path.Combine(folder, "run.trx");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        string[] filter = stage.Filter is null ? [] : ["--filter", stage.Filter];
        CommandResult result = await Shell.Run(workspace.Folder, limit, "dotnet",
            ["test", stage.Assembly, .. filter, "--logger", "trx;LogFileName=run.trx", "--results-directory", folder, "--", $"xUnit.StopOnFail={(stops ? "true" : "false")}"], token);
        if (result.TimedOut) return new(true, [], $"no end of {stage} within {limit.TotalSeconds:0} s");
        XDocument? report = File.Exists(file) ? XDocument.Load(file) : null;
        // Stopping at a failure can end the process before it has written its report, but not before it has said what failed.
        string[] failed = [.. (report is null ? [] : Failures(report)).Concat(Said().Matches(result.Output).Select(m => m.Groups[1].Value)).Distinct()];
        if (failed.Length > 0) return new(true, failed, failed[0]);
        if (result.Code != 0) return new(true, [], $"a crash of {stage}");
        if (report is null || !Named(report, "UnitTestResult").Any())
            throw new InvalidOperationException($"mutations: {stage} has no tests. Correct the filter in Lane.cs.");
        return new(false, [], "");
    }

    [GeneratedRegex(@"^\[xUnit\.net [0-9:.]+\]\s+([\w.+]+).* \[FAIL\]\s*$", RegexOptions.Multiline)]
    private static partial Regex Said();

    private static IEnumerable<string> Failures(XDocument report)
    {
        Dictionary<string, XElement> methods = Named(report, "UnitTest").ToDictionary(e => (string)e.Attribute("id")!, e => e.Elements().First(m => m.Name.LocalName == "TestMethod"));
        foreach (XElement result in Named(report, "UnitTestResult").Where(e => (string?)e.Attribute("outcome") == "Failed"))
        {
            XElement method = methods[(string)result.Attribute("testId")!];
            yield return $"{(string?)method.Attribute("className")}.{((string?)method.Attribute("name"))!.Split('(')[0]}";
        }
    }

    private static IEnumerable<XElement> Named(XDocument report, string name) => report.Descendants().Where(e => e.Name.LocalName == name);
}
