using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>The element type of a tensor. A run-time value: kernels are closed over it when they are built.</summary>
public enum DType : byte
{
    /// <summary>32-bit IEEE 754 floating point.</summary>
    F32,

    /// <summary>64-bit IEEE 754 floating point.</summary>
    F64,

    /// <summary>32-bit signed integer, two's complement, wrapping.</summary>
    I32,

    /// <summary>64-bit signed integer, two's complement, wrapping.</summary>
    I64,

    /// <summary>8-bit unsigned integer, wrapping.</summary>
    U8,

    /// <summary>Truth value, one byte, 0 or 1.</summary>
    Bool,

    /// <summary>16-bit IEEE 754 floating point, for storage: each op computes in f32 and rounds its result.</summary>
    F16,

    /// <summary>16-bit brain floating point, for storage: each op computes in f32 and rounds its result.</summary>
    BF16,
}

/// <summary>Facts about element types.</summary>
public static class DTypes
{
    /// <summary>Size of one element in bytes.</summary>
    public static int Size(this DType dtype) => dtype switch
    {
        DType.F64 or DType.I64 => 8,
        DType.F32 or DType.I32 => 4,
        DType.F16 or DType.BF16 => 2,
        _ => 1,
    };

    /// <summary>The short name used in messages: f32, i64, bool.</summary>
    public static string Name(this DType dtype) => dtype switch
    {
        DType.F32 => "f32",
        DType.F64 => "f64",
        DType.I32 => "i32",
        DType.I64 => "i64",
        DType.U8 => "u8",
        DType.Bool => "bool",
        DType.F16 => "f16",
        DType.BF16 => "bf16",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>True for f64, f32, f16 and bf16: the types a derivative can have.</summary>
    public static bool IsFloating(this DType dtype) => dtype is DType.F32 or DType.F64 or DType.F16 or DType.BF16;

    /// <summary>True for i32, i64 and u8.</summary>
    public static bool IsInteger(this DType dtype) => dtype is DType.I32 or DType.I64 or DType.U8;

    /// <summary>True for the storage-only types f16 and bf16.</summary>
    public static bool IsHalfWidth(this DType dtype) => dtype is DType.F16 or DType.BF16;

    /// <summary>The element type that holds values of <typeparamref name="T"/>.</summary>
    /// <exception cref="DTypeException">No element type holds <typeparamref name="T"/>.</exception>
    public static DType Of<T>() where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return DType.F32;
        if (typeof(T) == typeof(double)) return DType.F64;
        if (typeof(T) == typeof(int)) return DType.I32;
        if (typeof(T) == typeof(long)) return DType.I64;
        if (typeof(T) == typeof(byte)) return DType.U8;
        if (typeof(T) == typeof(bool)) return DType.Bool;
        if (typeof(T) == typeof(Half)) return DType.F16;
        if (typeof(T) == typeof(BFloat16)) return DType.BF16;
        throw new DTypeException($"tensor: no element type holds {typeof(T).Name}. Use float, double, int, long, byte, bool, Half or BFloat16.");
    }

    /// <summary>Allocates an uninitialized array of <paramref name="count"/> elements.</summary>
    internal static Array Allocate(this DType dtype, int count) => dtype switch
    {
        DType.F32 => GC.AllocateUninitializedArray<float>(count),
        DType.F64 => GC.AllocateUninitializedArray<double>(count),
        DType.I32 => GC.AllocateUninitializedArray<int>(count),
        DType.I64 => GC.AllocateUninitializedArray<long>(count),
        DType.U8 => GC.AllocateUninitializedArray<byte>(count),
        DType.Bool => GC.AllocateUninitializedArray<bool>(count),
        DType.F16 => GC.AllocateUninitializedArray<Half>(count),
        DType.BF16 => GC.AllocateUninitializedArray<BFloat16>(count),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };
}

/// <summary>bfloat16: the upper half of an f32, rounded to nearest even.</summary>
public readonly struct BFloat16 : IEquatable<BFloat16>
{
    private readonly ushort bits;

    private BFloat16(ushort bits) => this.bits = bits;

    /// <summary>The value with these sixteen bits.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>The sixteen bits.</summary>
    public ushort ToBits() => bits;

    /// <summary>Widens exactly.</summary>
    public static explicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.bits << 16);

    /// <summary>Rounds to nearest, ties to even; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static explicit operator BFloat16(float value)
    {
        uint u = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new((ushort)((u >> 16) | 0x40));
        return new((ushort)((u + 0x7FFF + ((u >> 16) & 1)) >> 16));
    }

    /// <summary>Compares as numbers: NaN differs from itself, -0 equals +0.</summary>
    public static bool operator ==(BFloat16 a, BFloat16 b) => (float)a == (float)b;

    /// <summary>Compares as numbers.</summary>
    public static bool operator !=(BFloat16 a, BFloat16 b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => bits == other.bits;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => bits;

    /// <inheritdoc/>
    public override string ToString() => ((float)this).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
