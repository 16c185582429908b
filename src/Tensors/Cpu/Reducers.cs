using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Integer sums in i64; they wrap, so their order does not matter.</summary>
internal readonly unsafe struct IntegerSum<T> : IChunkReducer<T, long> where T : unmanaged, IBinaryInteger<T>
{
    public static long Identity => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Chunk(T* elements, int count, long first)
    {
        long sum = 0;
        for (int i = 0; i < count; i++) sum += long.CreateTruncating(elements[i]);
        return sum;
    }

    public static long Combine(long left, long right) => left + right;
}

/// <summary>Integer products in i64.</summary>
internal readonly unsafe struct IntegerProduct<T> : IChunkReducer<T, long> where T : unmanaged, IBinaryInteger<T>
{
    public static long Identity => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Chunk(T* elements, int count, long first)
    {
        long product = 1;
        for (int i = 0; i < count; i++) product *= long.CreateTruncating(elements[i]);
        return product;
    }

    public static long Combine(long left, long right) => left * right;
}

/// <summary>An index and the value found there.</summary>
internal struct Found<T> where T : unmanaged
{
    public long Index;
    public T Value;
}

/// <summary>Where the greatest element is: the first NaN, else the first greatest.</summary>
internal readonly unsafe struct GreatestIndex<T> : IChunkReducer<T, Found<T>> where T : unmanaged, INumber<T>
{
    public static Found<T> Identity => throw new InvalidOperationException("argMax: there is no element.");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Found<T> Chunk(T* elements, int count, long first)
    {
        T best = elements[0];
        int at = 0;
        for (int i = 1; i < count && !T.IsNaN(best); i++)
        {
            // True as well when the element is NaN.
            if (elements[i] <= best) continue;
            best = elements[i];
            at = i;
        }
        return new Found<T> { Index = first + at, Value = best };
    }

    public static Found<T> Combine(Found<T> left, Found<T> right) => T.IsNaN(left.Value) || right.Value <= left.Value ? left : right;
}

/// <summary>Where the least element is: the first NaN, else the first least.</summary>
internal readonly unsafe struct LeastIndex<T> : IChunkReducer<T, Found<T>> where T : unmanaged, INumber<T>
{
    public static Found<T> Identity => throw new InvalidOperationException("argMin: there is no element.");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Found<T> Chunk(T* elements, int count, long first)
    {
        T best = elements[0];
        int at = 0;
        for (int i = 1; i < count && !T.IsNaN(best); i++)
        {
            if (elements[i] >= best) continue;
            best = elements[i];
            at = i;
        }
        return new Found<T> { Index = first + at, Value = best };
    }

    public static Found<T> Combine(Found<T> left, Found<T> right) => T.IsNaN(left.Value) || right.Value >= left.Value ? left : right;
}
