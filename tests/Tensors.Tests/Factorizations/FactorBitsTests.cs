using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Factorizations;

/// <summary>
/// The blocked kernels give the bits of their definition, element by element, at every vector width, for any number of threads and any layout of the operands.
/// </summary>
public sealed unsafe class FactorBitsTests
{
    private static readonly int[] SupportedWidths = Avx512F.IsSupported ? [128, 256, 512] : Avx2.IsSupported ? [128, 256] : [128];

    private static readonly int[] Sides = [1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 65, 129, 200];

    public static TheoryData<int> Widths => [.. SupportedWidths];

    [Theory, MemberData(nameof(Widths))]
    public void CholeskyIsItsDefinition(int width)
    {
        foreach (int n in Sides)
        {
            Check(width, new CholeskyKernel(), [Positive<float>(n)], l => Cholesky<float>(l[0], n), $"f32 {n}");
            Check(width, new CholeskyKernel(), [Positive<double>(n)], l => Cholesky<double>(l[0], n), $"f64 {n}");
        }
    }

    [Fact]
    public void SumsLongerThanOnePassKeepTheirOrder() =>
        Check(SupportedWidths[^1], new CholeskyKernel(), [Positive<float>(1050)], l => Cholesky<float>(l[0], 1050), "f32 1050");

