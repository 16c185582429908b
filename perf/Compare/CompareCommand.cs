using System.Diagnostics;
using System.Globalization;

namespace Engine.Perf.Compare;

/// <summary>
/// <c>compare</c>: the engine against what users would pick instead. Every suite runs in a process of its own with a clean environment and writes a file of results.
/// </summary>
internal static class CompareCommand
{
    private const string UsualFolder = "perf/results";

    private static readonly (string Name, Action<Report> Run)[] Suites =
    [
        ("gemm", GemmComparison.Run),
        ("elementwise", ElementwiseComparison.Run),
        ("mlp", MlpComparison.Run),
        ("conv", ConvComparison.Run),
        ("attention", AttentionComparison.Run),
        ("polar", PolarComparison.Run),
    ];

    // With these set, OpenBLAS runs kernels for another processor.
    private static readonly string[] Misleading = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"];

    public static int Run(string[] options)
    {
        string suite = "all", folder = UsualFolder;
        for (int i = 0; i < options.Length; i++)
        {
            if (options[i] == "--suite" && i + 1 < options.Length) suite = options[++i];
            else if (options[i] == "--output" && i + 1 < options.Length) folder = options[++i];
            else return Wrong($"'{options[i]}' is unknown or lacks its value");
        }
        string[] chosen = [.. Suites.Select(s => s.Name).Where(name => suite == "all" || suite == name)];
        if (chosen.Length == 0) return Wrong($"--suite '{suite}' is unknown");
        Directory.CreateDirectory(folder);
        foreach (string name in chosen)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}-{name}.md"));
            File.Delete(path);
            var report = new Report(path);
            report.Line($"# {name}: the engine and what users would pick instead");
            report.Line();
            report.Line($"{DateTime.UtcNow:yyyy-MM-dd}, {Machine.Description}. `dotnet run -c Release --project perf -- compare --suite {name}`");
            report.Line();
            report.Line("Best of many calls in interleaved rounds, the median in parentheses. The ratio says how many times as fast the engine is as the fastest of the others (best against best). " +
                $"Load average at the start: {Machine.Load}.");
            int code = Child(name, path, []);
            if (code == 0 && name == "gemm")
            {
                report.Line();
                report.Line("# The same with `DOTNET_EnableAVX512=0`");
                code = Child(name, path, [("DOTNET_EnableAVX512", "0")]);
            }
            if (code != 0) return code;
        }
        return 0;
    }

    /// <summary>Runs a suite in this process.</summary>
    public static int RunSuite(string name, string path)
    {
        Array.Find(Suites, s => s.Name == name).Run(new Report(path));
        return 0;
    }

    private static int Child(string suite, string path, (string Name, string Value)[] settings)
    {
        string host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host);
        if (Path.GetFileNameWithoutExtension(host) == "dotnet") start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (string argument in (string[])["compare-suite", suite, path]) start.ArgumentList.Add(argument);
        foreach (string name in Misleading) start.Environment.Remove(name);
        // TensorPrimitives and Math.NET come as intermediate code and would run unoptimized for their first hundreds of milliseconds.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        foreach ((string name, string value) in settings) start.Environment[name] = value;
        using Process child = Process.Start(start)!;
        child.WaitForExit();
        return child.ExitCode;
    }

    private static int Wrong(string problem)
    {
        Console.Error.WriteLine($"compare: {problem}. Use compare [--suite all|{string.Join('|', Suites.Select(s => s.Name))}] [--output FOLDER].");
        return 2;
    }
}
