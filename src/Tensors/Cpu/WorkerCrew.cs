using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>The threads of a <see cref="WorkerPool"/> and what they share. One job at a time; <see cref="TryEnter"/> decides who gets them.</summary>
internal sealed unsafe class WorkerCrew(int workerCount, ScratchPool scratch)
{
    // Waking a sleeping thread costs 30 to 150 us, so a worker that just finished waits about that long for more before it sleeps.
    private static readonly long SpinTicks = Stopwatch.Frequency * 80 / 1_000_000;

    private readonly Thread[] _workers = new Thread[workerCount];
    // Spinning only helps while another core can do the work that is waited for.
    private readonly long _spinTicks = workerCount < Environment.ProcessorCount ? SpinTicks : 0;
    private readonly object _workerGate = new();
    private readonly object _callerGate = new();
    private volatile bool _started;
    private volatile bool _stopping;
    private volatile bool _callerSleeps;
    private volatile int _sleepers;
    private int _busy;
    private Counters _counters;

    // The current job: written before the claim word is published, read after a chunk of it has been claimed.
    private ParallelJob? _job;
    private delegate*<ScratchPool, void*, int, void> _body;
    private void* _state;
    private Exception? _error;

    /// <summary>The threads started so far.</summary>
    public ReadOnlySpan<Thread> Workers => _started ? _workers : [];

    /// <summary>Reserves the crew for one <see cref="Run"/>. False when it is busy.</summary>
    public bool TryEnter() => Volatile.Read(ref _busy) == 0 && Interlocked.CompareExchange(ref _busy, 1, 0) == 0;

    /// <summary>Runs all chunks, then releases the crew. Call only after <see cref="TryEnter"/> returned true.</summary>
    public void Run(int chunks, ParallelJob? job, delegate*<ScratchPool, void*, int, void> body, void* state)
    {
        if (!_started)
            Start();
        _job = job;
        _body = body;
        _state = state;
        _counters.Pending = chunks;
        // A full fence: the job is visible before the claim word, and the claim word before the sleepers are counted.
        Interlocked.Exchange(ref _counters.Claim, Claims.Next(_counters.Claim, chunks));
        Wake(chunks - 1);

        while (TryClaim(fromEnd: false, out var chunk))
            Execute(chunk);
        WaitForStartedChunks();

        var error = _error;
        _error = null;
        _job = null;
        Volatile.Write(ref _busy, 0);
        if (error is not null)
            ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>Makes the workers end after the chunk they are in.</summary>
    public void Stop()
    {
        _stopping = true;
        lock (_workerGate)
            Monitor.PulseAll(_workerGate);
    }

    private void Start()
    {
        for (var i = 0; i < _workers.Length; i++)
        {
            // Every second thread begins at the end, see Claims.
            var fromEnd = i % 2 == 0;
            _workers[i] = new Thread(() => Work(fromEnd)) { IsBackground = true, Name = $"Engine worker {i + 1}" };
            _workers[i].Start();
        }
        _started = true;
    }

    private void Work(bool fromEnd)
    {
        while (!_stopping)
        {
            while (TryClaim(fromEnd, out var chunk))
                Execute(chunk);
            if (!SpinForWork())
                Sleep();
        }
    }

    /// <summary>
    /// Takes the first or the last chunk that is left. An exchange that succeeds took a chunk of the generation that was read, and the caller of that generation cannot
    /// return, and so cannot overwrite the job, before this chunk is done. That is why the job's fields need no lock.
    /// </summary>
    private bool TryClaim(bool fromEnd, out int chunk)
    {
        var claim = Volatile.Read(ref _counters.Claim);
        while (!Claims.IsEmpty(claim))
        {
            var seen = Interlocked.CompareExchange(ref _counters.Claim, fromEnd ? Claims.WithoutLast(claim) : Claims.WithoutFirst(claim), claim);
            if (seen == claim)
            {
                chunk = fromEnd ? Claims.End(claim) - 1 : Claims.First(claim);
                return true;
            }
            claim = seen;
        }
        chunk = 0;
        return false;
    }

    private void Execute(int chunk)
    {
        try
        {
            if (_job is { } job)
                job.Execute(chunk);
            else
                _body(scratch, _state, chunk);
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _error, error, null);
        }
        if (Interlocked.Decrement(ref _counters.Pending) == 0 && _callerSleeps)
            lock (_callerGate)
                Monitor.PulseAll(_callerGate);
    }

    private bool SpinForWork()
    {
        var deadline = Stopwatch.GetTimestamp() + _spinTicks;
        do
        {
            if (!Claims.IsEmpty(Volatile.Read(ref _counters.Claim)) || _stopping)
                return true;
            Thread.SpinWait(4);
        }
        while (Stopwatch.GetTimestamp() < deadline);
        return false;
    }

    private void Sleep()
    {
        lock (_workerGate)
        {
            // Counted before the last look at the claim word; the caller publishes the word before it reads the count. One of the two sees the other.
            Interlocked.Increment(ref _sleepers);
            if (Claims.IsEmpty(Volatile.Read(ref _counters.Claim)) && !_stopping)
                Monitor.Wait(_workerGate);
            Interlocked.Decrement(ref _sleepers);
        }
    }

    private void Wake(int wanted)
    {
        if (_sleepers == 0)
            return;
        lock (_workerGate)
        {
            if (wanted >= _sleepers)
                Monitor.PulseAll(_workerGate);
            else
                for (var i = 0; i < wanted; i++)
                    Monitor.Pulse(_workerGate);
        }
    }

    private void WaitForStartedChunks()
    {
        if (Volatile.Read(ref _counters.Pending) == 0)
            return;
        var deadline = Stopwatch.GetTimestamp() + _spinTicks;
        do
        {
            Thread.SpinWait(4);
            if (Volatile.Read(ref _counters.Pending) == 0)
                return;
        }
        while (Stopwatch.GetTimestamp() < deadline);
        lock (_callerGate)
        {
            _callerSleeps = true;
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref _counters.Pending) != 0)
                Monitor.Wait(_callerGate);
            _callerSleeps = false;
        }
    }

    /// <summary>The two contended words, each on its own cache line.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Counters
    {
        [FieldOffset(64)]
        public long Claim;

        [FieldOffset(128)]
        public int Pending;
    }
}
