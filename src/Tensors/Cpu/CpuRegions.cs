namespace Engine.Tensors.Cpu;

/// <summary>Makes control flow ready for the CPU.</summary>
internal static class CpuRegions
{
    /// <summary>The prepared form of a region. It owns the memory its plans carry values in, so it serves one caller at a time.</summary>
    public static CpuKernel Prepare(CpuDevice device, Region region, PlanStep step, PlanUse use) => region switch
    {
        LoopRegion loop => new CpuLoop(device, loop, step, Often(use)),
        WhileRegion loop => new CpuWhile(device, loop, step, Often(use)),
        BranchRegion branch => new CpuBranch(device, branch, use),
        _ => throw new DeviceException($"{step.Name}: the CPU does not know the region {region.GetType().Name}."),
    };

    private static PlanUse Often(PlanUse use) => use == PlanUse.Once ? PlanUse.Calls : use;
}

/// <summary>Two places for every carried tensor: one run of a body reads from one and writes to the other.</summary>
internal sealed unsafe class CarriedMemory
{
    private readonly byte[] memory;
    private readonly nint[] offsets;
    private readonly nint half;

    public CarriedMemory(ReadOnlySpan<Operand> carried)
    {
        offsets = new nint[carried.Length];
        Bytes = new long[carried.Length];
        for (int i = 0; i < offsets.Length; i++)
        {
            Bytes[i] = (long)carried[i].Layout.Shape.Count * carried[i].DType.Size();
            offsets[i] = half;
            half = checked((nint)((half + Bytes[i] + 63) & ~63L));
        }
        memory = GC.AllocateUninitializedArray<byte>(checked((int)((2 * half) + 64)), pinned: true);
    }

    /// <summary>Bytes of every carried tensor.</summary>
    public long[] Bytes { get; }

    /// <summary>Where a carried tensor is before a run of the body with this number; after it, where it is before the next.</summary>
    public byte* At(int carried, long run)
    {
        fixed (byte* p = memory) return (byte*)(((nint)p + 63) & ~63) + offsets[carried] + ((run & 1) * half);
    }
}

/// <summary>A body run a fixed number of times.</summary>
internal sealed unsafe class CpuLoop : CpuKernel
{
    private readonly CpuExecutable body;
    private readonly LoopRegion loop;
    private readonly CarriedMemory memory;
    private readonly nint[] sliceBytes;
    private readonly int inputs;
    private readonly int outputs;

    public CpuLoop(CpuDevice device, LoopRegion loop, PlanStep step, PlanUse use)
    {
        this.loop = loop;
        body = new CpuExecutable(device, loop.Body, use);
        memory = new CarriedMemory(step.Inputs.AsSpan(0, loop.Carried));
        inputs = step.Inputs.Length;
        outputs = step.Outputs.Length;
        // Per body operand: how far a slice is from the next; 0 for what is no slice.
        sliceBytes = new nint[loop.Body.Inputs.Length + outputs];
        for (int i = loop.Carried; i < loop.Carried + loop.Scanned; i++) sliceBytes[i] = Bytes(loop.Body.Inputs[i]);
        for (int i = loop.Carried; i < outputs; i++)
            sliceBytes[loop.Body.Inputs.Length + i] = Bytes(new(loop.Body.Results[i].DType, loop.Body.Results[i].Layout.Shape));
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int carried = loop.Carried, slices = carried + loop.Scanned, results = loop.Body.Inputs.Length;
        if (loop.Count == 0)
        {
            for (int c = 0; c < carried; c++) Buffer.MemoryCopy(operands[c], operands[inputs + c], memory.Bytes[c], memory.Bytes[c]);
            return;
        }
        long t;
        void** addresses = stackalloc void*[results + outputs];
        for (int i = slices; i < inputs; i++) addresses[i + 1] = operands[i];
        addresses[slices] = &t;
        for (int run = 0; run < loop.Count; run++)
        {
            t = loop.Reversed ? loop.Count - 1 - run : run;
            for (int c = 0; c < carried; c++)
            {
                addresses[c] = run == 0 ? operands[c] : memory.At(c, run);
                addresses[results + c] = run == loop.Count - 1 ? operands[inputs + c] : memory.At(c, run + 1);
            }
            for (int i = carried; i < slices; i++) addresses[i] = (byte*)operands[i] + ((nint)t * sliceBytes[i]);
            for (int i = carried; i < outputs; i++) addresses[results + i] = (byte*)operands[inputs + i] + ((nint)t * sliceBytes[results + i]);
            body.Run(addresses);
        }
    }

    private static nint Bytes(TensorSpec spec) => spec.Shape.Count * spec.DType.Size();
}

/// <summary>A body run for as long as a condition holds.</summary>
internal sealed unsafe class CpuWhile(CpuDevice device, WhileRegion loop, PlanStep step, PlanUse use) : CpuKernel
{
    private readonly CpuExecutable condition = new(device, loop.Condition, use);
    private readonly CpuExecutable body = new(device, loop.Body, use);
    private readonly CarriedMemory memory = new(step.Inputs.AsSpan(0, loop.Carried));
    private readonly int inputs = step.Inputs.Length;

    public override void Run(void** operands, WorkerPool pool)
    {
        void** addresses = stackalloc void*[inputs + Math.Max(1, loop.Carried)];
        for (int i = 0; i < inputs; i++) addresses[i] = operands[i];
        for (long run = 1; ; run++)
        {
            bool goesOn;
            addresses[inputs] = &goesOn;
            condition.Run(addresses);
            if (!goesOn) break;
            for (int c = 0; c < loop.Carried; c++) addresses[inputs + c] = memory.At(c, run);
            body.Run(addresses);
            for (int c = 0; c < loop.Carried; c++) addresses[c] = memory.At(c, run);
        }
        for (int c = 0; c < loop.Carried; c++) Buffer.MemoryCopy(addresses[c], operands[inputs + c], memory.Bytes[c], memory.Bytes[c]);
    }
}

/// <summary>One of two plans.</summary>
internal sealed unsafe class CpuBranch(CpuDevice device, BranchRegion branch, PlanUse use) : CpuKernel
{
    private readonly CpuExecutable then = new(device, branch.Then, use);
    private readonly CpuExecutable otherwise = new(device, branch.Otherwise, use);

    public override void Run(void** operands, WorkerPool pool) => (*(bool*)operands[0] ? then : otherwise).Run(operands + 1);
}
