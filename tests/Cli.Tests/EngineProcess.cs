using System.Diagnostics;
using System.Text.Json;

namespace Engine.Cli.Tests;

/// <summary>What a run of the program left.</summary>
internal sealed record EngineResult(int ExitCode, string Output, string Error)
{
    /// <summary>The last line of the output, as JSON.</summary>
    public JsonElement Json()
    {
        Assert.True(ExitCode is 0 or 1, $"exit code {ExitCode}: {Error}");
        Assert.EndsWith("\n", Output, StringComparison.Ordinal);
        return JsonDocument.Parse(Output.TrimEnd('\n').Split('\n')[^1]).RootElement;
    }

    /// <summary>The one line of the error stream of a run that ended with exit code 2.</summary>
    public string BadInput()
    {
        Assert.True(ExitCode == 2, $"exit code {ExitCode}: {Output} {Error}");
        Assert.Equal("", Output);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        return Assert.Single(Error.TrimEnd('\n').Split('\n'));
    }
}

/// <summary>The built program, run as users run it: a process of its own.</summary>
internal sealed class EngineProcess : IDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;

    private EngineProcess(ProcessStartInfo start)
    {
        process = Process.Start(start)!;
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    public bool HasExited => process.HasExited;

    public static string Program => Path.Combine(AppContext.BaseDirectory, "engine.dll");

    public static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public static EngineResult Run(string folder, params string[] arguments) => Run(folder, [], arguments);

    public static EngineResult Run(string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        using EngineProcess engine = Start(folder, environment, arguments);
        return engine.Wait();
    }

    public static EngineProcess Start(string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Host) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Program);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(start);
    }

    /// <summary>Sends the signal of Ctrl-C.</summary>
    public void Interrupt()
    {
        using Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    public EngineResult Wait()
    {
        bool ended = process.WaitForExit(TimeSpan.FromMinutes(2));
        if (!ended) process.Kill();
        Assert.True(ended, "the program did not end within two minutes");
        return new(process.ExitCode, output.Result, error.Result);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }
}
