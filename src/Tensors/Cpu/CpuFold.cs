using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>The transpose of sliding windows: every window element added to its place.</summary>
/// <remarks>
/// An output element takes its additions in order of the window positions. Along the last windowed axis later positions reach it with earlier window elements,
/// so there the window elements are taken backwards, and one loop may run over all positions at once.
/// </remarks>
internal sealed unsafe class CpuFold<T> : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly StridedView lead;
    private readonly long slices;
    private readonly long sliceCount;
    private readonly long elements;
    private readonly Loop[] outerLoops;
    private readonly int positions;
    private readonly int size;
    private readonly int fromPosition;
    private readonly int toPosition;
    private readonly int fromSize;
    private readonly int toSize;

    public CpuFold(SlidingWindow window, Operand input)
    {
        Layout from = input.Layout;
        int axes = window.Size.Rank, first = from.Shape.Rank - (2 * axes);
        lead = new(from.Shape.Lengths[..first], from.Strides[..first], sizeof(T));
        slices = from.Shape[..first].Count;
        sliceCount = window.Lengths.Count;
        elements = slices == 0 ? 0 : from.Shape.Count / slices;
        int[] strides = Layout.RowMajor(window.Lengths);
        Shape counts = window.Positions;
        // Positions of all axes but the last come first, in order; for each, the window elements of those axes go to different places.
        var loops = new List<Loop>();
        for (int a = 0; a < axes - 1; a++) loops.Add(new(counts[a], from.Strides[first + a], strides[a] * window.Stride[a]));
        for (int a = 0; a < axes - 1; a++) loops.Add(new(window.Size[a], from.Strides[first + axes + a], strides[a] * window.Dilation[a]));
        outerLoops = [.. loops];
        positions = axes == 0 ? 1 : counts[axes - 1];
        size = axes == 0 ? 1 : window.Size[axes - 1];
        if (axes == 0) return;
        (fromPosition, toPosition) = (from.Strides[first + axes - 1], window.Stride[axes - 1]);
        (fromSize, toSize) = (from.Strides[^1], window.Dilation[axes - 1]);
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(slices, slices * ((elements * 1.0) + (sliceCount * 0.1)), pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(slices, chunk, (int)shared);
        int* index = stackalloc int[outerLoops.Length + 1];
        for (long slice = first; slice < end; slice++)
        {
            T* x = (T*)operands[0] + lead.Position(slice), y = (T*)operands[1] + (slice * sliceCount);
            NativeMemory.Clear(y, (nuint)(sliceCount * sizeof(T)));
            if (elements > 0) Slice(x, y, index);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Slice(T* x, T* y, int* index)
    {
        for (int i = 0; i < outerLoops.Length; i++) index[i] = 0;
        while (true)
        {
            for (int k = size - 1; k >= 0; k--) Line(x + ((nint)k * fromSize), y + ((nint)k * toSize));
            int axis = outerLoops.Length - 1;
            for (; axis >= 0; axis--)
            {
                Loop loop = outerLoops[axis];
                x += loop.From;
                y += loop.To;
                if (++index[axis] < loop.Count) break;
                x -= (nint)loop.From * loop.Count;
                y -= (nint)loop.To * loop.Count;
                index[axis] = 0;
            }
            if (axis < 0) return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* x, T* y)
    {
        if (fromPosition == 1 && toPosition == 1)
        {
            VectorAdd.Into(y, x, positions);
            return;
        }
        for (int o = 0; o < positions; o++, x += fromPosition, y += toPosition) *y += *x;
    }

    private readonly record struct Loop(int Count, int From, int To);
}
