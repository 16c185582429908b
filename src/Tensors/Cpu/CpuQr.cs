using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>QR factors by <see cref="QrBlocks{T, TVector, TSimd}"/>.</summary>
internal sealed unsafe class CpuQr<T, TVector, TSimd>(string name, Operand a)
    : CpuFactorization(name, a.Layout.Shape[..^2], FactorCost.Of(a, 2))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand a = new(a);

    protected override long WorkBytes => QrBlocks<T, TVector, TSimd>.WorkCount(a.Rows, a.Columns) * sizeof(T);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int m = a.Rows, n = a.Columns;
        if (n == 0) return MatrixFailure.None;
        T* q = (T*)operands[1] + (index * m * n), r = (T*)operands[2] + (index * n * n);
        a.Copy(operands[0], index, q);
        QrBlocks<T, TVector, TSimd>.Factor(crew, m, n, q, r, (T*)work);
        return MatrixFailure.None;
    }
}
