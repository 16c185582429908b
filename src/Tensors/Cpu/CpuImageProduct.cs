using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// A convolution forward, or its gradient in the images, which is a convolution too: of the spread and framed gradient, with the kernel turned around.
/// Per image and group a matrix product: kernels [rows, k] times what the windows see [k, positions].
/// </summary>
/// <remarks>
/// Tiles run along k = (plane, ky, kx) in order, whatever the shape. They read the framed image in place where neighbouring positions see neighbouring elements and rows of
/// positions fill vectors well; else what the windows see is copied to panels of positions first. Frame elements are zeros that are multiplied like others, so a result is that of an image padded beforehand:
/// with finite kernels they change no bit.
/// </remarks>
internal sealed unsafe class CpuImageProduct<T, TVector, TSimd> : CpuKernel
    where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    private const int DepthBlock = 512;
    private const int Header = 64;

    private readonly ImagePlanes planes;
    private readonly WindowPositions positions;
    private readonly int imageStride;
    private readonly int images;
    private readonly int groups;
    private readonly int planesPerGroup;
    private readonly int rows;
    private readonly int depth;
    private readonly int strips;
    private readonly int stripRows;
    private readonly bool inPlace;
    private readonly int rowVectors;
    private readonly int vectors;
    private readonly int panels;
    private readonly nint[] weightOffsets;
    private readonly nint weightRow;
    private readonly nint weightGroup;
    private readonly ProductEpilogue? epilogue;

    public CpuImageProduct(ConvolutionPass pass, ConvolutionWindow window, Operand image, Operand weights, Operand output, ProductEpilogue? epilogue)
    {
        this.epilogue = epilogue;
        Shape w = weights.Layout.Shape, y = output.Layout.Shape;
        ReadOnlySpan<int> strides = weights.Layout.Strides;
        Extent dilation = window.Dilation, kernel = window.Kernel;
        bool forward = pass == ConvolutionPass.Forward;
        images = image.Layout.Shape[0];
        imageStride = image.Layout.Strides[0];
        groups = window.Groups;
        planesPerGroup = image.Layout.Shape[1] / groups;
        rows = y[1] / groups;
        depth = planesPerGroup * kernel.Height * kernel.Width;
        int perGroup = w[0] / groups;
        (weightRow, weightGroup) = (strides[forward ? 0 : 1], (nint)strides[0] * perGroup);

        // Forward: element (ky, kx) sees padded row y * stride + ky * dilation. Gradient: dx[y] takes dy[(y + padding - ky * dilation) / stride].
        Extent start = forward ? window.Padding : new(
            Math.Max(0, (dilation.Height * (kernel.Height - 1)) - window.Padding.Height), Math.Max(0, (dilation.Width * (kernel.Width - 1)) - window.Padding.Width));
        Extent step = forward ? 1 : window.Stride;
        Extent reach = forward
            ? new(window.Input.Height + (2 * window.Padding.Height), window.Input.Width + (2 * window.Padding.Width))
            : new(window.Input.Height + window.Padding.Height + start.Height, window.Input.Width + window.Padding.Width + start.Width);
        Extent content = new(
            start.Height + ((image.Layout.Shape[2] - 1) * step.Height) + 1, start.Width + ((image.Layout.Shape[3] - 1) * step.Width) + 1);
        Extent frame = new(Math.Max(reach.Height, content.Height), Math.Max(reach.Width, content.Width));
        planes = new(image.Layout, frame, start, step);

        int[] offsets = new int[depth];
        weightOffsets = new nint[depth];
        int k = 0;
        for (int c = 0; c < planesPerGroup; c++)
        {
            for (int ky = 0; ky < kernel.Height; ky++)
            {
                for (int kx = 0; kx < kernel.Width; kx++, k++)
                {
                    int row = ky * dilation.Height, column = kx * dilation.Width;
                    if (!forward) (row, column) = (window.Padding.Height + start.Height - row, window.Padding.Width + start.Width - column);
                    offsets[k] = (((c * frame.Height) + row) * frame.Width) + column;
                    weightOffsets[k] = ((nint)c * strides[forward ? 1 : 0]) + ((nint)ky * strides[2]) + ((nint)kx * strides[3]);
                }
            }
        }
        Extent move = forward ? window.Stride : 1;
        positions = new(y[3], y[2] * y[3], move.Height * frame.Width, move.Width, offsets);
        strips = (rows + TileRows - 1) / TileRows;
        stripRows = strips == 0 ? 0 : (rows + strips - 1) / strips;
        // A vector of every strip takes as long as another; copying takes about half as long as a strip.
        rowVectors = (positions.Columns + TSimd.Width - 1) / TSimd.Width;
        vectors = rowVectors * y[2];
        int copied = (positions.Count + TSimd.Width - 1) / TSimd.Width;
        inPlace = move.Width == 1 && vectors * (long)strips * 2 <= copied * ((strips * 2L) + 1);
        panels = ((inPlace ? vectors : copied) + 2) / 3;
    }

    private static int TileRows => TSimd.TileRows;

    private static int TileColumns => 3 * TSimd.Width;

    private T* Product(void** operands) => (T*)operands[epilogue?.Product ?? 2];

    public override void Run(void** operands, WorkerPool pool)
    {
        epilogue?.Count();
        if (depth == 0)
        {
            long count = (long)images * groups * rows * positions.Count;
            NativeMemory.Clear(Product(operands), (nuint)(count * sizeof(T)));
            epilogue?.Apply(operands, 0, count, 1, count, pool.Scratch);
            return;
        }
        Scratch memory = pool.Scratch.Rent(Header + (nuint)((long)groups * strips * depth * TileRows * sizeof(T)));
        double cost = ((double)images * groups * positions.Count * depth * (0.1 + (rows * 0.01))) + (epilogue?.Nanoseconds ?? 0);
        // Images are the units where there are enough of them; else panels of one image, each of which copies the image again.
        int wanted = Chunks((long)images * groups * panels, cost, pool.Threads);
        int split = wanted <= images * groups ? 1 : Math.Min(panels, (wanted + (images * groups) - 1) / (images * groups));
        int chunks = split == 1 ? wanted : images * groups * split;
        ((int*)memory.Pointer)[0] = chunks;
        ((int*)memory.Pointer)[1] = split;
        Pack((T*)operands[1], (T*)(memory.Pointer + Header));
        Parallel(0, chunks, operands, memory.Pointer, pool);
        pool.Scratch.Return(memory);
    }

    /// <summary>Kernels as strips of a few rows, k by k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(T* weights, T* target)
    {
        for (int g = 0; g < groups; g++)
        {
            for (int strip = 0; strip < strips; strip++)
            {
                T* from = weights + (g * weightGroup) + (strip * stripRows * weightRow);
                int count = Math.Min(stripRows, rows - (strip * stripRows));
                for (int k = 0; k < depth; k++, target += TileRows)
                    for (int r = 0; r < count; r++) target[r] = from[weightOffsets[k] + (r * weightRow)];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (int chunks, int split) = (((int*)shared)[0], ((int*)shared)[1]);
        T* packed = (T*)((byte*)shared + Header);
        (long first, long end) = split == 1 ? Part((long)images * groups, chunk, chunks) : (chunk / split, (chunk / split) + 1);
        (long firstPanel, long endPanel) = split == 1 ? (0, panels) : Part(panels, chunk % split, split);
        long planesBytes = ((planes.Reserve(planesPerGroup) * sizeof(T)) + 63) & ~63L;
        long panelBytes = inPlace ? 0 : ((long)Math.Min(depth, DepthBlock) + 1) * TileColumns * sizeof(T);
        Scratch memory = scratch.Rent((nuint)(planesBytes + panelBytes));
        T* frame = (T*)memory.Pointer;
        T* panel = (T*)(memory.Pointer + planesBytes);
        planes.Clear(planesPerGroup, frame);
        long unitBytes = (long)rows * positions.Count * sizeof(T);
        // Panels after which the epilogue reads what is in the cache still; several small images wait for it together.
        long block = epilogue is null ? panels : Math.Max(1, panels / Math.Max(1, unitBytes / ProductEpilogue.CacheBytes));
        long waiting = first;
        for (long unit = first; unit < end; unit++)
        {
            (long image, long g) = Math.DivRem(unit, groups);
            planes.Copy((T*)operands[0] + ((nint)image * imageStride), (int)g * planesPerGroup, planesPerGroup, frame);
            T* output = Product(operands) + (unit * rows * positions.Count);
            T* weights = packed + (g * strips * depth * TileRows);
            for (long p = firstPanel; p < endPanel; p++)
            {
                if (inPlace) PanelInPlace((int)p, frame, weights, output);
                else Panel((int)p * TileColumns, frame, panel, weights, output);
                if (block >= panels && split == 1) continue;
                long done = p + 1 - firstPanel;
                if (done % block == 0 || p + 1 == endPanel) Finish(operands, unit, p + 1 - (((done - 1) % block) + 1), p + 1, scratch);
            }
            if (block < panels || split > 1 || ((unit + 1 - waiting) * unitBytes < ProductEpilogue.CacheBytes && unit + 1 < end)) continue;
            epilogue?.Apply(operands, waiting * rows * positions.Count, (unit + 1 - waiting) * rows * positions.Count, 1, 0, scratch);
            waiting = unit + 1;
        }
        scratch.Return(memory);
    }

    /// <summary>The epilogue of some panels of an image.</summary>
    private void Finish(void** operands, long unit, long firstPanel, long endPanel, ScratchPool scratch)
    {
        long first = FirstPosition(firstPanel), end = FirstPosition(endPanel);
        epilogue?.Apply(operands, (unit * rows * positions.Count) + first, end - first, rows, positions.Count, scratch);
    }

    private long FirstPosition(long panel)
    {
        if (!inPlace) return Math.Min(panel * TileColumns, positions.Count);
        (long row, long vector) = Math.DivRem(vectors * panel / panels, (long)rowVectors);
        return (row * positions.Columns) + (vector * TSimd.Width);
    }

    /// <summary>All rows at a few vectors of positions, none of which goes from one row of positions to the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PanelInPlace(int number, T* frame, T* weights, T* output)
    {
        (long first, long end) = Part(vectors, number, panels);
        int count = (int)(end - first);
        ImageLanes<T> lanes = default;
        Place(frame, output, (int)first, out lanes.Image0, out lanes.Output0, out lanes.Count0);
        if (count > 1) Place(frame, output, (int)first + 1, out lanes.Image1, out lanes.Output1, out lanes.Count1);
        if (count > 2) Place(frame, output, (int)first + 2, out lanes.Image2, out lanes.Output2, out lanes.Count2);
        fixed (int* offsets = positions.Offsets)
        {
            nint move = (nint)stripRows * positions.Count;
            for (int r = 0; r < rows; r += stripRows, weights += (nint)depth * TileRows)
            {
                ConvolutionTiles<T, TVector, TSimd>.RunImage(Math.Min(stripRows, rows - r), count, depth, weights, offsets, &lanes, positions.Count);
                lanes.Output0 += move;
                lanes.Output1 += move;
                lanes.Output2 += move;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Place(T* frame, T* output, int vector, out T* image, out T* result, out int count)
    {
        (int row, int column) = Math.DivRem(vector, rowVectors);
        column *= TSimd.Width;
        image = frame + ((nint)row * positions.RowStep) + column;
        result = output + ((nint)row * positions.Columns) + column;
        count = Math.Min(TSimd.Width, positions.Columns - column);
    }

    /// <summary>All rows at a few neighbouring positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panel(int position, T* frame, T* panel, T* weights, T* output)
    {
        int count = Math.Min(TileColumns, positions.Count - position);
        int vectors = (count + TSimd.Width - 1) / TSimd.Width, width = vectors * TSimd.Width;
        for (int k = 0; k < depth; k += DepthBlock)
        {
            int part = Math.Min(DepthBlock, depth - k);
            positions.Gather(frame, position, count, k, part, panel, width);
            for (int strip = 0; strip < strips; strip++)
            {
                int r = strip * stripRows;
                GemmTiles<T, TVector, TSimd>.Run(Math.Min(stripRows, rows - r), vectors, part, weights + ((((long)strip * depth) + k) * TileRows), 1, TileRows,
                    panel, width, output + ((long)r * positions.Count) + position, positions.Count, count - width + TSimd.Width, k > 0);
            }
        }
    }
}
