using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The gradient of a convolution in its kernels: dw[o, k] = sum over (image, position) of dy[image, o, position] times what window element k sees there.
/// Images are taken in order; each continues the chains through dw.
/// </summary>
/// <remarks>Frame elements are zeros that are multiplied like others: with finite gradients they change no bit.</remarks>
internal sealed unsafe class CpuWeightGradient<T, TVector, TSimd> : CpuKernel
    where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    private const int DepthBlock = 512;

    private readonly ImagePlanes planes;
    private readonly WindowPositions positions;
    private readonly StridedView gradientRow;
    private readonly int imageStride;
    private readonly int gradientImage;
    private readonly int gradientChannel;
    private readonly int images;
    private readonly int groups;
    private readonly int planesPerGroup;
    private readonly int kernelCount;
    private readonly int rows;
    private readonly int columns;
    private readonly int panels;
    private readonly int strips;

    public CpuWeightGradient(ConvolutionWindow window, Operand image, Operand gradient, Operand output)
    {
        Shape dy = gradient.Layout.Shape;
        images = image.Layout.Shape[0];
        imageStride = image.Layout.Strides[0];
        groups = window.Groups;
        planesPerGroup = image.Layout.Shape[1] / groups;
        rows = dy[1] / groups;
        kernelCount = window.Kernel.Height * window.Kernel.Width;
        columns = planesPerGroup * kernelCount;
        Extent frame = new(window.Input.Height + (2 * window.Padding.Height), window.Input.Width + (2 * window.Padding.Width));
        planes = new(image.Layout, frame, window.Padding, 1);
        // Offsets of one channel: a panel of columns is cut from a few channels, whose planes are copied for it.
        int[] offsets = new int[columns];
        for (int k = 0; k < columns; k++)
        {
            (int c, int rest) = Math.DivRem(k, kernelCount);
            (int ky, int kx) = Math.DivRem(rest, window.Kernel.Width);
            offsets[k] = (((c * frame.Height) + (ky * window.Dilation.Height)) * frame.Width) + (kx * window.Dilation.Width);
        }
        positions = new(dy[3], dy[2] * dy[3], window.Stride.Height * frame.Width, window.Stride.Width, offsets);
        gradientRow = new(dy.Lengths[2..], gradient.Layout.Strides[2..], sizeof(T));
        (gradientImage, gradientChannel) = (gradient.Layout.Strides[0], gradient.Layout.Strides[1]);
        panels = (columns + TileColumns - 1) / TileColumns;
        strips = (rows + TileRows - 1) / TileRows;
    }

    private static int TileRows => TSimd.TileRows;

    private static int TileColumns => 3 * TSimd.Width;

    public override void Run(void** operands, WorkerPool pool)
    {
        if (images == 0)
        {
            NativeMemory.Clear(operands[2], (nuint)((long)groups * rows * columns * sizeof(T)));
            return;
        }
        double cost = (double)images * groups * positions.Count * columns * (0.2 + (rows * 0.01));
        int wanted = Chunks((long)groups * panels * strips, cost, pool.Threads);
        // Strips of one panel share what the windows see, so they are split only when there are few panels.
        int split = wanted <= groups * panels ? 1 : Math.Min(strips, (Math.Min(wanted, pool.Threads) + (groups * panels) - 1) / (groups * panels));
        int chunks = split == 1 ? Math.Min(wanted, groups * panels) : groups * panels * split;
        int* plan = stackalloc int[] { chunks, split };
        Parallel(0, chunks, operands, plan, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (int chunks, int split) = (((int*)shared)[0], ((int*)shared)[1]);
        (long first, long end) = split == 1 ? Part((long)groups * panels, chunk, chunks) : (chunk / split, (chunk / split) + 1);
        (long firstStrip, long endStrip) = split == 1 ? (0, strips) : Part(strips, chunk % split, split);
        int block = Math.Min(DepthBlock, positions.Count);
        int channels = Math.Min(planesPerGroup, ((TileColumns + kernelCount - 2) / kernelCount) + 1);
        long frameBytes = ((planes.Reserve(channels) * sizeof(T)) + 63) & ~63L;
        long linesBytes = (((((long)TileColumns * block) + 64) * sizeof(T)) + 63) & ~63L;
        long panelBytes = (long)TileColumns * block * sizeof(T);
        Scratch memory = scratch.Rent((nuint)(frameBytes + linesBytes + panelBytes + ((long)TileRows * block * sizeof(T))));
        var buffers = new Buffers
        {
            Frame = (T*)memory.Pointer,
            Lines = (T*)(memory.Pointer + frameBytes),
            Panel = (T*)(memory.Pointer + frameBytes + linesBytes),
            Strip = (T*)(memory.Pointer + frameBytes + linesBytes + panelBytes),
        };
        for (long unit = first; unit < end; unit++)
        {
            (long g, long panel) = Math.DivRem(unit, panels);
            for (int image = 0; image < images; image++)
                Panel(operands, image, (int)g, (int)panel * TileColumns, (int)firstStrip, (int)endStrip, buffers);
        }
        scratch.Return(memory);
    }

    /// <summary>What one image adds to some rows of a few neighbouring columns of dw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panel(void** operands, int image, int g, int column, int firstStrip, int endStrip, Buffers buffers)
    {
        int count = Math.Min(TileColumns, columns - column);
        int vectors = (count + TSimd.Width - 1) / TSimd.Width, width = vectors * TSimd.Width;
        int channel = column / kernelCount, last = (column + count - 1) / kernelCount;
        planes.Clear(last - channel + 1, buffers.Frame);
        planes.Copy((T*)operands[0] + ((nint)image * imageStride), (g * planesPerGroup) + channel, last - channel + 1, buffers.Frame);
        T* frame = buffers.Frame - ((nint)channel * planes.PlaneCount);
        T* gradient = (T*)operands[1] + ((nint)image * gradientImage) + ((nint)g * rows * gradientChannel);
        T* output = (T*)operands[2] + ((long)g * rows * columns) + column;
        for (int p = 0; p < positions.Count; p += DepthBlock)
        {
            int part = Math.Min(DepthBlock, positions.Count - p);
            positions.Gather(frame, p, part, column, count, buffers.Lines, part);
            GemmPacking.Pack(buffers.Lines, part, 1, count, part, buffers.Panel, width);
            for (int strip = firstStrip; strip < endStrip; strip++)
            {
                int r = strip * TileRows, height = Math.Min(TileRows, rows - r);
                T* a = gradient + ((nint)r * gradientChannel) + p;
                nint ars = gradientChannel;
                if (!gradientRow.IsContiguous)
                {
                    for (int i = 0; i < height; i++)
                        gradientRow.Read((byte*)(gradient + ((nint)(r + i) * gradientChannel)), p, part, (byte*)(buffers.Strip + ((nint)i * part)));
                    a = buffers.Strip;
                    ars = part;
                }
                GemmTiles<T, TVector, TSimd>.Run(height, vectors, part, a, ars, 1, buffers.Panel, width,
                    output + ((long)r * columns), columns, count - width + TSimd.Width, image > 0 || p > 0);
            }
        }
    }

    private struct Buffers
    {
        public T* Frame;
        public T* Lines;
        public T* Panel;
        public T* Strip;
    }
}
