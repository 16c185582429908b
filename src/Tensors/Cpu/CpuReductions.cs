using System.Numerics;

namespace Engine.Tensors.Cpu;

/// <summary>Chooses the reduction for an element type.</summary>
internal static class CpuReductions
{
    public static CpuKernel Prepare(string name, ReduceKernel kernel, Operand input, Operand output) => input.DType switch
    {
        DType.F32 => Floating<float>(kernel, input, output),
        DType.F64 => Floating<double>(kernel, input, output),
        DType.I32 => Integer<int>(kernel, input, output),
        DType.I64 when kernel.Op == ReduceOp.Sum => new CpuLaneReduce<long, LaneSum<long>>(input, kernel.Axes, output),
        DType.I64 => Integer<long>(kernel, input, output),
        DType.U8 or DType.Bool => Integer<byte>(kernel, input, output),
        _ => throw CpuTyped.Refused(name, input.DType),
    };

    private static CpuKernel Floating<T>(ReduceKernel kernel, Operand input, Operand output)
        where T : unmanaged, IFloatingPointIeee754<T>, IMinMaxValue<T> => kernel.Op switch
        {
            ReduceOp.Sum => new CpuLaneReduce<T, LaneSum<T>>(input, kernel.Axes, output),
            ReduceOp.Prod => new CpuLaneReduce<T, LaneProduct<T>>(input, kernel.Axes, output),
            _ => Choice<T>(kernel, input, output),
        };

    private static CpuKernel Integer<T>(ReduceKernel kernel, Operand input, Operand output)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => kernel.Op switch
        {
            ReduceOp.Sum => new CpuReduce<T, long, IntegerSum<T>>(input, kernel.Axes, output),
            ReduceOp.Prod => new CpuReduce<T, long, IntegerProduct<T>>(input, kernel.Axes, output),
            _ => Choice<T>(kernel, input, output),
        };

    private static CpuKernel Choice<T>(ReduceKernel kernel, Operand input, Operand output)
        where T : unmanaged, INumber<T>, IMinMaxValue<T> => kernel.Op switch
        {
            ReduceOp.Max => new CpuLaneReduce<T, LaneMax<T>>(input, kernel.Axes, output),
            ReduceOp.Min => new CpuLaneReduce<T, LaneMin<T>>(input, kernel.Axes, output),
            ReduceOp.ArgMax => new CpuReduce<T, Found<T>, GreatestIndex<T>>(input, kernel.Axes, output),
            _ => new CpuReduce<T, Found<T>, LeastIndex<T>>(input, kernel.Axes, output),
        };
}
