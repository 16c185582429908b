using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Symmetric products: half of each is computed and mirrored. Those of matrices with their own transposes, C = A A^T, keep the bits of the whole product: multiplication is commutative
/// and both halves add in the same order. Of others that the caller calls symmetric the lower half has them, the upper is its copy. Chunks are whole products, or slices of rows
/// up to the diagonal with about the same work.
/// </summary>
internal unsafe struct SymmetricJob<T, TVector, TSimd>
    where T : unmanaged
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // A strip of rows is computed up to the end of the vector that the diagonal runs through, so the smallest matrices gain nothing by it.
    private const int LeastVectors = 3;

    // Every slice packs the columns it needs, so there are fewer than a product without symmetry would have.
    private const long ChunkSteps = 12_000_000;
    private const int MostSlicesPerThread = 2;

    // Blocks of this many rows and columns are mirrored at once: they stay in the first-level cache.
    private const int MirrorBlock = 32;

    private GemmProblem<T> _problem;
    private nint _aBatch;
    private nint _bBatch;
    private nint _cBatch;
    private int _batch;
    private int _group;
    private int _slices;

    /// <summary>True when the product is called symmetric, or B is the transpose of A, in the same memory, and large enough for half the work to pay.</summary>
    public static bool Fits(in GemmProblem<T> problem, int batch, nint aBatch, nint bBatch)
    {
        if (problem.K == 0 || problem.M != problem.N || problem.M == 1)
            return false;
        return problem.Symmetric
            || (problem.A == problem.B && problem.ARow == problem.BColumn && problem.AColumn == problem.BRow && (batch == 1 || aBatch == bBatch)
                && problem.N >= LeastVectors * TSimd.Width);
    }

    /// <summary>Computes every product of the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(WorkerPool pool, in GemmProblem<T> problem, int batch, nint aBatch, nint bBatch, nint cBatch)
    {
        var job = new SymmetricJob<T, TVector, TSimd> { _problem = problem, _aBatch = aBatch, _bBatch = bBatch, _cBatch = cBatch, _batch = batch, _group = batch, _slices = 1 };
        job._problem.LowerOnly = true;
        var chunks = job.Divide(pool.Threads);
        if (chunks == 1)
            Execute(pool.Scratch, &job, 0);
        else
            pool.Run(chunks, &Execute, &job);
    }

    /// <summary>Chooses groups and slices and returns the number of chunks.</summary>
    private int Divide(int threads)
    {
        var steps = (long)_problem.M * _problem.N / 2 * _problem.K * _batch;
        if (threads == 1 || steps < GemmJob<T, TVector, TSimd>.SerialMatrixSteps)
            return 1;
        var wanted = (int)Math.Clamp(steps / ChunkSteps, threads, (long)MostSlicesPerThread * threads);
        if (_batch >= wanted)
        {
            _group = (_batch + wanted - 1) / wanted;
            return (_batch + _group - 1) / _group;
        }
        _group = 1;
        _slices = (wanted + _batch - 1) / _batch;
        return _batch * _slices;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Execute(ScratchPool scratch, void* state, int chunk)
    {
        var job = (SymmetricJob<T, TVector, TSimd>*)state;
        var first = chunk / job->_slices * job->_group;
        // The last slices have the most columns, so they come first.
        var slice = job->_slices - 1 - chunk % job->_slices;
        var problem = job->_problem;
        int begin = job->Boundary(slice), end = job->Boundary(slice + 1);
        if (begin == end)
            return;
        problem.M = end - begin;
        problem.N = end;
        problem.Diagonal = begin;
        problem.A += begin * problem.ARow + first * job->_aBatch;
        problem.B += first * job->_bBatch;
        problem.C += first * job->_cBatch;
        for (var count = Math.Min(job->_group, job->_batch - first); count > 0; count--)
        {
            var whole = problem.C;
            problem.C += begin * problem.CRow;
            GemmBlocks<T, TVector, TSimd>.Multiply(scratch, problem);
            problem.C = whole;
            Mirror(whole, problem.CRow, begin, end);
            problem.A += job->_aBatch;
            problem.B += job->_bBatch;
            problem.C += job->_cBatch;
        }
    }

    /// <summary>The row where a slice begins: the rows before it hold its share of the lower half.</summary>
    private readonly int Boundary(int slice)
    {
        if (slice == _slices)
            return _problem.M;
        var unit = GemmBlocks<T, TVector, TSimd>.TileRows;
        return Math.Min(_problem.M, (int)(_problem.M * Math.Sqrt((double)slice / _slices) / unit) * unit);
    }

    /// <summary>Writes rows <paramref name="begin"/> to <paramref name="end"/> of the lower half to the columns of the same numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mirror(T* c, nint row, int begin, int end)
    {
        for (var i = begin; i < end; i += MirrorBlock)
        {
            var rows = Math.Min(MirrorBlock, end - i);
            for (var j = 0; j < i; j += MirrorBlock)
                GemmPacking.Transpose(c + i * row + j, row, rows, Math.Min(MirrorBlock, i - j), c + j * row + i, (int)row);
            for (var y = 1; y < rows; y++)
                for (var x = 0; x < y; x++)
                    c[(i + x) * row + i + y] = c[(i + y) * row + i + x];
        }
    }
}
