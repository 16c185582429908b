using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Sums, products, greatest and least elements over any axes, in chunks of 16,384 elements by 64 lanes; chunk results combine pairwise in index order.
/// </summary>
/// <remarks>
/// All paths give the same bits: rows, whose elements lie next to each other; columns, which lie side by side and are reduced many at a time; anything else is gathered
/// into columns when it is short, into rows when it is long. Threads share outputs, or chunks of them.
/// </remarks>
internal sealed unsafe class CpuLaneReduce<T, TOp> : CpuKernel
    where T : unmanaged where TOp : struct, ILaneOp<T>
{
    private const int Header = 64;

    private readonly StridedView kept;
    private readonly StridedView reduced;
    private readonly long outputs;
    private readonly long count;
    private readonly long chunksPerOutput;
    private readonly bool byColumns;
    private readonly int columns;
    private readonly long blocks;
    private readonly bool gathersColumns;
    private readonly int gathered;
    private readonly long units;

    public CpuLaneReduce(Operand input, Axes axes, Operand output)
    {
        (kept, reduced) = AxisSplit.Of(input, axes);
        outputs = output.Layout.Shape.Count;
        count = axes.CountIn(input.Layout.Shape);
        chunksPerOutput = (count + ReductionTree.ChunkLength - 1) / ReductionTree.ChunkLength;
        byColumns = !reduced.IsContiguous && kept.Lengths.Length > 0 && kept.Strides[^1] == 1 && kept.Lengths[^1] >= 4;
        columns = byColumns ? kept.Lengths[^1] : 1;
        blocks = (columns + LaneColumns<T, TOp>.Block - 1) / LaneColumns<T, TOp>.Block;
        units = outputs / columns * blocks * chunksPerOutput;
        // Short reductions of anything else: columns are laid side by side in scratch, many at a time.
        gathersColumns = !byColumns && count is > 0 and <= ReductionTree.Lanes && outputs >= 16 && !(reduced.IsContiguous && count >= 40);
        if (!gathersColumns) return;
        gathered = LaneColumns<T, TOp>.Block * (int)Math.Clamp(8192 / (count * LaneColumns<T, TOp>.Block), 1, 8);
        units = (outputs + gathered - 1) / gathered;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        if (count == 0)
        {
            for (long i = 0; i < outputs; i++) ((T*)operands[1])[i] = TOp.Identity;
            return;
        }
        double cost = outputs * (10 + (count * (reduced.IsContiguous || byColumns ? 0.1 : 0.6)));
        int chunks = Chunks(units, cost, pool.Threads);
        if (chunksPerOutput == 1)
        {
            Parallel(0, chunks, operands, &chunks, pool);
            return;
        }
        Scratch memory = pool.Scratch.Rent((nuint)(Header + (outputs * chunksPerOutput * sizeof(T))));
        *(int*)memory.Pointer = chunks;
        Parallel(1, chunks, operands, memory.Pointer, pool);
        T* partials = (T*)(memory.Pointer + Header);
        for (long i = 0; i < outputs; i++) ((T*)operands[1])[i] = Pairwise(partials + (i * chunksPerOutput), chunksPerOutput);
        pool.Scratch.Return(memory);
    }

    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(units, chunk, *(int*)shared);
        T* results = phase == 0 ? (T*)operands[1] : (T*)((byte*)shared + Header);
        if (gathersColumns) GatheredColumns((T*)operands[0], first, end, results, scratch);
        else if (byColumns) Columns((T*)operands[0], first, end, results, scratch);
        else Rows((T*)operands[0], first, end, results, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rows(T* x, long first, long end, T* results, ScratchPool scratch)
    {
        bool gathers = !reduced.IsContiguous;
        Scratch? memory = gathers ? scratch.Rent((nuint)(Math.Min(count, ReductionTree.ChunkLength) * sizeof(T))) : null;
        bool even = kept.Lengths.Length <= 1;
        nint step = kept.Lengths.Length == 0 ? 0 : kept.Strides[^1];
        for (long unit = first; unit < end; unit++)
        {
            (long output, long chunk) = chunksPerOutput == 1 ? (unit, 0) : Math.DivRem(unit, chunksPerOutput);
            T* origin = x + (even ? (nint)output * step : kept.Position(output));
            long start = chunk * ReductionTree.ChunkLength;
            int length = (int)Math.Min(ReductionTree.ChunkLength, count - start);
            T* elements = origin + start;
            if (gathers)
            {
                elements = (T*)memory!.Pointer;
                reduced.Read((byte*)origin, start, length, memory.Pointer);
            }
            results[unit] = LaneRows<T, TOp>.Chunk(elements, length);
        }
        if (memory is not null) scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns(T* x, long first, long end, T* results, ScratchPool scratch)
    {
        int block = LaneColumns<T, TOp>.Block;
        bool even = reduced.Lengths.Length == 1;
        nint stride = even ? reduced.Strides[0] : 0;
        long waitingBytes = LaneColumns<T, TOp>.Reserve * sizeof(T);
        Scratch memory = scratch.Rent((nuint)(waitingBytes + (even ? 0 : Math.Min(count, ReductionTree.ChunkLength) * sizeof(nint))));
        T* waiting = (T*)memory.Pointer;
        nint* positions = even ? null : (nint*)(memory.Pointer + waitingBytes);
        long listed = -1;
        for (long unit = first; unit < end; unit++)
        {
            (long rest, long b) = Math.DivRem(unit, blocks);
            (long outer, long chunk) = Math.DivRem(rest, chunksPerOutput);
            long start = chunk * ReductionTree.ChunkLength;
            int length = (int)Math.Min(ReductionTree.ChunkLength, count - start);
            if (!even && listed != chunk) reduced.Positions(start, length, positions);
            listed = chunk;
            long column = b * block;
            int width = (int)Math.Min(block, columns - column);
            T* origin = x + kept.Position((outer * columns) + column) + (even ? (nint)start * stride : 0);
            new LaneColumns<T, TOp>(origin, stride, positions, length, waiting).Run(width);
            T* to = results + (((outer * columns) + column) * chunksPerOutput) + chunk;
            for (int i = 0; i < width; i++) to[i * chunksPerOutput] = waiting[i];
        }
        scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GatheredColumns(T* x, long first, long end, T* results, ScratchPool scratch)
    {
        int block = LaneColumns<T, TOp>.Block, rows = (int)count;
        Scratch memory = scratch.Rent((nuint)((LaneColumns<T, TOp>.Reserve + ((long)rows * gathered)) * sizeof(T)));
        T* waiting = (T*)memory.Pointer, columns = waiting + LaneColumns<T, TOp>.Reserve;
        nint* positions = stackalloc nint[ReductionTree.Lanes];
        reduced.Positions(0, rows, positions);
        for (long unit = first; unit < end; unit++)
        {
            long start = unit * gathered;
            int width = (int)Math.Min(gathered, outputs - start);
            for (int r = 0; r < rows; r++) kept.Read((byte*)(x + positions[r]), start, width, (byte*)(columns + ((nint)r * gathered)));
            for (int column = 0; column < width; column += block)
            {
                int part = Math.Min(block, width - column);
                new LaneColumns<T, TOp>(columns + column, gathered, null, rows, waiting).Run(part);
                Buffer.MemoryCopy(waiting, results + start + column, part * sizeof(T), part * sizeof(T));
            }
        }
        scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Pairwise(T* partials, long count)
    {
        for (; count > 1; count = (count + 1) / 2)
        {
            for (long i = 0; i < count / 2; i++) partials[i] = TOp.Apply(partials[2 * i], partials[(2 * i) + 1]);
            if (count % 2 != 0) partials[count / 2] = partials[count - 1];
        }
        return partials[0];
    }
}

/// <summary>The axes of an operand that a reduction keeps, and those it reduces.</summary>
internal static class AxisSplit
{
    public static (StridedView Kept, StridedView Reduced) Of(Operand input, Axes axes)
    {
        Layout from = input.Layout;
        List<int> keptLengths = [], keptStrides = [], reducedLengths = [], reducedStrides = [];
        for (int axis = 0; axis < from.Shape.Rank; axis++)
        {
            bool isReduced = axes.Contains(axis);
            (isReduced ? reducedLengths : keptLengths).Add(from.Shape[axis]);
            (isReduced ? reducedStrides : keptStrides).Add(from.Strides[axis]);
        }
        int size = input.DType.Size();
        return (new([.. keptLengths], [.. keptStrides], size), new([.. reducedLengths], [.. reducedStrides], size));
    }
}