    [Theory, MemberData(nameof(Widths))]
    public void LuIsItsDefinition(int width)
    {
        foreach ((int m, int n) in Sides.SelectMany(s => ((int, int)[])[(s, s), (s + 5, s), (s, s + 9), (3, s), (s, 2)]))
        {
            Check(width, new LuKernel(), [Random<float>(m, n, 1)], a => Lu<float>(a[0], m, n), $"f32 {m} x {n}");
            Check(width, new LuKernel(), [Random<double>(m, n, 1)], a => Lu<double>(a[0], m, n), $"f64 {m} x {n}");
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void TriangularSystemsAreTheirDefinition(int width)
    {
        int kind = 0;
        foreach (int n in Sides)
        {
            foreach (int columns in (int[])[1, 3, 16, 63, 64, 70, 130])
            {
                kind = (kind + 3) % 8;
                var kernel = new TriangularSolveKernel((kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0);
                Check(width, kernel, [Positive<float>(n), Random<float>(n, columns, 2)], o => Substitute<float>(kernel, o[0], o[1], n, columns), $"f32 {n}, {columns}, {kernel}");
                Check(width, kernel, [Positive<double>(n), Random<double>(n, columns, 2)], o => Substitute<double>(kernel, o[0], o[1], n, columns), $"f64 {n}, {columns}, {kernel}");
            }
        }
    }

    [Fact]
    public void QrHasTheSameBitsAtEveryWidth()
    {
        foreach ((int m, int n) in ((int, int)[])[(1, 1), (2, 1), (7, 5), (31, 31), (32, 32), (33, 33), (64, 33), (65, 65), (130, 100), (300, 97)])
        {
            Check(SupportedWidths[^1], new QrKernel(), [Random<float>(m, n, 3)], o => Once(128, new QrKernel(), o, 1), $"f32 {m} x {n}");
            Check(SupportedWidths[^1], new QrKernel(), [Random<double>(m, n, 3)], o => Once(128, new QrKernel(), o, 1), $"f64 {m} x {n}");
            Check(Math.Min(256, SupportedWidths[^1]), new QrKernel(), [Random<float>(m, n, 3)], o => Once(128, new QrKernel(), o, 1), $"f32 {m} x {n}");
        }
    }

    [Fact]
    public void SpectraHaveTheSameBitsAtEveryWidth()
    {
        foreach (int width in SupportedWidths)
        {
            foreach (int n in (int[])[1, 2, 5, 16, 23, 24, 33, 70])
            {
                Check(width, new SymmetricEigenKernel(), [Positive<float>(n)], o => Once(128, new SymmetricEigenKernel(), o, 1), $"f32 {n}");
                Check(width, new SymmetricEigenKernel(), [Positive<double>(n)], o => Once(128, new SymmetricEigenKernel(), o, 1), $"f64 {n}");
                Check(width, new SvdKernel(), [Random<float>(n + 3, n, 3)], o => Once(128, new SvdKernel(), o, 1), $"f32 {n}");
                Check(width, new SvdKernel(), [Random<double>(n, n, 3)], o => Once(128, new SvdKernel(), o, 1), $"f64 {n}");
            }
        }
    }

    [Fact]
    public void ThreadsShareLargeMatricesAndBatchesWithTheSameBits()
    {
        foreach (Func<Tensor, Tensor[]> f in (Func<Tensor, Tensor[]>[])
        [
            x => [Ops.Cholesky(Ops.MatMul(x, x.T) + (Ops.OneHot(Ops.Iota(x.Shape[^1]), x.Shape[^1], x.DType) * 0.5))],
            x => [Ops.Lu(x).L, Ops.Lu(x).U, Ops.Lu(x).Permutation.Cast(x.DType)],
            x => [Ops.Qr(x).Q, Ops.Qr(x).R], x => [Ops.Solve(x, x.T)], x => [Ops.TriangularSolve(x + (Ops.OneHot(Ops.Iota(x.Shape[^1]), x.Shape[^1], x.DType) * 30), x.T)],
        ])
        {
            foreach (Shape shape in (Shape[])[[320, 320], [3, 90, 90], [100, 12, 12]])
            {
                float[] values = [.. Enumerable.Range(0, shape.Count).Select(i => (float)Math.Sin(i * 0.7 * (1 + (i % 13))))];
                float[][] results = [.. ((int[])[1, 2, 3]).Select(n => f(Tensor.Of(values, shape, new CpuDevice(n))).SelectMany(t => t.ToArray<float>()).ToArray())];
                Assert.Equal(results[0], results[1]);
                Assert.Equal(results[0], results[2]);
            }
        }
    }

    private static void Check(int width, Kernel kernel, Tensor[] operands, Func<Tensor[], ulong[]> expected, string what)
    {
        ulong[] bits = expected(operands);
        Assert.True(bits.AsSpan().SequenceEqual(Once(width, kernel, operands, 1)), $"{kernel.GetType().Name} {what} at {width} bits: not the definition.");
        Tensor[] turned = Array.ConvertAll(operands, o => Copied(o.T).T);
        Assert.True(bits.AsSpan().SequenceEqual(Once(width, kernel, turned, 3)), $"{kernel.GetType().Name} {what} at {width} bits, turned: not the definition.");
    }

    private static Tensor Copied(Tensor x) => x.DType == DType.F32 ? Tensor.Of(x.ToArray<float>(), x.Shape) : Tensor.Of(x.ToArray<double>(), x.Shape);

    private static ulong[] Once(int width, Kernel kernel, Tensor[] operands, int threads)
    {
        using var pool = new WorkerPool(threads);
        Shape a = operands[0].Shape;
        DType type = operands[0].DType;
        (DType Type, Shape Shape)[] results = kernel switch
        {
            LuKernel => [(type, a), (DType.I64, [a[0]]), (type, [])],
            QrKernel => [(type, a), (type, [a[1], a[1]])],
            SymmetricEigenKernel => [(type, [a[0]]), (type, a)],
            SvdKernel => [(type, a), (type, [a[1]]), (type, [a[1], a[1]])],
            _ => [(type, operands[^1].Shape)],
        };
        Operand[] inputs = [.. operands.Select((o, i) => new Operand(i, o.DType, o.Layout))];
        CpuKernel prepared = CpuFactorizations.Prepare(width, "test", kernel, inputs);
        byte[][] memory = [.. results.Select(r => new byte[r.Shape.Count * r.Type.Size()])];
        var pins = new List<GCHandle>();
        void** pointers = stackalloc void*[operands.Length + results.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            Array array = type == DType.F32 ? Backing<float>(operands[i]) : Backing<double>(operands[i]);
            pins.Add(GCHandle.Alloc(array, GCHandleType.Pinned));
            pointers[i] = (void*)pins[^1].AddrOfPinnedObject();
        }
        for (int i = 0; i < results.Length; i++)
        {
            pins.Add(GCHandle.Alloc(memory[i], GCHandleType.Pinned));
            pointers[operands.Length + i] = (void*)pins[^1].AddrOfPinnedObject();
        }
        prepared.Run(pointers, pool);
        pins.ForEach(p => p.Free());
        return [.. memory.SelectMany((bytes, i) => Words(bytes, results[i].Type.Size()))];
    }

    /// <summary>The memory of an operand in the order it lies: row-major, or column-major when it is turned.</summary>
    private static T[] Backing<T>(Tensor x) where T : unmanaged => x.Layout.Strides[^1] == 1 || x.Shape[^1] == 1 ? x.ToArray<T>() : x.T.ToArray<T>();

    private static IEnumerable<ulong> Words(byte[] bytes, int size)
    {
        for (int i = 0; i < bytes.Length; i += size) yield return size == 4 ? BitConverter.ToUInt32(bytes, i) : BitConverter.ToUInt64(bytes, i);
    }

    private static ulong[] Bits<T>(IEnumerable<T> values) where T : unmanaged =>
        [.. values.Select(v => typeof(T) == typeof(float) ? BitConverter.SingleToUInt32Bits((float)(object)v) : BitConverter.DoubleToUInt64Bits((double)(object)v))];

    private static ulong[] Cholesky<T>(Tensor matrix, int n) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] a = matrix.ToArray<T>(), l = new T[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                T sum = a[(i * n) + j];
                for (int p = 0; p < j; p++) sum = T.FusedMultiplyAdd(-l[(i * n) + p], l[(j * n) + p], sum);
                l[(i * n) + j] = i == j ? T.Sqrt(sum) : sum / l[(j * n) + j];
            }
        }
        return Bits(l);
    }

