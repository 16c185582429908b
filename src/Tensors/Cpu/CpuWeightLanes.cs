using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// <see cref="CpuWeightGradient{T, TVector, TSimd}"/> for kernels that fill vectors: lanes are kernels and rows of a tile window elements, which are read in place from the framed image.
/// Only the gradient is copied, position by position.
/// </summary>
internal sealed unsafe class CpuWeightLanes<T, TVector, TSimd> : CpuWeightPass<T>
    where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    // Of the gradient, as much as stays close while all window elements pass over it.
    private const int BlockBytes = 256 << 10;

    private readonly int strips;
    private readonly int stripRows;
    private readonly int vectors;
    private readonly int blocks;
    private readonly int lines;
    private readonly int linePositions;
    private readonly int blockLines;
    private readonly Extent stride;

    public CpuWeightLanes(ConvolutionWindow window, Operand image, Operand gradient)
        : base(window, image, gradient)
    {
        stride = window.Stride;
        strips = (Columns + TSimd.TileRows - 1) / TSimd.TileRows;
        stripRows = (Columns + strips - 1) / strips;
        strips = (Columns + stripRows - 1) / stripRows;
        vectors = (Rows + TSimd.Width - 1) / TSimd.Width;
        blocks = (vectors + 2) / 3;
        (lines, linePositions) = (gradient.Layout.Shape[2], gradient.Layout.Shape[3]);
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
        double cost = (double)Images * Groups * lines * linePositions * Columns * (0.05 + (vectors * 0.15));
        int chunks = Chunks((long)Groups * strips, cost, pool.Threads);
        // Every chunk of a group copies the gradient again, which many window elements pay for.
        chunks = Math.Min(chunks, Math.Max(Groups, Math.Clamp(Columns / 200, 1, 4) * pool.Threads));
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part((long)Groups * strips, chunk, (int)shared);
        int most = (int)Math.Min(end - first, strips) * stripRows;
        int channels = Math.Min(PlanesPerGroup, ((most + KernelCount - 2) / KernelCount) + 1);
        long frameCount = (Planes.Reserve(channels) + 15) & ~15L, sumCount = (long)most * Lanes, gradientCount = (long)blockLines * linePositions * Lanes;
        long lineCount = GradientRow.IsContiguous ? 0 : (long)blockLines * linePositions * Rows;
        Scratch memory = scratch.Rent((nuint)((frameCount + sumCount + gradientCount + lineCount) * sizeof(T)));
        T* frame = (T*)memory.Pointer, sums = frame + frameCount, gradient = sums + sumCount;
        while (first < end)
        {
            (long g, long strip) = Math.DivRem(first, strips);
            long count = Math.Min(end - first, strips - strip);
            var part = new Range((int)g, (int)strip * stripRows, (int)Math.Min(Columns, (strip + count) * stripRows));
            NativeMemory.Clear(sums, (nuint)(sumCount * sizeof(T)));
            int channel = part.First / KernelCount, last = (part.End - 1) / KernelCount;
            Planes.Clear(last - channel + 1, frame);
            for (int image = 0; image < Images; image++)
            {
                Planes.Copy(Image(operands, image), (part.Group * PlanesPerGroup) + channel, last - channel + 1, frame);
                T* from = Gradient(operands, image, part.Group);
                for (int line = 0; line < lines; line += blockLines)
                {
                    int height = Math.Min(blockLines, lines - line);
                    Arrange(from, line * linePositions, height * linePositions, gradient, gradient + gradientCount);
                    T* origin = frame - ((nint)channel * Planes.PlaneCount) + ((nint)line * stride.Height * Planes.Frame.Width);
                    Accumulate(origin, height, part, gradient, sums);
                }
            }
            GemmPacking.Transpose(sums, Lanes, part.End - part.First, Rows, (T*)operands[2] + ((long)part.Group * Rows * Columns) + part.First, Columns);
            first += count;
        }
        scratch.Return(memory);
    }

    /// <summary>Copies the gradient at some positions: block by block of kernels, position by position, kernels next to each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Arrange(T* from, int position, int count, T* target, T* contiguous)
    {
        nint channel = GradientChannel;
        if (!GradientRow.IsContiguous)
        {
            for (int r = 0; r < Rows; r++) GradientRow.Read((byte*)(from + (r * channel)), position, count, (byte*)(contiguous + ((nint)r * count)));
            channel = count;
        }
        from = GradientRow.IsContiguous ? from + position : contiguous;
        for (int block = 0; block < blocks; block++)
        {
            (long first, long end) = Part(vectors, block, blocks);
            int lane = (int)first * TSimd.Width, width = (int)(end - first) * TSimd.Width;
            GemmPacking.Pack(from + (lane * channel), channel, 1, Math.Min(width, Rows - lane), count, target + ((nint)lane * count), width);
        }
    }

    /// <summary>What some rows of positions of an image add.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Accumulate(T* origin, int height, Range part, T* gradient, T* sums)
    {
        nint lineStep = ((nint)stride.Height * Planes.Frame.Width) - ((nint)linePositions * stride.Width);
        fixed (int* table = Offsets)
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
