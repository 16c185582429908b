using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>An elementwise kernel: tiles of the output, each run through a <see cref="TileProgram"/> or, once that pays, through an emitted loop.</summary>
/// <remarks>
/// A kernel over rows computes a long row at a time, or a tile of several short ones.
/// When the innermost joined axis is long, tiles stay within it: broadcast operands are then one value or read in place. When it is short, tiles cross it and every operand
/// that is not contiguous is gathered. Operands that are contiguous along the axis before the last are turned around a few rows at a time.
/// </remarks>
internal sealed unsafe partial class CpuMap : CpuKernel
{
    private const int LongRow = 192;
    private const int TransposedRows = 16;
    private const int TransposedTile = 256;

    private readonly TileProgram program;
    private readonly Promoted<EmittedLoop> promoted;
    private readonly Promoted<RowLoops> promotedRows;
    private readonly int stageCount;
    private readonly TileSlots slots;
    private readonly InputPlan[] inputs;
    private readonly int[] coordinateLengths;
    private readonly long[] coordinateInners;
    private readonly long rowLength;

    /// <summary>Length of the rows of which a tile has several; 0 when it has one row or none.</summary>
    private readonly int shortRow;
    private readonly long rowsPerPlane;
    private readonly long groupRows;
    private readonly long groupsPerPlane;
    private readonly long tile;
    private readonly long tilesPerRow;
    private readonly long units;
    private readonly double nanoseconds;
    private readonly int[] outputSizes;
    private readonly bool[] isPerRow;
    private readonly nuint scratchBytes;
    private readonly nint tileBytes;
    private readonly bool direct;

    /// <summary>An elementwise kernel.</summary>
    /// <param name="kernel">What is computed.</param>
    /// <param name="operands">Operands read.</param>
    /// <param name="outputs">Operands written.</param>
    /// <param name="loops">The emitted loops of the device.</param>
    /// <param name="use">How often the kernel will run.</param>
    /// <param name="writesOver">True when an output may be the memory of an operand of its layout.</param>
    public CpuMap(MapKernel kernel, ReadOnlySpan<Operand> operands, ReadOnlySpan<Operand> outputs, LoopCache loops, PlanUse use = PlanUse.Calls, bool writesOver = false)
        : this(outputs[0].Layout.Shape, default, kernel.Bodies, operands, outputs, loops, use, writesOver)
    {
    }

    /// <summary>A kernel over rows.</summary>
    public CpuMap(RowsKernel kernel, ReadOnlySpan<Operand> operands, ReadOnlySpan<Operand> outputs, LoopCache loops, PlanUse use = PlanUse.Calls)
        : this([kernel.Rows, kernel.Length], kernel.Stages, kernel.Bodies, operands, outputs, loops, use, writesOver: false)
    {
    }

