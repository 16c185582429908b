using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>h[t] = fma(a[t], h[t-1], b[t]) along an axis, each line a chain in index order.</summary>
internal sealed unsafe class CpuRecurrence<T>(RecurrenceKernel kernel, Operand a, Operand b) : CpuKernel where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly AxisLines linesA = new(a.Layout, kernel.Axis, sizeof(T));
    private readonly AxisLines linesB = new(b.Layout, kernel.Axis, sizeof(T));
    private readonly bool reverse = kernel.Reverse;

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(linesA.Blocks, linesA.Count * linesA.Length * 2.0, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(linesA.Blocks, chunk, (int)shared);
        T* copyA = stackalloc T[AxisLines.Block];
        T* copyB = stackalloc T[AxisLines.Block];
        for (long block = first; block < end; block++)
        {
            (long o, long start, int width) = linesA.BlockAt(block);
            T* a = (T*)operands[0] + linesA.Position(o);
            T* b = (T*)operands[1] + linesB.Position(o);
            T* h = (T*)operands[2] + (o * linesA.Length * linesA.InnerCount) + start;
            if (linesA.InnerCount == 1) Line(a, b, h);
            else Lines(a, b, h, start, width, copyA, copyB);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* a, T* b, T* h)
    {
        int length = linesA.Length;
        nint stepA = linesA.Step, stepB = linesB.Step;
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
    private void Lines(T* a, T* b, T* h, long start, int width, T* copyA, T* copyB)
    {
        int length = linesA.Length;
        nint stepA = linesA.Step, stepB = linesB.Step, innerCount = (nint)linesA.InnerCount;
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        T* last = h + (at * innerCount);
        Buffer.MemoryCopy(linesB.Read(b + (at * stepB), start, width, copyB), last, width * sizeof(T), width * sizeof(T));
        for (int i = 1; i < length; i++)
        {
            at += move;
            T* x = linesA.Read(a + (at * stepA), start, width, copyA), y = linesB.Read(b + (at * stepB), start, width, copyB);
            T* next = h + (at * innerCount);
            for (int j = 0; j < width; j++) next[j] = T.FusedMultiplyAdd(x[j], last[j], y[j]);
            last = next;
        }
    }
}
