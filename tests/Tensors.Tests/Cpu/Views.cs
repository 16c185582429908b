using Engine.Tensors.Cpu;
using MemoryLayout = Engine.Tensors.Layout;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Test tensors of a shape whose elements lie in memory in many ways, and their elements in row-major order as bits.</summary>
internal static class Views
{
    public static readonly int[][] Shapes =
    [
        [], [1], [5], [0], [300], [3, 4], [1, 7], [7, 1], [0, 3], [20, 33], [2, 3, 4], [5, 1, 6], [3, 0, 2], [4, 2, 3, 5], [2, 1, 3, 2, 4], [2, 300], [300, 2], [3, 2, 257],
    ];

    /// <summary>A tensor of random elements under each kind of layout.</summary>
    public static IEnumerable<Tensor> Of(DType type, int[] shape, Random random)
    {
        yield return Contiguous(type, shape, random);
        yield return Sliced(type, shape, random);
        if (shape.Length == 0) yield break;
        yield return Flipped(type, shape, random);
        yield return Broadcast(type, shape, random);
        if (shape.Length >= 2)
        {
            yield return Transposed(type, shape, random);
            yield return Overlapping(type, shape, random);
        }
    }

    public static Tensor Contiguous(DType type, int[] shape, Random random) =>
        View(type, shape, MemoryLayout.RowMajor(shape), 0, random);

    /// <summary>Every axis is a slice with gaps of a larger one, and the buffer begins earlier.</summary>
    public static Tensor Sliced(DType type, int[] shape, Random random)
    {
        int[] strides = new int[shape.Length];
        int step = 2;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(1, shape[i]) + 1;
        }
        return View(type, shape, strides, 3, random);
    }

    public static Tensor Flipped(DType type, int[] shape, Random random)
    {
        int[] strides = MemoryLayout.RowMajor(shape);
        int offset = 0;
        for (int i = shape.Length - 1; i >= 0; i -= 2)
        {
            offset += strides[i] * Math.Max(0, shape[i] - 1);
            strides[i] = -strides[i];
        }
        return View(type, shape, strides, offset, random);
    }

    /// <summary>The last, and from rank 3 on the first axis repeats.</summary>
    public static Tensor Broadcast(DType type, int[] shape, Random random)
    {
        int[] strides = MemoryLayout.RowMajor(shape);
        strides[^1] = 0;
        if (strides.Length > 2) strides[0] = 0;
        return View(type, shape, strides, 1, random);
    }

    /// <summary>The axes in reverse order of memory.</summary>
    public static Tensor Transposed(DType type, int[] shape, Random random)
    {
        int[] strides = new int[shape.Length];
        int step = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            strides[i] = step;
            step *= Math.Max(1, shape[i]);
        }
        return View(type, shape, strides, 0, random);
    }

    /// <summary>Neighbouring rows share elements, as in sliding windows.</summary>
    public static Tensor Overlapping(DType type, int[] shape, Random random)
    {
        int[] strides = new int[shape.Length];
        Array.Fill(strides, 1);
        return View(type, shape, strides, 2, random);
    }

    public static Tensor View(DType type, int[] shape, int[] strides, int offset, Random random)
    {
        int top = offset;
        for (int i = 0; i < shape.Length; i++) top += Math.Max(0, strides[i] * (shape[i] - 1));
        return new Tensor(new HostStorage(type, Values(type, top + 2, random)), new MemoryLayout(shape, strides, offset), null);
    }

    /// <summary>Random elements, among them zeros of both signs, infinities, NaN and the ends of integer ranges.</summary>
    public static Array Values(DType type, int count, Random random)
    {
        double[] special = [0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.5, 2.5, 1e-40, 3e9, -7e18, 255.7, 70000];
        double value() => random.Next(8) == 0 ? special[random.Next(special.Length)] : (random.NextDouble() * 40) - 20;
        long integer() => random.Next(8) switch
        {
            0 => long.MinValue,
            1 => int.MinValue,
            2 => random.NextInt64(long.MinValue, long.MaxValue),
            3 => 0,
            _ => random.Next(-50, 50),
        };
        return type switch
        {
            DType.F32 => Make(count, () => (float)value()),
            DType.F64 => Make(count, value),
            DType.F16 => Make(count, () => (Half)value()),
            DType.BF16 => Make(count, () => (BFloat16)(float)value()),
            DType.I32 => Make(count, () => unchecked((int)integer())),
            DType.I64 => Make(count, integer),
            DType.U8 => Make(count, () => unchecked((byte)integer())),
            _ => Make(count, () => random.Next(2) == 1),
        };
    }

    /// <summary>The bits of every element, in row-major order, found one by one.</summary>
    public static ulong[] Bits(Tensor tensor)
    {
        var data = ((HostStorage)tensor.Storage).Data;
        ulong[] bits = new ulong[tensor.Count];
        for (int i = 0; i < bits.Length; i++)
        {
            int rest = i, position = tensor.Layout.Offset;
            for (int axis = tensor.Rank - 1; axis >= 0; axis--)
            {
                position += rest % tensor.Shape[axis] * tensor.Layout.Strides[axis];
                rest /= tensor.Shape[axis];
            }
            bits[i] = data switch
            {
                float[] a => BitConverter.SingleToUInt32Bits(a[position]),
                double[] a => BitConverter.DoubleToUInt64Bits(a[position]),
                Half[] a => BitConverter.HalfToUInt16Bits(a[position]),
                BFloat16[] a => a[position].ToBits(),
                int[] a => unchecked((uint)a[position]),
                long[] a => unchecked((ulong)a[position]),
                byte[] a => a[position],
                _ => ((bool[])data)[position] ? 1UL : 0,
            };
        }
        return bits;
    }

    /// <summary>A fresh row-major tensor.</summary>
    public static Tensor Output(CpuDevice device, DType type, params int[] shape) =>
        new(device.Allocate(type, ((Shape)shape).Count), MemoryLayout.Contiguous(shape), device);

    /// <summary>Equal bits; all NaNs of a floating type count as one.</summary>
    public static void AssertSame(ulong[] expected, ulong[] actual, DType type, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] == actual[i] || (type.IsFloating() && IsNaN(expected[i], type) && IsNaN(actual[i], type))) continue;
            Assert.Fail($"{what}: element {i} is {Show(actual[i], type)}, expected {Show(expected[i], type)}");
        }
    }

    private static bool IsNaN(ulong bits, DType type) => double.IsNaN(ToDouble(bits, type));

    private static string Show(ulong bits, DType type) => $"{ToDouble(bits, type):R} ({bits:x})";

    private static double ToDouble(ulong bits, DType type) => type switch
    {
        DType.F32 => BitConverter.UInt32BitsToSingle((uint)bits),
        DType.F64 => BitConverter.UInt64BitsToDouble(bits),
        DType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
        DType.BF16 => BitConverter.UInt32BitsToSingle((uint)bits << 16),
        _ => bits,
    };

    private static T[] Make<T>(int count, Func<T> next)
    {
        var values = new T[count];
        for (int i = 0; i < count; i++) values[i] = next();
        return values;
    }
}
