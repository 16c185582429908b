using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Engine.Perf.Functions;

/// <summary>The clock of the core, from a chain of dependent integer multiplications: each takes three cycles on x86 processors since 2008, whatever else the core can do.</summary>
internal static class ClockProbe
{
    private const int Steps = 32_000, CyclesPerMultiplication = 3;

    /// <summary>Gigahertz over about 25 microseconds.</summary>
    public static double Gigahertz()
    {
        long start = Stopwatch.GetTimestamp();
        ulong end = Chain(3);
        double seconds = (Stopwatch.GetTimestamp() - start) / (double)Stopwatch.Frequency;
        GC.KeepAlive(end == 0 ? string.Empty : null);
        return (double)CyclesPerMultiplication * Steps / seconds * 1e-9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Chain(ulong factor)
    {
        ulong x = factor;
        // The processor counts and jumps while a multiplication waits for the one before.
        for (int i = 0; i < Steps; i++) x *= factor;
        return x;
    }
}
