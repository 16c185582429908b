using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A reduction of one chunk of contiguous elements to a partial result, and of two partial results to one.</summary>
/// <typeparam name="T">Element type of the operand.</typeparam>
/// <typeparam name="TResult">Type of partial and final results.</typeparam>
internal unsafe interface IChunkReducer<T, TResult>
    where T : unmanaged where TResult : unmanaged
{
    /// <summary>The result of no elements.</summary>
    static abstract TResult Identity { get; }

    /// <summary>The result of one chunk, whose first element is number <paramref name="first"/> of the reduction.</summary>
    static abstract TResult Chunk(T* elements, int count, long first);

    static abstract TResult Combine(TResult left, TResult right);
}

/// <summary>
/// A reduction whose results do not depend on the order of its steps (integer sums, positions). Every result is reduced in chunks of 16,384 elements, taken in place
/// where they are contiguous and gathered where not; chunk results combine pairwise.
/// </summary>
internal sealed unsafe class CpuReduce<T, TPartial, TReducer> : CpuKernel
    where T : unmanaged where TPartial : unmanaged where TReducer : struct, IChunkReducer<T, TPartial>
{
    private readonly StridedView kept;
    private readonly StridedView reduced;
    private readonly long outputs;
    private readonly long count;
    private readonly long chunksPerOutput;
    private readonly int outputSize;

    public CpuReduce(Operand input, Axes axes, Operand output)
    {
        (kept, reduced) = AxisSplit.Of(input, axes);
        outputs = output.Layout.Shape.Count;
        count = axes.CountIn(input.Layout.Shape);
        chunksPerOutput = (count + ReductionTree.ChunkLength - 1) / ReductionTree.ChunkLength;
        outputSize = output.DType.Size();
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        if (count == 0)
        {
            for (long i = 0; i < outputs; i++) Write(operands, i, TReducer.Identity);
            return;
        }
        double cost = outputs * (20 + (count * (reduced.IsContiguous ? 0.1 : 0.7)));
        int chunks = Chunks(outputs * chunksPerOutput, cost, pool.Threads);
        if (chunksPerOutput == 1)
        {
            Parallel(0, chunks, operands, (void*)chunks, pool);
            return;
        }
        Scratch memory = pool.Scratch.Rent((nuint)((outputs * chunksPerOutput * sizeof(TPartial)) + 64));
        *(long*)memory.Pointer = chunks;
        Parallel(1, chunks, operands, memory.Pointer, pool);
        TPartial* partials = (TPartial*)(memory.Pointer + 64);
        for (long i = 0; i < outputs; i++)
            Write(operands, i, ReductionTree.Pairwise<T, TPartial, TReducer>(partials + (i * chunksPerOutput), chunksPerOutput));
        pool.Scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        long chunks = phase == 0 ? (long)shared : *(long*)shared;
        (long first, long end) = Part(outputs * chunksPerOutput, chunk, (int)chunks);
        Scratch? memory = reduced.IsContiguous ? null : scratch.Rent((nuint)(Math.Min(count, ReductionTree.ChunkLength) * sizeof(T)));
        for (long unit = first; unit < end; unit++)
        {
            (long o, long c) = Math.DivRem(unit, chunksPerOutput);
            T* origin = (T*)operands[0] + kept.Position(o);
            long start = c * ReductionTree.ChunkLength;
            int length = (int)Math.Min(ReductionTree.ChunkLength, count - start);
            T* elements = origin + start;
            if (memory is not null)
            {
                elements = (T*)memory.Pointer;
                reduced.Read((byte*)origin, start, length, memory.Pointer);
            }
            TPartial result = TReducer.Chunk(elements, length, start);
            if (phase == 0) Write(operands, o, result);
            else ((TPartial*)((byte*)shared + 64))[unit] = result;
        }
        if (memory is not null) scratch.Return(memory);
    }

    // A partial result begins with what the output holds: ArgMax carries its value behind the index.
    private void Write(void** operands, long index, TPartial value) =>
        Buffer.MemoryCopy(&value, (byte*)operands[1] + (index * outputSize), outputSize, outputSize);
}

/// <summary>The fixed order of a reduction.</summary>
internal static unsafe class ReductionTree
{
    /// <summary>Elements of a chunk.</summary>
    public const int ChunkLength = 16_384;

    /// <summary>Lanes of a chunk.</summary>
    public const int Lanes = 64;

    /// <summary>Combines adjacent results until one is left; an odd last one is carried up unchanged.</summary>
    public static TPartial Pairwise<T, TPartial, TReducer>(TPartial* partials, long count)
        where T : unmanaged where TPartial : unmanaged where TReducer : struct, IChunkReducer<T, TPartial>
    {
        for (; count > 1; count = (count + 1) / 2)
        {
            for (long i = 0; i < count / 2; i++) partials[i] = TReducer.Combine(partials[2 * i], partials[(2 * i) + 1]);
            if (count % 2 != 0) partials[count / 2] = partials[count - 1];
        }
        return partials[0];
    }
}
