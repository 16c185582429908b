namespace Engine.Tensors.Cpu;

/// <summary>Who works on a matrix: the threads of a pool, or, without one, the caller alone.</summary>
/// <param name="Pool">The threads.</param>
/// <param name="Scratch">Where to rent memory.</param>
internal readonly record struct FactorCrew(WorkerPool? Pool, ScratchPool Scratch)
{
    // Below about 3 us of work the other threads would not have begun before the caller is done.
    private const long SerialSteps = 200_000;

    // About 100 us.
    private const long ChunkSteps = 6_000_000;

    /// <summary>The caller alone.</summary>
    public FactorCrew Alone => new(null, Scratch);

    /// <summary>Into how many parts to cut work of a number of multiply-adds.</summary>
    public int Parts(long steps) =>
        Pool is null || Pool.Threads == 1 || steps < SerialSteps ? 1 : (int)Math.Clamp(steps / ChunkSteps, Pool.Threads, 4L * Pool.Threads);
}
