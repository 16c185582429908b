using System.Diagnostics;
using Engine.WidthProbe;

namespace Engine.Checks.Tests;

/// <summary>The same bits whatever vectors the processor has: a child process per setting prints a hash of many results.</summary>
public sealed class SimdWidthTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", "0", 256)]
    [InlineData("DOTNET_PreferredVectorBitWidth", "512", 512)]
    [InlineData("DOTNET_PreferredVectorBitWidth", "128", 128)]
    [InlineData("DOTNET_EnableAVX2", "0", 128)]
    public void BitsDoNotDependOnTheWidth(string variable, string value, int widest)
    {
        (int width, string hash) = Child(variable, value);
        Assert.True(width <= widest, $"{variable}={value} left vectors of {width} bits.");
        Assert.Equal(Probe.Hash(), hash);
    }

    private static (int Width, string Hash) Child(string variable, string value)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Engine.WidthProbe.dll"));
        start.Environment[variable] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 && lines.Length == 2, $"The probe ended with {process.ExitCode}: {errors.Result}");
        return (int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture), lines[1]);
    }
}
