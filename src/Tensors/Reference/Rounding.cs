namespace Engine.Tensors.Reference;

/// <summary>How numbers become elements: floating values round to nearest even, integers wrap, and bool is whether the integer differs from 0.</summary>
internal static class Rounding
{
    /// <summary>The number that bits of a floating type stand for.</summary>
    public static double ToFloat(ulong bits, DType type) => Scalars.ToDouble(bits, type);

    /// <summary>The number that bits of an integer type or bool stand for.</summary>
    public static long ToInteger(ulong bits, DType type) => type switch
    {
        DType.I32 => unchecked((int)(uint)bits),
        _ => unchecked((long)bits),
    };

    /// <summary>The bits of a number rounded to a floating type.</summary>
    public static ulong ToBits(double value, DType type) => Scalars.ToBits(value, type);

    /// <summary>The bits of an integer wrapped to an integer type.</summary>
    public static ulong ToBits(long value, DType type) => type switch
    {
        DType.I32 => unchecked((uint)value),
        DType.U8 => unchecked((byte)value),
        DType.Bool => value != 0 ? 1UL : 0UL,
        _ => unchecked((ulong)value),
    };

    /// <summary>A number rounded to a floating type.</summary>
    public static double Round(double value, DType type) => type == DType.F64 ? value : ToFloat(ToBits(value, type), type);

    /// <summary>An integer wrapped to an integer type.</summary>
    public static long Wrap(long value, DType type) => ToInteger(ToBits(value, type), type);

    /// <summary>Floating to integer: towards zero, saturating, NaN to 0; to bool, whether it differs from 0.</summary>
    public static long Truncate(double value, DType type)
    {
        if (type == DType.Bool) return value != 0 ? 1 : 0;
        (long low, long high) = type switch
        {
            DType.I32 => (int.MinValue, int.MaxValue),
            DType.U8 => (byte.MinValue, byte.MaxValue),
            _ => (long.MinValue, long.MaxValue),
        };
        if (double.IsNaN(value)) return 0;
        // The bounds as doubles: the upper one of i64 rounds up to 2^63, which is itself out of range.
        if (value <= low) return low;
        return value >= high ? high : (long)value;
    }

    /// <summary>Integer to floating with one rounding, which for f32 must not go by way of f64.</summary>
    public static double FromInteger(long value, DType type) => type == DType.F64 ? value : Round((float)value, type);
}
