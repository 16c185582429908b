using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary><see cref="CpuWeightPass{T}"/> with window elements as lanes, which are gathered from the framed image; each image continues the chains through dw.</summary>
internal sealed unsafe class CpuWeightGradient<T, TVector, TSimd> : CpuWeightPass<T>
    where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    private const int DepthBlock = 512;

    private readonly WindowPositions positions;
    private readonly int panels;
    private readonly int strips;

    public CpuWeightGradient(ConvolutionWindow window, Operand image, Operand gradient)
        : base(window, image, gradient)
    {
        Shape dy = gradient.Layout.Shape;
        positions = new(dy[3], dy[2] * dy[3], window.Stride.Height * Planes.Frame.Width, window.Stride.Width, Offsets);
        panels = (Columns + TileColumns - 1) / TileColumns;
        strips = (Rows + TileRows - 1) / TileRows;
    }

    private static int TileRows => TSimd.TileRows;

    private static int TileColumns => 3 * TSimd.Width;

    public override void Run(void** operands, WorkerPool pool)
    {
        if (Images == 0)
        {
            NativeMemory.Clear(operands[2], (nuint)((long)Groups * Rows * Columns * sizeof(T)));
            return;
        }
        double cost = (double)Images * Groups * positions.Count * Columns * (0.2 + (Rows * 0.01));
        int wanted = Chunks((long)Groups * panels * strips, cost, pool.Threads);
        // Strips of one panel share what the windows see, so they are split only when there are few panels.
        int split = wanted <= Groups * panels ? 1 : Math.Min(strips, (Math.Min(wanted, pool.Threads) + (Groups * panels) - 1) / (Groups * panels));
        int chunks = split == 1 ? Math.Min(wanted, Groups * panels) : Groups * panels * split;
        int* plan = stackalloc int[] { chunks, split };
        Parallel(0, chunks, operands, plan, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (int chunks, int split) = (((int*)shared)[0], ((int*)shared)[1]);
        (long first, long end) = split == 1 ? Part((long)Groups * panels, chunk, chunks) : (chunk / split, (chunk / split) + 1);
        (long firstStrip, long endStrip) = split == 1 ? (0, strips) : Part(strips, chunk % split, split);
        int block = Math.Min(DepthBlock, positions.Count);
        int channels = Math.Min(PlanesPerGroup, ((TileColumns + KernelCount - 2) / KernelCount) + 1);
        long frameBytes = ((Planes.Reserve(channels) * sizeof(T)) + 63) & ~63L;
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
            for (int image = 0; image < Images; image++)
                Panel(operands, image, (int)g, (int)panel * TileColumns, (int)firstStrip, (int)endStrip, buffers);
        }
        scratch.Return(memory);
    }

    /// <summary>What one image adds to some rows of a few neighbouring columns of dw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panel(void** operands, int image, int g, int column, int firstStrip, int endStrip, Buffers buffers)
    {
        int count = Math.Min(TileColumns, Columns - column);
        int vectors = (count + TSimd.Width - 1) / TSimd.Width, width = vectors * TSimd.Width;
        // Only the planes of the channels that the columns are cut from are copied.
        int channel = column / KernelCount, last = (column + count - 1) / KernelCount;
        Planes.Clear(last - channel + 1, buffers.Frame);
        Planes.Copy(Image(operands, image), (g * PlanesPerGroup) + channel, last - channel + 1, buffers.Frame);
        T* frame = buffers.Frame - ((nint)channel * Planes.PlaneCount);
        T* gradient = Gradient(operands, image, g);
        T* output = (T*)operands[2] + ((long)g * Rows * Columns) + column;
        for (int p = 0; p < positions.Count; p += DepthBlock)
        {
            int part = Math.Min(DepthBlock, positions.Count - p);
            positions.Gather(frame, p, part, column, count, buffers.Lines, part);
            GemmPacking.Pack(buffers.Lines, part, 1, count, part, buffers.Panel, width);
            for (int strip = firstStrip; strip < endStrip; strip++)
            {
                int r = strip * TileRows, height = Math.Min(TileRows, Rows - r);
                T* a = gradient + ((nint)r * GradientChannel) + p;
                nint ars = GradientChannel;
                if (!GradientRow.IsContiguous)
                {
                    for (int i = 0; i < height; i++)
                        GradientRow.Read((byte*)(gradient + ((nint)(r + i) * GradientChannel)), p, part, (byte*)(buffers.Strip + ((nint)i * part)));
                    a = buffers.Strip;
                    ars = part;
                }
                GemmTiles<T, TVector, TSimd>.Run(height, vectors, part, a, ars, 1, buffers.Panel, width,
                    output + ((long)r * Columns), Columns, count - width + TSimd.Width, image > 0 || p > 0);
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
