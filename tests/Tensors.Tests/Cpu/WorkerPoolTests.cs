using System.Diagnostics;
using System.Runtime.CompilerServices;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 5)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 100)]
    [InlineData(8, 3)]
    [InlineData(8, 1000)]
    public void EveryChunkRunsOnce(int threads, int chunks)
    {
        using var pool = new WorkerPool(threads);
        var job = new CountingJob(chunks);
        for (var round = 1; round <= 20; round++)
        {
            pool.Run(chunks, job);
            Assert.All(job.Counts, count => Assert.Equal(round, count));
        }
    }

    [Fact]
    public void ThreadsMustBePositive() => Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));

    [Fact]
    public void OneThreadStartsNone()
    {
        using var pool = new WorkerPool(1);
        pool.Run(10, new CountingJob(10));
        Assert.Equal(0, pool.Workers.Length);
    }

    [Fact]
    public void WorkersStartAtTheFirstParallelRun()
    {
        using var pool = new WorkerPool(3);
        Assert.Equal(0, pool.Workers.Length);
        pool.Run(1, new CountingJob(1));
        Assert.Equal(0, pool.Workers.Length);
        pool.Run(2, new CountingJob(2));
        Assert.Equal(2, pool.Workers.Length);
        Assert.True(pool.Workers[0].IsBackground);
    }

    [Fact]
    public void WorkersDoTakePart()
    {
        using var pool = new WorkerPool(2);
        var threads = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        // Two chunks that wait for each other can only end on two threads.
        using var both = new Barrier(2);
        pool.Run(2, new DelegateJob(_ =>
        {
            both.SignalAndWait();
            threads[Environment.CurrentManagedThreadId] = true;
        }));
        Assert.Equal(2, threads.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void ExceptionsReachTheCaller(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 50; round++)
        {
            var bad = round % 8;
            var error = Assert.Throws<InvalidDataException>(() => pool.Run(8, new DelegateJob(chunk =>
            {
                if (chunk == bad)
                    throw new InvalidDataException($"chunk {chunk}");
            })));
            Assert.Equal($"chunk {bad}", error.Message);
            Assert.Contains(nameof(ExceptionsReachTheCaller), error.StackTrace, StringComparison.Ordinal);
            var job = new CountingJob(9);
            pool.Run(9, job);
            Assert.All(job.Counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void NestedRunsAreSerialAndComplete()
    {
        using var pool = new WorkerPool(3);
        var inner = new CountingJob(5);
        pool.Run(7, new DelegateJob(_ => pool.Run(5, inner)));
        Assert.All(inner.Counts, count => Assert.Equal(7, count));
    }

    [Fact]
    public void ConcurrentCallersDoNotDisturbEachOther()
    {
        using var pool = new WorkerPool(3);
        var callers = new Thread[4];
        var failures = 0;
        for (var i = 0; i < callers.Length; i++)
        {
            callers[i] = new Thread(() =>
            {
                var job = new CountingJob(17);
                for (var round = 1; round <= 2000; round++)
                {
                    pool.Run(17, job);
                    if (job.Counts.Any(count => count != round))
                        Interlocked.Increment(ref failures);
                }
            });
            callers[i].Start();
        }
        foreach (var caller in callers)
            caller.Join();
        Assert.Equal(0, failures);
    }

    [Fact]
    public unsafe void ManyGenerations()
    {
        using var pool = new WorkerPool(4);
        long sum = 0;
        long expected = 0;
        for (var round = 0; round < 100_000; round++)
        {
            var chunks = 2 + round % 7;
            expected += chunks * (chunks - 1) / 2;
            pool.Run(chunks, &AddChunk, &sum);
            Assert.Equal(expected, sum);
        }
    }

    [Fact]
    public void SleepingWorkersWakeUp()
    {
        using var pool = new WorkerPool(3);
        var job = new CountingJob(6);
        for (var round = 1; round <= 60; round++)
        {
            pool.Run(6, job);
            Assert.All(job.Counts, count => Assert.Equal(round, count));
            Thread.Sleep(round % 3);
        }
    }

    [Fact]
    public void IdleWorkersUseNoProcessorTime()
    {
        using var pool = new WorkerPool(2);
        pool.Run(4, new CountingJob(4));
        Thread.Sleep(50);
        Assert.All(pool.Workers.ToArray(), worker => Assert.True(worker.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin)));
    }

    [Fact]
    public void CallerWaitsForLongChunksAsleep()
    {
        using var pool = new WorkerPool(2);
        using var workerStarted = new ManualResetEventSlim();
        var caller = Environment.CurrentManagedThreadId;
        var done = false;
        pool.Run(2, new DelegateJob(_ =>
        {
            if (Environment.CurrentManagedThreadId == caller)
            {
                workerStarted.Wait();
                return;
            }
            workerStarted.Set();
            Thread.Sleep(30);
            Volatile.Write(ref done, true);
        }));
        Assert.True(done);
    }

    [Fact]
    public unsafe void NothingIsAllocated()
    {
        using var pool = new WorkerPool(2);
        var job = new CountingJob(4);
        long sum = 0;
        pool.Run(4, job);
        pool.Run(4, &AddChunk, &sum);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1000; round++)
        {
            pool.Run(4, job);
            pool.Run(4, &AddChunk, &sum);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void ForeignBusyThreadsDoNotStallShortJobs()
    {
        // More runnable threads than cores: a worker may not be scheduled for milliseconds, and the caller must not wait for it.
        var stop = false;
        var foreign = new Thread[Environment.ProcessorCount];
        for (var i = 0; i < foreign.Length; i++)
        {
            foreign[i] = new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                    Thread.SpinWait(100);
            })
            { IsBackground = true };
            foreign[i].Start();
        }
        try
        {
            using var pool = new WorkerPool(2);
            var job = new DelegateJob(_ => Thread.SpinWait(50));
            for (var round = 0; round < 50; round++)
                pool.Run(4, job);
            var times = new double[400];
            for (var round = 0; round < times.Length; round++)
            {
                var start = Stopwatch.GetTimestamp();
                pool.Run(4, job);
                times[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
            Array.Sort(times);
            // A pool that waits for a fixed share per worker has a median of several milliseconds here.
            Assert.True(times[times.Length / 2] < 1, $"median {times[times.Length / 2]} ms");
        }
        finally
        {
            Volatile.Write(ref stop, true);
            foreach (var thread in foreign)
                thread.Join();
        }
    }

    [Fact]
    public void DisposeEndsTheWorkers()
    {
        var pool = new WorkerPool(3);
        pool.Run(4, new CountingJob(4));
        var workers = pool.Workers.ToArray();
        pool.Dispose();
        pool.Dispose();
        Assert.All(workers, worker => Assert.True(worker.Join(5000)));
        Assert.Throws<ObjectDisposedException>(() => pool.Run(2, new CountingJob(2)));
    }

    [Fact]
    public void AnAbandonedPoolEndsItsWorkers()
    {
        var workers = Abandon();
        var deadline = Stopwatch.StartNew();
        while (workers.Any(worker => worker.IsAlive) && deadline.ElapsedMilliseconds < 10_000)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(5);
        }
        Assert.All(workers, worker => Assert.False(worker.IsAlive));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Thread[] Abandon()
        {
            var pool = new WorkerPool(3);
            pool.Run(4, new CountingJob(4));
            return pool.Workers.ToArray();
        }
    }

    [Fact]
    public void ScratchIsReused()
    {
        using var pool = new WorkerPool(1);
        var first = pool.Scratch.Rent(100);
        var second = pool.Scratch.Rent(100);
        Assert.NotSame(first, second);
        pool.Scratch.Return(first);
        Assert.Same(first, pool.Scratch.Rent(50));
    }

    [Fact]
    public unsafe void ScratchIsAlignedAndGrows()
    {
        using var pool = new WorkerPool(1);
        var scratch = pool.Scratch.Rent(10);
        scratch.Reserve(100_000);
        Assert.Equal(0, (nint)scratch.Pointer % 64);
        new Span<byte>(scratch.Pointer, 100_000).Fill(1);
        pool.Scratch.Return(scratch);
    }

    private static unsafe void AddChunk(ScratchPool scratch, void* state, int chunk) => Interlocked.Add(ref *(long*)state, chunk);

    private sealed class CountingJob(int chunks) : ParallelJob
    {
        public readonly int[] Counts = new int[chunks];

        public override void Execute(int chunk) => Interlocked.Increment(ref Counts[chunk]);
    }

    private sealed class DelegateJob(Action<int> body) : ParallelJob
    {
        public override void Execute(int chunk) => body(chunk);
    }
}
