using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// <see cref="CpuWeightGradient{T, TVector, TSimd}"/> for kernels that fill vectors: lanes are kernels and rows of a tile window elements, which are read in place from the framed image.
/// Only the gradient is copied, position by position. Images are taken in order, and positions in each.
/// </summary>
/// <remarks>Frame elements are zeros that are multiplied like others: with finite gradients they change no bit.</remarks>
internal sealed unsafe class CpuWeightLanes<T, TVector, TSimd> : CpuKernel
    where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    // Of the gradient, as much as stays close while all window elements pass over it.
    private const int BlockBytes = 256 << 10;

    private readonly ImagePlanes planes;
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
    private readonly int strips;
    private readonly int stripRows;
    private readonly int vectors;
    private readonly int blocks;
    private readonly int lines;
    private readonly int linePositions;
    private readonly int blockLines;
    private readonly Extent stride;
    private readonly int[] offsets;

    public CpuWeightLanes(ConvolutionWindow window, Operand image, Operand gradient)
    {
        Shape dy = gradient.Layout.Shape;
        images = image.Layout.Shape[0];
        imageStride = image.Layout.Strides[0];
        groups = window.Groups;
        planesPerGroup = image.Layout.Shape[1] / groups;
        rows = dy[1] / groups;
        kernelCount = window.Kernel.Height * window.Kernel.Width;
        columns = planesPerGroup * kernelCount;
        stride = window.Stride;
        Extent frame = new(window.Input.Height + (2 * window.Padding.Height), window.Input.Width + (2 * window.Padding.Width));
        planes = new(image.Layout, frame, window.Padding, 1);
        offsets = new int[columns];
        for (int k = 0; k < columns; k++)
        {
            (int c, int rest) = Math.DivRem(k, kernelCount);
            (int ky, int kx) = Math.DivRem(rest, window.Kernel.Width);
            offsets[k] = (((c * frame.Height) + (ky * window.Dilation.Height)) * frame.Width) + (kx * window.Dilation.Width);
        }
        gradientRow = new(dy.Lengths[2..], gradient.Layout.Strides[2..], sizeof(T));
        (gradientImage, gradientChannel) = (gradient.Layout.Strides[0], gradient.Layout.Strides[1]);
        strips = (columns + TSimd.TileRows - 1) / TSimd.TileRows;
        stripRows = (columns + strips - 1) / strips;
        strips = (columns + stripRows - 1) / stripRows;
        vectors = (rows + TSimd.Width - 1) / TSimd.Width;
        blocks = (vectors + 2) / 3;
        (lines, linePositions) = (dy[2], dy[3]);
        blockLines = (int)Math.Clamp(BlockBytes / ((long)linePositions * Lanes * sizeof(T)), 1, lines);
    }

    private int Lanes => vectors * TSimd.Width;

    /// <summary>Whether this is the faster of the two: lanes without a kernel weigh as much here as lanes without a window element there, where these are copied as well.</summary>
    public static bool Suits(int kernels, int windowElements)
    {
        static long whole(int count) => (count + TSimd.Width - 1) / TSimd.Width * TSimd.Width;
        return whole(kernels) * windowElements * 4 <= kernels * whole(windowElements) * 5;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        double cost = (double)images * groups * lines * linePositions * columns * (0.05 + (vectors * 0.15));
        int chunks = Chunks((long)groups * strips, cost, pool.Threads);
        // Every chunk of a group copies the gradient again, which many window elements pay for.
        chunks = Math.Min(chunks, Math.Max(groups, Math.Clamp(columns / 200, 1, 4) * pool.Threads));
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part((long)groups * strips, chunk, (int)shared);
        int most = (int)Math.Min(end - first, strips) * stripRows;
        int channels = Math.Min(planesPerGroup, ((most + kernelCount - 2) / kernelCount) + 1);
        long frameCount = (planes.Reserve(channels) + 15) & ~15L, sumCount = (long)most * Lanes, gradientCount = (long)blockLines * linePositions * Lanes;
        long lineCount = gradientRow.IsContiguous ? 0 : (long)blockLines * linePositions * rows;
        Scratch memory = scratch.Rent((nuint)((frameCount + sumCount + gradientCount + lineCount) * sizeof(T)));
        T* frame = (T*)memory.Pointer, sums = frame + frameCount, gradient = sums + sumCount;
        while (first < end)
        {
            (long g, long strip) = Math.DivRem(first, strips);
            long count = Math.Min(end - first, strips - strip);
            var part = new Range((int)g, (int)strip * stripRows, (int)Math.Min(columns, (strip + count) * stripRows));
            NativeMemory.Clear(sums, (nuint)(sumCount * sizeof(T)));
            int channel = part.First / kernelCount, last = (part.End - 1) / kernelCount;
            planes.Clear(last - channel + 1, frame);
            for (int image = 0; image < images; image++)
            {
                planes.Copy((T*)operands[0] + ((nint)image * imageStride), (part.Group * planesPerGroup) + channel, last - channel + 1, frame);
                T* from = (T*)operands[1] + ((nint)image * gradientImage) + ((nint)part.Group * rows * gradientChannel);
                for (int line = 0; line < lines; line += blockLines)
                {
                    int height = Math.Min(blockLines, lines - line);
                    Arrange(from, line * linePositions, height * linePositions, gradient, gradient + gradientCount);
                    T* origin = frame - ((nint)channel * planes.PlaneCount) + ((nint)line * stride.Height * planes.Frame.Width);
                    Accumulate(origin, height, part, gradient, sums);
                }
            }
            GemmPacking.Transpose(sums, Lanes, part.End - part.First, rows, (T*)operands[2] + ((long)part.Group * rows * columns) + part.First, columns);
            first += count;
        }
        scratch.Return(memory);
    }

    /// <summary>Copies the gradient at some positions: block by block of kernels, position by position, kernels next to each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Arrange(T* from, int position, int count, T* target, T* contiguous)
    {
        nint channel = gradientChannel;
        if (!gradientRow.IsContiguous)
        {
            for (int r = 0; r < rows; r++) gradientRow.Read((byte*)(from + (r * channel)), position, count, (byte*)(contiguous + ((nint)r * count)));
            channel = count;
        }
        from = gradientRow.IsContiguous ? from + position : contiguous;
        for (int block = 0; block < blocks; block++)
        {
            (long first, long end) = Part(vectors, block, blocks);
            int lane = (int)first * TSimd.Width, width = (int)(end - first) * TSimd.Width;
            GemmPacking.Pack(from + (lane * channel), channel, 1, Math.Min(width, rows - lane), count, target + ((nint)lane * count), width);
        }
    }

    /// <summary>What some rows of positions of an image add.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Accumulate(T* origin, int height, Range part, T* gradient, T* sums)
    {
        nint lineStep = ((nint)stride.Height * planes.Frame.Width) - ((nint)linePositions * stride.Width);
        fixed (int* table = offsets)
        {
            for (int block = 0; block < blocks; block++)
            {
                (long first, long end) = Part(vectors, block, blocks);
                int lane = (int)first * TSimd.Width;
                for (int k = part.First; k < part.End; k += stripRows)
                {
                    ConvolutionTiles<T, TVector, TSimd>.RunWeights(Math.Min(stripRows, part.End - k), (int)(end - first), height, linePositions, origin, stride.Width, lineStep,
                        table + k, gradient + ((nint)lane * height * linePositions), sums + ((nint)(k - part.First) * Lanes) + lane, Lanes);
                }
            }
        }
    }

    /// <summary>Some window elements of a group.</summary>
    private readonly record struct Range(int Group, int First, int End);
}
