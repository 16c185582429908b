using System.Runtime.InteropServices;

namespace Engine.Perf.Compare.Peers;

/// <summary>oneDNN, as installed on the machine. Its threads are those of OpenMP.</summary>
internal static unsafe partial class OneDnn
{
    private const string Library = "dnnl";

    static OneDnn()
    {
        NativeLibrary.SetDllImportResolver(typeof(OneDnn).Assembly, (name, _, _) => name == Library ? handle : 0);
    }

    // The package and the library are named after the major version.
    private static readonly nint handle = Load("libdnnl.so.3", "libdnnl.so.2");

    /// <summary>Whether it is installed.</summary>
    public static bool IsInstalled => handle != 0;

    /// <summary>Version.</summary>
    public static string Description
    {
        get
        {
            int* version = (int*)Version();
            return $"oneDNN {version[0]}.{version[1]}.{version[2]}";
        }
    }

    public static void Multiply(int threads, bool transposeA, bool transposeB, int m, int n, int k, float* a, float* b, float* c)
    {
        SetThreads(threads);
        _ = Single((byte)(transposeA ? 'T' : 'N'), (byte)(transposeB ? 'T' : 'N'), m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);
    }

    private static nint Load(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint found)) return found;
        }
        return 0;
    }

    [LibraryImport(Library, EntryPoint = "dnnl_version")]
    private static partial nint Version();

    [LibraryImport("libgomp.so.1", EntryPoint = "omp_set_num_threads")]
    private static partial void SetThreads(int threads);

    [LibraryImport(Library, EntryPoint = "dnnl_sgemm")]
    private static partial int Single(
        byte transposeA, byte transposeB, nint m, nint n, nint k, float alpha, float* a, nint lda, float* b, nint ldb, float beta, float* c, nint ldc);
}
