using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Slices of an operand, chosen by indices.</summary>
internal sealed unsafe class CpuGather : CpuKernel
{
    private readonly string name;
    private readonly int axis;
    private readonly int length;
    private readonly int axisStride;
    private readonly int size;
    private readonly bool longIndices;
    private readonly StridedView outer;
    private readonly StridedView inner;
    private readonly IndexRows indices;
    private readonly long middle;
    private readonly long innerCount;
    private readonly long lines;

    public CpuGather(string name, GatherKernel kernel, Operand x, Operand indices)
    {
        this.name = name;
        axis = kernel.Axis;
        Layout from = x.Layout;
        size = x.DType.Size();
        length = from.Shape[axis];
        axisStride = from.Strides[axis];
        longIndices = indices.DType == DType.I64;
        outer = new(from.Shape.Lengths[..axis], from.Strides[..axis], size);
        inner = new(from.Shape.Lengths[(axis + 1)..], from.Strides[(axis + 1)..], size);
        this.indices = new(indices, kernel.BatchAxes);
        middle = from.Shape[kernel.BatchAxes..axis].Count;
        innerCount = from.Shape[(axis + 1)..].Count;
        lines = from.Shape[..axis].Count * this.indices.PerRow;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(lines, lines * (5 + (innerCount * 0.2)), pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(lines, chunk, (int)shared);
        byte* x = (byte*)operands[0];
        byte* output = (byte*)operands[2] + (first * innerCount * size);
        long perRow = indices.PerRow;
        Scratch? memory = indices.Rent(scratch);
        long row = -1;
        byte* origin = null, chosen = null;
        for (long line = first; line < end; line++)
        {
            (long r, long j) = Math.DivRem(line, perRow);
            if (r != row)
            {
                row = r;
                origin = x + (outer.Position(row) * size);
                chosen = indices.Row((byte*)operands[1], row / middle, memory);
            }
            long index = longIndices ? ((long*)chosen)[j] : ((int*)chosen)[j];
            if ((ulong)index >= (ulong)length)
            {
                if (memory is not null) scratch.Return(memory);
                throw IndexRows.OutOfRange(name, index, axis, length);
            }
            byte* from = origin + ((nint)index * axisStride * size);
            if (innerCount == 1) CopyOne(from, output);
            else inner.Read(from, 0, innerCount, output);
            output += innerCount * size;
        }
        if (memory is not null) scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CopyOne(byte* from, byte* to)
    {
        switch (size)
        {
            case 1: *to = *from; break;
            case 2: *(ushort*)to = *(ushort*)from; break;
            case 4: *(uint*)to = *(uint*)from; break;
            default: *(ulong*)to = *(ulong*)from; break;
        }
    }
}

/// <summary>An index operand as rows of contiguous indices, one per element of the batch axes.</summary>
internal sealed unsafe class IndexRows
{
    private readonly StridedView view;
    private readonly int size;

    public IndexRows(Operand indices, int batchAxes)
    {
        size = indices.DType.Size();
        view = new(indices.Layout, size);
        PerRow = indices.Layout.Shape[batchAxes..].Count;
    }

    /// <summary>Indices of one row.</summary>
    public long PerRow { get; }

    /// <summary>Memory for one row; none is needed when the indices are contiguous.</summary>
    public Scratch? Rent(ScratchPool pool) => view.IsContiguous ? null : pool.Rent((nuint)(PerRow * size));

    /// <summary>The indices of a row, next to each other.</summary>
    public byte* Row(byte* origin, long row, Scratch? memory)
    {
        if (memory is null) return origin + (row * PerRow * size);
        view.Read(origin, row * PerRow, PerRow, memory.Pointer);
        return memory.Pointer;
    }

    /// <summary>The error of an index outside of its axis.</summary>
    public static ShapeException OutOfRange(string name, long index, int axis, int length) => new(length == 0
        ? $"{name}: index {index} is out of range for axis {axis} of length 0. The axis is empty."
        : $"{name}: index {index} is out of range for axis {axis} of length {length}. Use 0 to {length - 1}.");
}
