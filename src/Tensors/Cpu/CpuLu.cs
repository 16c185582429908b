using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>LU factors by <see cref="LuBlocks{T, TVector, TSimd}"/>.</summary>
internal sealed unsafe class CpuLu<T, TVector, TSimd>(string name, Operand a)
    : CpuFactorization(name, a.Layout.Shape[..^2], FactorCost.Of(a, 1.0 / 3))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand a = new(a);

    protected override long WorkBytes => LuBlocks<T, TVector, TSimd>.WorkBytes(a.Rows) + (a.Rows * sizeof(int));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int m = a.Rows, n = a.Columns;
        T* lu = (T*)operands[1] + (index * m * n);
        long* permutation = (long*)operands[2] + (index * m);
        int* pivots = (int*)(work + LuBlocks<T, TVector, TSimd>.WorkBytes(m));
        if ((long)m * n > 0) a.Copy(operands[0], index, lu);
        LuBlocks<T, TVector, TSimd>.Factor(crew, m, n, lu, n, pivots, (T*)work);
        for (int i = 0; i < m; i++) permutation[i] = i;
        T sign = T.One;
        for (int j = 0; j < Math.Min(m, n); j++)
        {
            if (pivots[j] == j) continue;
            (permutation[j], permutation[pivots[j]]) = (permutation[pivots[j]], permutation[j]);
            sign = -sign;
        }
        ((T*)operands[3])[index] = sign;
        return MatrixFailure.None;
    }
}
