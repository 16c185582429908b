using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>LU factors with partial pivoting over a row-major matrix, by halves of the columns recursively (Toledo 1997).</summary>
internal static unsafe class LuBlocks<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // Columns that are factored one by one, turned into rows of scratch memory.
    private const int Leaf = TriangularBlocks<T, TVector, TSimd>.Leaf;

    /// <summary>Bytes of work memory for m rows.</summary>
    public static long WorkBytes(int m) => (long)Leaf * m * sizeof(T);

    /// <summary>Factors a matrix of m rows and n columns. Row j was exchanged with row pivots[j], in order of j below min(m, n).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Factor(in FactorCrew crew, int m, int n, T* a, nint ld, int* pivots, T* work)
    {
        int k = Math.Min(m, n);
        if (k == 0) return;
        Columns(crew, m, 0, k, a, ld, pivots, work);
        Finish(crew, m, 0, k, n, a, ld, pivots);
    }

    /// <summary>Factors columns [first, end) from row <paramref name="first"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns(in FactorCrew crew, int m, int first, int end, T* a, nint ld, int* pivots, T* work)
    {
        if (end - first <= Leaf)
        {
            Panel(m, first, end - first, a, ld, pivots, work);
            return;
        }
        int middle = first + TriangularBlocks<T, TVector, TSimd>.Half(end - first);
        Columns(crew, m, first, middle, a, ld, pivots, work);
        Finish(crew, m, first, middle, end, a, ld, pivots);
        FactorProduct<T, TVector, TSimd>.Subtract(crew, new()
        {
            M = m - middle,
            N = end - middle,
            K = middle - first,
            A = a + (middle * ld) + first,
            ARow = ld,
            AColumn = 1,
            B = a + (first * ld) + middle,
            BRow = ld,
            BColumn = 1,
            C = a + (middle * ld) + middle,
            CRow = ld,
        });
        Columns(crew, m, middle, end, a, ld, pivots, work);
        Exchange(a + first, ld, pivots, middle, end, middle - first);
    }

    /// <summary>Brings columns [middle, end) up to date with the rows that factoring columns [first, middle) has finished.</summary>
    private static void Finish(in FactorCrew crew, int m, int first, int middle, int end, T* a, nint ld, int* pivots)
    {
        if (middle == end) return;
        Exchange(a + middle, ld, pivots, first, middle, end - middle);
        TriangularBlocks<T, TVector, TSimd>.Solve(crew, Math.Min(m, middle) - first, a + (first * ld) + first, ld, 1, true, a + (first * ld) + middle, ld, end - middle);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exchange(T* a, nint ld, int* pivots, int first, int end, int columns)
    {
        for (int j = first; j < end; j++)
        {
            if (pivots[j] != j) FactorRows.Swap(a + (j * ld), a + (pivots[j] * ld), columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panel(int m, int first, int width, T* a, nint ld, int* pivots, T* columns)
    {
        int length = m - first;
        T* panel = a + (first * ld) + first;
        GemmPacking.Transpose(panel, ld, length, width, columns, length);
        for (int j = 0; j < width; j++)
        {
            T* column = columns + ((nint)j * length);
            int place = j + FactorRows.Greatest(column + j, length - j);
            pivots[first + j] = first + place;
            if (place != j)
            {
                for (nint c = 0; c < width; c++)
                {
                    T* other = columns + (c * length);
                    (other[j], other[place]) = (other[place], other[j]);
                }
            }
            int rest = length - j - 1;
            if (column[j] != T.Zero) FactorRows.Divide(column + j + 1, column[j], rest);
            for (nint c = j + 1; c < width; c++)
            {
                T* other = columns + (c * length);
                FactorRows<T, TVector, TSimd>.SubtractMultiple(other + j + 1, column + j + 1, other[j], rest);
            }
        }
        GemmPacking.Transpose(columns, length, width, length, panel, (int)ld);
    }
}
