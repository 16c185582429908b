using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Engine.Cli.Bench;

namespace Engine.Cli;

/// <summary><c>engine bench</c>: how fast this machine runs the engine, beside what its arithmetic units and its memory can do at most.</summary>
internal static class BenchCommand
{
    public static Verb Create()
    {
        Option<string?> suite = Arguments.OneOf("--suite", "What to measure.", BenchSuites.Names);
        Option<int?> threads = Arguments.Count("--threads", "Threads to compute on. [default: 1]", most: 1024);
        Option<bool> json = Arguments.Json();
        suite.Required = true;
        const string Description = "Measures a suite: the best of many runs, beside the arithmetic peak of the threads (gflops) or one thread's speed of copying memory (gbps).";
        var command = new Command("bench", Description) { suite, threads, json };
        return new(command, p => Run(p.GetRequiredValue(suite)!, p.GetValue(threads) ?? 1, p.GetValue(json)),
            "engine bench --suite gemm",
            "engine bench --suite train --threads 2 --json");
    }

    private static int Run(string suite, int threads, bool json)
    {
        BenchOutput output = BenchSuites.Run(suite, threads, json ? null : Print);
        if (json) Console.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.BenchOutput));
        else
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{threads} thread(s): arithmetic peak {output.FmaPeakGflops:F1} GFLOP/s; copying memory {output.CopyGbps:F1} GB/s"));
        }
        return ExitCode.Success;
    }

    private static void Print(BenchRow row)
    {
        string size = row.Batch is { } batch ? $"batch {batch}" : row.M is null && row.N is { } n ? $"n {n}" : "";
        string time = row.Microseconds is { } us ? Number(us, "us") : row.Nanoseconds is { } ns ? Number(ns / 1e3, "us") : "";
        string rate = row.Gflops is { } gflops ? Number(gflops, "GFLOP/s") : row.Gbps is { } gbps ? Number(gbps, "GB/s") : "";
        string rest = row.FractionOfPeak is { } fraction ? fraction.ToString("P1", CultureInfo.InvariantCulture) : $"{row.BytesAllocated} bytes allocated";
        Console.WriteLine($"{row.Name,-42}{size,-12}{time,14}{rate,16}  {rest}");
    }

    private static string Number(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:F1} {unit}");
}
