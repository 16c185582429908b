using System.Diagnostics;

namespace Engine.Perf.Compare;

/// <summary>One of those that take turns at a piece of work.</summary>
internal abstract class Contender(string name)
{
    private readonly List<double> samples = [];

    public string Name => name;

    /// <summary>Seconds of the fastest call.</summary>
    public double Best => samples.Min();

    /// <summary>Seconds of the median call.</summary>
    public double Median
    {
        get
        {
            List<double> sorted = [.. samples.Order()];
            return sorted[sorted.Count / 2];
        }
    }

    /// <summary>Whether threads of its own go on spinning for a while after a call and take a core from whoever is next.</summary>
    public virtual bool Lingers => false;

    /// <summary>Calls for about this many seconds, after warming up, and keeps the times.</summary>
    public abstract void Turn(double seconds);

    /// <summary>Keeps the seconds of one call.</summary>
    protected void Keep(double seconds) => samples.Add(seconds);
}

/// <summary>A contender in this process.</summary>
internal sealed class InProcess(string name, Action call, bool lingers = false) : Contender(name)
{
    // Reading the clock takes about 25 ns, so a sample covers calls of at least this much together.
    private const double ShortestSample = 20e-6;

    private int calls;

    public override bool Lingers => lingers;

    public override void Turn(double seconds)
    {
        call();
        if (calls == 0) calls = Calibrate();
        long end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        do
        {
            Keep(Sample(calls));
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
