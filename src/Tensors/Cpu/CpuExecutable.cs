namespace Engine.Tensors.Cpu;

/// <summary>
/// A plan ready for the CPU: kernels prepared, one pinned arena, and a table of operand addresses in which only those of inputs, constants and results change from run to run.
/// </summary>
/// <remarks>
/// External memory is numbered in slots: the inputs, the constants, the memory of result buffers, and the places to which results are copied that are no buffer of their own.
/// </remarks>
internal sealed unsafe class CpuExecutable : Executable
{
    private readonly CpuDevice device;
    private readonly Step[] steps;
    private readonly Patch[] patches;
    private readonly nint[] table;
    private readonly byte[] arena;
    private readonly HostStorage?[] slots;
    private readonly int firstConstant;
    private readonly int firstBuffer;
    private readonly int firstCopy;

    // The copies that the results need: per run into storages, per run into tensors.
    private readonly Step[] storageCopies;
    private readonly Step[] tensorCopies;
    private readonly int[] copyOfResult;
    private readonly int[] directBuffer;
    private readonly int[] bufferNumber;
    private readonly PlanBuffer[] resultBuffers;
    private readonly int[] spill;

    /// <param name="device">The device.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="use">How often it will run: the bodies of control flow run at least as often as the plan they belong to.</param>
    public CpuExecutable(CpuDevice device, Plan plan, PlanUse use)
    {
        this.device = device;
        Plan = plan;
        firstConstant = plan.Inputs.Length;
        firstBuffer = firstConstant + plan.Constants.Length;
        var found = new List<PlanBuffer>();
        bufferNumber = NumberResultBuffers(plan, found);
        resultBuffers = [.. found];
        firstCopy = firstBuffer + resultBuffers.Length;
        directBuffer = DirectBuffers(plan, bufferNumber, resultBuffers.Length);

        // A result buffer that no result shows as it is has no storage of the caller's behind it: it gets a place behind the arena.
        long bytes = Align(plan.ArenaBytes);
        spill = new int[resultBuffers.Length];
        for (int b = 0; b < spill.Length; b++)
        {
            spill[b] = -1;
            if (Array.IndexOf(directBuffer, b) >= 0) continue;
            spill[b] = checked((int)bytes);
            bytes = Align(bytes + ((long)resultBuffers[b].Count * resultBuffers[b].DType.Size()));
        }
        arena = GC.AllocateUninitializedArray<byte>(checked((int)(bytes + 64)), pinned: true);

        var layout = new TableBuilder(this);
        steps = new Step[plan.Steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            PlanStep step = plan.Steps[i];
            CpuKernel kernel = step.Kernel is Region region
                ? CpuRegions.Prepare(device, region, step, use)
                : CpuKernels.Prepare(step.Name, step.Kernel, step.Inputs.AsSpan(), step.Outputs.AsSpan(), device.Loops, use, WritesOver(plan, step));
            steps[i] = new Step(kernel, layout.Add(step.Inputs.AsSpan(), step.Outputs.AsSpan()));
        }
        copyOfResult = new int[plan.Results.Length];
        var toStorages = new List<Step>();
        var toTensors = new List<Step>();
        int copies = 0;
        for (int r = 0; r < copyOfResult.Length; r++)
        {
            copyOfResult[r] = -1;
            if (directBuffer[r] >= 0) continue;
            copyOfResult[r] = copies;
            Operand from = plan.Results[r];
            CpuKernel kernel = from.Layout.Shape.Count == 0 ? CpuNothing.Instance : CpuCopy.Of(from);
            var copy = new Step(kernel, layout.AddCopy(from, firstCopy + copies++));
            toStorages.Add(copy);
            if (plan.Buffers[from.Buffer].Kind == BufferKind.Arena) toTensors.Add(copy);
        }
        storageCopies = [.. toStorages];
        tensorCopies = [.. toTensors];
        patches = layout.Patches();
        table = layout.Table();
        slots = new HostStorage?[firstCopy + copies];
        for (int c = 0; c < plan.Constants.Length; c++) slots[firstConstant + c] = RowMajor(plan.Constants[c]);
    }

    public override Plan Plan { get; }

    private byte* Arena
    {
        get
        {
            fixed (byte* p = arena) return (byte*)Align((long)p);
        }
    }

