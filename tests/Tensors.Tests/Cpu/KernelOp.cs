using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>A primitive that is nothing but a kernel, for running kernels directly.</summary>
internal sealed record KernelOp(Kernel Kernel, string Caller = "test") : Primitive
{
    public override string Name => Caller;

    public override bool TakesHalfWidth => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => throw new NotSupportedException();

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) => throw new NotSupportedException();

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) => throw new NotSupportedException();

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => throw new NotSupportedException();

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => Kernel;

    /// <summary>Runs a kernel with one result and gives its bits.</summary>
    public static ulong[] Run(CpuDevice device, Kernel kernel, DType type, int[] shape, params Tensor[] inputs)
    {
        Tensor output = Views.Output(device, type, shape);
        device.Run(new KernelOp(kernel), inputs, [output]);
        return Views.Bits(output);
    }
}
