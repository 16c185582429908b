using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Along an axis, where the greatest or least element so far lies: the one met first; the first NaN wins and stays.</summary>
internal sealed unsafe class CpuScanPlaces<T>(ScanKernel kernel, Operand input) : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly AxisLines lines = new(input.Layout, kernel.Axis, sizeof(T));
    private readonly bool reverse = kernel.Reverse;
    private readonly bool greatest = kernel.Op == ReduceOp.ArgMax;

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(lines.Count, lines.Count * (double)lines.Length * 2, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(lines.Count, chunk, (int)shared);
        for (long line = first; line < end; line++)
        {
            T* x = (T*)operands[0] + lines.Line(line, out nint result);
            Line(x, (long*)operands[1] + result);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* x, long* y)
    {
        int length = lines.Length;
        nint step = lines.Step, innerCount = (nint)lines.InnerCount;
        nint at = reverse ? length - 1 : 0, move = reverse ? -1 : 1, best = at;
        T held = x[at * step];
        for (int i = 0; i < length; i++, at += move)
        {
            T element = x[at * step];
            if ((greatest ? element > held : element < held) || (T.IsNaN(element) && !T.IsNaN(held)))
            {
                held = element;
                best = at;
            }
            y[at * innerCount] = best;
        }
    }
}
