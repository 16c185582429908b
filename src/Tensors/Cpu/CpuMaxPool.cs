using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>The greatest element of every window over the last two axes, a vector of neighbouring windows at a time.</summary>
internal sealed unsafe class CpuMaxPool<T> : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly SplitPlanes<T> split;
    private readonly PlaneView x;

    public CpuMaxPool(SlidingWindow window, Operand input)
    {
        split = new(window);
        x = new(input.Layout, sizeof(T));
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(x.Planes, (double)x.Planes * split.Rows * split.Columns * (1 + (split.Offsets.Length * 0.3)), pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(x.Planes, chunk, (int)shared);
        int results = split.Rows * split.Columns;
        Scratch memory = scratch.Rent((nuint)((split.Count + results + Vector<T>.Count) * sizeof(T)));
        T* plane = (T*)memory.Pointer, result = plane + split.Count;
        NativeMemory.Clear(plane, (nuint)(split.Count * sizeof(T)));
        for (long i = first; i < end; i++)
        {
            split.Split((T*)operands[0] + x.Position(i), x.RowStride, x.ColumnStride, plane);
            Pool(plane, result);
            Buffer.MemoryCopy(result, (T*)operands[1] + (i * results), (long)results * sizeof(T), (long)results * sizeof(T));
        }
        scratch.Return(memory);
    }

    /// <summary>Pools a plane, row by row: the last vector of a row writes past its end, to where the next row goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pool(T* plane, T* result)
    {
        int columns = split.Columns, size = split.Offsets.Length;
        fixed (int* offsets = split.Offsets)
        {
            for (int row = 0; row < split.Rows; row++, plane += split.RowStep, result += columns)
            {
                for (int column = 0; column < columns; column += Vector<T>.Count)
                {
                    T* from = plane + column;
                    Vector<T> greatest = Vector.Load(from + offsets[0]);
                    for (int k = 1; k < size; k++) greatest = Vector.Max(greatest, Vector.Load(from + offsets[k]));
                    Vector.Store(greatest, result + column);
                }
            }
        }
    }
}

/// <summary>How the planes of a tensor [.., H, W] lie.</summary>
internal readonly struct PlaneView
{
    private readonly StridedView lead;

    public PlaneView(Layout layout, int elementSize)
    {
        lead = new(layout.Shape.Lengths[..^2], layout.Strides[..^2], elementSize);
        Planes = layout.Shape[..^2].Count;
        (RowStride, ColumnStride) = (layout.Strides[^2], layout.Strides[^1]);
    }

    public long Planes { get; }

    public int RowStride { get; }

    public int ColumnStride { get; }

    public nint Position(long plane) => lead.Position(plane);

    /// <summary>Copies a plane, row-major.</summary>
    public unsafe void Copy<T>(T* plane, T* target, int rows, int columns) where T : unmanaged
    {
        if (RowStride == columns * ColumnStride) (rows, columns) = (1, rows * columns);
        for (int row = 0; row < rows; row++, plane += RowStride, target += columns) StridedRun.Copy((byte*)plane, ColumnStride, (byte*)target, columns, sizeof(T));
    }
}
