namespace Engine.Tensors.Reference;

/// <summary>
/// Defines the meaning of every kernel: scalar, in double precision (integers exactly, in 64 bits), rounded to the element type once per result.
/// Slow and meant to be read; the oracle for the CPU and GPU devices. It shares host memory with the CPU devices, and any number of callers may use it at once.
/// </summary>
/// <remarks>
/// Sums are plain sums in double precision, so where a faster device promises an order of additions this one is only closer to the exact value, not equal in bits.
/// </remarks>
public sealed class ReferenceDevice : Device
{
    /// <inheritdoc/>
    public override string Name => "reference";

    /// <inheritdoc/>
    public override object MemorySpace => HostStorage.Space;

    /// <inheritdoc/>
    public override Storage Allocate(DType dtype, int count) => new HostStorage(dtype, dtype.Allocate(count));

    /// <inheritdoc/>
    public override Executable Build(Plan plan) => new ReferenceExecutable(this, plan);

    /// <inheritdoc/>
    public override void Run(Primitive primitive, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        ReferenceArray[] operands = new ReferenceArray[inputs.Length], results = new ReferenceArray[outputs.Length];
        for (int i = 0; i < operands.Length; i++)
            operands[i] = ReferenceArray.Read(HostMemory.Load(inputs[i].Storage), inputs[i].DType, inputs[i].Layout);
        for (int i = 0; i < results.Length; i++) results[i] = new(outputs[i].DType, outputs[i].Shape);
        Kernel kernel = primitive.Lower([.. operands.Select(Spec)], [.. results.Select(Spec)]);
        KernelMeaning.Run(primitive.Name, kernel, operands, results);
        for (int i = 0; i < results.Length; i++) HostMemory.Store(results[i], outputs[i].Storage, outputs[i].Layout.Offset);
    }

    /// <inheritdoc/>
    /// <remarks>Nothing to wait for: every call has finished when it returns.</remarks>
    public override void Synchronize()
    {
    }

    private static TensorSpec Spec(ReferenceArray values) => new(values.DType, values.Shape);
}
