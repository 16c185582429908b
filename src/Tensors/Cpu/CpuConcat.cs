using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Operands one after another along an axis.</summary>
internal sealed unsafe class CpuConcat : CpuKernel
{
    private readonly BoxWriter[] boxes;
    private readonly nint[] offsets;
    private readonly long[] firstLine;
    private readonly int size;
    private readonly long count;

    public CpuConcat(int axis, ReadOnlySpan<Operand> inputs, Operand output)
    {
        int[] strides = Layout.RowMajor(output.Layout.Shape);
        size = output.DType.Size();
        count = output.Layout.Shape.Count;
        boxes = new BoxWriter[inputs.Length];
        offsets = new nint[inputs.Length];
        firstLine = new long[inputs.Length + 1];
        nint at = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            boxes[i] = new(inputs[i].Layout, strides, size);
            offsets[i] = at * strides[axis];
            at += inputs[i].Layout.Shape[axis];
            firstLine[i + 1] = firstLine[i] + boxes[i].Lines;
        }
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(firstLine[^1], count * 0.3, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(firstLine[^1], chunk, (int)shared);
        byte* output = (byte*)operands[boxes.Length];
        for (int i = 0; i < boxes.Length; i++)
        {
            long from = Math.Max(first, firstLine[i]), to = Math.Min(end, firstLine[i + 1]);
            if (from < to) boxes[i].Write((byte*)operands[i], output + (offsets[i] * size), from - firstLine[i], to - firstLine[i]);
        }
    }
}
