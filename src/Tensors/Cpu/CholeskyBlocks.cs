using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>The Cholesky factor over the lower triangle of a row-major matrix, by halves recursively. What lies above the diagonal is written over.</summary>
internal static unsafe class CholeskyBlocks<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // Blocks up to this side are factored turned around in scratch memory, where rows are long.
    private const int Leaf = 2 * TriangularBlocks<T, TVector, TSimd>.Leaf;

    /// <summary>Bytes of work memory.</summary>
    public static int WorkBytes => Leaf * Leaf * sizeof(T);

    /// <summary>Factors a block; gives the failed pivot, counted from the block's first, or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static MatrixFailure Factor(in FactorCrew crew, int n, T* a, nint ld, T* work)
    {
        if (n <= Leaf) return Unblocked(n, a, ld, work);
        int half = TriangularBlocks<T, TVector, TSimd>.Half(n);
        MatrixFailure failure = Factor(crew, half, a, ld, work);
        if (failure.Happened) return failure;
        T* below = a + (half * ld);
        TriangularBlocks<T, TVector, TSimd>.SolveRight(crew, half, a, ld, below, ld, n - half);
        FactorProduct<T, TVector, TSimd>.Subtract(crew, new()
        {
            M = n - half,
            N = n - half,
            K = half,
            A = below,
            ARow = ld,
            AColumn = 1,
            B = below,
            BRow = 1,
            BColumn = ld,
            C = below + half,
            CRow = ld,
            LowerOnly = true,
        });
        failure = Factor(crew, n - half, below + half, ld, work);
        return failure.Happened ? failure with { Pivot = failure.Pivot + half } : failure;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static MatrixFailure Unblocked(int n, T* a, nint ld, T* u)
    {
        for (nint i = 0; i < n; i++)
            for (nint j = 0; j <= i; j++) u[(j * Leaf) + i] = a[(i * ld) + j];
        for (int j = 0; j < n; j++)
        {
            T* pivotRow = u + (j * Leaf);
            T pivot = pivotRow[j];
            if (!(pivot > T.Zero)) return new(0, j, double.CreateTruncating(pivot));
            pivot = T.Sqrt(pivot);
            pivotRow[j] = pivot;
            FactorRows.Divide(pivotRow + j + 1, pivot, n - j - 1);
            for (int i = j + 1; i < n; i++) FactorRows<T, TVector, TSimd>.SubtractMultiple(u + (i * Leaf) + i, pivotRow + i, pivotRow[i], n - i);
        }
        for (nint i = 0; i < n; i++)
            for (nint j = 0; j <= i; j++) a[(i * ld) + j] = u[(j * Leaf) + i];
        return MatrixFailure.None;
    }
}
