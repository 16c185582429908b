using System.Diagnostics;
using System.Globalization;
using Engine.Testing;

namespace Engine.Optim.Tests.Training;

/// <summary>Compiled steps allocate nothing on any thread, eager steps leave nothing behind. Measured in a process of its own: a test host allocates.</summary>
public sealed class MemoryTests
{
    [Fact]
    public void CompiledStepsAllocateNothing()
    {
        string[] lines = Run("steps", Cases.Scaled(1000));
        Assert.Equal(6, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
    }

    [Fact]
    public void EagerStepsLeaveNothingBehind()
    {
        string[] lines = Run("eager", Math.Max(10_000, Cases.Scaled(10_000)));
        Assert.InRange(long.Parse(lines[0], CultureInfo.InvariantCulture), -1 << 20, 1 << 20);
        Assert.InRange(double.Parse(lines[1], CultureInfo.InvariantCulture), -100, 10);
    }

    private static string[] Run(params object[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Engine.MemoryProbe.dll"));
        foreach (object argument in arguments) start.ArgumentList.Add(Convert.ToString(argument, CultureInfo.InvariantCulture)!);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"The probe ended with {process.ExitCode}: {errors.Result}");
        return lines;
    }
}
