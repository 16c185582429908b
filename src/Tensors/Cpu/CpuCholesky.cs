using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Cholesky factors by <see cref="CholeskyBlocks{T, TVector, TSimd}"/>.</summary>
internal sealed unsafe class CpuCholesky<T, TVector, TSimd>(string name, Operand a)
    : CpuFactorization(name, a.Layout.Shape[..^2], FactorCost.Of(a, 1.0 / 6))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand a = new(a);

    protected override long WorkBytes => CholeskyBlocks<T, TVector, TSimd>.WorkBytes;

    protected override Exception Error(MatrixFailure failure) => failure.NotPositiveDefinite(Name, Batch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int n = a.Rows;
        T* x = a.At<T>(operands[0], index), l = (T*)operands[1] + (index * n * n);
        for (nint i = 0; i < n; i++)
        {
            T* from = x + (i * a.Row), to = l + (i * n);
            if (a.Column == 1) Buffer.MemoryCopy(from, to, (i + 1) * sizeof(T), (i + 1) * sizeof(T));
            else for (nint j = 0; j <= i; j++) to[j] = from[j * a.Column];
        }
        MatrixFailure failure = CholeskyBlocks<T, TVector, TSimd>.Factor(crew, n, l, n, (T*)work);
        for (nint i = 0; i < n; i++) new Span<T>(l + (i * n) + i + 1, n - (int)i - 1).Clear();
        return failure;
    }
}
