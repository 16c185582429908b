using System.Runtime.InteropServices;
using Engine.Perf.Compare.Peers;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Compare;

/// <summary>A matrix product, m x n x k, with the same operands for everyone.</summary>
internal sealed unsafe class GemmCase : IDisposable
{
    private readonly byte* memory;
    private readonly nint bOffset;
    private readonly nint cOffset;

    public GemmCase(string kind, int m, int n, int k, int batch = 1, bool isDouble = false)
    {
        (TransposeA, TransposeB, M, N, K, Batch, IsDouble) = (kind[0] == 'T', kind[1] == 'T', m, n, k, batch, isDouble);
        Name = (batch > 1 ? $"{batch} of " : "") + $"{m} x {n} x {k} {kind}" + (isDouble ? " f64" : "");
        // A page and some lines apart: operands that begin at the same place in a page would compete for the same sets of the cache.
        nint size = isDouble ? sizeof(double) : sizeof(float), gap = 4096 + 320;
        bOffset = Align(((nint)batch * m * k * size) + gap);
        cOffset = Align(bOffset + ((nint)batch * k * n * size) + gap);
        nint bytes = cOffset + ((nint)batch * m * n * size);
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        var random = new Random(1);
        for (nint i = 0; i < bytes / size; i++)
        {
            if (isDouble) ((double*)memory)[i] = random.NextDouble() - 0.5;
            else ((float*)memory)[i] = random.NextSingle() - 0.5f;
        }
    }

    public string Name { get; }

    public int M { get; }

    public int N { get; }

    public int K { get; }

    public bool TransposeA { get; }

    public bool TransposeB { get; }

    public int Batch { get; }

    public bool IsDouble { get; }

    public double Flops => 2.0 * M * N * K * Batch;

    /// <summary>The engine's product, batches in one call.</summary>
    public Contender Engine(WorkerPool pool) => new InProcess($"engine, {pool.Threads} thread(s)", () =>
    {
        if (IsDouble) Gemm.Run(SimdWidth.Gemm, pool, Problem<double>(), Batch, (nint)M * K, (nint)K * N, (nint)M * N);
        else Gemm.Run(SimdWidth.Gemm, pool, Problem<float>(), Batch, (nint)M * K, (nint)K * N, (nint)M * N);
    });

    /// <summary>OpenBLAS, a call for each product of a batch.</summary>
    public Contender? Blas(int threads) => !OpenBlas.IsInstalled ? null : new InProcess("OpenBLAS", () =>
    {
        for (nint i = 0; i < Batch; i++)
        {
            if (IsDouble) OpenBlas.Multiply(threads, TransposeA, TransposeB, M, N, K, A<double>(i), B<double>(i), C<double>(i));
            else OpenBlas.Multiply(threads, TransposeA, TransposeB, M, N, K, A<float>(i), B<float>(i), C<float>(i));
        }
    }, threads > 1);

    /// <summary>oneDNN, a call for each product of a batch. It has no product in double precision.</summary>
    public Contender? Dnn(int threads) => !OneDnn.IsInstalled || IsDouble ? null : new InProcess("oneDNN", () =>
    {
        for (nint i = 0; i < Batch; i++) OneDnn.Multiply(threads, TransposeA, TransposeB, M, N, K, A<float>(i), B<float>(i), C<float>(i));
    }, threads > 1);

    public void Dispose() => NativeMemory.AlignedFree(memory);

    private static nint Align(nint offset) => (offset + 63) & ~63;

    private T* A<T>(nint i) where T : unmanaged => (T*)memory + (i * M * K);

    private T* B<T>(nint i) where T : unmanaged => (T*)(memory + bOffset) + (i * K * N);

    private T* C<T>(nint i) where T : unmanaged => (T*)(memory + cOffset) + (i * M * N);

    private GemmProblem<T> Problem<T>() where T : unmanaged => new()
    {
        M = M,
        N = N,
        K = K,
        A = A<T>(0),
        ARow = TransposeA ? 1 : K,
        AColumn = TransposeA ? M : 1,
        B = B<T>(0),
        BRow = TransposeB ? 1 : N,
        BColumn = TransposeB ? K : 1,
        C = C<T>(0),
        CRow = N,
    };
}
