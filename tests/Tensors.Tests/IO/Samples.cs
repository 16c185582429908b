using System.Runtime.InteropServices;

namespace Engine.Tensors.Tests.IO;

/// <summary>Tensors with exact bits, in and out.</summary>
internal static class Samples
{
    public static readonly DType[] AllTypes = Enum.GetValues<DType>();

    /// <summary>A row-major tensor over bytes.</summary>
    public static Tensor FromBytes(DType dtype, Shape shape, ReadOnlySpan<byte> bytes) => dtype switch
    {
        DType.F32 => Wrap<float>(shape, bytes),
        DType.F64 => Wrap<double>(shape, bytes),
        DType.I32 => Wrap<int>(shape, bytes),
        DType.I64 => Wrap<long>(shape, bytes),
        DType.U8 => Wrap<byte>(shape, bytes),
        DType.Bool => Wrap<bool>(shape, bytes),
        DType.F16 => Wrap<Half>(shape, bytes),
        _ => Wrap<BFloat16>(shape, bytes),
    };

    /// <summary>The elements in row-major order, as bytes.</summary>
    public static byte[] ToBytes(Tensor tensor) => tensor.DType switch
    {
        DType.F32 => Bytes<float>(tensor),
        DType.F64 => Bytes<double>(tensor),
        DType.I32 => Bytes<int>(tensor),
        DType.I64 => Bytes<long>(tensor),
        DType.U8 => Bytes<byte>(tensor),
        DType.Bool => Bytes<bool>(tensor),
        DType.F16 => Bytes<Half>(tensor),
        _ => Bytes<BFloat16>(tensor),
    };

    /// <summary>Random bits: for floating types NaNs with payloads, infinities, zeros of both signs and subnormal numbers among them.</summary>
    public static Tensor Random(Random random, DType dtype, Shape shape)
    {
        int size = dtype.Size();
        byte[] bytes = new byte[shape.Count * size];
        random.NextBytes(bytes);
        for (int i = 0; i < shape.Count; i++)
        {
            Span<byte> element = bytes.AsSpan(i * size, size);
            if (dtype == DType.Bool) element[0] &= 1;
            else if (dtype.IsFloating()) MakeSpecial(random, element);
        }
        return FromBytes(dtype, shape, bytes);
    }

    /// <summary>A random shape: rank 0 to 5, sides of 0 and 1 among them.</summary>
    public static Shape Shape(Random random)
    {
        int[] lengths = new int[random.Next(6)];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = random.Next(12) == 0 ? 0 : random.Next(1, 5);
        return Tensors.Shape.Create(lengths);
    }

    public static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Spec, actual.Spec);
        Assert.Equal(ToBytes(expected), ToBytes(actual));
    }

    /// <summary>Sets the top bits, which hold sign and exponent, to all ones or all zeros in half of the cases.</summary>
    private static void MakeSpecial(Random random, Span<byte> element)
    {
        switch (random.Next(8))
        {
            case 0:
                element[^1] |= 0x7F;
                element[^2] |= 0xFC;
                break;
            case 1:
                element[^1] &= 0x80;
                element[^2] &= 0x03;
                break;
            case 2:
                element[..^1].Clear();
                element[^1] &= 0x80;
                break;
            case 3:
                element[..^1].Clear();
                element[^1] = 0x7F;
                element[^2] = element.Length == 2 ? (byte)0x80 : element.Length == 4 ? (byte)0x80 : (byte)0xF0;
                element[0] |= 1;
                break;
        }
    }

    private static Tensor Wrap<T>(Shape shape, ReadOnlySpan<byte> bytes) where T : unmanaged => Tensor.Wrap(MemoryMarshal.Cast<byte, T>(bytes).ToArray(), shape);

    private static byte[] Bytes<T>(Tensor tensor) where T : unmanaged => MemoryMarshal.AsBytes<T>(tensor.ToArray<T>()).ToArray();
}
