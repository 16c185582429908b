namespace Engine.Tensors.Reference;

/// <summary>
/// Executes a plan step by step. Every buffer is an array of its own: buffers that share bytes of an arena are never live together, so this gives the same results.
/// </summary>
internal sealed class ReferenceExecutable(ReferenceDevice device, Plan plan) : Executable
{
    public override Plan Plan { get; } = plan;

    public override Tensor[] Run(ReadOnlySpan<Tensor> inputs)
    {
        RequireCount("inputs", inputs.Length, Plan.Inputs.Length);
        ulong[][] arguments = new ulong[inputs.Length][];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (inputs[i].Spec != Plan.Inputs[i])
                throw new ShapeException($"run: input {i} must be {Plan.Inputs[i]}, got {inputs[i].Spec}. A plan serves one set of specs.");
            arguments[i] = Elements(inputs[i]);
        }
        ulong[][] buffers = Execute(arguments);
        Tensor[] results = new Tensor[Plan.Results.Length];
        for (int i = 0; i < results.Length; i++)
        {
            ReferenceArray values = Read(buffers, Plan.Results[i]);
            Storage storage = device.Allocate(values.DType, values.Count);
            HostMemory.Store(values, storage, 0);
            results[i] = new(storage, Layout.Contiguous(values.Shape), device);
        }
        return results;
    }

    public override void Run(ReadOnlySpan<Storage> inputs, ReadOnlySpan<Storage> results)
    {
        RequireCount("inputs", inputs.Length, Plan.Inputs.Length);
        RequireCount("results", results.Length, Plan.Results.Length);
        ulong[][] arguments = new ulong[inputs.Length][];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = HostMemory.Load(inputs[i]);
        ulong[][] buffers = Execute(arguments);
        for (int i = 0; i < results.Length; i++) HostMemory.Store(Read(buffers, Plan.Results[i]), results[i], 0);
    }

    /// <summary>Runs the plan on the bits of its inputs, row-major, to those of its results.</summary>
    public ulong[][] Run(ulong[][] arguments)
    {
        ulong[][] buffers = Execute(arguments);
        return [.. Plan.Results.Select(r => Read(buffers, r).Bits)];
    }

    private ulong[][] Execute(ulong[][] arguments)
    {
        ulong[][] buffers = new ulong[Plan.Buffers.Length][];
        for (int i = 0; i < buffers.Length; i++)
        {
            PlanBuffer buffer = Plan.Buffers[i];
            buffers[i] = buffer.Kind switch
            {
                BufferKind.Input => arguments[buffer.Slot],
                BufferKind.Constant => Elements(Plan.Constants[buffer.Slot]),
                _ => new ulong[buffer.Count],
            };
        }
        foreach (PlanStep step in Plan.Steps)
        {
            ReferenceArray[] operands = [.. step.Inputs.Select(o => Read(buffers, o))];
            ReferenceArray[] results = [.. step.Outputs.Select(o => new ReferenceArray(o.DType, o.Layout.Shape))];
            if (step.Kernel is Region region) RegionMeaning.Run(device, region, operands, results);
            else KernelMeaning.Run(step.Name, step.Kernel, operands, results);
            for (int i = 0; i < results.Length; i++)
                results[i].Bits.CopyTo(buffers[step.Outputs[i].Buffer].AsSpan(step.Outputs[i].Layout.Offset));
        }
        return buffers;
    }

    private static ulong[] Elements(Tensor tensor) => ReferenceArray.Read(HostMemory.Load(tensor.Storage), tensor.DType, tensor.Layout).Bits;

    private static ReferenceArray Read(ulong[][] buffers, Operand operand) => ReferenceArray.Read(buffers[operand.Buffer], operand.DType, operand.Layout);

    private static void RequireCount(string what, int got, int wanted)
    {
        if (got != wanted) throw new ShapeException($"run: the plan has {wanted} {what}, got {got}.");
    }
}
