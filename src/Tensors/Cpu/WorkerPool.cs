namespace Engine.Tensors.Cpu;

/// <summary>
/// A fork/join pool for short kernels. <see cref="Run(int, ParallelJob)"/> splits work into chunks which the caller and the workers claim one at a time;
/// it returns when every chunk is done, and allocates nothing.
/// </summary>
/// <remarks>
/// The caller claims chunks as well and only waits for chunks that a worker has already begun, so a worker which the operating system does not schedule
/// costs nothing. A caller that finds the pool busy (another thread, or a chunk that itself calls <c>Run</c>) runs its chunks serially.
/// Idle workers spin for a moment, then sleep. When a chunk throws, the caller rethrows one such exception after the running chunks have ended;
/// whether the remaining chunks still run is not specified.
/// </remarks>
internal sealed unsafe class WorkerPool : IDisposable
{
    private readonly WorkerCrew? _crew;
    private bool _disposed;

    /// <summary>Creates a pool that runs on <paramref name="threads"/> threads, the caller's included. Threads start at the first parallel run.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        Scratch = new ScratchPool(2 * threads + 6);
        // The workers reference the crew only, never the pool: an abandoned pool can be finalized, and its finalizer ends them.
        if (threads > 1)
            _crew = new WorkerCrew(threads - 1, Scratch);
        else
            GC.SuppressFinalize(this);
    }

    /// <summary>Number of threads that work on a job, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Temporary buffers for chunks.</summary>
    public ScratchPool Scratch { get; }

    /// <summary>The worker threads started so far.</summary>
    internal ReadOnlySpan<Thread> Workers => _crew is null ? [] : _crew.Workers;

    /// <summary>Runs <c>job.Execute(0 .. chunks - 1)</c> and returns when all are done.</summary>
    public void Run(int chunks, ParallelJob job)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (chunks is > 1 and <= Claims.Most && _crew is not null && _crew.TryEnter())
        {
            _crew.Run(chunks, job, null, null);
            GC.KeepAlive(this);
            return;
        }
        for (var chunk = 0; chunk < chunks; chunk++)
            job.Execute(chunk);
    }

    /// <summary>Runs <c>body(Scratch, state, 0 .. chunks - 1)</c> and returns when all are done. <paramref name="state"/> may point to the caller's stack.</summary>
    public void Run(int chunks, delegate*<ScratchPool, void*, int, void> body, void* state)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (chunks is > 1 and <= Claims.Most && _crew is not null && _crew.TryEnter())
        {
            _crew.Run(chunks, null, body, state);
            GC.KeepAlive(this);
            return;
        }
        for (var chunk = 0; chunk < chunks; chunk++)
            body(Scratch, state, chunk);
    }

    /// <summary>Ends the workers and frees the scratch memory. A run in progress on another thread completes.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _crew?.Stop();
        Scratch.Clear();
        GC.SuppressFinalize(this);
    }

    ~WorkerPool() => _crew?.Stop();
}
