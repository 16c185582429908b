using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class GemmTests
{
    private static readonly int[] TileRowEdges = [2, 3, 4, 5, 6, 7, 8, 9, 13, 17];
    private static readonly int[] TileColumnEdges = [2, 3, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 24, 25, 31, 33, 47, 48, 49, 97];
    private static readonly int[] DepthEdges = [1, 2, 7, 8, 9, 127];

    private static readonly int[] SupportedWidths = Avx512F.IsSupported ? [128, 256, 512] : Avx2.IsSupported ? [128, 256] : [128];

    public static TheoryData<int> Widths => [.. SupportedWidths];

    public static TheoryData<Layout, Layout> LayoutPairs
    {
        get
        {
            var pairs = new TheoryData<Layout, Layout>();
            foreach (var a in Enum.GetValues<Layout>())
                foreach (var b in Enum.GetValues<Layout>())
                    pairs.Add(a, b);
            return pairs;
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void EveryTileEdge(int width)
    {
        using var pool = new WorkerPool(1);
        foreach (var m in TileRowEdges)
            foreach (var n in TileColumnEdges)
                foreach (var k in m % 2 == 0 || n % 8 == 1 ? DepthEdges : [1, 7, 40])
                    CheckBoth(pool, width, m, n, k);
    }

    [Theory, MemberData(nameof(Widths))]
    public void SeveralBlocksInEveryDirection(int width)
    {
        using var pool = new WorkerPool(1);
        foreach (var (a, b) in ((Layout, Layout)[])[(Layout.Rows, Layout.Rows), (Layout.Columns, Layout.Columns), (Layout.EverySecond, Layout.PaddedRows)])
        {
            foreach (var k in (int[])[511, 512, 513, 1025])
                CheckBoth(pool, width, 19, 67, k, a, b);
            CheckBoth(pool, width, 19, 601, 37, a, b);
            CheckBoth(pool, width, 33, 257, 515, a, b);
            CheckBoth(pool, width, 3, 2000, 5, a, b);
            CheckBoth(pool, width, 1100, 50, 530, a, b);
            CheckBoth(pool, width, 9, 1024, 18, a, b);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void EveryVectorProductEdge(int width)
    {
        using var pool = new WorkerPool(1);
        int[] depths = [.. Enumerable.Range(1, 50), 255, 256, 257];
        foreach (var outputs in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 63, 65])
        {
            foreach (var k in depths)
            {
                CheckBoth(pool, width, 1, outputs, k);
                CheckBoth(pool, width, outputs, 1, k);
                CheckBoth(pool, width, 1, outputs, k, Layout.Rows, Layout.Columns);
                CheckBoth(pool, width, outputs, 1, k, Layout.Columns);
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void VectorProductsThatReadAlongRows(int width)
    {
        using var pool = new WorkerPool(1);
        foreach (var k in (int[])[63, 64, 65, 79, 80, 127, 128, 145])
        {
            foreach (var outputs in (int[])[8, 15, 16, 32, 63, 64, 67, 130])
            {
                CheckBoth(pool, width, 1, outputs, k, Layout.Columns, Layout.PaddedRows);
                CheckBoth(pool, width, outputs, 1, k, Layout.Columns, Layout.EverySecond);
            }
            CheckBoth(pool, width, 1, 4100, k);
            CheckBoth(pool, width, 8195, 1, k, Layout.Columns);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void FewRowsTimesATransposedMatrix(int width)
    {
        using var pool = new WorkerPool(1);
        foreach (var m in (int[])[2, 3, 7, 8, 9, 16, 21, 32])
            foreach (var n in (int[])[33, 64, 101])
                foreach (var k in (int[])[90, 520])
                    CheckBoth(pool, width, m, n, k, m % 2 == 0 ? Layout.Rows : Layout.EverySecond, Layout.Columns);
    }

    [Theory, MemberData(nameof(Widths))]
    public void ReadInPlaceOrCopied(int width)
    {
        using var pool = new WorkerPool(1);
        foreach (var (m, n, k) in ((int, int, int)[])[(20, 1024, 130), (40, 260, 600), (129, 260, 300), (140, 260, 300), (8, 700, 300), (24, 1500, 515), (100, 100, 100)])
        {
            CheckBoth(pool, width, m, n, k);
            CheckBoth(pool, width, m, n, k, Layout.Columns);
        }
    }

    [Theory, MemberData(nameof(LayoutPairs))]
    public void EveryStride(Layout a, Layout b)
    {
        using var pool = new WorkerPool(1);
        foreach (var width in SupportedWidths)
        {
            CheckBoth(pool, width, 9, 50, 33, a, b);
            CheckBoth(pool, width, 21, 13, 260, a, b);
            CheckBoth(pool, width, 2, 2, 5, a, b);
            CheckBoth(pool, width, 35, 101, 19, a, b);
            CheckBoth(pool, width, 1, 37, 45, a, b);
            CheckBoth(pool, width, 37, 1, 45, a, b);
            CheckBoth(pool, width, 1, 1, 50, a, b);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    public void AnyNumberOfThreads(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var width in SupportedWidths)
        {
            CheckBoth(pool, width, 83, 241, 101);
            CheckBoth(pool, width, 700, 5, 90);
            CheckBoth(pool, width, 2, 1200, 120);
            CheckBoth(pool, width, 49, 97, 300, Layout.Columns, Layout.Columns);
            CheckBoth(pool, width, 1, 400, 257);
            CheckBoth(pool, width, 401, 1, 257);
            CheckBoth(pool, width, 401, 1, 257, Layout.Columns);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 40)]
    [InlineData(8, 5)]
    public void BatchesEqualSingleProducts(int threads, int batch)
    {
        using var pool = new WorkerPool(threads);
        foreach (var (m, n, k) in ((int, int, int)[])[(5, 7, 3), (40, 60, 50), (1, 90, 60), (90, 1, 60), (130, 70, 20)])
        {
            CheckBatch<float>(pool, batch, m, n, k, shareB: false);
            CheckBatch<float>(pool, batch, m, n, k, shareB: true);
            CheckBatch<double>(pool, batch, m, n, k, shareB: false);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void ProductsWithTheOwnTranspose(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var width in SupportedWidths)
        {
            foreach (var layout in Enum.GetValues<Layout>())
                CheckSymmetric(pool, width, 131, 37, layout);
            foreach (var (n, k) in ((int, int)[])[(1, 50), (2, 3), (15, 9), (16, 9), (32, 1), (33, 5), (48, 20), (95, 30), (96, 70), (97, 70), (144, 515), (200, 0), (257, 64), (420, 90)])
            {
                CheckSymmetric(pool, width, n, k, Layout.Rows);
                CheckSymmetric(pool, width, n, k, Layout.Columns);
            }
            CheckSymmetric(pool, width, 110, 40, Layout.Rows, batch: 3);
            CheckSymmetric(pool, width, 110, 40, Layout.Columns, batch: 17);
        }
    }

    [Theory]
    [InlineData(0, 5, 3)]
    [InlineData(5, 0, 3)]
    [InlineData(4, 5, 0)]
    [InlineData(1, 5, 0)]
    [InlineData(5, 1, 0)]
    [InlineData(900, 900, 0)]
    [InlineData(0, 0, 0)]
    public void EmptyDimensions(int m, int n, int k)
    {
        using var pool = new WorkerPool(2);
        CheckBoth(pool, SimdWidth.Gemm, m, n, k);
    }

    [Theory, MemberData(nameof(Widths))]
    public void InfinitiesDoNotLeakIntoNeighbours(int width)
    {
        using var pool = new WorkerPool(1);
        const int m = 9, n = 19, k = 20;
        var a = new GemmTestMatrix<float>(m, k, Layout.Rows, 1);
        var b = new GemmTestMatrix<float>(k, n, Layout.Columns, 2);
        a.Data[4 * k + 3] = float.PositiveInfinity;
        Array.Fill(b.Data, 2f);
        var c = Product(pool, width, m, n, k, a, b);
        for (var i = 0; i < m * n; i++)
            Assert.Equal(i / n == 4, float.IsPositiveInfinity(c[i]));
    }

    [Theory, MemberData(nameof(Widths))]
    public void UnderflowKeepsTheSignOfZero(int width)
    {
        // -1e-30 * 1e-30 underflows to -0. The sum is -0 when all sixteen lanes are; a lane without an element in the last group must stay -0.
        using var pool = new WorkerPool(1);
        foreach (var layout in (Layout[])[Layout.Rows, Layout.Columns])
        {
            for (var k = 14; k < 35; k++)
            {
                var a = new GemmTestMatrix<float>(1, k, Layout.Rows, 1);
                var b = new GemmTestMatrix<float>(k, 3, layout, 2);
                Array.Fill(a.Data, -1e-30f);
                Array.Fill(b.Data, 1e-30f);
                Assert.All(Product(pool, width, 1, 3, k, a, b), value => Assert.Equal(k >= 16, float.IsNegative(value)));
            }
        }
    }

    [Fact]
    public unsafe void SteadyStateAllocatesNothing()
    {
        using var pool = new WorkerPool(2);
        var a = new float[300 * 300];
        var c = new float[300 * 300];
        fixed (float* pa = a, pc = c)
        {
            // Which thread first needs scratch memory is up to the scheduler, so the steady state is the best of a few windows.
            long least = long.MaxValue;
            for (var window = 0; window < 5; window++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < 20; i++)
                    Multiply(pa, pc);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }
            Assert.Equal(0, least);
        }

        void Multiply(float* pa, float* pc)
        {
            Gemm.Multiply(pool, 300, 300, 300, pa, 300, 1, pa, 1, 300, pc, 300);
            Gemm.Multiply(pool, 1, 300, 300, pa, 300, 1, pa, 2, 299, pc, 300);
            Gemm.MultiplyBatch(pool, 30, 30, 30, 30, pa, 900, 30, 1, pa, 900, 1, 30, pc, 900, 30);
        }
    }

    private static void CheckBoth(WorkerPool pool, int width, int m, int n, int k, Layout a = Layout.Rows, Layout b = Layout.Rows)
    {
        Check<float>(pool, width, m, n, k, a, b);
        Check<double>(pool, width, m, n, k, a, b);
    }

    private static void Check<T>(WorkerPool pool, int width, int m, int n, int k, Layout layoutA, Layout layoutB)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var a = new GemmTestMatrix<T>(m, k, layoutA, 17 * m + k);
        var b = new GemmTestMatrix<T>(k, n, layoutB, 31 * n + k);
        var expected = GemmReference.Multiply(m, n, k, a, b);
        var actual = Product(pool, width, m, n, k, a, b);
        AssertSameBits(expected, actual, $"{typeof(T).Name} {m}x{n}x{k} width {width} {layoutA} {layoutB} threads {pool.Threads}");
    }

    /// <summary>The product, after checking that nothing around C was written.</summary>
    private static unsafe T[] Product<T>(WorkerPool pool, int width, int m, int n, int k, GemmTestMatrix<T> a, GemmTestMatrix<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int pad = 3;
        var row = n + pad;
        var guarded = new T[m * row + pad];
        var guard = T.CreateChecked(-12345.5);
        Array.Fill(guarded, guard);
        fixed (T* pa = a.Data, pb = b.Data, pc = guarded)
        {
            var problem = new GemmProblem<T>
            {
                M = m,
                N = n,
                K = k,
                A = pa + a.Offset,
                ARow = a.Row,
                AColumn = a.Column,
                B = pb + b.Offset,
                BRow = b.Row,
                BColumn = b.Column,
                C = pc + pad,
                CRow = row,
            };
            Run(width, pool, problem, 1, 0, 0, 0);
        }
        var c = new T[m * n];
        for (var i = 0; i < guarded.Length; i++)
        {
            if (i >= pad && (i - pad) % row < n)
                c[(i - pad) / row * n + (i - pad) % row] = guarded[i];
            else
                Assert.Equal(guard, guarded[i]);
        }
        return c;
    }

    private static void CheckSymmetric(WorkerPool pool, int width, int n, int k, Layout layout, int batch = 1)
    {
        CheckSymmetric<float>(pool, width, n, k, layout, batch);
        CheckSymmetric<double>(pool, width, n, k, layout, batch);
    }

    /// <summary>A product of matrices with their transposes in the same memory has the bits of one with copies of them.</summary>
    private static unsafe void CheckSymmetric<T>(WorkerPool pool, int width, int n, int k, Layout layout, int batch)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var matrices = Enumerable.Range(0, batch).Select(i => new GemmTestMatrix<T>(n, k, layout, 7 * n + k + i)).ToArray();
        var length = matrices[0].Data.Length;
        var data = matrices.SelectMany(m => m.Data).ToArray();
        var copy = data.ToArray();
        var (expected, actual) = (new T[batch * n * n], new T[batch * n * n]);
        var a = matrices[0];
        fixed (T* pa = data, pb = copy, pe = expected, pc = actual)
        {
            var problem = new GemmProblem<T> { M = n, N = n, K = k, A = pa + a.Offset, ARow = a.Row, AColumn = a.Column, B = pb + a.Offset, BRow = a.Column, BColumn = a.Row, C = pe, CRow = n };
            using var alone = new WorkerPool(1);
            Run(width, alone, problem, batch, length, length, n * n);
            problem.B = problem.A;
            problem.C = pc;
            Run(width, pool, problem, batch, length, length, n * n);
        }
        AssertSameBits(expected, actual, $"{typeof(T).Name} symmetric {batch} of {n}x{k} width {width} {layout} threads {pool.Threads}");
    }

    private static unsafe void CheckBatch<T>(WorkerPool pool, int batch, int m, int n, int k, bool shareB)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var a = new GemmTestMatrix<T>(batch * m, k, Layout.Rows, batch + m);
        var b = new GemmTestMatrix<T>(shareB ? k : batch * k, n, Layout.Rows, batch + n);
        var together = new T[batch * m * n];
        var single = new T[batch * m * n];
        fixed (T* pa = a.Data, pb = b.Data, pt = together, ps = single)
        {
            var problem = new GemmProblem<T> { M = m, N = n, K = k, A = pa, ARow = k, AColumn = 1, B = pb, BRow = n, BColumn = 1, C = pt, CRow = n };
            Run(SimdWidth.Gemm, pool, problem, batch, m * k, shareB ? 0 : k * n, m * n);
            using var alone = new WorkerPool(1);
            for (var i = 0; i < batch; i++)
            {
                problem.A = pa + i * m * k;
                problem.B = shareB ? pb : pb + i * k * n;
                problem.C = ps + i * m * n;
                Run(SimdWidth.Gemm, alone, problem, 1, 0, 0, 0);
            }
        }
        AssertSameBits(single, together, $"{typeof(T).Name} batch {batch} {m}x{n}x{k} threads {pool.Threads}");
    }

    private static void Run<T>(int width, WorkerPool pool, in GemmProblem<T> problem, int batch, nint abs, nint bbs, nint cbs)
        where T : unmanaged
    {
        if (problem is GemmProblem<float> single)
            Gemm.Run(width, pool, single, batch, abs, bbs, cbs);
        else if (problem is GemmProblem<double> @double)
            Gemm.Run(width, pool, @double, batch, abs, bbs, cbs);
    }

    private static unsafe void AssertSameBits<T>(T[] expected, T[] actual, string what)
        where T : unmanaged
    {
        var expectedBytes = MemoryMarshal.AsBytes<T>(expected);
        var common = expectedBytes.CommonPrefixLength(MemoryMarshal.AsBytes<T>(actual));
        if (common != expectedBytes.Length)
            Assert.Fail($"{what}: element {common / sizeof(T)}: expected {expected[common / sizeof(T)]}, got {actual[common / sizeof(T)]}");
    }
}
