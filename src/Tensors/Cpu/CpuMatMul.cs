using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Matrix products over batch axes, by <see cref="Gemm"/>, and a map of the result.</summary>
internal sealed unsafe class CpuMatMul : CpuKernel
{
    private readonly bool isDouble;
    private readonly bool symmetric;
    private readonly int m;
    private readonly int n;
    private readonly int k;
    private readonly int batch;
    private readonly long outer;
    private readonly StridedView outerA;
    private readonly StridedView outerB;
    private readonly int aBatch;
    private readonly int bBatch;
    private readonly int aRow;
    private readonly int aColumn;
    private readonly int bRow;
    private readonly int bColumn;
    private readonly ProductEpilogue? epilogue;

    /// <param name="kernel">The product.</param>
    /// <param name="a">The left operand.</param>
    /// <param name="b">The right operand.</param>
    /// <param name="epilogue">What is computed from the product, or null.</param>
    public CpuMatMul(MatMulKernel kernel, Operand a, Operand b, ProductEpilogue? epilogue = null)
    {
        this.epilogue = epilogue;
        isDouble = a.DType == DType.F64;
        symmetric = kernel.Symmetric;
        m = kernel.Rows;
        n = kernel.Columns;
        k = a.Layout.Shape[^1];
        (aRow, aColumn) = (a.Layout.Strides[^2], a.Layout.Strides[^1]);
        (bRow, bColumn) = (b.Layout.Strides[^2], b.Layout.Strides[^1]);
        (int[] lengths, int[][] steps) = AxisJoining.Join(a.Layout.Shape.Lengths[..^2], [a.Layout.Strides[..^2].ToArray(), b.Layout.Strides[..^2].ToArray()]);
        int rank = lengths.Length;
        batch = rank == 0 ? 1 : lengths[^1];
        if (rank > 0) (aBatch, bBatch) = (steps[0][^1], steps[1][^1]);
        int lead = Math.Max(0, rank - 1);
        outerA = new(lengths.AsSpan(..lead), steps[0].AsSpan(..lead), a.DType.Size());
        outerB = new(lengths.AsSpan(..lead), steps[1].AsSpan(..lead), a.DType.Size());
        outer = 1;
        foreach (int length in lengths.AsSpan(..lead)) outer *= length;
        // Rows of A that continue from one product of the batch to the next, with one B for all, are one taller product: its bits are the same when it is no vector.
        if (!symmetric && batch > 1 && bBatch == 0 && aBatch == (long)m * aRow && Math.Min(m, n) >= 2)
        {
            m *= batch;
            batch = 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(void** operands, WorkerPool pool)
    {
        epilogue?.Count();
        void* product = operands[epilogue?.Product ?? 2];
        for (long i = 0; i < outer; i++)
        {
            nint atA = outerA.Position(i), atB = outerB.Position(i), atC = (nint)(i * batch * m * n);
            nint step = (nint)m * n;
            if (isDouble)
            {
                Gemm.MultiplyBatch(pool, batch, m, n, k, (double*)operands[0] + atA, aBatch, aRow, aColumn,
                    (double*)operands[1] + atB, bBatch, bRow, bColumn, (double*)product + atC, step, n, new(epilogue, operands), symmetric);
            }
            else
            {
                Gemm.MultiplyBatch(pool, batch, m, n, k, (float*)operands[0] + atA, aBatch, aRow, aColumn,
                    (float*)operands[1] + atB, bBatch, bRow, bColumn, (float*)product + atC, step, n, new(epilogue, operands), symmetric);
            }
        }
    }
}
