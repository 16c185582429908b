using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A copy of any layout to row-major order.</summary>
internal sealed unsafe class CpuCopy(Operand input) : CpuKernel
{
    private const long Block = 4096;

    private readonly StridedView view = new(input.Layout, input.DType.Size());
    private readonly long count = input.Layout.Shape.Count;
    private readonly int size = input.DType.Size();

    /// <summary>The copy that suits a layout: by blocks where the contiguous axis is not the last one.</summary>
    public static CpuKernel Of(Operand input)
    {
        var view = new StridedView(input.Layout, input.DType.Size());
        int axis = TransposedAxis(view.Lengths, view.Strides);
        return axis < 0 ? new CpuCopy(input) : new CpuTransposedCopy(view, axis, input.DType.Size());
    }

    /// <summary>The axis other than the last along which the elements are contiguous, when it and the last are long enough for blocks; else -1.</summary>
    public static int TransposedAxis(ReadOnlySpan<int> lengths, ReadOnlySpan<int> strides)
    {
        int last = lengths.Length - 1;
        if (last < 1 || lengths[last] < 8 || Math.Abs(strides[last]) <= 1) return -1;
        for (int axis = 0; axis < last; axis++)
        {
            if (strides[axis] == 1 && lengths[axis] >= 8) return axis;
        }
        return -1;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks((count + Block - 1) / Block, count * (view.IsContiguous ? 0.1 : 0.5), pool.Threads);
        Parallel(0, chunks, operands, &chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part((count + Block - 1) / Block, chunk, *(int*)shared);
        first *= Block;
        end = Math.Min(end * Block, count);
        view.Read((byte*)operands[0], first, end - first, (byte*)operands[1] + (first * size));
    }
}

/// <summary>A copy of elements that are contiguous along another axis than the last: square blocks are turned around in scratch memory.</summary>
internal sealed unsafe class CpuTransposedCopy : CpuKernel
{
    private const int Side = 64;

    private readonly StridedView from;
    private readonly StridedView to;
    private readonly int rows;
    private readonly int columns;
    private readonly int columnStride;
    private readonly int rowTarget;
    private readonly int size;
    private readonly long planes;
    private readonly long rowBlocks;

    public CpuTransposedCopy(StridedView view, int axis, int size)
    {
        ReadOnlySpan<int> lengths = view.Lengths, strides = view.Strides;
        int[] target = Layout.RowMajor(lengths.ToArray());
        List<int> outer = [], outerFrom = [], outerTo = [];
        planes = 1;
        for (int i = 0; i < lengths.Length - 1; i++)
        {
            if (i == axis) continue;
            outer.Add(lengths[i]);
            outerFrom.Add(strides[i]);
            outerTo.Add(target[i]);
            planes *= lengths[i];
        }
        from = new([.. outer], [.. outerFrom], size);
        to = new([.. outer], [.. outerTo], size);
        rows = lengths[axis];
        columns = lengths[^1];
        columnStride = strides[^1];
        rowTarget = target[axis];
        this.size = size;
        rowBlocks = (rows + Side - 1) / Side;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(planes * rowBlocks, planes * (double)rows * columns * 0.5, pool.Threads);
        Parallel(0, chunks, operands, &chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(planes * rowBlocks, chunk, *(int*)shared);
        Scratch memory = scratch.Rent((nuint)(Side * Side * size));
        for (long unit = first; unit < end; unit++)
        {
            (long plane, long block) = Math.DivRem(unit, rowBlocks);
            int row = (int)block * Side, height = Math.Min(Side, rows - row);
            byte* source = (byte*)operands[0] + ((from.Position(plane) + row) * size);
            byte* target = (byte*)operands[1] + ((to.Position(plane) + ((nint)row * rowTarget)) * size);
            for (int column = 0; column < columns; column += Side)
            {
                int width = Math.Min(Side, columns - column), bytes = width * size;
                BlockTranspose.Run(source + ((nint)column * columnStride * size), columnStride, width, height, memory.Pointer, size);
                for (int r = 0; r < height; r++)
                    Buffer.MemoryCopy(memory.Pointer + (r * bytes), target + ((((nint)r * rowTarget) + column) * size), bytes, bytes);
            }
        }
        scratch.Return(memory);
    }
}
