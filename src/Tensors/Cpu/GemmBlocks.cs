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

    // Up to this many strips of A a larger B is read in place as well: copying it would take longer than reading it where it is.
    private const int DirectStrips = 16;

    // Up to this many columns of C, columns of A are read in place: a strip takes half a cache line of each.
    private const int DirectColumns = 240;

    // Columns from which on an epilogue is applied to some columns of a row.
    private const int ShortestRun = 1024;

    private const int PageBytes = 4096;

    private const int LineBytes = 64;

    // Pages whose addresses a core keeps at hand, less those of A and C.
    private const int DirectPages = 48;
    private const int LeastDirectDepth = 64;

    // Rows of B copied at a time, so that a page of the source is visited once for all panels.
    private const int PackSlice = 16;

    /// <summary>Computes the whole problem on this thread, and the epilogue of every part while it is in the second-level cache. K must not be 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Multiply(ScratchPool pool, in GemmProblem<T> problem, EpilogueCall epilogue = default)
    {
        var (m, n, k) = (problem.M, problem.N, problem.K);
        if (IsFasterTransposed(problem))
        {
            MultiplyTransposed(pool, problem);
            Finish(pool, problem, epilogue, 0, m, 0, n, least: 0);
            return;
        }
        var packA = MustPackA(problem);
        var packB = MustPackB(problem);
        if (!packA && !packB && k <= DepthBlock && (long)k * n * sizeof(T) <= BlockBytesB)
        {
            MultiplyInPlace(pool, problem, epilogue);
            return;
        }
        var depth = Even(k, packB ? DepthBlock : DirectDepth(problem), 1);
        var rows = Even(m, packA ? Math.Max(TileRows, BlockBytesA / (depth * sizeof(T))) : m, TileRows);
        var columns = Even(n, Math.Max(TileColumns, BlockBytesB / (depth * sizeof(T)) / TileColumns * TileColumns), TileColumns);
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
                    PackStrips(a, problem.AColumn, mi, kp, strips);
                // The epilogue of short runs of columns would take longer than what it saves.
                var finishes = epilogue.Exists && p + kp == k && Math.Min(columns, n) >= Math.Min(n, ShortestRun);
                for (var j = 0; j < n; j += columns)
                {
                    var nj = Math.Min(columns, n - j);
                    var b = problem.B + p * problem.BRow + j * problem.BColumn;
                    if (packB)
                        PackPanels(b, problem.BColumn, problem.BRow, nj, kp, panels);
                    else
                        PackTail(b, problem.BRow, nj, kp, panels);
                    int tileRows, finished = 0;
                    for (var r = 0; r < mi; r += tileRows)
                    {
                        tileRows = packA ? Math.Min(TileRows, mi - r) : Rows(mi - r);
                        var strip = packA ? strips + r * kp : a + r * problem.ARow;
                        if (packA && problem.ARow != 1 && j == 0)
                            GemmPacking.Pack(a + r * problem.ARow, problem.ARow, problem.AColumn, tileRows, kp, strip, TileRows);
                        var ars = packA ? 1 : problem.ARow;
                        var acs = packA ? TileRows : problem.AColumn;
                        var c = problem.C + (i + r) * problem.CRow + j;
                        var end = Wanted(problem, i + r + tileRows, j, nj);
                        if (packB)
                            SweepPacked(tileRows, nj, end, kp, strip, ars, acs, panels, c, problem.CRow, p > 0 || problem.Accumulate);
                        else
                            SweepDirect(tileRows, nj, end, kp, strip, ars, acs, b, problem.BRow, panels, c, problem.CRow, p > 0 || problem.Accumulate);
                        if (finishes)
                            finished += Finish(pool, problem, epilogue, i + finished, r + tileRows - finished, j, nj, r + tileRows < mi ? ProductEpilogue.CacheBytes : 0);
                    }
                }
                if (p + kp == k && !finishes)
                    Finish(pool, problem, epilogue, i, mi, 0, n, least: 0);
            }
        }
        pool.Return(scratch);
    }

    /// <summary>A product small enough that nothing is copied but the last columns of B that fill no vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInPlace(ScratchPool pool, in GemmProblem<T> problem, EpilogueCall epilogue)
    {
        var (m, n, k) = (problem.M, problem.N, problem.K);
        var scratch = TailColumns(n) == 0 ? null : pool.Rent((nuint)(TileColumns * (long)k * sizeof(T)));
        var tail = scratch is null ? null : (T*)scratch.Pointer;
        PackTail(problem.B, problem.BRow, n, k, tail);
        int rows, finished = 0;
        for (nint r = 0; r < m; r += rows)
        {
            rows = Rows((int)(m - r));
            SweepDirect(rows, n, Wanted(problem, (int)r + rows, 0, n), k, problem.A + r * problem.ARow, problem.ARow, problem.AColumn, problem.B, problem.BRow, tail,
                problem.C + r * problem.CRow, problem.CRow, problem.Accumulate);
            finished += Finish(pool, problem, epilogue, finished, (int)r + rows - finished, 0, n, r + rows < m ? ProductEpilogue.CacheBytes : 0);
        }
        if (scratch is not null)
            pool.Return(scratch);
    }

    /// <summary>Applies the epilogue to some rows and columns of C when they have at least so many bytes. Returns the number of rows it was applied to.</summary>
    private static int Finish(ScratchPool pool, in GemmProblem<T> problem, EpilogueCall epilogue, int row, int rows, int column, int columns, int least)
    {
        if (!epilogue.Exists || (long)rows * columns * sizeof(T) < least)
            return 0;
        epilogue.Apply(problem.C + row * problem.CRow + column - (T*)epilogue.Product, columns, rows, problem.CRow, pool);
        return rows;
    }

    /// <summary>Packs a block of A whose columns are contiguous into strips, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackStrips(T* a, nint acs, int rows, int k, T* strips)
    {
        for (var p = 0; p < k; p += PackSlice)
            for (nint i = 0; i < rows; i += TileRows)
                GemmPacking.Pack(a + i + p * acs, 1, acs, (int)Math.Min(TileRows, rows - i), Math.Min(PackSlice, k - p), strips + i * k + p * TileRows, TileRows);
    }

    /// <summary>Packs a block of B into panels, one after the other: whole tiles, then what <see cref="Panel"/> makes of the last columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPanels(T* b, nint bcs, nint brs, int n, int k, T* panels)
    {
        var slice = bcs == 1 ? PackSlice : k;
        for (var p = 0; p < k; p += slice)
        {
            var panel = panels;
            int count;
            for (var j = 0; j < n; j += count)
            {
                count = Panel(n - j, out var width);
                GemmPacking.Pack(b + j * bcs + p * brs, bcs, brs, count, Math.Min(slice, k - p), panel + p * width, width);
                panel += width * k;
            }
        }
    }

    /// <summary>The rows of the next tile when <paramref name="rest"/> are left: at the end two middling tiles rather than a full one and a sliver, whose few chains would wait for each other.</summary>
    private static int Rows(int rest) => rest > TileRows && rest < 2 * TileRows ? (rest + 1) / 2 : Math.Min(TileRows, rest);

    /// <summary>The columns of the next tile when <paramref name="rest"/> are left, and its width in elements. The last few get half a vector where there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Panel(int rest, out int width)
    {
        if (rest >= TileColumns)
            return width = TileColumns;
        var last = rest % TSimd.Width;
        if (last == 0)
            return width = rest;
        if (last > TSimd.HalfWidth)
        {
            width = rest - last + TSimd.Width;
            return rest;
        }
        if (rest > last)
            return width = rest - last;
        width = TSimd.HalfWidth;
        return rest;
    }

    /// <summary>How many of <paramref name="columns"/> columns from <paramref name="column"/> on are wanted in the rows before <paramref name="lastRow"/>.</summary>
    private static int Wanted(in GemmProblem<T> problem, int lastRow, int column, int columns) =>
        problem.LowerOnly ? Math.Min(columns, lastRow + problem.Diagonal - column) : columns;

    /// <summary>The columns of the last tile when they fill no vector, else 0.</summary>
    private static int TailColumns(int n)
    {
        var rest = n % TileColumns;
        var last = rest % TSimd.Width;
        return last == 0 || last == TSimd.HalfWidth ? 0 : last < TSimd.HalfWidth ? last : rest;
    }

    /// <summary>
    /// Whether to compute the transpose of C: where B is transposed and larger than A, it is then read in place, and A is copied instead. C is copied too.
    /// Multiplication is commutative, so the bits are the same.
    /// </summary>
    private static bool IsFasterTransposed(in GemmProblem<T> problem) =>
        !problem.Accumulate && problem.BColumn != 1 && problem.BRow == 1 && (long)problem.K * (problem.N - problem.M) > 2L * problem.M * problem.N;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void MultiplyTransposed(ScratchPool pool, in GemmProblem<T> problem)
    {
        var scratch = pool.Rent((nuint)((long)problem.M * problem.N * sizeof(T)));
        var c = (T*)scratch.Pointer;
        Multiply(pool, new GemmProblem<T>
        {
            M = problem.N,
            N = problem.M,
            K = problem.K,
            A = problem.B,
            ARow = problem.BColumn,
            AColumn = problem.BRow,
            B = problem.A,
            BRow = problem.AColumn,
            BColumn = problem.ARow,
            C = c,
            CRow = problem.M,
        });
        GemmPacking.Transpose(c, problem.M, problem.N, problem.M, problem.C, (int)problem.CRow);
        pool.Return(scratch);
    }

    /// <summary>Copying A pays when many tiles read it, or when reading it in place would hit few cache sets or touch a line per element.</summary>
    private static bool MustPackA(in GemmProblem<T> problem)
    {
        var step = problem.AColumn == 1 ? problem.ARow : problem.ARow == 1 ? problem.AColumn : 0;
        if (step * sizeof(T) % PageBytes == 0)
            return problem.N > 2 * TileColumns;
        return problem.N > (problem.AColumn == 1 ? 12 * TileColumns : DirectColumns);
    }

    /// <summary>Tiles load vectors of B's rows, so anything but contiguous rows must be copied; otherwise copying pays when many strips read it.</summary>
    private static bool MustPackB(in GemmProblem<T> problem)
    {
        if (problem.BColumn != 1)
            return true;
        if (problem.M <= 2 * TileRows)
            return false;
        // Rows that lie whole pages apart share a few sets of the caches, and nothing that is read in place would stay there.
        if (problem.BRow * sizeof(T) % PageBytes == 0)
            return true;
        return problem.M > DirectStrips * TileRows && (long)problem.K * problem.N * sizeof(T) > DirectBytesB;
    }

    /// <summary>
    /// Steps of k per pass over C when B is read in place. A panel of one cache line visits a page for little, so no more pages than a core keeps the addresses of; wider ones lose
    /// more by passing over C again.
    /// </summary>
    private static int DirectDepth(in GemmProblem<T> problem) => TileColumns * sizeof(T) > LineBytes
        ? DepthBlock
        : (int)Math.Clamp(DirectPages * PageBytes / Math.Max(1, Math.Abs(problem.BRow) * sizeof(T)), LeastDirectDepth, DepthBlock);

    /// <summary>The smallest number of equal blocks of at most <paramref name="limit"/>, rounded up to a multiple of <paramref name="unit"/>.</summary>
    private static int Even(int size, int limit, int unit)
    {
        var blocks = (size + limit - 1) / limit;
        var block = (size + blocks - 1) / blocks;
        return (block + unit - 1) / unit * unit;
    }

    /// <summary>Where B is read in place, only columns that fill no vector are copied: a tile loads whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTail(T* b, nint brs, int n, int k, T* panel)
    {
        var count = TailColumns(n);
        if (count == 0)
            return;
        Panel(count, out var width);
        GemmPacking.Pack(b + (n - count), 1, brs, count, k, panel, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepPacked(int rows, int n, int end, int k, T* a, nint ars, nint acs, T* panels, T* c, nint crs, bool resume)
    {
        int count;
        for (var j = 0; j < end; j += count)
        {
            count = Panel(n - j, out var width);
            var narrow = Narrow(end - j, width);
            Tile(rows, Math.Min(count, narrow), narrow, k, a, ars, acs, panels, width, c + j, crs, resume);
            panels += width * k;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepDirect(int rows, int n, int end, int k, T* a, nint ars, nint acs, T* b, nint brs, T* tail, T* c, nint crs, bool resume)
    {
        int count;
        for (var j = 0; j < end; j += count)
        {
            count = Panel(n - j, out var width);
            var whole = count == width;
            var narrow = Narrow(end - j, width);
            Tile(rows, Math.Min(count, narrow), narrow, k, a, ars, acs, whole ? b + j : tail, whole ? brs : width, c + j, crs, resume);
        }
    }

    /// <summary>The width of a tile of which only so many columns are wanted: the vectors that hold them. The diagonal of half a product ends tiles early.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Narrow(int wanted, int width) => wanted >= width ? width : Math.Min(width, (wanted + TSimd.Width - 1) / TSimd.Width * TSimd.Width);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile(int rows, int count, int width, int k, T* a, nint ars, nint acs, T* b, nint brs, T* c, nint crs, bool resume)
    {
        if (width == TSimd.HalfWidth)
            TSimd.HalfTile(rows, k, a, ars, acs, b, brs, c, crs, count, resume);
        else
            GemmTiles<T, TVector, TSimd>.Run(rows, width / TSimd.Width, k, a, ars, acs, b, brs, c, crs, count - width + TSimd.Width, resume);
    }
}