    public override Tensor[] Run(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != Plan.Inputs.Length) throw new ShapeException($"run: the plan takes {Plan.Inputs.Length} tensors, got {inputs.Length}.");
        Tensor[] held = new Tensor[inputs.Length];
        Span<int> offsets = inputs.Length <= 64 ? stackalloc int[inputs.Length] : new int[inputs.Length];
        for (int i = 0; i < held.Length; i++)
        {
            if (inputs[i].Spec != Plan.Inputs[i]) throw new ShapeException($"run: argument {i} of the plan is {Plan.Inputs[i]}, got {inputs[i].Spec}.");
            held[i] = inputs[i].Layout.IsContiguous ? inputs[i] : Copied(inputs[i]);
            slots[i] = Memory.Of(held[i]);
            offsets[i] = held[i].Layout.Offset;
        }
        for (int b = 0; b < resultBuffers.Length; b++) slots[firstBuffer + b] = Fresh(resultBuffers[b].DType, resultBuffers[b].Count);
        Tensor[] results = new Tensor[Plan.Results.Length];
        for (int r = 0; r < results.Length; r++)
        {
            Operand operand = Plan.Results[r];
            PlanBuffer buffer = Plan.Buffers[operand.Buffer];
            HostStorage storage;
            Layout layout = operand.Layout;
            switch (buffer.Kind)
            {
                case BufferKind.Input:
                    storage = slots[buffer.Slot]!;
                    if (offsets[buffer.Slot] != 0) layout = new(layout.Shape, layout.Strides, layout.Offset + offsets[buffer.Slot]);
                    break;
                case BufferKind.Constant:
                    storage = slots[firstConstant + buffer.Slot]!;
                    break;
                case BufferKind.Result:
                    storage = slots[firstBuffer + bufferNumber[operand.Buffer]]!;
                    break;
                default:
                    storage = Fresh(operand.DType, layout.Shape.Count);
                    slots[firstCopy + copyOfResult[r]] = storage;
                    layout = Layout.Contiguous(layout.Shape);
                    break;
            }
            results[r] = new(storage, layout, device);
        }
        Execute(offsets, tensorCopies, spilled: false);
        return results;
    }

    public override void Run(ReadOnlySpan<Storage> inputs, ReadOnlySpan<Storage> results)
    {
        if (inputs.Length != Plan.Inputs.Length || results.Length != Plan.Results.Length)
            throw new ShapeException($"run: the plan takes {Plan.Inputs.Length} storages and fills {Plan.Results.Length}, got {inputs.Length} and {results.Length}.");
        for (int i = 0; i < inputs.Length; i++) slots[i] = Checked(inputs[i], Plan.Inputs[i].DType, Plan.Inputs[i].Shape.Count);
        for (int r = 0; r < results.Length; r++)
        {
            Operand operand = Plan.Results[r];
            HostStorage storage = Checked(results[r], operand.DType, operand.Layout.Shape.Count);
            slots[directBuffer[r] >= 0 ? firstBuffer + directBuffer[r] : firstCopy + copyOfResult[r]] = storage;
        }
        Execute([], storageCopies, spilled: true);
    }

    /// <summary>Runs the plan on memory that does not move: an address per input, then one per result, row-major. Allocates nothing.</summary>
    /// <remarks>A result may not share memory with an input.</remarks>
    public void Run(void** addresses)
    {
        Span<nint> slotAddresses = stackalloc nint[slots.Length];
        for (int i = 0; i < firstConstant; i++) slotAddresses[i] = (nint)addresses[i];
        for (int r = 0; r < directBuffer.Length; r++)
            slotAddresses[directBuffer[r] >= 0 ? firstBuffer + directBuffer[r] : firstCopy + copyOfResult[r]] = (nint)addresses[firstConstant + r];
        Pin(0, slotAddresses, [], storageCopies, spilled: true);
    }

    /// <summary>Pins what the slots hold, runs everything, and lets go of memory that is not the executable's.</summary>
    private void Execute(ReadOnlySpan<int> inputOffsets, Step[] copies, bool spilled)
    {
        try
        {
            Pin(0, stackalloc nint[slots.Length], inputOffsets, copies, spilled);
        }
        finally
        {
            for (int s = 0; s < slots.Length; s++)
            {
                if (s < firstConstant || s >= firstBuffer) slots[s] = null;
            }
        }
    }

    /// <summary>Pins the slots, four per stack frame: frames pin without allocating handles. The address of a slot that holds nothing is there already.</summary>
    private void Pin(int first, Span<nint> addresses, ReadOnlySpan<int> inputOffsets, Step[] copies, bool spilled)
    {
        if (first >= addresses.Length)
        {
            RunPinned(addresses, inputOffsets, copies, spilled);
            return;
        }
        fixed (byte* a = Origin(first), b = Origin(first + 1), c = Origin(first + 2), d = Origin(first + 3))
        {
            if (a != null) addresses[first] = (nint)a;
            if (b != null) addresses[first + 1] = (nint)b;
            if (c != null) addresses[first + 2] = (nint)c;
            if (d != null) addresses[first + 3] = (nint)d;
            Pin(first + 4, addresses, inputOffsets, copies, spilled);
        }
    }

    private Span<byte> Origin(int slot) => slot < slots.Length && slots[slot] is { } storage ? storage.Bytes : default;

    private void RunPinned(Span<nint> addresses, ReadOnlySpan<int> inputOffsets, Step[] copies, bool spilled)
    {
        for (int i = 0; i < inputOffsets.Length; i++) addresses[i] += (nint)inputOffsets[i] * Plan.Inputs[i].DType.Size();
        if (spilled)
        {
            for (int b = 0; b < spill.Length; b++)
            {
                if (spill[b] >= 0) addresses[firstBuffer + b] = (nint)(Arena + spill[b]);
            }
        }
        foreach (ref readonly Patch patch in (ReadOnlySpan<Patch>)patches) table[patch.Entry] = addresses[patch.Slot] + patch.Offset;
        fixed (nint* entries = table)
        {
            foreach (ref readonly Step step in (ReadOnlySpan<Step>)steps) step.Kernel.Run((void**)(entries + step.Entry), device.Pool);
            foreach (ref readonly Step copy in (ReadOnlySpan<Step>)copies) copy.Kernel.Run((void**)(entries + copy.Entry), device.Pool);
        }
    }

    /// <summary>True when an output of a step may lie in the memory of one of its inputs.</summary>
    private static bool WritesOver(Plan plan, PlanStep step) => step.Outputs.Any(o => plan.InPlace.Any(r => plan.Results[r].Buffer == o.Buffer));

    private static HostStorage Checked(Storage storage, DType type, int count)
    {
        HostStorage host = Memory.Of(storage);
        if (host.DType != type || host.Count < count)
            throw new ShapeException($"run: a storage of {count} {type.Name()} elements is needed, got {host.Count} of {host.DType.Name()}.");
        return host;
    }

    private HostStorage Fresh(DType type, int count) => (HostStorage)device.Allocate(type, count);

    private HostStorage RowMajor(Tensor tensor) =>
        tensor.Layout.IsContiguous && tensor.Layout.Offset == 0 ? Memory.Of(tensor) : Memory.Of(Copied(tensor));

    private Tensor Copied(Tensor tensor)
    {
        var copy = new Tensor(device.Allocate(tensor.DType, tensor.Count), Layout.Contiguous(tensor.Shape), device);
        device.Run(CopyOp.Instance, [tensor], [copy]);
        return copy;
    }

    private static long Align(long bytes) => (bytes + 63) & ~63L;

    /// <summary>The number of every result buffer among the result buffers; -1 for other buffers.</summary>
    private static int[] NumberResultBuffers(Plan plan, List<PlanBuffer> found)
    {
        int[] numbers = new int[plan.Buffers.Length];
        for (int b = 0; b < numbers.Length; b++)
        {
            numbers[b] = plan.Buffers[b].Kind == BufferKind.Result ? found.Count : -1;
            if (numbers[b] >= 0) found.Add(plan.Buffers[b]);
        }
        return numbers;
    }

    /// <summary>For every result the result buffer it shows whole and row-major, if it is the first result to do so; else -1.</summary>
    private static int[] DirectBuffers(Plan plan, int[] numbers, int count)
    {
        int[] direct = new int[plan.Results.Length];
        bool[] taken = new bool[count];
        for (int r = 0; r < direct.Length; r++)
        {
            direct[r] = -1;
            Operand operand = plan.Results[r];
            PlanBuffer buffer = plan.Buffers[operand.Buffer];
            if (buffer.Kind != BufferKind.Result) continue;
            int index = numbers[operand.Buffer];
            if (taken[index] || !operand.Layout.IsContiguous || operand.Layout.Offset != 0 || operand.Layout.Shape.Count != buffer.Count) continue;
            taken[index] = true;
            direct[r] = index;
        }
        return direct;
    }

    private readonly record struct Step(CpuKernel Kernel, int Entry);

    /// <summary>An address in the table that changes from run to run.</summary>
    private readonly record struct Patch(int Slot, int Entry, nint Offset);

    /// <summary>Lays out the table of operand addresses.</summary>
    private sealed class TableBuilder(CpuExecutable owner)
    {
        private readonly List<nint> entries = [];
        private readonly List<Patch> patches = [];

        public int Add(ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
        {
            int first = entries.Count;
            foreach (Operand operand in inputs) Add(operand);
            foreach (Operand operand in outputs) Add(operand);
            return first;
        }

        public int AddCopy(Operand from, int slot)
        {
            int first = entries.Count;
            Add(from);
            patches.Add(new Patch(slot, entries.Count, 0));
            entries.Add(0);
            return first;
        }

        public Patch[] Patches() => [.. patches];

        public nint[] Table() => [.. entries];

        private void Add(Operand operand)
        {
            PlanBuffer buffer = owner.Plan.Buffers[operand.Buffer];
            nint offset = (nint)operand.Layout.Offset * operand.DType.Size();
            int slot = buffer.Kind switch
            {
                BufferKind.Input => buffer.Slot,
                BufferKind.Constant => owner.firstConstant + buffer.Slot,
                BufferKind.Result => owner.firstBuffer + owner.bufferNumber[operand.Buffer],
                _ => -1,
            };
            if (slot >= 0) patches.Add(new Patch(slot, entries.Count, offset));
            entries.Add(slot >= 0 ? 0 : (nint)(owner.Arena + buffer.Slot) + offset);
        }
    }
}