    private CpuMap(Shape shape, RowStages stages, Exprs bodies, ReadOnlySpan<Operand> operands, ReadOnlySpan<Operand> outputs, LoopCache loops, PlanUse use, bool writesOver)
    {
        int[][] strides = new int[operands.Length][];
        for (int i = 0; i < strides.Length; i++) strides[i] = operands[i].Layout.Strides.ToArray();
        bool isRows = stages.Count > 0;
        (int[] joined, int[][] steps) = isRows ? (shape.Lengths.ToArray(), strides) : AxisJoining.Join(shape.Lengths, strides);

        long count = shape.Count;
        int inner = joined.Length == 0 ? 1 : joined[^1];
        shortRow = isRows && inner < LongRow ? inner : 0;
        bool byRows = shortRow == 0 && (isRows || inner >= LongRow || inner == count);
        rowLength = byRows ? inner : count;
        rowsPerPlane = byRows && joined.Length > 1 ? joined[^2] : 1;
        inputs = new InputPlan[operands.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            int size = operands[i].DType.Size();
            inputs[i] = byRows ? ByRows(joined, steps[i], size) : shortRow > 0 && steps[i] is [not 0, 0] ? PerRow(joined[0], steps[i][0], size) : Linear(joined, steps[i], size);
        }

        outputSizes = new int[outputs.Length];
        isPerRow = new bool[outputs.Length];
        for (int o = 0; o < outputSizes.Length; o++)
        {
            outputSizes[o] = outputs[o].DType.Size();
            isPerRow[o] = isRows && outputs[o].Layout.Shape.Rank == 1;
        }
        TileSource[] sources = Array.ConvertAll(inputs, p => p.Source);
        program = isRows ? TileProgram.Compile(stages.Values, bodies.Values, isPerRow, sources, shortRow) : TileProgram.Compile(bodies.Values, sources, writesOver);
        slots = program.Slots;
        stageCount = stages.Count;
        // A single instruction is a loop over vectors already.
        promoted = new(() => loops.Find(bodies.Values, sources, program.Slots.Coordinates), !isRows && program.Instructions.Length > 1, use);
        promotedRows = new(() => RowLoops.TryMake(loops, stages, bodies, isPerRow, sources), isRows && byRows && slots.Coordinates.Length == 0, use);
        coordinateLengths = new int[slots.Coordinates.Length];
        coordinateInners = new long[slots.Coordinates.Length];
        for (int c = 0; c < coordinateLengths.Length; c++)
        {
            int axis = slots.Coordinates[c];
            coordinateLengths[c] = shape[axis];
            coordinateInners[c] = shape[(axis + 1)..].Count;
        }

        int buffers = slots.Temporaries + slots.Coordinates.Length, streams = outputSizes.Length, widest = slots.ElementSize;
        bool transposes = false;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Source == TileSource.InPlace && slots.UsedInputs[i]) streams++;
            if (inputs[i].Source is not (TileSource.Gathered or TileSource.PerRow) || !slots.UsedInputs[i]) continue;
            buffers++;
            widest = Math.Max(widest, inputs[i].Size);
            transposes |= inputs[i].Transposed;
        }
        direct = buffers == slots.Temporaries;
        groupRows = !transposes ? 1 : Math.Min(isRows ? Math.Clamp(16_384 / rowLength, 1, TransposedRows) : TransposedRows, rowsPerPlane);
        groupsPerPlane = (rowsPerPlane + groupRows - 1) / groupRows;
        // A single loop over operands in place needs no scratch, so it may run over everything at once.
        tile = buffers == 0 && program.Instructions.Length == 1 ? 1 << 16 : TileLength(buffers + streams, widest);
        if (transposes) tile = Math.Min(tile, TransposedTile);
        // Whole periods of a short axis: what repeats along it is then the same in every tile.
        if (shortRow > 0) tile = Math.Max(shortRow, tile - (tile % shortRow));
        else if (!byRows && inner <= tile / 2) tile -= tile % inner;
        tile = isRows && byRows ? rowLength : Math.Min(tile, rowLength);
        tilesPerRow = (rowLength + tile - 1) / tile;
        units = count / (rowLength * rowsPerPlane) * groupsPerPlane * tilesPerRow;
        for (int i = 0; i < inputs.Length; i++) inputs[i].Repeats = !byRows && inputs[i].RepeatsEvery > 0 && tile % inputs[i].RepeatsEvery == 0;

        // The odd cache line keeps buffers from starting at the same offset of a page.
        tileBytes = (nint)(((((tile * widest) + 63) / 64) * 64) + 64);
        int spreads = inputs.Length + slots.Constants.Length + slots.Singles;
        int perRow = transposes ? inputs.Length * (int)(groupRows - 1) : 0;
        scratchBytes = (nuint)((slots.Count * sizeof(byte*)) + 64 + (spreads * TileProgram.SpreadBytes) + ((buffers + perRow + stageCount) * tileBytes));
        nanoseconds = count * Cost();
    }

    /// <summary>True once an emitted loop has taken the place of the loops over tiles.</summary>
    public bool IsEmitted => promoted.Form is not null || promotedRows.Form is not null;

    public override void Run(void** operands, WorkerPool pool)
    {
        promoted.Count(nanoseconds);
        promotedRows.Count(nanoseconds);
        int chunks = Chunks(units, nanoseconds, pool.Threads);
        Parallel(0, chunks, operands, &chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(units, chunk, *(int*)shared);
        EmittedLoop? loop = promoted.Form;
        RowLoops? rowLoops = promotedRows.Form;
        if (direct && rowLoops is not null)
        {
            RunRowsDirect(rowLoops, first, end, operands, scratch);
            return;
        }
        if (direct && loop is not null)
        {
            RunDirect(loop, first, end, operands);
            return;
        }
        Scratch memory = scratch.Rent(scratchBytes);
        byte** slot = (byte**)memory.Pointer;
        byte** buffers = stackalloc byte*[inputs.Length];
        byte** origins = stackalloc byte*[inputs.Length];
        byte* stageRows = SetUp(slot);
        for (int i = 0; i < inputs.Length; i++) buffers[i] = slot[i];
        long row = -1;
        for (long unit = first; unit < end; unit++)
        {
            (long group, long within) = Math.DivRem(unit, tilesPerRow);
            (long plane, long groupInPlane) = Math.DivRem(group, groupsPerPlane);
            long start = within * tile, length = Math.Min(tile, rowLength - start);
            long firstRow = groupInPlane * groupRows, rows = Math.Min(groupRows, rowsPerPlane - firstRow);
            for (long r = 0; r < rows; r++)
            {
                if ((plane * rowsPerPlane) + firstRow + r != row)
                {
                    row = (plane * rowsPerPlane) + firstRow + r;
                    MoveToRow(row, operands, origins, slot);
                }
                for (int i = 0; i < inputs.Length; i++)
                {
                    ref readonly InputPlan input = ref inputs[i];
                    if (!slots.UsedInputs[i] || input.Source == TileSource.Scalar) continue;
                    if (input.Source == TileSource.InPlace)
                    {
                        slot[i] = origins[i] + (start * input.Size);
                    }
                    else if (input.Source == TileSource.PerRow)
                    {
                        if (input.View.IsContiguous) slot[i] = origins[i] + (start / shortRow * input.Size);
                        else input.View.Read(origins[i], start / shortRow, length / shortRow, buffers[i]);
                    }
                    else if (input.Transposed)
                    {
                        if (r == 0) BlockTranspose.Run(origins[i] + (start * input.InnerStep * input.Size), input.InnerStep, (int)length, (int)rows, buffers[i], input.Size);
                        slot[i] = buffers[i] + (r * length * input.Size);
                    }
                    else if (input.InnerStep != 0)
                    {
                        StridedRun.Copy(origins[i] + (start * input.InnerStep * input.Size), input.InnerStep, buffers[i], length, input.Size);
                    }
                    else if (!input.Repeats || unit == first)
                    {
                        input.View.Read(origins[i], start, length, buffers[i]);
                    }
                }
                long index = (row * rowLength) + start;
                for (int c = 0; c < coordinateLengths.Length; c++)
                    Coordinates((long*)slot[slots.FirstCoordinate + c], index, length, coordinateLengths[c], coordinateInners[c]);
                long rowIndex = shortRow > 0 ? start / shortRow : row;
                for (int o = 0; o < outputSizes.Length; o++) slot[inputs.Length + o] = (byte*)operands[inputs.Length + o] + ((isPerRow[o] ? rowIndex : index) * outputSizes[o]);
                if (loop is not null) loop(null, slot, (nint)length);
                else if (rowLoops is not null) rowLoops.Run(slot, default, 1, (nint)length, stageRows, tileBytes, streams: false);
                else program.Run(slot, (nint)length, shortRow > 0 ? (nint)length / shortRow : 1);
            }
        }
        scratch.Return(memory);
    }

    /// <summary>Runs an emitted loop that reads every operand in place: no scratch memory, and no need to stop at tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunDirect(EmittedLoop loop, long first, long end, void** operands)
    {
        byte** slot = stackalloc byte*[inputs.Length + outputSizes.Length];
        while (first < end)
        {
            (long row, long within) = Math.DivRem(first, tilesPerRow);
            long taken = Math.Min(end - first, tilesPerRow - within), start = within * tile;
            Point(row, start, operands, slot);
            loop(null, slot, (nint)Math.Min(taken * tile, rowLength - start));
            first += taken;
        }
    }

    /// <summary>Runs emitted loops over rows that read every operand in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunRowsDirect(RowLoops loops, long first, long end, void** operands, ScratchPool scratch)
    {
        Scratch memory = scratch.Rent((nuint)((stageCount + outputSizes.Length) * tileBytes));
        int count = inputs.Length + outputSizes.Length;
        long elementBytes = 0;
        byte** slot = stackalloc byte*[count];
        Span<nint> steps = stackalloc nint[count];
        for (int i = 0; i < count; i++)
        {
            int o = i - inputs.Length;
            steps[i] = (nint)(o < 0 ? inputs[i].Outer!.Strides.Length == 0 ? 0 : inputs[i].Outer!.Strides[0] * inputs[i].Size : outputSizes[o] * (isPerRow[o] ? 1 : rowLength));
            slot[i] = (byte*)operands[i] + (first * steps[i]);
            if (o >= 0 && !isPerRow[o]) elementBytes += units * steps[i];
        }
        loops.Run(slot, steps, end - first, (nint)rowLength, (byte*)memory.Pointer, tileBytes, elementBytes >= StreamedCopy.LeastBytes);
        scratch.Return(memory);
    }

    private void MoveToRow(long row, void** operands, byte** origins, byte** slot)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (!slots.UsedInputs[i]) continue;
            origins[i] = (byte*)operands[i] + (inputs[i].Outer is { } outer ? outer.Position(row) * inputs[i].Size : 0);
            if (inputs[i].Source == TileSource.Scalar) TileProgram.Spread(slot[i], origins[i], inputs[i].Size);
        }
    }

    /// <summary>Points every slot that is not an operand in place at its scratch memory and fills the constants.</summary>
    /// <returns>The scratch rows of the stages.</returns>
    private byte* SetUp(byte** slot)
    {
        byte* next = (byte*)(((nint)(slot + slots.Count) + 63) & ~63);
        for (int i = 0; i < slots.Count; i++) slot[i] = next;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Source != TileSource.Scalar) continue;
            slot[i] = next;
            next += TileProgram.SpreadBytes;
        }
        for (int i = 0; i < slots.Constants.Length; i++)
        {
            (ulong bits, int size) = slots.Constants[i];
            TileProgram.Spread(next, (byte*)&bits, size);
            slot[slots.FirstConstant + i] = next;
            next += TileProgram.SpreadBytes;
        }
        for (int i = slots.FirstSingle; i < slots.Count; i++)
        {
            slot[i] = next;
            next += TileProgram.SpreadBytes;
        }
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Source is not (TileSource.Gathered or TileSource.PerRow) || !slots.UsedInputs[i]) continue;
            slot[i] = next;
            next += inputs[i].Transposed ? tileBytes * (nint)groupRows : tileBytes;
        }
        for (int i = 0; i < slots.Coordinates.Length + slots.Temporaries; i++)
        {
            slot[i < slots.Coordinates.Length ? slots.FirstCoordinate + i : slots.FirstTemporary + i - slots.Coordinates.Length] = next;
            next += tileBytes;
        }
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Coordinates(long* target, long index, long count, long length, long inner)
    {
        (long outer, long within) = Math.DivRem(index, inner);
        long coordinate = outer % length;
        for (long i = 0; i < count;)
        {
            long run = Math.Min(inner - within, count - i);
            for (long end = i + run; i < end; i++) target[i] = coordinate;
            within = 0;
            if (++coordinate == length) coordinate = 0;
        }
    }

    /// <summary>An operand when tiles stay within the innermost axis.</summary>
    private static InputPlan ByRows(int[] lengths, int[] steps, int size)
    {
        int rank = lengths.Length, inner = rank == 0 ? 0 : steps[^1];
        return new InputPlan
        {
            Source = inner switch { 0 => TileSource.Scalar, 1 => TileSource.InPlace, _ => TileSource.Gathered },
            View = new(lengths, steps, size),
            Outer = rank > 1 ? new(lengths.AsSpan(..^1), steps.AsSpan(..^1), size) : null,
            InnerStep = inner,
            Transposed = rank > 1 && inner is not (0 or 1) && steps[^2] == 1 && lengths[^2] >= 4,
            Size = size,
        };
    }

    /// <summary>An operand when tiles run across all axes.</summary>
    private static InputPlan Linear(int[] lengths, int[] steps, int size)
    {
        var view = new StridedView(lengths, steps, size);
        long period = 1;
        for (int axis = 1; axis < view.Lengths.Length; axis++) period *= view.Lengths[axis];
        return new InputPlan
        {
            Source = view.IsScalar ? TileSource.Scalar : view.IsContiguous ? TileSource.InPlace : TileSource.Gathered,
            View = view,
            RepeatsEvery = view.Lengths.Length > 1 && view.Strides[0] == 0 ? period : 0,
            Size = size,
        };
    }

    /// <summary>An operand with one value per row, when a tile has several rows.</summary>
    private static InputPlan PerRow(int rows, int step, int size) => new() { Source = TileSource.PerRow, View = new([rows], [step], size), Size = size };

    /// <summary>Elements of a tile: as many as keep the buffers, and the operands in place, in the first-level cache, within 256 to 1024.</summary>
    private static long TileLength(int buffers, int size) => Math.Clamp(20_480 / (buffers * size) / 64 * 64, 256, 1024);

    /// <summary>Nanoseconds per element, roughly.</summary>
    private double Cost()
    {
        double cost = 0.05 * (inputs.Length + outputSizes.Length);
        foreach (ref readonly TileInstruction i in (ReadOnlySpan<TileInstruction>)program.Instructions) cost += i.Third != null ? 0.5 : 0.05;
        foreach (ref readonly InputPlan input in (ReadOnlySpan<InputPlan>)inputs) cost += input.Source == TileSource.Gathered ? 0.5 : 0;
        return cost;
    }

    /// <summary>How an operand reaches a tile.</summary>
    private struct InputPlan
    {
        public TileSource Source;
        public StridedView View;

        /// <summary>The axes before the innermost; null when there are none, or when tiles cross them.</summary>
        public StridedView? Outer;

        /// <summary>Distance along the innermost axis, when tiles stay within it.</summary>
        public int InnerStep;

        /// <summary>Contiguous along the axis before the innermost: gathered for several rows at once.</summary>
        public bool Transposed;

        /// <summary>Elements after which the operand repeats; 0 when it does not.</summary>
        public long RepeatsEvery;

        /// <summary>True when every tile sees the same elements, so that one gathering serves a whole chunk.</summary>
        public bool Repeats;

        public int Size;
    }
}
