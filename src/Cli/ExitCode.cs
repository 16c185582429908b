namespace Engine.Cli;

/// <summary>What the program tells its caller.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A check failed, or a training did not converge.</summary>
    public const int Failed = 1;

    /// <summary>Input that cannot be used.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by the user.</summary>
    public const int Interrupted = 130;
}
