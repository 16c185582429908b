using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>Matrix products in single and double precision: C[m, n] = A[m, k] * B[k, n].</summary>
/// <remarks>
/// <para>Strides count elements; those of A and B may be anything, negative and zero included. The columns of C are contiguous, and C overlaps neither A nor B.</para>
/// <para>The order of accumulation is a promise. When min(m, n) is at least 2, an element of C is one chain of fused multiply-adds in order of k, from +0. When it is 1, see
/// <see cref="GemvKernels{T, TVector, TSimd}"/>: sixteen such chains, combined in a fixed order. So strides, threads, vector width and blocking never change a bit.
/// (Which NaN comes out when several go in is not specified.)</para>
/// </remarks>
internal static unsafe class Gemm
{
    /// <summary>One product in single precision.</summary>
    public static void Multiply(WorkerPool pool, int m, int n, int k, float* a, nint ars, nint acs, float* b, nint brs, nint bcs, float* c, nint crs) =>
        MultiplyBatch(pool, 1, m, n, k, a, 0, ars, acs, b, 0, brs, bcs, c, 0, crs);

    /// <summary>One product in double precision.</summary>
    public static void Multiply(WorkerPool pool, int m, int n, int k, double* a, nint ars, nint acs, double* b, nint brs, nint bcs, double* c, nint crs) =>
        MultiplyBatch(pool, 1, m, n, k, a, 0, ars, acs, b, 0, brs, bcs, c, 0, crs);

    /// <summary>Products of <paramref name="batch"/> pairs in single precision; the matrices of one operand are <c>abs</c>, <c>bbs</c> and <c>cbs</c> elements apart.
    /// An epilogue is applied to what a thread has computed; the products are then parts of one row-major result. Of symmetric products the lower triangle is computed and mirrored.</summary>
    public static void MultiplyBatch(
        WorkerPool pool, int batch, int m, int n, int k, float* a, nint abs, nint ars, nint acs, float* b, nint bbs, nint brs, nint bcs, float* c, nint cbs, nint crs,
        EpilogueCall epilogue = default, bool symmetric = false)
    {
        var problem = new GemmProblem<float> { M = m, N = n, K = k, A = a, ARow = ars, AColumn = acs, B = b, BRow = brs, BColumn = bcs, C = c, CRow = crs, Symmetric = symmetric };
        Run(SimdWidth.Gemm, pool, problem, batch, abs, bbs, cbs, epilogue);
    }

    /// <summary>Products of <paramref name="batch"/> pairs in double precision.</summary>
    public static void MultiplyBatch(
        WorkerPool pool, int batch, int m, int n, int k, double* a, nint abs, nint ars, nint acs, double* b, nint bbs, nint brs, nint bcs, double* c, nint cbs, nint crs,
        EpilogueCall epilogue = default, bool symmetric = false)
    {
        var problem = new GemmProblem<double> { M = m, N = n, K = k, A = a, ARow = ars, AColumn = acs, B = b, BRow = brs, BColumn = bcs, C = c, CRow = crs, Symmetric = symmetric };
        Run(SimdWidth.Gemm, pool, problem, batch, abs, bbs, cbs, epilogue);
    }

    /// <summary>The kernels of one width; the machine must have its instructions. <see cref="SimdWidth.Gemm"/> is the width to use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int width, WorkerPool pool, in GemmProblem<float> problem, int batch, nint abs, nint bbs, nint cbs, EpilogueCall epilogue = default)
    {
        if (width == 512)
            GemmJob<float, Vector512<float>, F32x16>.Run(pool, problem, batch, abs, bbs, cbs, epilogue);
        else if (width == 256)
            GemmJob<float, Vector256<float>, F32x8>.Run(pool, problem, batch, abs, bbs, cbs, epilogue);
        else
            GemmJob<float, Vector128<float>, F32x4>.Run(pool, problem, batch, abs, bbs, cbs, epilogue);
    }

    /// <inheritdoc cref="Run(int, WorkerPool, in GemmProblem{float}, int, nint, nint, nint, EpilogueCall)"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int width, WorkerPool pool, in GemmProblem<double> problem, int batch, nint abs, nint bbs, nint cbs, EpilogueCall epilogue = default)
    {
        if (width == 512)
            GemmJob<double, Vector512<double>, F64x8>.Run(pool, problem, batch, abs, bbs, cbs, epilogue);
        else if (width == 256)
            GemmJob<double, Vector256<double>, F64x4>.Run(pool, problem, batch, abs, bbs, cbs, epilogue);
        else
            GemmJob<double, Vector128<double>, F64x2>.Run(pool, problem, batch, abs, bbs, cbs, epilogue);
    }
}
