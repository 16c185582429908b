using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>The operand inside zeros.</summary>
internal sealed unsafe class CpuPad : CpuKernel
{
    private readonly BoxWriter box;
    private readonly nint offset;
    private readonly long count;
    private readonly int size;
    private readonly bool filled;

    public CpuPad(Padding padding, Operand input, Operand output)
    {
        Layout to = output.Layout;
        size = input.DType.Size();
        count = to.Shape.Count;
        filled = input.Layout.Shape.Count == count;
        int[] strides = Layout.RowMajor(to.Shape);
        for (int axis = 0; axis < strides.Length; axis++)
        {
            offset += (nint)padding.Before[axis] * strides[axis];
            strides[axis] *= padding.Between[axis] + 1;
        }
        box = new(input.Layout, strides, size);
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        if (!filled)
        {
            int chunks = Chunks(count / 4096, count * size * 0.03, pool.Threads);
            Parallel(0, chunks, operands, (void*)chunks, pool);
        }
        int parts = Chunks(box.Lines, count * 0.3, pool.Threads);
        Parallel(1, parts, operands, (void*)parts, pool);
    }

    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        byte* output = (byte*)operands[1];
        (long first, long end) = Part(phase == 0 ? count : box.Lines, chunk, (int)shared);
        if (phase == 0)
            NativeMemory.Clear(output + (first * size), (nuint)((end - first) * size));
        else
            box.Write((byte*)operands[0], output + (offset * size), first, end);
    }
}
