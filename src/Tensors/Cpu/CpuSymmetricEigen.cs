using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Eigenvalues and vectors by <see cref="EigenBlocks{T, TVector, TSimd}"/>.</summary>
internal sealed unsafe class CpuSymmetricEigen<T, TVector, TSimd>(string name, Operand a)
    : CpuFactorization(name, a.Layout.Shape[..^2], FactorCost.Of(a, 8))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand a = new(a);

    protected override long WorkBytes => EigenBlocks<T, TVector, TSimd>.WorkBytes(a.Rows);

    protected override Exception Error(MatrixFailure failure) => failure.NotConverged(Name, Batch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int n = a.Rows;
        T* values = (T*)operands[1] + (index * n), vectors = (T*)operands[2] + (index * n * n), matrix = (T*)work;
        a.Copy(operands[0], index, vectors);
        T greatest = T.Zero;
        for (nint i = 0; i < n; i++) greatest = T.Max(greatest, FactorRows.Magnitude(vectors + (i * n), (int)i + 1));
        if (!T.IsFinite(greatest))
        {
            new Span<T>(values, n).Fill(T.NaN);
            new Span<T>(vectors, n * n).Fill(T.NaN);
            return MatrixFailure.None;
        }
        int exponent = greatest == T.Zero ? 0 : T.ILogB(greatest);
        // In two steps: the reciprocal of a subnormal number is no finite one.
        T first = T.ScaleB(T.One, -exponent / 2), second = T.ScaleB(T.One, -exponent - (-exponent / 2));
        for (nint i = 0; i < n; i++)
        {
            for (nint j = 0; j <= i; j++) matrix[(i * n) + j] = matrix[(j * n) + i] = vectors[(i * n) + j] * first * second;
        }
        int failed = EigenBlocks<T, TVector, TSimd>.Factor(crew, n, matrix, values, vectors, work + ((long)n * n * sizeof(T)), exponent);
        return new(0, failed, 0);
    }
}
