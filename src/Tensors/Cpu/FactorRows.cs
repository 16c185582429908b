using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Loops over rows of a matrix in which every element is independent, so that the width of vectors changes no bit.</summary>
internal static unsafe class FactorRows
{
    /// <summary>y[i] /= divisor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide<T>(T* y, T divisor, int count) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        if (count >= Vector<T>.Count)
        {
            var all = new Vector<T>(divisor);
            for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
                Unsafe.WriteUnaligned(y + i, Unsafe.ReadUnaligned<Vector<T>>(y + i) / all);
        }
        for (; i < count; i++) y[i] /= divisor;
    }

    /// <summary>y[i] *= factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale<T>(T* y, T factor, int count) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < count; i++) y[i] *= factor;
    }

    /// <summary>y[i] *= x[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<T>(T* y, T* x, int count) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            Unsafe.WriteUnaligned(y + i, Unsafe.ReadUnaligned<Vector<T>>(y + i) * Unsafe.ReadUnaligned<Vector<T>>(x + i));
        for (; i < count; i++) y[i] *= x[i];
    }

    /// <summary>y[i] = -x[i * stride].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Negate<T>(T* x, nint stride, T* y, int count) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) Negate((float*)x, stride, (float*)y, count);
        else Negate((double*)x, stride, (double*)y, count);
    }

    /// <summary>Exchanges two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Swap<T>(T* x, T* y, int count) where T : unmanaged
    {
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            var kept = Unsafe.ReadUnaligned<Vector<T>>(x + i);
            Unsafe.WriteUnaligned(x + i, Unsafe.ReadUnaligned<Vector<T>>(y + i));
            Unsafe.WriteUnaligned(y + i, kept);
        }
        for (; i < count; i++) (x[i], y[i]) = (y[i], x[i]);
    }

    /// <summary>The index of the first element of greatest magnitude; of the first NaN if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Greatest<T>(T* x, int count) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T greatest = Magnitude(x, count);
        int i = 0;
        if (T.IsNaN(greatest)) while (!T.IsNaN(x[i])) i++;
        else while (T.Abs(x[i]) != greatest) i++;
        return i;
    }

    /// <summary>The greatest magnitude, at least 0; NaN if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Magnitude<T>(T* x, int count) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        T greatest = T.Zero;
        if (count >= Vector<T>.Count)
        {
            var most = Vector<T>.Zero;
            for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) most = Vector.Max(most, Vector.Abs(Unsafe.ReadUnaligned<Vector<T>>(x + i)));
            for (int lane = 0; lane < Vector<T>.Count; lane++) greatest = T.Max(greatest, most[lane]);
        }
        for (; i < count; i++) greatest = T.Max(greatest, T.Abs(x[i]));
        return greatest;
    }

    /// <summary>best[j] = the first element of greatest magnitude in column j of a contiguous matrix, 0 without rows. A NaN is passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GreatestOfColumns<T>(T* matrix, int rows, int columns, T* best) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        new Span<T>(best, columns).Clear();
        for (nint i = 0; i < rows; i++)
        {
            T* row = matrix + (i * columns);
            for (nint j = 0; j < columns; j++)
            {
                if (T.Abs(row[j]) > T.Abs(best[j])) best[j] = row[j];
            }
        }
    }

    private static void Negate(float* x, nint stride, float* y, int count)
    {
        int i = 0;
        if (stride == 1)
        {
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count) Unsafe.WriteUnaligned(y + i, -Unsafe.ReadUnaligned<Vector<float>>(x + i));
        }
        for (; i < count; i++) y[i] = -x[i * stride];
    }

    private static void Negate(double* x, nint stride, double* y, int count)
    {
        int i = 0;
        if (stride == 1)
        {
            for (; i <= count - Vector<double>.Count; i += Vector<double>.Count) Unsafe.WriteUnaligned(y + i, -Unsafe.ReadUnaligned<Vector<double>>(x + i));
        }
        for (; i < count; i++) y[i] = -x[i * stride];
    }
}

/// <summary>Loops over rows with the vectors of matrix products.</summary>
internal static unsafe class FactorRows<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>y[i] = fma(-factor, x[i], y[i]).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SubtractMultiple(T* y, T* x, T factor, int count)
    {
        T negative = -factor;
        TVector all = TSimd.Broadcast(&negative);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(y + i, TSimd.MultiplyAdd(all, TSimd.Load(x + i), TSimd.Load(y + i)));
        int rest = count - i;
        if (rest > 0) TSimd.StoreFirst(y + i, TSimd.MultiplyAdd(all, TSimd.LoadFirst(x + i, rest), TSimd.LoadFirst(y + i, rest)), rest);
    }

    /// <summary>y[i] = fma(-a, x[i], fma(-b, z[i], y[i])).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SubtractMultiples(T* y, T* x, T a, T* z, T b, int count)
    {
        T first = -a, second = -b;
        TVector left = TSimd.Broadcast(&first), right = TSimd.Broadcast(&second);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
            TSimd.Store(y + i, TSimd.MultiplyAdd(left, TSimd.Load(x + i), TSimd.MultiplyAdd(right, TSimd.Load(z + i), TSimd.Load(y + i))));
        int rest = count - i;
        if (rest == 0) return;
        TVector inner = TSimd.MultiplyAdd(right, TSimd.LoadFirst(z + i, rest), TSimd.LoadFirst(y + i, rest));
        TSimd.StoreFirst(y + i, TSimd.MultiplyAdd(left, TSimd.LoadFirst(x + i, rest), inner), rest);
    }
}
