using System.Diagnostics;

namespace Engine.Cli.Tests;

/// <summary>The progress bar: on a terminal, and nowhere else.</summary>
public sealed class TerminalTests : IDisposable
{
    private const string Script = "/usr/bin/script";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void RedirectedStreamsHoldNoControlCharacters()
    {
        EngineResult result = EngineProcess.Run(folder.Root, "train", "--data", folder.Blobs("trees.csv", 200), "--epochs", "2", "--out", "run");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.DoesNotContain('\r', result.Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TerminalsShowProgressWithColourUnlessToldNot(bool noColour)
    {
        // The terminal comes from script(1); without it there is nothing to look at.
        if (!File.Exists(Script)) return;
        folder.Blobs("trees.csv", 2000);
        string command = $"\"{EngineProcess.Host}\" \"{EngineProcess.Program}\" train --data trees.csv --epochs 20 --out run";
        var start = new ProcessStartInfo(Script) { WorkingDirectory = folder.Root, RedirectStandardOutput = true };
        foreach (string argument in (string[])["-qec", command, "/dev/null"])
            start.ArgumentList.Add(argument);
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["COLUMNS"] = "160";
        start.Environment.Remove("NO_COLOR");
        if (noColour) start.Environment["NO_COLOR"] = "1";
        using Process process = Process.Start(start)!;
        string screen = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Contains("rows/s", screen, StringComparison.Ordinal);
        Assert.Contains("left", screen, StringComparison.Ordinal);
        Assert.Equal(!noColour, screen.Contains("\u001b[38;5;", StringComparison.Ordinal));
    }
}
