using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Cli.Bench;

namespace Engine.Perf.Compare.Peers;

/// <summary>PyTorch in a process of its own (perf/peers/torch_bench.py) that answers one request at a time, so that it takes turns with the engine.</summary>
internal sealed class Torch : IDisposable
{
    private const string Script = "peers/torch_bench.py";

    // The usual allocator gives large blocks back to the operating system after every operation and pays for fresh pages at the next.
    private static readonly (string Name, string Value)[] KeepMemory =
        [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "100000000000"), ("MALLOC_TOP_PAD_", "268435456")];

    private readonly Process process;

    private Torch(Process process, string version) => (this.process, Version) = (process, version);

    public string Version { get; }

    /// <summary>Starts it; null when this machine has no Python with PyTorch.</summary>
    /// <param name="keepMemory">Whether malloc keeps what is freed, for best speed; otherwise as installed.</param>
    public static Torch? Start(bool keepMemory)
    {
        // The distribution's Python first: a version manager's may come before it in the path and lack the package.
        foreach (string python in (string[])["/usr/bin/python3", "python3"])
        {
            var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, Script)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            if (keepMemory)
            {
                foreach ((string name, string value) in KeepMemory) start.Environment[name] = value;
            }
            if (TryStart(start) is { } process) return process;
        }
        return null;
    }

    /// <summary>A contender for a case of the script.</summary>
    public Contender Contender(string name, int threads, string @case, params object[] arguments) =>
        new Remote(name, this, string.Create(
            CultureInfo.InvariantCulture,
            $"\"case\": \"{@case}\", \"threads\": {threads}, \"args\": [{string.Join(", ", arguments.Select(Json))}]"), threads > 1);

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    private static Torch? TryStart(ProcessStartInfo start)
    {
        try
        {
            Process process = Process.Start(start)!;
            if (process.StandardOutput.ReadLine() is { } line)
                return new(process, JsonDocument.Parse(line).RootElement.GetProperty("version").GetString()!);
            process.WaitForExit();
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string Json(object value) => value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private sealed class Remote(string name, Torch torch, string request, bool lingers) : Contender(name)
    {
        public override Samples Samples { get; } = new();

        public override bool Lingers => lingers;

        public override void Turn(double seconds)
        {
            torch.process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{{{request}, \"seconds\": {seconds}}}"));
            string answer = torch.process.StandardOutput.ReadLine()
                ?? throw new InvalidOperationException($"torch: no answer to {{{request}}}: {torch.process.StandardError.ReadToEnd()}");
            foreach (JsonElement sample in JsonDocument.Parse(answer).RootElement.GetProperty("samples").EnumerateArray()) Samples.Add(sample.GetDouble());
        }
    }
}
