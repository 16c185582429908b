using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>The gradient of <see cref="CpuMaxPool{T}"/>: each window gives its cotangent to the elements that are its greatest, in equal shares.</summary>
/// <remarks>
/// An element takes its additions in order of the window positions: rows of positions and vectors in a row come in order, and the positions of a vector
/// reach an element with earlier window columns the later they are, so window columns are taken from the last.
/// </remarks>
internal sealed unsafe class CpuMaxPoolGradient<T> : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly SplitPlanes<T> split;
    private readonly PlaneView x;
    private readonly PlaneView greatest;
    private readonly PlaneView cotangent;
    private readonly int planeCount;

    public CpuMaxPoolGradient(SlidingWindow window, ReadOnlySpan<Operand> inputs)
    {
        split = new(window);
        planeCount = window.Lengths.Count;
        (x, greatest, cotangent) = (new(inputs[0].Layout, sizeof(T)), new(inputs[1].Layout, sizeof(T)), new(inputs[2].Layout, sizeof(T)));
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(x.Planes, (double)x.Planes * ((split.Rows * split.Columns * (2 + split.Offsets.Length)) + (planeCount * 0.5)), pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(x.Planes, chunk, (int)shared);
        // Vectors are read past the end of the results.
        int results = (split.Rows * split.Columns) + Vector<T>.Count, count = (2 * split.Count) + (2 * results);
        Scratch memory = scratch.Rent((nuint)(count * sizeof(T)));
        T* plane = (T*)memory.Pointer, gradient = plane + split.Count, most = gradient + split.Count, given = most + results;
        NativeMemory.Clear(plane, (nuint)(count * sizeof(T)));
        for (long i = first; i < end; i++)
        {
            split.Split((T*)operands[0] + x.Position(i), x.RowStride, x.ColumnStride, plane);
            if (i > first) NativeMemory.Clear(gradient, (nuint)(split.Count * sizeof(T)));
            greatest.Copy((T*)operands[1] + greatest.Position(i), most, split.Rows, split.Columns);
            cotangent.Copy((T*)operands[2] + cotangent.Position(i), given, split.Rows, split.Columns);
            Spread(plane, gradient, most, given);
            split.Join(gradient, (T*)operands[3] + (i * planeCount));
        }
        scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Spread(T* plane, T* gradient, T* results, T* cotangents)
    {
        int columns = split.Columns, size = split.Offsets.Length;
        fixed (int* offsets = split.Offsets)
        {
            for (int row = 0; row < split.Rows; row++)
            {
                for (int column = 0; column < columns; column += Vector<T>.Count)
                {
                    T* from = plane + column, to = gradient + column;
                    Vector<T> most = Vector.Load(results + column), given = Vector.Load(cotangents + column), count = Vector<T>.Zero;
                    for (int k = 0; k < size; k++) count += Vector.Equals(Vector.Load(from + offsets[k]), most) & Vector<T>.One;
                    // 1 / n times 0 or 1 is 0 / n or 1 / n: NaN where no element equals the result, because that is NaN.
                    Vector<T> share = Vector<T>.One / count;
                    Vector<T> inside = Vector.LessThan(Vector<T>.Indices, new Vector<T>(T.CreateTruncating(columns - column)));
                    for (int k = 0; k < size; k++)
                    {
                        Vector<T> chosen = Vector.Equals(Vector.Load(from + offsets[k]), most) & Vector<T>.One;
                        T* place = to + offsets[k];
                        Vector.Store(Vector.Load(place) + (given * (chosen * share) & inside), place);
                    }
                }
                plane += split.RowStep;
                gradient += split.RowStep;
                results += columns;
                cotangents += columns;
            }
        }
    }
}
