using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// A factorization or solution of every matrix of a batch. Threads share the batch; where there are few large matrices they share the products inside each one instead.
/// The first matrix that fails is the one reported, however many threads there are.
/// </summary>
internal abstract unsafe class CpuFactorization : CpuKernel
{
    // Matrices that take longer than this have products which are worth sharing.
    private const double LargeNanoseconds = 100_000;

    private readonly double nanoseconds;

    /// <param name="name">The op, for error messages.</param>
    /// <param name="batch">The batch axes.</param>
    /// <param name="nanoseconds">Estimated serial time of one matrix.</param>
    protected CpuFactorization(string name, Shape batch, double nanoseconds)
    {
        Name = name;
        Batch = batch;
        this.nanoseconds = nanoseconds;
    }

    protected string Name { get; }

    protected Shape Batch { get; }

    /// <summary>Bytes of work memory for one matrix.</summary>
    protected abstract long WorkBytes { get; }

    /// <summary>Computes one matrix; gives the pivot that failed, or none.</summary>
    protected abstract MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew);

    /// <summary>The error of a failed matrix.</summary>
    protected virtual Exception Error(MatrixFailure failure) => failure.Singular(Name, Batch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void Run(void** operands, WorkerPool pool)
    {
        long count = Batch.Count;
        bool large = nanoseconds > LargeNanoseconds && count < 2L * pool.Threads;
        int chunks = large ? 1 : Chunks(count, count * nanoseconds, pool.Threads);
        MatrixFailure* failures = stackalloc MatrixFailure[chunks];
        if (large)
        {
            failures[0] = Some(0, count, operands, new(pool, pool.Scratch));
        }
        else
        {
            var call = new Call { Chunks = chunks, Failures = failures };
            Parallel(0, chunks, operands, &call, pool);
        }
        for (int i = 0; i < chunks; i++)
        {
            if (failures[i].Happened) throw Error(failures[i]);
        }
    }

    protected sealed override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        var call = (Call*)shared;
        (long first, long end) = Part(Batch.Count, chunk, call->Chunks);
        call->Failures[chunk] = Some(first, end, operands, new(null, scratch));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private MatrixFailure Some(long first, long end, void** operands, in FactorCrew crew)
    {
        Scratch work = crew.Scratch.Rent((nuint)WorkBytes);
        MatrixFailure failure = MatrixFailure.None;
        for (long i = first; i < end && !failure.Happened; i++) failure = One(i, operands, work.Pointer, crew) with { Matrix = i };
        crew.Scratch.Return(work);
        return failure;
    }

    private struct Call
    {
        public int Chunks;
        public MatrixFailure* Failures;
    }
}

/// <summary>The matrices of an operand: batch axes and two axes of rows and columns, of any strides.</summary>
internal sealed unsafe class MatrixOperand
{
    private readonly StridedView outer;
    private readonly StridedView inner;

    public MatrixOperand(Operand operand)
    {
        Layout layout = operand.Layout;
        int size = operand.DType.Size();
        outer = new(layout.Shape.Lengths[..^2], layout.Strides[..^2], size);
        inner = new(layout.Shape.Lengths[^2..], layout.Strides[^2..], size);
        (Rows, Columns) = (layout.Shape[^2], layout.Shape[^1]);
        (Row, Column) = (layout.Strides[^2], layout.Strides[^1]);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Distance of rows.</summary>
    public nint Row { get; }

    /// <summary>Distance of columns.</summary>
    public nint Column { get; }

    /// <summary>The first element of a matrix.</summary>
    public T* At<T>(void* origin, long index) where T : unmanaged => (T*)origin + outer.Position(index);

    /// <summary>Copies a matrix to row-major memory.</summary>
    public void Copy<T>(void* origin, long index, T* to) where T : unmanaged => inner.Read((byte*)At<T>(origin, index), 0, (long)Rows * Columns, (byte*)to);
}
