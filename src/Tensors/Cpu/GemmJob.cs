using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// A batch of equal matrix products cut into chunks: groups of whole products, or a grid of row and column slices of one product each. A thread applies the epilogue to what it has
/// computed.
/// </summary>
internal unsafe struct GemmJob<T, TVector, TSimd>
    where T : unmanaged
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // Below about 3 us of work the other threads would not have begun before the caller is done. A product with a vector waits for memory.
    public const long SerialMatrixSteps = 200_000;
    private const long SerialVectorSteps = 30_000;

    // About 100 us: small enough that a thread which the operating system takes away does not hold up the rest for long.
    private const long ChunkSteps = 6_000_000;

    // What an epilogue takes is counted in steps as well.
    private const double MatrixStepsPerNanosecond = 64;
    private const double VectorStepsPerNanosecond = 10;

    private GemmProblem<T> _problem;
    private nint _aBatch;
    private nint _bBatch;
    private nint _cBatch;
    private EpilogueCall _epilogue;
    private int _batch;
    private int _group;
    private int _rowSlices;
    private int _columnSlices;

    // A pointer to a struct with a reference is sound here: the struct lives in the frame of Run, which the collector scans, until every chunk is done.
#pragma warning disable CS8500
    /// <summary>Computes every product of the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(WorkerPool pool, in GemmProblem<T> problem, int batch, nint aBatch, nint bBatch, nint cBatch, EpilogueCall epilogue)
    {
        if (problem.M == 0 || problem.N == 0 || batch == 0)
            return;
        var job = new GemmJob<T, TVector, TSimd>
        {
            _problem = problem,
            _aBatch = aBatch,
            _bBatch = bBatch,
            _cBatch = cBatch,
            _epilogue = epilogue,
            _batch = batch,
            _group = batch,
            _rowSlices = 1,
            _columnSlices = 1,
        };
        if (SymmetricJob<T, TVector, TSimd>.Fits(problem, batch, aBatch, bBatch))
        {
            SymmetricJob<T, TVector, TSimd>.Run(pool, problem, batch, aBatch, bBatch, cBatch);
            // A thread writes rows and, mirrored, columns: no part is complete before the end.
            if (epilogue.Exists)
                pool.Run(job._rowSlices = pool.Threads == 1 ? 1 : 2 * pool.Threads, &ExecuteEpilogue, &job);
            return;
        }
        var vector = IsVector(problem);
        var steps = (long)problem.M * problem.N * Math.Max(1, problem.K) * batch + (long)(epilogue.Nanoseconds * (vector ? VectorStepsPerNanosecond : MatrixStepsPerNanosecond));
        if (pool.Threads == 1 || steps < (vector ? SerialVectorSteps : SerialMatrixSteps))
            Multiply(pool.Scratch, vector, problem, batch, &job);
        else
            pool.Run(job.Divide(steps, pool.Threads), &Execute, &job);
    }

    private static bool IsVector(in GemmProblem<T> problem) => problem.M == 1 || problem.N == 1;

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>Chooses the slices and returns the number of chunks.</summary>
    private int Divide(long steps, int threads)
    {
        var wanted = (int)Math.Clamp(steps / ChunkSteps, threads, 4L * threads);
        if (_batch >= wanted)
        {
            _group = Ceiling(_batch, wanted);
            return Ceiling(_batch, _group);
        }
        _group = 1;
        DivideProduct(Ceiling(wanted, _batch), threads);
        return _batch * _rowSlices * _columnSlices;
    }

    /// <summary>
    /// Finds the grid of about <paramref name="wanted"/> slices that ends first: the least work in the longest thread, plus what packing repeats, plus what threads fetch from each
    /// other's caches.
    /// </summary>
    private void DivideProduct(int wanted, int threads)
    {
        var rowTiles = Ceiling(_problem.M, RowUnit);
        var columnTiles = Ceiling(_problem.N, ColumnUnit);
        var best = long.MaxValue;
        for (var columnSlices = 1; columnSlices <= Math.Min(wanted, columnTiles); columnSlices++)
        {
            var rowSlices = Math.Min(Ceiling(wanted, columnSlices), rowTiles);
            long rounds = Ceiling(rowSlices * columnSlices * _batch, threads);
            long rows = Math.Min(_problem.M, Ceiling(rowTiles, rowSlices) * RowUnit);
            long columns = Math.Min(_problem.N, Ceiling(columnTiles, columnSlices) * ColumnUnit);
            // Slices of rows share B, slices of columns A: both only read. Slices of columns also cut C across the ranges in which elementwise kernels divide it among the same
            // threads, and what another core has written comes slowly.
            var shared = (rowSlices > 1 ? 6L * _problem.N : 0) + (columnSlices > 1 ? 6L * _problem.M + 40L * _problem.M * _problem.N / Math.Max(1, _problem.K) : 0);
            // For every step of k. Packing an element costs about as much as twelve steps of a tile.
            var cost = rounds * (rows * columns + 12 * (rows + columns)) + shared;
            if (cost < best)
            {
                best = cost;
                _rowSlices = rowSlices;
                _columnSlices = columnSlices;
            }
        }
    }

    // Slices of a product with a vector are whole cache lines of outputs, so that two threads do not write to one.
    private readonly int RowUnit => IsVector(_problem) ? 64 : GemmBlocks<T, TVector, TSimd>.TileRows;

    // Narrow tiles at the end of a slice cost less than a thread with nothing to do.
    private readonly int ColumnUnit => IsVector(_problem) ? 64 : TSimd.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Execute(ScratchPool scratch, void* state, int chunk)
    {
        var job = (GemmJob<T, TVector, TSimd>*)state;
        var slices = job->_rowSlices * job->_columnSlices;
        var first = chunk / slices * job->_group;
        var slice = chunk % slices;
        var problem = job->_problem;
        // Of the whole product: a slice of one column keeps the order of the matrix that it is part of.
        var vector = IsVector(problem);
        Slice(ref problem.M, slice / job->_columnSlices, job->_rowSlices, job->RowUnit, out var row);
        Slice(ref problem.N, slice % job->_columnSlices, job->_columnSlices, job->ColumnUnit, out var column);
        if (problem.M == 0 || problem.N == 0)
            return;
        problem.A += row * problem.ARow + first * job->_aBatch;
        problem.B += column * problem.BColumn + first * job->_bBatch;
        problem.C += row * problem.CRow + column + first * job->_cBatch;
        Multiply(scratch, vector, problem, Math.Min(job->_group, job->_batch - first), job);
    }

    /// <summary>The epilogue of a part of a finished batch.</summary>
    private static void ExecuteEpilogue(ScratchPool scratch, void* state, int chunk)
    {
        var job = (GemmJob<T, TVector, TSimd>*)state;
        var count = (long)job->_batch * job->_problem.M * job->_problem.N;
        long first = count * chunk / job->_rowSlices, end = count * (chunk + 1) / job->_rowSlices;
        job->_epilogue.Apply(job->_problem.C - (T*)job->_epilogue.Product + first, end - first, 1, 0, scratch);
    }

    /// <summary>Computes products of a batch on this thread, and their epilogue while they are in its cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(ScratchPool scratch, bool vector, GemmProblem<T> problem, int count, GemmJob<T, TVector, TSimd>* job)
    {
        var bytes = (nint)problem.M * problem.N * sizeof(T);
        var large = job->_epilogue.Exists && !vector && problem.K > 0 && bytes > ProductEpilogue.CacheBytes;
        // Small products wait for the epilogue together when they lie one behind the other.
        var joins = problem.N == problem.CRow && job->_cBatch == (nint)problem.M * problem.N;
        var waiting = 0;
        for (; count > 0; count--)
        {
            if (problem.K == 0)
                Clear(problem);
            else if (vector)
                GemvKernels<T, TVector, TSimd>.Multiply(scratch, problem);
            else
                GemmBlocks<T, TVector, TSimd>.Multiply(scratch, problem, large ? job->_epilogue : default);
            waiting++;
            if (job->_epilogue.Exists && !large && (!joins || count == 1 || waiting * bytes >= ProductEpilogue.CacheBytes))
            {
                var first = problem.C - (waiting - 1) * job->_cBatch;
                job->_epilogue.Apply(first - (T*)job->_epilogue.Product, problem.N, (long)waiting * problem.M, problem.CRow, scratch);
                waiting = 0;
            }
            problem.A += job->_aBatch;
            problem.B += job->_bBatch;
            problem.C += job->_cBatch;
        }
    }
#pragma warning restore CS8500

    /// <summary>Narrows <paramref name="size"/> to slice number <paramref name="index"/> of <paramref name="slices"/>; the last ones may be empty.</summary>
    private static void Slice(ref int size, int index, int slices, int unit, out nint begin)
    {
        var length = Ceiling(Ceiling(size, unit), slices) * unit;
        begin = (nint)Math.Min((long)index * length, size);
        size = (int)Math.Min(length, size - begin);
    }

    private static void Clear(in GemmProblem<T> problem)
    {
        for (nint i = 0; i < problem.M; i++)
            new Span<T>(problem.C + i * problem.CRow, problem.N).Clear();
    }
}
