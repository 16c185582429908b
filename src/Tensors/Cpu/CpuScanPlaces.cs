using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Along an axis, where the greatest or least element so far lies: the one met first; the first NaN wins and stays.</summary>
internal sealed unsafe class CpuScanPlaces<T> : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly StridedView outer;
    private readonly StridedView inner;
    private readonly long lines;
    private readonly long innerCount;
    private readonly int length;
    private readonly int step;
    private readonly bool reverse;
    private readonly bool greatest;

    public CpuScanPlaces(ScanKernel kernel, Operand input)
    {
        Layout from = input.Layout;
        int axis = kernel.Axis;
        outer = new(from.Shape.Lengths[..axis], from.Strides[..axis], sizeof(T));
        inner = new(from.Shape.Lengths[(axis + 1)..], from.Strides[(axis + 1)..], sizeof(T));
        innerCount = from.Shape[(axis + 1)..].Count;
        lines = from.Shape[..axis].Count * innerCount;
        length = from.Shape[axis];
        step = from.Strides[axis];
        reverse = kernel.Reverse;
        greatest = kernel.Op == ReduceOp.ArgMax;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(lines, lines * (double)length * 2, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(lines, chunk, (int)shared);
        for (long line = first; line < end; line++)
        {
            (long o, long i) = Math.DivRem(line, innerCount);
            T* x = (T*)operands[0] + outer.Position(o) + inner.Position(i);
            Line(x, (long*)operands[1] + (o * length * innerCount) + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(T* x, long* y)
    {
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
