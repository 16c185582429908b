namespace Engine.Tensors.Cpu;

/// <summary>Closes generic kernels over the element type of their operand.</summary>
internal static class CpuTyped
{
    public static CpuKernel ScatterAdd(string name, ScatterAddKernel kernel, ReadOnlySpan<Operand> inputs, Operand output) => output.DType switch
    {
        DType.F32 => new CpuScatterAdd<float>(name, kernel, inputs[0], inputs[1], output),
        DType.F64 => new CpuScatterAdd<double>(name, kernel, inputs[0], inputs[1], output),
        DType.I32 => new CpuScatterAdd<int>(name, kernel, inputs[0], inputs[1], output),
        DType.I64 => new CpuScatterAdd<long>(name, kernel, inputs[0], inputs[1], output),
        DType.U8 => new CpuScatterAdd<byte>(name, kernel, inputs[0], inputs[1], output),
        _ => throw Refused(name, output.DType),
    };

    public static CpuKernel Scan(string name, ScanKernel kernel, Operand input)
    {
        bool places = kernel.Op is ReduceOp.ArgMax or ReduceOp.ArgMin;
        return input.DType switch
        {
            DType.F32 => places ? new CpuScanPlaces<float>(kernel, input) : new CpuScan<float, float>(kernel, input),
            DType.F64 => places ? new CpuScanPlaces<double>(kernel, input) : new CpuScan<double, double>(kernel, input),
            DType.I32 => places ? new CpuScanPlaces<int>(kernel, input) : new CpuScan<int, long>(kernel, input),
            DType.I64 => places ? new CpuScanPlaces<long>(kernel, input) : new CpuScan<long, long>(kernel, input),
            DType.U8 or DType.Bool => places ? new CpuScanPlaces<byte>(kernel, input) : new CpuScan<byte, long>(kernel, input),
            _ => throw Refused(name, input.DType),
        };
    }

    public static CpuKernel Recurrence(string name, RecurrenceKernel kernel, Operand a, Operand b) => a.DType switch
    {
        DType.F32 => new CpuRecurrence<float>(kernel, a, b),
        DType.F64 => new CpuRecurrence<double>(kernel, a, b),
        _ => throw Refused(name, a.DType),
    };

    public static CpuKernel Sort(string name, SortKernel kernel, Operand input) => input.DType switch
    {
        DType.F32 => new CpuSort<float>(kernel, input),
        DType.F64 => new CpuSort<double>(kernel, input),
        DType.I32 => new CpuSort<int>(kernel, input),
        DType.I64 => new CpuSort<long>(kernel, input),
        DType.U8 or DType.Bool => new CpuSort<byte>(kernel, input),
        _ => throw Refused(name, input.DType),
    };

    public static CpuKernel Fold(string name, FoldKernel kernel, Operand input) => input.DType switch
    {
        DType.F32 => new CpuFold<float>(kernel.Window, input),
        DType.F64 => new CpuFold<double>(kernel.Window, input),
        DType.I32 => new CpuFold<int>(kernel.Window, input),
        DType.I64 => new CpuFold<long>(kernel.Window, input),
        DType.U8 => new CpuFold<byte>(kernel.Window, input),
        _ => throw Refused(name, input.DType),
    };

    public static CpuKernel Fourier(string name, FourierKernel kernel, Operand input) => input.DType switch
    {
        DType.F32 => new CpuFourier<float>(kernel, input),
        DType.F64 => new CpuFourier<double>(kernel, input),
        _ => throw Refused(name, input.DType),
    };

    public static CpuKernel MaxPool(string name, SlidingWindow window, Operand input) => input.DType switch
    {
        DType.F32 => new CpuMaxPool<float>(window, input),
        DType.F64 => new CpuMaxPool<double>(window, input),
        _ => throw Refused(name, input.DType),
    };

    public static CpuKernel MaxPoolGradient(string name, SlidingWindow window, ReadOnlySpan<Operand> inputs) => inputs[0].DType switch
    {
        DType.F32 => new CpuMaxPoolGradient<float>(window, inputs),
        DType.F64 => new CpuMaxPoolGradient<double>(window, inputs),
        _ => throw Refused(name, inputs[0].DType),
    };

    public static DTypeException Refused(string name, DType type) => new($"{name}: takes no {type.Name()}. Cast first: x.Cast(DType.F32).");
}
