using Engine.Cli.Bench;

namespace Engine.Perf.Compare;

/// <summary>One of those that take turns at a piece of work.</summary>
internal abstract class Contender(string name)
{
    public string Name => name;

    /// <summary>Seconds per call.</summary>
    public abstract Samples Samples { get; }

    /// <summary>Whether threads of its own go on spinning for a while after a call and take a core from whoever is next.</summary>
    public virtual bool Lingers => false;

    /// <summary>Calls for about this many seconds, after warming up, and keeps the times.</summary>
    public abstract void Turn(double seconds);
}

/// <summary>A contender in this process.</summary>
internal sealed class InProcess(string name, Action call, bool lingers = false) : Contender(name)
{
    private readonly Sampler sampler = new(call);

    public override Samples Samples => sampler.Samples;

    public override bool Lingers => lingers;

    public override void Turn(double seconds) => sampler.Run(seconds);
}
