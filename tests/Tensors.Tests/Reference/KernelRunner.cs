using Engine.Tensors.Reference;

namespace Engine.Tensors.Tests.Reference;

/// <summary>Runs one kernel as a plan of one step.</summary>
internal static class KernelRunner
{
    public static readonly ReferenceDevice Device = new();

    public static T[] Run<T>(Kernel kernel, Shape result, params Tensor[] inputs) where T : unmanaged => Run<T>("take", kernel, result, inputs);

    public static T[] Run<T>(string name, Kernel kernel, Shape result, Tensor[] inputs) where T : unmanaged
    {
        DType dtype = DTypes.Of<T>();
        PlanBuffer[] buffers =
        [
            .. inputs.Select((x, i) => new PlanBuffer(BufferKind.Input, x.DType, x.Count, i)),
            new PlanBuffer(BufferKind.Result, dtype, result.Count, 0),
        ];
        Operand[] operands = [.. inputs.Select((x, i) => new Operand(i, x.DType, Layout.Contiguous(x.Shape)))];
        var output = new Operand(inputs.Length, dtype, Layout.Contiguous(result));
        var plan = new Plan([.. inputs.Select(x => x.Spec)], [], [.. buffers], [new PlanStep(name, kernel, [.. operands], kernel is EpilogueKernel ? [output, output] : [output])], [output], 0);
        return Device.Build(plan).Run(inputs)[0].ToArray<T>();
    }

    /// <summary>A map over vectors.</summary>
    public static T[] Map<T>(Expr body, params Tensor[] inputs) where T : unmanaged => Run<T>(new MapKernel(body), inputs[0].Shape, inputs);

    public static Tensor Vector<T>(params T[] values) where T : unmanaged => Tensor.Wrap(values, [values.Length]);

    public static Tensor Range(params int[] shape)
    {
        Shape s = Shape.Create(shape);
        return Tensor.Wrap([.. Enumerable.Range(1, s.Count).Select(i => (double)i)], s);
    }
}
