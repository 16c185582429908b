using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Tensors of any element type from doubles and back, by plain C# conversions instead of the engine's casts.</summary>
public static class TypedValues
{
    /// <summary>A row-major tensor of the values, converted.</summary>
    /// <param name="values">The values; those of integer types must be integers in range.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the default CPU when omitted.</param>
    public static Tensor Make(ReadOnlySpan<double> values, Shape shape, DType dtype, Device? device = null) => dtype switch
    {
        DType.F64 => Tensor.Of(values, shape, device),
        DType.F32 => Convert(values, shape, device, v => (float)v),
        DType.F16 => Convert(values, shape, device, v => (Half)v),
        DType.BF16 => Convert(values, shape, device, v => (BFloat16)(float)v),
        DType.I32 => Convert(values, shape, device, v => (int)v),
        DType.I64 => Convert(values, shape, device, v => (long)v),
        DType.U8 => Convert(values, shape, device, v => (byte)v),
        DType.Bool => Convert(values, shape, device, v => v != 0),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>The elements in row-major order; i64 beyond 2^53 rounds.</summary>
    public static double[] Read(Tensor tensor) => tensor.DType switch
    {
        DType.F64 => tensor.ToArray<double>(),
        DType.F32 => Array.ConvertAll(tensor.ToArray<float>(), v => (double)v),
        DType.F16 => Array.ConvertAll(tensor.ToArray<Half>(), v => (double)v),
        DType.BF16 => Array.ConvertAll(tensor.ToArray<BFloat16>(), v => (double)(float)v),
        DType.I32 => Array.ConvertAll(tensor.ToArray<int>(), v => (double)v),
        DType.I64 => Array.ConvertAll(tensor.ToArray<long>(), v => (double)v),
        DType.U8 => Array.ConvertAll(tensor.ToArray<byte>(), v => (double)v),
        _ => Array.ConvertAll(tensor.ToArray<bool>(), v => v ? 1.0 : 0),
    };

    /// <summary>Every element's bits, for comparisons that must not forgive anything.</summary>
    public static byte[] Bits(Tensor tensor)
    {
        return tensor.DType switch
        {
            DType.F64 => Bytes(tensor.ToArray<double>()),
            DType.F32 => Bytes(tensor.ToArray<float>()),
            DType.F16 => Bytes(tensor.ToArray<Half>()),
            DType.BF16 => Bytes(tensor.ToArray<BFloat16>()),
            DType.I32 => Bytes(tensor.ToArray<int>()),
            DType.I64 => Bytes(tensor.ToArray<long>()),
            DType.U8 => tensor.ToArray<byte>(),
            _ => Bytes(tensor.ToArray<bool>()),
        };
    }

    private static byte[] Bytes<T>(T[] values) where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>(values).ToArray();

    private static Tensor Convert<T>(ReadOnlySpan<double> values, Shape shape, Device? device, Func<double, T> convert) where T : unmanaged
    {
        T[] typed = new T[values.Length];
        for (int i = 0; i < typed.Length; i++) typed[i] = convert(values[i]);
        return Tensor.Of(typed, shape, device);
    }
}
