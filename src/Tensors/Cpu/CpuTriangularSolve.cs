using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Triangular systems by <see cref="TriangularBlocks{T, TVector, TSimd}"/>.</summary>
internal sealed unsafe class CpuTriangularSolve<T, TVector, TSimd>(string name, TriangularSolveKernel kernel, Operand a, Operand b)
    : CpuFactorization(name, a.Layout.Shape[..^2], FactorCost.Of(b, 0.5, a.Layout.Shape[^1]))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand a = new(a);
    private readonly MatrixOperand b = new(b);

    protected override long WorkBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int n = b.Rows, columns = b.Columns;
        T* matrix = a.At<T>(operands[0], index), x = (T*)operands[2] + (index * n * columns);
        nint diagonal = a.Row + a.Column;
        for (int i = 0; i < n && !kernel.UnitDiagonal; i++)
        {
            if (matrix[i * diagonal] == T.Zero) return new(index, i, 0);
        }
        b.Copy(operands[1], index, x);
        (nint row, nint column) = kernel.Transpose ? (a.Column, a.Row) : (a.Row, a.Column);
        Triangle<T, TVector, TSimd>.Solve(crew, kernel.Lower != kernel.Transpose, n, matrix, row, column, kernel.UnitDiagonal, x, columns);
        return MatrixFailure.None;
    }
}

/// <summary>Systems with a LU-factored matrix.</summary>
internal sealed unsafe class CpuLuSolve<T, TVector, TSimd>(string name, LuSolveKernel kernel, Operand factors, Operand permutation, Operand b)
    : CpuFactorization(name, factors.Layout.Shape[..^2], FactorCost.Of(b, 1, b.Layout.Shape[^2]))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand factors = new(factors);
    private readonly MatrixOperand b = new(b);
    private readonly StridedView places = new(permutation.Layout, sizeof(long));

    // The rows before they are put in place, and where they belong.
    protected override long WorkBytes => ((long)b.Rows * b.Columns * sizeof(T)) + (b.Rows * sizeof(long)) + sizeof(long);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int n = b.Rows, columns = b.Columns;
        T* lu = factors.At<T>(operands[1], index), x = (T*)operands[4] + (index * n * columns), rows = (T*)(work + ((nint)n * sizeof(long)));
        nint diagonal = factors.Row + factors.Column;
        for (int i = 0; i < n; i++)
        {
            if (lu[i * diagonal] == T.Zero) return new(index, i, 0);
        }
        long* place = (long*)work;
        places.Read((byte*)operands[2], index * n, n, work);
        (nint row, nint column) = (factors.Row, factors.Column);
        long bytes = (long)columns * sizeof(T);
        b.Copy(operands[3], index, rows);
        if (kernel.Transpose)
        {
            Triangle<T, TVector, TSimd>.Solve(crew, true, n, lu, column, row, false, rows, columns);
            Triangle<T, TVector, TSimd>.Solve(crew, false, n, lu, column, row, true, rows, columns);
            for (nint i = 0; i < n; i++) Buffer.MemoryCopy(rows + (i * columns), x + ((nint)place[i] * columns), bytes, bytes);
            return MatrixFailure.None;
        }
        for (nint i = 0; i < n; i++) Buffer.MemoryCopy(rows + ((nint)place[i] * columns), x + (i * columns), bytes, bytes);
        Triangle<T, TVector, TSimd>.Solve(crew, true, n, lu, row, column, true, x, columns);
        Triangle<T, TVector, TSimd>.Solve(crew, false, n, lu, row, column, false, x, columns);
        return MatrixFailure.None;
    }
}

/// <summary>A triangle of either side over contiguous right sides.</summary>
internal static unsafe class Triangle<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Solves in place; an upper triangle is a lower one from its last row and column.</summary>
    public static void Solve(in FactorCrew crew, bool lower, int n, T* a, nint row, nint column, bool unit, T* x, int columns)
    {
        if (lower) TriangularBlocks<T, TVector, TSimd>.Solve(crew, n, a, row, column, unit, x, columns, columns);
        else TriangularBlocks<T, TVector, TSimd>.Solve(crew, n, a + ((n - 1) * (row + column)), -row, -column, unit, x + ((long)(n - 1) * columns), -columns, columns);
    }
}
