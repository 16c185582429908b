using System.Diagnostics;

namespace Engine.Cli.Bench;

/// <summary>Times a call again and again.</summary>
internal sealed class Sampler(Action call)
{
    // Reading the clock takes about 25 ns, so a sample covers calls of at least this much together.
    private const double ShortestSample = 20e-6;

    private int calls;

    /// <summary>The times so far.</summary>
    public Samples Samples { get; } = new();

    /// <summary>Takes samples for this many seconds, at least one, after a call that is not counted.</summary>
    public void Run(double seconds)
    {
        call();
        if (calls == 0) calls = Calibrate();
        long end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        do
        {
            Samples.Add(Sample(calls));
        }
        while (Stopwatch.GetTimestamp() < end);
    }

    private int Calibrate()
    {
        int count = 1;
        while (Sample(count) * count < ShortestSample) count *= 2;
        return count;
    }

    private double Sample(int count)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++) call();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
    }
}
