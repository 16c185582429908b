using System.Diagnostics;

namespace Engine.Testing;

/// <summary>Runs a test program that lies beside the tests in a process of its own.</summary>
internal static class ProbeProcess
{
    /// <summary>The lines it prints.</summary>
    public static string[] Run(string program, string[] arguments, params (string Variable, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, program));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach ((string variable, string value) in environment) start.Environment[variable] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"The probe ended with {process.ExitCode}: {errors.Result}");
        return lines;
    }
}
