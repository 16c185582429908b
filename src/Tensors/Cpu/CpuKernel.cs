namespace Engine.Tensors.Cpu;

/// <summary>
/// One launch made ready for the CPU: layouts, loops and function pointers are fixed, only addresses come with a call. Immutable, so that concurrent callers share it.
/// </summary>
internal abstract unsafe class CpuKernel
{
    /// <summary>Computes the outputs.</summary>
    /// <param name="operands">The address of element (0, 0, ...) of every input, then of every output.</param>
    /// <param name="pool">The threads to use.</param>
    public abstract void Run(void** operands, WorkerPool pool);

    /// <summary>One chunk of a phase that <see cref="Parallel"/> started.</summary>
    /// <param name="phase">Which loop of the kernel.</param>
    /// <param name="chunk">Number of the chunk.</param>
    /// <param name="operands">As given to <see cref="Run"/>.</param>
    /// <param name="shared">Memory that the chunks of the call share.</param>
    /// <param name="scratch">Where to rent memory for this chunk.</param>
    protected virtual void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch) =>
        throw new InvalidOperationException($"{GetType().Name} has no chunks.");

    /// <summary>Runs the chunks of a phase on the pool; a single chunk at once on the caller.</summary>
    protected void Parallel(int phase, int chunks, void** operands, void* shared, WorkerPool pool)
    {
        if (chunks == 1)
        {
            Execute(phase, 0, operands, shared, pool.Scratch);
            return;
        }
        // A pointer to a struct with a reference is sound here: the struct lives in this frame, which the collector scans, until every chunk is done.
#pragma warning disable CS8500
        var call = new Call { Kernel = this, Operands = operands, Shared = shared, Phase = phase };
        pool.Run(chunks, &RunChunk, &call);
    }

    private static void RunChunk(ScratchPool scratch, void* state, int chunk)
    {
        var call = (Call*)state;
        call->Kernel.Execute(call->Phase, chunk, call->Operands, call->Shared, scratch);
    }
#pragma warning restore CS8500

    /// <summary>
    /// The number of chunks for some work: one below a few microseconds, else a few per thread, so that a thread which is taken away does not hold up the rest for long.
    /// </summary>
    /// <param name="units">The most chunks the work divides into.</param>
    /// <param name="nanoseconds">Estimated serial time.</param>
    /// <param name="threads">Threads of the pool.</param>
    protected static int Chunks(long units, double nanoseconds, int threads)
    {
        if (threads == 1 || units <= 1 || nanoseconds < 4_000) return 1;
        return (int)Math.Clamp(Math.Min(units, (long)(nanoseconds / 2_000)), 1, 4L * threads);
    }

    /// <summary>The part of some units that a chunk gets: [first, end).</summary>
    protected static (long First, long End) Part(long units, int chunk, int chunks) => (units * chunk / chunks, units * (chunk + 1) / chunks);

    private struct Call
    {
        public CpuKernel Kernel;
        public void** Operands;
        public void* Shared;
        public int Phase;
    }
}

/// <summary>A launch whose outputs have no elements.</summary>
internal sealed unsafe class CpuNothing : CpuKernel
{
    public static readonly CpuNothing Instance = new();

    public override void Run(void** operands, WorkerPool pool)
    {
    }
}
