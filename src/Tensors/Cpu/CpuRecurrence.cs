using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>h[t] = fma(a[t], h[t-1], b[t]) along an axis, each line a chain in index order.</summary>
internal sealed unsafe class CpuRecurrence<T> : CpuKernel where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int Block = 512;

    private readonly StridedView outerA;
    private readonly StridedView outerB;
    private readonly StridedView innerA;
    private readonly StridedView innerB;
    private readonly long outerCount;
    private readonly long innerCount;
    private readonly int length;
    private readonly int stepA;
    private readonly int stepB;
    private readonly bool reverse;
    private readonly long blocks;

    public CpuRecurrence(RecurrenceKernel kernel, Operand a, Operand b)
    {
        Shape shape = a.Layout.Shape;
        int axis = kernel.Axis;
        outerA = new(shape.Lengths[..axis], a.Layout.Strides[..axis], sizeof(T));
        outerB = new(shape.Lengths[..axis], b.Layout.Strides[..axis], sizeof(T));
        innerA = new(shape.Lengths[(axis + 1)..], a.Layout.Strides[(axis + 1)..], sizeof(T));
        innerB = new(shape.Lengths[(axis + 1)..], b.Layout.Strides[(axis + 1)..], sizeof(T));
        outerCount = shape[..axis].Count;
        innerCount = shape[(axis + 1)..].Count;
        length = shape[axis];
        stepA = a.Layout.Strides[axis];
        stepB = b.Layout.Strides[axis];
        reverse = kernel.Reverse;
        blocks = (innerCount + Block - 1) / Block;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(outerCount * blocks, outerCount * innerCount * length * 2.0, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(outerCount * blocks, chunk, (int)shared);
        T* lineA = stackalloc T[Block];
        T* lineB = stackalloc T[Block];
        for (long unit = first; unit < end; unit++)
        {
            (long o, long block) = Math.DivRem(unit, blocks);
            long start = block * Block;
            int width = (int)Math.Min(Block, innerCount - start);
            T* a = (T*)operands[0] + outerA.Position(o);
            T* b = (T*)operands[1] + outerB.Position(o);
            T* h = (T*)operands[2] + (o * length * innerCount) + start;
            if (innerCount == 1) Line(a, b, h);
            else Lines(a, b, h, start, width, lineA, lineB);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* a, T* b, T* h)
    {
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        T last = b[at * stepB];
        h[at] = last;
        for (int i = 1; i < length; i++)
        {
            at += move;
            last = T.FusedMultiplyAdd(a[at * stepA], last, b[at * stepB]);
            h[at] = last;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Lines(T* a, T* b, T* h, long start, int width, T* lineA, T* lineB)
    {
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        T* last = h + (at * innerCount);
        Buffer.MemoryCopy(Row(innerB, b + (at * stepB), start, width, lineB), last, width * sizeof(T), width * sizeof(T));
        for (int i = 1; i < length; i++)
        {
            at += move;
            T* x = Row(innerA, a + (at * stepA), start, width, lineA), y = Row(innerB, b + (at * stepB), start, width, lineB);
            T* next = h + (at * innerCount);
            for (int j = 0; j < width; j++) next[j] = T.FusedMultiplyAdd(x[j], last[j], y[j]);
            last = next;
        }
    }

    private static T* Row(StridedView view, T* row, long start, int width, T* line)
    {
        if (view.IsContiguous) return row + start;
        view.Read((byte*)row, start, width, (byte*)line);
        return line;
    }
}