    private static ulong[] Lu<T>(Tensor matrix, int m, int n) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] a = matrix.ToArray<T>();
        ulong[] order = [.. Enumerable.Range(0, m).Select(i => (ulong)i)];
        T sign = T.One;
        for (int j = 0; j < Math.Min(m, n); j++)
        {
            int best = j;
            for (int i = j + 1; i < m; i++) if (T.Abs(a[(i * n) + j]) > T.Abs(a[(best * n) + j])) best = i;
            if (best != j)
            {
                sign = -sign;
                (order[j], order[best]) = (order[best], order[j]);
                for (int c = 0; c < n; c++) (a[(j * n) + c], a[(best * n) + c]) = (a[(best * n) + c], a[(j * n) + c]);
            }
            for (int i = j + 1; i < m; i++)
            {
                if (a[(j * n) + j] != T.Zero) a[(i * n) + j] /= a[(j * n) + j];
                for (int c = j + 1; c < n; c++) a[(i * n) + c] = T.FusedMultiplyAdd(-a[(i * n) + j], a[(j * n) + c], a[(i * n) + c]);
            }
        }
        return [.. Bits(a), .. order, .. Bits([sign])];
    }

    private static ulong[] Substitute<T>(TriangularSolveKernel kernel, Tensor matrix, Tensor right, int n, int columns) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] a = matrix.ToArray<T>(), x = right.ToArray<T>();
        bool forward = kernel.Lower != kernel.Transpose;
        for (int step = 0; step < n; step++)
        {
            int i = forward ? step : n - 1 - step;
            for (int c = 0; c < columns; c++)
            {
                T sum = x[(i * columns) + c];
                for (int before = 0; before < step; before++)
                {
                    int p = forward ? before : n - 1 - before;
                    sum = T.FusedMultiplyAdd(-(kernel.Transpose ? a[(p * n) + i] : a[(i * n) + p]), x[(p * columns) + c], sum);
                }
                x[(i * columns) + c] = kernel.UnitDiagonal ? sum : sum / a[(i * n) + i];
            }
        }
        return Bits(x);
    }

    private static Tensor Random<T>(int rows, int columns, int seed) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(seed);
        return Tensor.Of<T>([.. Enumerable.Range(0, rows * columns).Select(_ => T.CreateTruncating(random.NextDouble() - 0.5))], [rows, columns]);
    }

    /// <summary>Symmetric and dominated by its diagonal, so that triangles of it are well conditioned too.</summary>
    private static Tensor Positive<T>(int n) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] x = Random<T>(n, n, 4).ToArray<T>();
        T[] a = new T[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) a[(i * n) + j] = x[(Math.Max(i, j) * n) + Math.Min(i, j)] + (i == j ? T.CreateTruncating(n * 0.7 + 1) : T.Zero);
        return Tensor.Of(a, [n, n]);
    }
}
