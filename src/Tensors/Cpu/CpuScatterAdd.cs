using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>Updates added into zeros at indexed places, in index order.</summary>
/// <remarks>Chunks own slices of the output: whole ones, or a run of the indexed axis, for which they read all indices and keep those in their run. So no addition changes its place.</remarks>
internal sealed unsafe class CpuScatterAdd<T> : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly string name;
    private readonly int axis;
    private readonly int length;
    private readonly bool longIndices;
    private readonly IndexRows indices;
    private readonly StridedView lines;
    private readonly StridedView inner;
    private readonly long slices;
    private readonly long middle;
    private readonly long innerCount;

    public CpuScatterAdd(string name, ScatterAddKernel kernel, Operand updates, Operand indices, Operand output)
    {
        this.name = name;
        axis = kernel.Axis;
        length = kernel.Length;
        longIndices = indices.DType == DType.I64;
        this.indices = new(indices, kernel.BatchAxes);
        Shape to = output.Layout.Shape;
        Layout from = updates.Layout;
        int lead = axis + indices.Layout.Shape.Rank - kernel.BatchAxes;
        lines = new(from.Shape.Lengths[..lead], from.Strides[..lead], sizeof(T));
        inner = new(from.Shape.Lengths[lead..], from.Strides[lead..], sizeof(T));
        slices = to[..axis].Count;
        middle = to[kernel.BatchAxes..axis].Count;
        innerCount = to[(axis + 1)..].Count;
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        double cost = (slices * indices.PerRow * (4 + (innerCount * 0.3))) + (slices * length * innerCount * 0.1);
        int chunks = Chunks(slices * length, cost, pool.Threads);
        // A run of an axis costs a pass over all indices: not more runs than threads.
        if (chunks > slices) chunks = (int)Math.Max(slices, slices * Math.Max(1, Math.Min(length, pool.Threads / slices)));
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        int chunks = (int)shared;
        if (chunks <= slices)
        {
            (long first, long end) = Part(slices, chunk, chunks);
            for (long slice = first; slice < end; slice++) Add(operands, slice, 0, length, scratch);
            return;
        }
        int runs = (int)(chunks / slices);
        (long from, long to) = Part(length, chunk % runs, runs);
        Add(operands, chunk / runs, (int)from, (int)to, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(void** operands, long slice, int from, int to, ScratchPool scratch)
    {
        T* output = (T*)operands[2] + (slice * length * innerCount);
        NativeMemory.Clear(output + (from * innerCount), (nuint)((to - from) * innerCount * sizeof(T)));
        Scratch? memory = indices.Rent(scratch);
        Scratch? line = inner.IsContiguous ? null : scratch.Rent((nuint)(innerCount * sizeof(T)));
        byte* chosen = indices.Row((byte*)operands[1], slice / middle, memory);
        long bad = -1;
        for (long j = 0; j < indices.PerRow; j++)
        {
            long index = longIndices ? ((long*)chosen)[j] : ((int*)chosen)[j];
            if ((ulong)index >= (ulong)length)
            {
                bad = j;
                break;
            }
            if (index < from || index >= to) continue;
            T* update = (T*)operands[0] + lines.Position((slice * indices.PerRow) + j);
            T* target = output + (index * innerCount);
            if (innerCount == 1)
            {
                *target += *update;
                continue;
            }
            if (line is not null)
            {
                inner.Read((byte*)update, 0, innerCount, line.Pointer);
                update = (T*)line.Pointer;
            }
            VectorAdd.Into(target, update, innerCount);
        }
        long wrong = bad < 0 ? 0 : longIndices ? ((long*)chosen)[bad] : ((int*)chosen)[bad];
        if (memory is not null) scratch.Return(memory);
        if (line is not null) scratch.Return(line);
        if (bad >= 0) throw IndexRows.OutOfRange(name, wrong, axis, length);
    }
}

/// <summary>Additions of contiguous lines.</summary>
internal static unsafe class VectorAdd
{
    /// <summary>target[i] += values[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Into<T>(T* target, T* values, long count) where T : unmanaged, INumber<T>
    {
        long i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> sum = Unsafe.ReadUnaligned<Vector<T>>(target + i) + Unsafe.ReadUnaligned<Vector<T>>(values + i);
            Unsafe.WriteUnaligned(target + i, sum);
        }
        for (; i < count; i++) target[i] += values[i];
    }
}
