using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Planes [H, W] with the columns of every row sorted by their remainder modulo the stride of windows, so that neighbouring windows see neighbouring elements.
/// Row y is <see cref="RowLength"/> elements long; element x is element x / stride of line x % stride, and lines are whole vectors with room to read past their end.
/// </summary>
internal sealed unsafe class SplitPlanes<T> where T : unmanaged
{
    // Elements of two vectors, which are taken apart or put together at once.
    private const int Pairs = 8;

    private readonly int height;
    private readonly int width;
    private readonly int stride;
    private readonly int line;

    public SplitPlanes(SlidingWindow window)
    {
        (height, width, stride) = (window.Lengths[0], window.Lengths[1], window.Stride[1]);
        Rows = window.Positions[0];
        Columns = window.Positions[1];
        // The last vector of positions reads up to a vector behind what the last window element sees.
        line = Vector<T>.Count + ((Math.Max((width + stride - 1) / stride, Columns + (window.Dilation[1] * (window.Size[1] - 1) / stride)) + Vector<T>.Count - 1)
            / Vector<T>.Count * Vector<T>.Count);
        RowLength = stride * line;
        RowStep = window.Stride[0] * RowLength;
        Offsets = new int[window.Size.Count];
        for (int i = 0; i < Offsets.Length; i++)
        {
            (int ky, int kx) = Math.DivRem(i, window.Size[1]);
            kx = window.Dilation[1] * (window.Size[1] - 1 - kx);
            Offsets[i] = (ky * window.Dilation[0] * RowLength) + (kx % stride * line) + (kx / stride);
        }
    }

    /// <summary>Rows of window positions.</summary>
    public int Rows { get; }

    /// <summary>Window positions in a row.</summary>
    public int Columns { get; }

    /// <summary>Elements of a row.</summary>
    public int RowLength { get; }

    /// <summary>Elements from one row of positions to the next.</summary>
    public int RowStep { get; }

    /// <summary>Elements of a plane.</summary>
    public int Count => height * RowLength;

    /// <summary>Where window elements lie relative to a position: rows from the first, columns from the last, the order in which positions of a vector reach a shared element.</summary>
    public int[] Offsets { get; }

    /// <summary>Fills a plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Split(T* plane, nint rowStride, nint columnStride, T* target)
    {
        for (int y = 0; y < height; y++, plane += rowStride, target += RowLength)
        {
            if (stride == 1)
            {
                StridedRun.Copy((byte*)plane, columnStride, (byte*)target, width, sizeof(T));
                continue;
            }
            int x = 0;
            if (stride == 2 && columnStride == 1 && width >= Pairs && sizeof(T) == sizeof(float) && Sse.IsSupported)
            {
                // The last vectors overlap those before them.
                for (int whole = width & ~1; x < whole; x += Pairs)
                {
                    x = Math.Min(x, whole - Pairs);
                    Vector128<float> a = Vector128.Load((float*)plane + x), b = Vector128.Load((float*)plane + x + 4);
                    Sse.Shuffle(a, b, 0b10_00_10_00).Store((float*)target + (x / 2));
                    Sse.Shuffle(a, b, 0b11_01_11_01).Store((float*)target + line + (x / 2));
                }
            }
            for (int at = x / stride, r = x % stride; x < width; x++)
            {
                target[(r * line) + at] = plane[x * columnStride];
                if (++r == stride) (r, at) = (0, at + 1);
            }
        }
    }

    /// <summary>The inverse of <see cref="Split"/>, to a row-major plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Join(T* source, T* plane)
    {
        for (int y = 0; y < height; y++, plane += width, source += RowLength)
        {
            if (stride == 1)
            {
                StridedRun.Copy((byte*)source, 1, (byte*)plane, width, sizeof(T));
                continue;
            }
            int x = 0;
            if (stride == 2 && width >= Pairs && sizeof(T) == sizeof(float) && Sse.IsSupported)
            {
                for (int whole = width & ~1; x < whole; x += Pairs)
                {
                    x = Math.Min(x, whole - Pairs);
                    Vector128<float> even = Vector128.Load((float*)source + (x / 2)), odd = Vector128.Load((float*)source + line + (x / 2));
                    Sse.UnpackLow(even, odd).Store((float*)plane + x);
                    Sse.UnpackHigh(even, odd).Store((float*)plane + x + 4);
                }
            }
            for (int at = x / stride, r = x % stride; x < width; x++)
            {
                plane[x] = source[(r * line) + at];
                if (++r == stride) (r, at) = (0, at + 1);
            }
        }
    }
}
