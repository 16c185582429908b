using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Running sums or products along an axis, each a chain in index order from +0 or 1.</summary>
internal sealed unsafe class CpuScan<T, TSum> : CpuKernel
    where T : unmanaged, INumber<T> where TSum : unmanaged, INumber<TSum>
{
    private const int Block = 512;

    private readonly StridedView outer;
    private readonly StridedView inner;
    private readonly long outerCount;
    private readonly long innerCount;
    private readonly int length;
    private readonly int step;
    private readonly bool reverse;
    private readonly bool product;
    private readonly long blocks;

    public CpuScan(ScanKernel kernel, Operand input)
    {
        Layout from = input.Layout;
        int axis = kernel.Axis;
        outer = new(from.Shape.Lengths[..axis], from.Strides[..axis], sizeof(T));
        inner = new(from.Shape.Lengths[(axis + 1)..], from.Strides[(axis + 1)..], sizeof(T));
        outerCount = from.Shape[..axis].Count;
        innerCount = from.Shape[(axis + 1)..].Count;
        length = from.Shape[axis];
        step = from.Strides[axis];
        reverse = kernel.Reverse;
        product = kernel.Op == ReduceOp.Prod;
        blocks = (innerCount + Block - 1) / Block;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(outerCount * blocks, outerCount * innerCount * length * 1.0, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(outerCount * blocks, chunk, (int)shared);
        TSum* sums = stackalloc TSum[Block];
        T* line = stackalloc T[Block];
        for (long unit = first; unit < end; unit++)
        {
            (long o, long block) = Math.DivRem(unit, blocks);
            long start = block * Block;
            int width = (int)Math.Min(Block, innerCount - start);
            T* x = (T*)operands[0] + outer.Position(o);
            TSum* y = (TSum*)operands[1] + (o * length * innerCount) + start;
            if (innerCount == 1) Line(x, y);
            else Lines(x, y, start, width, sums, line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* x, TSum* y)
    {
        TSum sum = product ? TSum.One : TSum.Zero;
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        for (int i = 0; i < length; i++, at += move)
        {
            TSum element = TSum.CreateTruncating(x[at * step]);
            sum = product ? sum * element : sum + element;
            y[at * innerCount] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Lines(T* x, TSum* y, long start, int width, TSum* sums, T* line)
    {
        new Span<TSum>(sums, width).Fill(product ? TSum.One : TSum.Zero);
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        for (int i = 0; i < length; i++, at += move)
        {
            T* row = x + (at * step);
            if (inner.IsContiguous)
            {
                row += start;
            }
            else
            {
                inner.Read((byte*)row, start, width, (byte*)line);
                row = line;
            }
            if (product) for (int j = 0; j < width; j++) sums[j] *= TSum.CreateTruncating(row[j]);
            else if (typeof(T) == typeof(TSum)) VectorAdd.Into(sums, (TSum*)row, width);
            else for (int j = 0; j < width; j++) sums[j] += TSum.CreateTruncating(row[j]);
            Buffer.MemoryCopy(sums, y + (at * innerCount), width * sizeof(TSum), width * sizeof(TSum));
        }
    }
}
