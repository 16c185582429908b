using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The planes [C, H, W] of one image, copied into a frame of zeros, with zeros between the elements where asked for: what the windows of a convolution read without a test.
/// </summary>
internal sealed unsafe class ImagePlanes
{
    // Whole vectors are read past the end of a line.
    private const int Slack = 64;

    private readonly int height;
    private readonly int width;
    private readonly int channelStride;
    private readonly int rowStride;
    private readonly int columnStride;
    private readonly Extent start;
    private readonly Extent step;
    private readonly bool framed;

    /// <param name="image">Layout of the images [N, C, H, W].</param>
    /// <param name="frame">Height and width of a plane with its frame.</param>
    /// <param name="start">Where element (0, 0) goes.</param>
    /// <param name="step">Distance of neighbours in the frame.</param>
    public ImagePlanes(Layout image, Extent frame, Extent start, Extent step)
    {
        (height, width) = (image.Shape[2], image.Shape[3]);
        (channelStride, rowStride, columnStride) = (image.Strides[1], image.Strides[2], image.Strides[3]);
        this.start = start;
        this.step = step;
        Frame = frame;
        framed = frame.Height != height || frame.Width != width;
    }

    /// <summary>Height and width of a plane with its frame.</summary>
    public Extent Frame { get; }

    /// <summary>Elements of a plane with its frame.</summary>
    public int PlaneCount => Frame.Height * Frame.Width;

    /// <summary>Elements to reserve for some planes.</summary>
    public long Reserve(int planes) => ((long)planes * PlaneCount) + Slack;

    /// <summary>Sets what <see cref="Copy"/> leaves as it is: the frame, the space between elements, and what lies behind the last plane.</summary>
    public void Clear<T>(int count, T* target) where T : unmanaged =>
        NativeMemory.Clear(framed ? target : target + ((long)count * PlaneCount), (nuint)((framed ? Reserve(count) : Slack) * sizeof(T)));

    /// <summary>Copies planes [first, first + count) of the image at <paramref name="image"/> into planes that were cleared once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Copy<T>(T* image, int first, int count, T* target) where T : unmanaged
    {
        for (int c = 0; c < count; c++)
        {
            T* plane = image + ((nint)(first + c) * channelStride);
            T* to = target + ((nint)c * PlaneCount) + (start.Height * Frame.Width) + start.Width;
            if (!framed && columnStride == 1 && rowStride == width)
            {
                Buffer.MemoryCopy(plane, to, (long)PlaneCount * sizeof(T), (long)PlaneCount * sizeof(T));
                continue;
            }
            for (int y = 0; y < height; y++)
            {
                T* from = plane + ((nint)y * rowStride);
                T* row = to + ((nint)y * step.Height * Frame.Width);
                if (columnStride == 1 && step.Width == 1 && width * sizeof(T) >= 32) CopyRow((byte*)from, (byte*)row, width * sizeof(T));
                else if (step.Width == 1) StridedRun.Copy((byte*)from, columnStride, (byte*)row, width, sizeof(T));
                else for (int x = 0; x < width; x++) row[x * step.Width] = from[(nint)x * columnStride];
            }
        }
    }

    /// <summary>Copies at least 32 bytes; the last vector overlaps the one before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow(byte* from, byte* to, int bytes)
    {
        int last = bytes - 32;
        for (int i = 0; i < last; i += 32) Unsafe.WriteUnaligned(to + i, Unsafe.ReadUnaligned<Vector256<byte>>(from + i));
        Unsafe.WriteUnaligned(to + last, Unsafe.ReadUnaligned<Vector256<byte>>(from + last));
    }
}

/// <summary>The positions of a window over framed planes, and where its elements lie relative to a position.</summary>
/// <param name="Columns">Positions per row.</param>
/// <param name="Count">Positions.</param>
/// <param name="RowStep">Elements of a frame from one row of positions to the next.</param>
/// <param name="ColumnStep">Elements from one position to the next.</param>
/// <param name="Offsets">Offset of every window element, channel by channel.</param>
internal sealed unsafe record WindowPositions(int Columns, int Count, int RowStep, int ColumnStep, int[] Offsets)
{
    /// <summary>
    /// target[k * width + i] = the element that window element first + k sees at position <paramref name="position"/> + i. Up to a vector behind each line is overwritten;
    /// lines are written in order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Gather<T>(T* planes, int position, int count, int first, int depth, T* target, int width) where T : unmanaged
    {
        fixed (int* offsets = Offsets)
        {
            (int row, int column) = Math.DivRem(position, Columns);
            int lead = Math.Min(count, Columns - column);
            T* origin = planes + ((nint)row * RowStep) + ((nint)column * ColumnStep);
            T* nextRow = planes + ((nint)(row + 1) * RowStep);
            for (int k = 0; k < depth; k++, target += width)
            {
                nint offset = offsets[first + k];
                Line(origin + offset, target, lead);
                T* from = nextRow + offset;
                for (int done = lead; done < count; done += Columns, from += RowStep) Line(from, target + done, Math.Min(Columns, count - done));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Line<T>(T* from, T* to, int count) where T : unmanaged
    {
        if (ColumnStep == 1)
        {
            for (int i = 0; i < count * sizeof(T); i += 32)
                Unsafe.WriteUnaligned((byte*)to + i, Unsafe.ReadUnaligned<Vector256<byte>>((byte*)from + i));
            return;
        }
        for (int i = 0; i < count; i++) to[i] = from[(nint)i * ColumnStep];
    }
}
