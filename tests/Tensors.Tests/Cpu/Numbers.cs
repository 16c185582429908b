namespace Engine.Tensors.Tests.Cpu;

/// <summary>Element bits as numbers and back, for the naive references.</summary>
internal static class Numbers
{
    public static float F32(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    public static double F64(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    public static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    public static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    public static long Integer(ulong bits, DType type) => type == DType.I32 ? (int)(uint)bits : (long)bits;

    /// <summary>The sum of two elements of a type, rounded or wrapped to it.</summary>
    public static ulong Add(ulong a, ulong b, DType type) => type switch
    {
        DType.F32 => Bits(F32(a) + F32(b)),
        DType.F64 => Bits(F64(a) + F64(b)),
        DType.I32 => (uint)((int)(uint)a + (int)(uint)b),
        DType.U8 => (byte)(a + b),
        _ => a + b,
    };

    public static ulong Multiply(ulong a, ulong b, DType type) => type switch
    {
        DType.F32 => Bits(F32(a) * F32(b)),
        DType.F64 => Bits(F64(a) * F64(b)),
        _ => a * b,
    };

    public static ulong MultiplyAdd(ulong a, ulong b, ulong c, DType type) => type == DType.F32
        ? Bits(MathF.FusedMultiplyAdd(F32(a), F32(b), F32(c)))
        : Bits(Math.FusedMultiplyAdd(F64(a), F64(b), F64(c)));

    /// <summary>The coordinates of a row-major index.</summary>
    public static int[] At(int index, ReadOnlySpan<int> shape)
    {
        int[] at = new int[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--) (index, at[axis]) = Math.DivRem(index, shape[axis]);
        return at;
    }

    /// <summary>The row-major index of coordinates.</summary>
    public static int Index(ReadOnlySpan<int> at, ReadOnlySpan<int> shape)
    {
        int index = 0;
        for (int axis = 0; axis < shape.Length; axis++) index = (index * shape[axis]) + at[axis];
        return index;
    }

    public static int Count(ReadOnlySpan<int> shape)
    {
        int count = 1;
        foreach (int n in shape) count *= n;
        return count;
    }

    /// <summary>Random finite elements of both signs.</summary>
    public static Tensor Finite(DType type, int[] shape, Random random, bool transposed = false)
    {
        Tensor view = transposed ? Views.Transposed(type, shape, random) : Views.Contiguous(type, shape, random);
        Array data = ((HostStorage)view.Storage).Data;
        for (int i = 0; i < data.Length; i++)
        {
            double value = (random.NextDouble() * 2) - 1;
            if (data is float[] f) f[i] = (float)value;
            else if (data is double[] d) d[i] = value;
        }
        return view;
    }
}
