using System.Diagnostics;

namespace Engine.Mutations;

/// <summary>How a command ended.</summary>
/// <param name="Code">Its exit code; meaningless when it ran out of time.</param>
/// <param name="TimedOut">Whether it was killed because it took longer than allowed.</param>
/// <param name="Output">What it printed.</param>
internal sealed record CommandResult(int Code, bool TimedOut, string Output);

/// <summary>Runs commands and ends them, with all that they started, when they take too long or the run is cancelled.</summary>
internal static class Shell
{
    public static async Task<CommandResult> Run(string folder, TimeSpan limit, string program, IEnumerable<string> arguments, CancellationToken token)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // Nothing that a build or a test starts may outlive it.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["ENGINE_CASES"] = Options.Cases;
        using Process process = Process.Start(start)!;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(token);
        late.CancelAfter(limit);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None), errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            token.ThrowIfCancellationRequested();
            return new(-1, true, "");
        }
        return new(process.ExitCode, false, await output + await errors);
    }
}
