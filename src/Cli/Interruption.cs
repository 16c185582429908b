using System.Runtime.InteropServices;

namespace Engine.Cli;

/// <summary>Turns the first Ctrl-C (or a request to terminate) into a cancelled token; a second one ends the program at once.</summary>
internal sealed partial class Interruption : IDisposable
{
    private const int SigInt = 2;
    private const nint DefaultHandler = 0;

    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;

    public Interruption()
    {
        // A shell starts background jobs with this signal ignored, and the runtime leaves an ignored signal ignored. A training can always be resumed,
        // so it had better stop when it is told to.
        if (!OperatingSystem.IsWindows()) _ = Signal(SigInt, DefaultHandler);
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = !source.IsCancellationRequested;
        source.Cancel();
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int signal, nint handler);
}
