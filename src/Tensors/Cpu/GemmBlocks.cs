using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>The serial matrix product of one width: panels of B that stay in the second-level cache, strips of A that stay in the first, register tiles.</summary>
/// <remarks>
/// Blocks only reorder independent elements; along k every element's chain runs in order and continues through C. So the bits do not depend on any constant here.
/// </remarks>
internal static unsafe class GemmBlocks<T, TVector, TSimd>
    where T : unmanaged
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Columns of the largest tile.</summary>
    public static int TileColumns => TSimd.TileVectors * TSimd.Width;

    /// <summary>Rows of the largest tile.</summary>
    public static int TileRows => TSimd.TileRows;

    // Steps of k per pass over C. Fewer passes read C back less often; a strip of A (8 x 512 floats, 16 KB) still stays in the first-level cache.
    private const int DepthBlock = 512;

    // A packed block of B stays in the second-level cache while all strips of A pass over it, and leaves most of a 1 MB cache to C and the strips.
    private const int BlockBytesB = 384 << 10;

    // A packed block of A is read once per block of B, in order, from the last-level cache.
    private const int BlockBytesA = 2 << 20;

    // Up to this size B is read in place: it fits in the second-level cache as it is.
    private const int DirectBytesB = 256 << 10;

    private const int PageBytes = 4096;

    // Rows of B copied at a time, so that a page of the source is visited once for all panels.
    private const int PackSlice = 16;

    /// <summary>Computes the whole problem on this thread. K must not be 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Multiply(ScratchPool pool, in GemmProblem<T> problem)
    {
        var (m, n, k) = (problem.M, problem.N, problem.K);
        var packA = MustPackA(problem);
        var packB = MustPackB(problem);
        var depth = Even(k, DepthBlock, 1);
        var rows = Even(m, packA ? Math.Max(TileRows, BlockBytesA / (depth * sizeof(T))) : m, TileRows);
        var columns = Even(n, packB ? Math.Max(TileColumns, BlockBytesB / (depth * sizeof(T)) / TileColumns * TileColumns) : n, TileColumns);
        var aBytes = packA ? (nuint)(rows * depth * sizeof(T) + 63) & ~(nuint)63 : 0;
        var scratch = pool.Rent(aBytes + (nuint)((packB ? columns + TileColumns : TileColumns) * (long)depth * sizeof(T)));
        var strips = (T*)scratch.Pointer;
        var panels = (T*)(scratch.Pointer + aBytes);

        for (var p = 0; p < k; p += depth)
        {
            var kp = Math.Min(depth, k - p);
            for (var i = 0; i < m; i += rows)
            {
                var mi = Math.Min(rows, m - i);
                var a = problem.A + i * problem.ARow + p * problem.AColumn;
                // Contiguous columns are packed a few at a time across all strips; otherwise each strip is packed when it is first used, and is in the cache then.
                if (packA && problem.ARow == 1)
                    PackPanels(a, 1, problem.AColumn, mi, kp, strips, TileRows, TileRows);
                for (var j = 0; j < n; j += columns)
                {
                    var nj = Math.Min(columns, n - j);
                    var b = problem.B + p * problem.BRow + j * problem.BColumn;
                    if (packB)
                        PackPanels(b, problem.BColumn, problem.BRow, nj, kp, panels, TileColumns, TSimd.Width);
                    else if (nj % TSimd.Width != 0)
                        PackTail(b, problem.BRow, nj, kp, panels);
                    for (var r = 0; r < mi; r += TileRows)
                    {
                        var tileRows = Math.Min(TileRows, mi - r);
                        var strip = packA ? strips + r * kp : a + r * problem.ARow;
                        if (packA && problem.ARow != 1 && j == 0)
                            GemmPacking.Pack(a + r * problem.ARow, problem.ARow, problem.AColumn, tileRows, kp, strip, TileRows);
                        var ars = packA ? 1 : problem.ARow;
                        var acs = packA ? TileRows : problem.AColumn;
                        var c = problem.C + (i + r) * problem.CRow + j;
                        if (packB)
                            SweepPacked(tileRows, nj, kp, strip, ars, acs, panels, c, problem.CRow, p > 0);
                        else
                            SweepDirect(tileRows, nj, kp, strip, ars, acs, b, problem.BRow, panels, c, problem.CRow, p > 0);
                    }
                }
            }
        }
        pool.Return(scratch);
    }

    /// <summary>
    /// Packs a block into panels of <paramref name="width"/> elements per step of k, one after the other; the last panel is only as wide as its elements need, in
    /// multiples of <paramref name="unit"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPanels(T* source, nint stride, nint step, int size, int k, T* panels, int width, int unit)
    {
        // Where the source is contiguous across panels it is read a few rows at a time: going down one panel would touch a new page at every step.
        var slice = stride == 1 ? PackSlice : k;
        for (var p = 0; p < k; p += slice)
        {
            var depth = Math.Min(slice, k - p);
            var panel = panels;
            for (var i = 0; i < size; i += width)
            {
                var count = Math.Min(width, size - i);
                var padded = (count + unit - 1) / unit * unit;
                GemmPacking.Pack(source + i * stride + p * step, stride, step, count, depth, panel + p * padded, padded);
                panel += padded * k;
            }
        }
    }

    /// <summary>Copying A pays when many tiles read it, or when reading it in place would hit few cache sets or touch a line per element.</summary>
    private static bool MustPackA(in GemmProblem<T> problem)
    {
        if (problem.AColumn == 1 && problem.ARow * sizeof(T) % PageBytes != 0)
            return problem.N > 12 * TileColumns;
        return problem.N > 2 * TileColumns;
    }

    /// <summary>Tiles load vectors of B's rows, so anything but contiguous rows must be copied; otherwise copying pays when many strips read it.</summary>
    private static bool MustPackB(in GemmProblem<T> problem)
    {
        if (problem.BColumn != 1)
            return true;
        if (problem.M <= 2 * TileRows)
            return false;
        return (long)problem.K * problem.N * sizeof(T) > DirectBytesB || problem.BRow * sizeof(T) % PageBytes == 0;
    }

    /// <summary>The smallest number of equal blocks of at most <paramref name="limit"/>, rounded up to a multiple of <paramref name="unit"/>.</summary>
    private static int Even(int size, int limit, int unit)
    {
        var blocks = (size + limit - 1) / limit;
        var block = (size + blocks - 1) / blocks;
        return (block + unit - 1) / unit * unit;
    }

    private static int Vectors(int columns) => (columns + TSimd.Width - 1) / TSimd.Width;

    /// <summary>Where B is read in place, only the columns of its last, incomplete tile are copied: a tile loads whole vectors.</summary>
    private static void PackTail(T* b, nint brs, int n, int k, T* panel)
    {
        var begin = n / TileColumns * TileColumns;
        GemmPacking.Pack(b + begin, 1, brs, n - begin, k, panel, Vectors(n - begin) * TSimd.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepPacked(int rows, int n, int k, T* a, nint ars, nint acs, T* panels, T* c, nint crs, bool resume)
    {
        for (var j = 0; j < n; j += TileColumns)
        {
            var count = Math.Min(TileColumns, n - j);
            var vectors = Vectors(count);
            var width = vectors * TSimd.Width;
            GemmTiles<T, TVector, TSimd>.Run(rows, vectors, k, a, ars, acs, panels, width, c + j, crs, count - width + TSimd.Width, resume);
            panels += width * k;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepDirect(int rows, int n, int k, T* a, nint ars, nint acs, T* b, nint brs, T* tail, T* c, nint crs, bool resume)
    {
        for (var j = 0; j < n; j += TileColumns)
        {
            var count = Math.Min(TileColumns, n - j);
            var vectors = Vectors(count);
            var width = vectors * TSimd.Width;
            var whole = count == width;
            GemmTiles<T, TVector, TSimd>.Run(rows, vectors, k, a, ars, acs, whole ? b + j : tail, whole ? brs : width, c + j, crs, count - width + TSimd.Width, resume);
        }
    }
}
