using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <content>The map over parts of its elements, for a caller that has just computed an operand there.</content>
internal sealed unsafe partial class CpuMap
{
    /// <summary>Estimated serial time of a run.</summary>
    public double Nanoseconds => nanoseconds;

    /// <summary>Counts a run whose parts <see cref="Apply"/> computes.</summary>
    public void Count() => promoted.Count(nanoseconds);

    /// <summary>Computes some elements of an elementwise kernel on this thread: runs of neighbours in row-major order, a fixed distance apart.</summary>
    /// <param name="operands">As given to <see cref="Run"/>.</param>
    /// <param name="first">The first element.</param>
    /// <param name="length">Elements of a run.</param>
    /// <param name="runs">Number of runs.</param>
    /// <param name="step">From the first element of a run to that of the next.</param>
    /// <param name="scratch">Where to rent memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(void** operands, long first, long length, long runs, long step, ScratchPool scratch)
    {
        EmittedLoop? loop = promoted.Form;
        if (direct && loop is not null)
        {
            for (long run = 0; run < runs; run++, first += step) ApplyDirect(loop, first, first + length, operands);
            return;
        }
        Scratch memory = scratch.Rent(scratchBytes);
        byte** slot = (byte**)memory.Pointer;
        byte** buffers = stackalloc byte*[inputs.Length];
        byte** origins = stackalloc byte*[inputs.Length];
        SetUp(slot);
        for (int i = 0; i < inputs.Length; i++) buffers[i] = slot[i];
        long row = -1;
        for (long run = 0; run < runs; run++)
        {
            long at = first + (run * step), end = at + length;
            for (long count; at < end; at += count)
            {
                (long inRow, long start) = Math.DivRem(at, rowLength);
                count = Math.Min(tile, Math.Min(end - at, rowLength - start));
                if (inRow != row)
                {
                    row = inRow;
                    MoveToRow(row, operands, origins, slot);
                }
                for (int i = 0; i < inputs.Length; i++)
                {
                    ref readonly InputPlan input = ref inputs[i];
                    if (!slots.UsedInputs[i] || input.Source == TileSource.Scalar) continue;
                    if (input.Source == TileSource.InPlace) slot[i] = origins[i] + (start * input.Size);
                    else if (input.InnerStep != 0) StridedRun.Copy(origins[i] + (start * input.InnerStep * input.Size), input.InnerStep, buffers[i], count, input.Size);
                    // The tiles of a run begin whole periods apart; the first of the next run may begin elsewhere.
                    else if (!input.Repeats || (at == first + (run * step) && (run == 0 || step % input.RepeatsEvery != 0))) input.View.Read(origins[i], start, count, buffers[i]);
                }
                for (int c = 0; c < coordinateLengths.Length; c++)
                    Coordinates((long*)slot[slots.FirstCoordinate + c], at, count, coordinateLengths[c], coordinateInners[c]);
                for (int o = 0; o < outputSizes.Length; o++) slot[inputs.Length + o] = (byte*)operands[inputs.Length + o] + (at * outputSizes[o]);
                if (loop is not null) loop(null, slot, (nint)count);
                else program.Run(slot, (nint)count);
            }
        }
        scratch.Return(memory);
    }

    /// <summary>Neighbouring elements by an emitted loop that reads every operand in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplyDirect(EmittedLoop loop, long first, long end, void** operands)
    {
        byte** slot = stackalloc byte*[inputs.Length + outputSizes.Length];
        for (long count; first < end; first += count)
        {
            (long row, long start) = Math.DivRem(first, rowLength);
            count = Math.Min(end - first, rowLength - start);
            Point(row, start, operands, slot);
            loop(null, slot, (nint)count);
        }
    }

    /// <summary>The addresses of operands in place and of outputs.</summary>
    private void Point(long row, long start, void** operands, byte** slot)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            ref readonly InputPlan input = ref inputs[i];
            slot[i] = (byte*)operands[i] + (input.Outer is { } outer ? outer.Position(row) * input.Size : 0) + (input.Source == TileSource.Scalar ? 0 : start * input.Size);
        }
        for (int o = 0; o < outputSizes.Length; o++) slot[inputs.Length + o] = (byte*)operands[inputs.Length + o] + (((row * rowLength) + start) * outputSizes[o]);
    }
}
