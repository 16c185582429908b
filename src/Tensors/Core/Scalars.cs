using System.Buffers.Binary;
using System.Globalization;

namespace Engine.Tensors;

/// <summary>Single values of any element type, as bits: constants of expressions and weak C# scalars.</summary>
internal static class Scalars
{
    /// <summary>Rounds a C# scalar to an element type and returns its bits.</summary>
    /// <exception cref="DTypeException">A fraction, NaN or out-of-range value for an integer or bool type.</exception>
    public static ulong ToBits(double value, DType type)
    {
        switch (type)
        {
            case DType.F32: return BitConverter.SingleToUInt32Bits((float)value);
            case DType.F64: return BitConverter.DoubleToUInt64Bits(value);
            case DType.F16: return BitConverter.HalfToUInt16Bits((Half)value);
            case DType.BF16: return ((BFloat16)(float)value).ToBits();
        }
        (double low, double high) = type switch
        {
            DType.I32 => ((double)int.MinValue, (double)int.MaxValue),
            DType.I64 => (long.MinValue, long.MaxValue),
            DType.U8 => (0, 255),
            _ => (0, 1),
        };
        if (Math.Truncate(value) != value || value < low || value > high)
            throw new DTypeException($"scalar: {value.ToString(CultureInfo.InvariantCulture)} is no {type.Name()} value. Cast the tensor first, for example x.Cast(DType.F32).");
        return type switch
        {
            DType.I32 => (uint)(int)value,
            DType.I64 => value >= long.MaxValue ? long.MaxValue : unchecked((ulong)(long)value),
            _ => (ulong)value,
        };
    }

    /// <summary>The bits of the first element of a concrete tensor.</summary>
    public static ulong Bits(Tensor tensor)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        tensor.Storage.CopyTo(tensor.Layout.Offset, bytes[..tensor.DType.Size()]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>The value of some bits, as a double (i64 beyond 2^53 rounds).</summary>
    public static double ToDouble(ulong bits, DType type) => type switch
    {
        DType.F32 => BitConverter.UInt32BitsToSingle((uint)bits),
        DType.F64 => BitConverter.UInt64BitsToDouble(bits),
        DType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
        DType.BF16 => (float)BFloat16.FromBits((ushort)bits),
        DType.I32 => (int)(uint)bits,
        DType.I64 => unchecked((long)bits),
        _ => bits,
    };

    /// <summary>The value of some bits as text.</summary>
    public static string Format(ulong bits, DType type) => type switch
    {
        DType.Bool => bits != 0 ? "true" : "false",
        DType.I64 => unchecked((long)bits).ToString(CultureInfo.InvariantCulture),
        DType.F64 => BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture),
        _ => ((float)ToDouble(bits, type)).ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary>A one-element array of the type holding the bits.</summary>
    public static Array ToArray(ulong bits, DType type) => type switch
    {
        DType.F32 => new[] { BitConverter.UInt32BitsToSingle((uint)bits) },
        DType.F64 => new[] { BitConverter.UInt64BitsToDouble(bits) },
        DType.F16 => new[] { BitConverter.UInt16BitsToHalf((ushort)bits) },
        DType.BF16 => new[] { BFloat16.FromBits((ushort)bits) },
        DType.I32 => new[] { unchecked((int)(uint)bits) },
        DType.I64 => new[] { unchecked((long)bits) },
        DType.U8 => new[] { (byte)bits },
        DType.Bool => new[] { bits != 0 },
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
