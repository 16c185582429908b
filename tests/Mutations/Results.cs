using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Engine.Mutations;

/// <summary>What became of a mutant.</summary>
internal enum Verdict
{
    /// <summary>A test failed that passes without it.</summary>
    Killed,

    /// <summary>All tests passed.</summary>
    Survived,

    /// <summary>It does not compile.</summary>
    Invalid,

    /// <summary>The test that failed also fails without it.</summary>
    Doubtful,
}

/// <summary>A mutant that was tried.</summary>
/// <param name="Mutant">It.</param>
/// <param name="Verdict">What became of it.</param>
/// <param name="By">The test that failed, how the tests ended, or the compiler's error.</param>
/// <param name="Stage">The tests that failed, if any did.</param>
/// <param name="Test">The method that failed; null after a crash or a hang.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record Trial(Mutant Mutant, Verdict Verdict, string By, Stage? Stage, string? Test, double Seconds);

/// <summary>The report of a run and its file.</summary>
internal static class Results
{
    /// <summary>One line for each verdict, with the mutants that had it.</summary>
    public static string Summary(IReadOnlyList<Trial> trials) => string.Join('\n', Enum.GetValues<Verdict>().Select(v =>
    {
        string[] ids = [.. trials.Where(t => t.Verdict == v).Select(t => t.Mutant.Id)];
        return $"{v.ToString().ToLowerInvariant()}: {ids.Length}{(ids.Length == 0 ? "" : $" ({string.Join(", ", ids)})")}";
    }));

    public static void Write(string path, string title, int planned, IReadOnlyList<Trial> trials)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Mutants, {title}\n\n{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; {Processor()}; {Environment.ProcessorCount} threads; ");
        text.Append(CultureInfo.InvariantCulture, $"{trials.Count} of {planned} tried.\n\n{Summary(trials).Replace("\n", "\n\n", StringComparison.Ordinal)}\n\n");
        text.Append("| mutant | file | what is wrong | verdict | by | seconds |\n|---|---|---|---|---|---|\n");
        foreach (Trial t in trials)
        {
            string by = t.By.Replace("|", "\\|", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"| {t.Mutant.Id} | {t.Mutant.File} | {t.Mutant.Wrong} | {t.Verdict.ToString().ToLowerInvariant()} | {by} | {t.Seconds:0} |\n");
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, text.ToString());
    }

    private static string Processor()
    {
        const string Facts = "/proc/cpuinfo";
        string? line = File.Exists(Facts) ? File.ReadLines(Facts).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line.Split(':', 2)[1].Trim();
    }
}
