using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Running sums or products along an axis, each a chain in index order from +0 or 1.</summary>
internal sealed unsafe class CpuScan<T, TSum>(ScanKernel kernel, Operand input) : CpuKernel
    where T : unmanaged, INumber<T> where TSum : unmanaged, INumber<TSum>
{
    private readonly AxisLines lines = new(input.Layout, kernel.Axis, sizeof(T));
    private readonly bool reverse = kernel.Reverse;
    private readonly bool product = kernel.Op == ReduceOp.Prod;

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(lines.Blocks, lines.Count * lines.Length * 1.0, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(lines.Blocks, chunk, (int)shared);
        TSum* sums = stackalloc TSum[AxisLines.Block];
        T* row = stackalloc T[AxisLines.Block];
        for (long block = first; block < end; block++)
        {
            (long o, long start, int width) = lines.BlockAt(block);
            T* x = (T*)operands[0] + lines.Position(o);
            TSum* y = (TSum*)operands[1] + (o * lines.Length * lines.InnerCount) + start;
            if (lines.InnerCount == 1) Line(x, y);
            else Lines(x, y, start, width, sums, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* x, TSum* y)
    {
        int length = lines.Length;
        nint step = lines.Step;
        TSum sum = product ? TSum.One : TSum.Zero;
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        for (int i = 0; i < length; i++, at += move)
        {
            TSum element = TSum.CreateTruncating(x[at * step]);
            sum = product ? sum * element : sum + element;
            y[at] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Lines(T* x, TSum* y, long start, int width, TSum* sums, T* copy)
    {
        int length = lines.Length;
        nint step = lines.Step, innerCount = (nint)lines.InnerCount;
        new Span<TSum>(sums, width).Fill(product ? TSum.One : TSum.Zero);
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1;
        for (int i = 0; i < length; i++, at += move)
        {
            T* row = lines.Read(x + (at * step), start, width, copy);
            if (product) for (int j = 0; j < width; j++) sums[j] *= TSum.CreateTruncating(row[j]);
            else if (typeof(T) == typeof(TSum)) VectorAdd.Into(sums, (TSum*)row, width);
            else for (int j = 0; j < width; j++) sums[j] += TSum.CreateTruncating(row[j]);
            Buffer.MemoryCopy(sums, y + (at * innerCount), width * sizeof(TSum), width * sizeof(TSum));
        }
    }
}
