using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// A way to read the elements of a layout in row-major order, any range of them at a time. Axes that lie on one line are joined first.
/// </summary>
internal sealed unsafe class StridedView
{
    private const int ShortRun = 24;

    private readonly int[] lengths;
    private readonly int[] strides;
    private readonly int size;

    public StridedView(ReadOnlySpan<int> lengths, ReadOnlySpan<int> strides, int elementSize)
    {
        (this.lengths, int[][] joined) = AxisJoining.Join(lengths, [strides.ToArray()]);
        this.strides = joined[0];
        size = elementSize;
    }

    public StridedView(Layout layout, int elementSize)
        : this(layout.Shape.Lengths, layout.Strides, elementSize)
    {
    }

    /// <summary>Axis lengths after joining; none of them is 1, so a scalar has no axis.</summary>
    public ReadOnlySpan<int> Lengths => lengths;

    /// <summary>Element distance per joined axis.</summary>
    public ReadOnlySpan<int> Strides => strides;

    /// <summary>True when the elements lie next to each other in row-major order.</summary>
    public bool IsContiguous => lengths.Length == 0 || (lengths.Length == 1 && strides[0] == 1);

    /// <summary>True when every element is the same memory.</summary>
    public bool IsScalar => lengths.Length == 0 || (lengths.Length == 1 && strides[0] == 0);

    /// <summary>Position of an element, counted in elements from the origin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Position(long index)
    {
        if (lengths.Length <= 1) return lengths.Length == 0 ? 0 : (nint)index * strides[0];
        nint position = 0;
        for (int axis = lengths.Length - 1; axis >= 0; axis--)
        {
            (index, long i) = Math.DivRem(index, lengths[axis]);
            position += (nint)(i * strides[axis]);
        }
        return position;
    }

    /// <summary>Positions of elements [start, start + count) of the row-major order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Positions(long start, int count, nint* positions)
    {
        int* index = stackalloc int[lengths.Length];
        nint position = Seek(start, index);
        for (int i = 0; i < count; i++)
        {
            positions[i] = position;
            position = Next(lengths.Length - 1, index, position);
        }
    }

    /// <summary>Copies elements [start, start + count) of the row-major order.</summary>
    /// <param name="origin">Address of element (0, 0, ...).</param>
    /// <param name="start">First element.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Where to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(byte* origin, long start, long count, byte* destination)
    {
        if (count <= 0) return;
        if (IsContiguous)
        {
            Buffer.MemoryCopy(origin + (start * size), destination, count * size, count * size);
            return;
        }
        int inner = lengths.Length - 1;
        int* index = stackalloc int[lengths.Length];
        nint position = Seek(start, index);
        int length = lengths[inner];
        nint step = strides[inner];
        if (length <= ShortRun)
        {
            switch (size)
            {
                case 1: ReadShort(origin, position, index, count, destination); break;
                case 2: ReadShort((ushort*)origin, position, index, count, (ushort*)destination); break;
                case 4: ReadShort((uint*)origin, position, index, count, (uint*)destination); break;
                default: ReadShort((ulong*)origin, position, index, count, (ulong*)destination); break;
            }
            return;
        }
        while (true)
        {
            long run = Math.Min(length - index[inner], count);
            StridedRun.Copy(origin + (position * size), step, destination, run, size);
            count -= run;
            if (count == 0) return;
            destination += run * size;
            position -= index[inner] * step;
            index[inner] = 0;
            position = Next(inner - 1, index, position);
        }
    }

    /// <summary>The index and the position of an element of the row-major order.</summary>
    private nint Seek(long element, int* index)
    {
        nint position = 0;
        for (int axis = lengths.Length - 1; axis >= 0; axis--)
        {
            (element, long i) = Math.DivRem(element, lengths[axis]);
            index[axis] = (int)i;
            position += (nint)(i * strides[axis]);
        }
        return position;
    }

    /// <summary>Moves on along an axis, from its end to its start and along the one before; gives the position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint Next(int axis, int* index, nint position)
    {
        for (; axis >= 0; axis--)
        {
            position += strides[axis];
            if (++index[axis] < lengths[axis]) break;
            position -= (nint)strides[axis] * lengths[axis];
            index[axis] = 0;
        }
        return position;
    }

    /// <summary>Many short runs: cheaper to copy element by element than to choose a way of copying for each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadShort<T>(T* origin, nint position, int* index, long count, T* destination) where T : unmanaged
    {
        int inner = lengths.Length - 1, length = lengths[inner];
        nint step = strides[inner];
        while (true)
        {
            T* from = origin + position;
            int run = (int)Math.Min(length - index[inner], count);
            for (int i = 0; i < run; i++, from += step) destination[i] = *from;
            count -= run;
            if (count == 0) return;
            destination += run;
            position -= index[inner] * step;
            index[inner] = 0;
            position = Next(inner - 1, index, position);
        }
    }
}
