using System.Runtime.InteropServices;

namespace Engine.Perf.Compare.Peers;

/// <summary>OpenBLAS, as installed on the machine.</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "libopenblas.so.0";
    private const int RowMajor = 101, Plain = 111, Transposed = 112;

    /// <summary>Whether it is installed.</summary>
    public static bool IsInstalled { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <summary>Version and the processor it chose its kernels for.</summary>
    public static string Description => $"{Marshal.PtrToStringUTF8(Config())}, kernels for {Marshal.PtrToStringUTF8(CoreName())}";

    public static void Multiply(int threads, bool transposeA, bool transposeB, int m, int n, int k, float* a, float* b, float* c)
    {
        SetThreads(threads);
        Single(RowMajor, transposeA ? Transposed : Plain, transposeB ? Transposed : Plain, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);
    }

    public static void Multiply(int threads, bool transposeA, bool transposeB, int m, int n, int k, double* a, double* b, double* c)
    {
        SetThreads(threads);
        Double(RowMajor, transposeA ? Transposed : Plain, transposeB ? Transposed : Plain, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);
    }

    [LibraryImport(Library, EntryPoint = "openblas_set_num_threads")]
    private static partial void SetThreads(int threads);

    [LibraryImport(Library, EntryPoint = "openblas_get_config")]
    private static partial nint Config();

    [LibraryImport(Library, EntryPoint = "openblas_get_corename")]
    private static partial nint CoreName();

    [LibraryImport(Library, EntryPoint = "cblas_sgemm")]
    private static partial void Single(
        int order, int transposeA, int transposeB, int m, int n, int k, float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc);

    [LibraryImport(Library, EntryPoint = "cblas_dgemm")]
    private static partial void Double(
        int order, int transposeA, int transposeB, int m, int n, int k, double alpha, double* a, int lda, double* b, int ldb, double beta, double* c, int ldc);
}
