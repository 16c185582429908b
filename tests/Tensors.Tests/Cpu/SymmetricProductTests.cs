using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engine.Autograd;
using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;
using Engine.Testing;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Products that are called symmetric: the lower triangle has the bits of the whole product, the upper is its copy.</summary>
public sealed class SymmetricProductTests
{
    private static readonly int[] SupportedWidths = Avx512F.IsSupported ? [128, 256, 512] : Avx2.IsSupported ? [128, 256] : [128];

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void TheLowerTriangleMirrored(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (int width in SupportedWidths)
        {
            foreach ((int n, int k) in ((int, int)[])[(1, 40), (2, 3), (3, 1), (15, 9), (17, 0), (33, 5), (48, 20), (97, 70), (144, 515), (257, 64), (420, 90)])
            {
                Check<float>(pool, width, n, k, Layout.Rows, Layout.Rows);
                Check<double>(pool, width, n, k, Layout.Columns, Layout.PaddedRows);
                Check<float>(pool, width, n, k, Layout.EverySecond, Layout.Columns, batch: 5);
            }
        }
    }

    [Fact]
    public void ReadersThatTurnItAroundAndLongRowsOfOneProduct()
    {
        // Whole products may be computed as their transpose here, and over an axis of length 1 as a map: both would compute the other triangle.
        Tensor a = Given(200, 200, 1), b = Given(200, 200, 2), column = Given(200, 1, 3), row = Given(1, 200, 4);
        float[] product = Mirrored(Ops.MatMul(a, b)), outer = Mirrored(Ops.MatMul(column, row));
        Assert.Equal(product, Ops.SymmetricMatMul(a, b).ToArray<float>());
        Assert.Equal(outer, Ops.SymmetricMatMul(column, row).ToArray<float>());
        Assert.Equal(product, Function.Compile((Tensor x) => Ops.SymmetricMatMul(x, b).T).Invoke(a).ToArray<float>());
        Assert.Equal(outer, Function.Compile((Tensor x) => Ops.SymmetricMatMul(x, row) * 1).Invoke(column).ToArray<float>());
    }

    [Fact]
    public void MapsOfItAreOfTheMirroredProduct()
    {
        Tensor a = Given(150, 150, 1), b = Given(150, 150, 2);
        Func<Tensor, Tensor> function = x => (Ops.SymmetricMatMul(x, b) * 0.5) + (x * 3);
        Assert.Equal(function(a).ToArray<float>(), Function.Compile(function).Invoke(a).ToArray<float>());
    }

    [Fact]
    public void TheReferenceMeansTheSame()
    {
        Tensor a = Given(6, 4, 1), b = Given(4, 6, 2);
        float[] expected = Ops.SymmetricMatMul(a, b).ToArray<float>(), actual = Ops.SymmetricMatMul(a.To(new ReferenceDevice()), b.To(new ReferenceDevice())).ToArray<float>();
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6 * Math.Max(1, Math.Abs(expected[i])));
    }

    [Fact]
    public void MappedOverABatchOfOneFactor()
    {
        Tensor a = Ops.Stack([Given(5, 7, 1), Given(5, 7, 2), Given(5, 7, 3)]), b = Given(7, 5, 4);
        float[] expected = [.. Enumerable.Range(0, 3).SelectMany(i => Ops.SymmetricMatMul(a[i], b).ToArray<float>())];
        Assert.Equal(expected, Transform.Vmap(x => Ops.SymmetricMatMul(x, b))(a).ToArray<float>());
    }

    [Fact]
    public void ASteadyStateAllocatesNothing()
    {
        using var step = Function.CompileStep(Given(90, 90, 1), (Tensor x, Tensor y) => ((Ops.SymmetricMatMul(x, x) * 0.001) + y, y));
        step.Run(Given(90, 90, 2));
        Assert.Equal(0, Allocations.Of(20, () => step.Run()));
    }

    [Fact]
    public void OperandsThatDoNotFit()
    {
        static string shape(int[] a, int[] b) => Assert.Throws<ShapeException>(() => Ops.SymmetricMatMul(Tensor.Zeros([.. a]), Tensor.Zeros([.. b]))).Message;
        Assert.Equal("symmetricMatMul: inner dimensions differ: [2, 3] x [2, 2], 3 != 2. They must be equal.", shape([2, 3], [2, 2]));
        Assert.Equal("symmetricMatMul: the product of [2, 3] and [3, 4] is not square, 2 != 4. Use MatMul.", shape([2, 3], [3, 4]));
        Assert.Equal("symmetricMatMul: takes matrices [..., n, k] x [..., k, n], got [3] x [3, 1]. Add the axes that are missing: x.Reshape(n, k).", shape([3], [3, 1]));
        Assert.Equal(
            "symmetricMatMul: element types differ, got f32 and f64. Cast one: x.Cast(DType.F32).",
            Assert.Throws<DTypeException>(() => Ops.SymmetricMatMul(Tensor.Zeros([2, 2]), Tensor.Zeros([2, 2], DType.F64))).Message);
    }

    private static Tensor Given(int rows, int columns, int seed) => Tensor.Of(new GemmTestMatrix<float>(rows, columns, Layout.Rows, seed).Data, [rows, columns]);

    private static float[] Mirrored(Tensor product)
    {
        float[] c = product.ToArray<float>();
        Mirror(c, product.Shape[0], 0);
        return c;
    }

    private static void Mirror<T>(T[] c, int n, int offset)
    {
        for (int i = 0; i < n; i++)
        {
            for (int j = i + 1; j < n; j++) c[offset + (i * n) + j] = c[offset + (j * n) + i];
        }
    }

    private static unsafe void Check<T>(WorkerPool pool, int width, int n, int k, Layout layoutA, Layout layoutB, int batch = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        GemmTestMatrix<T>[] a = [.. Enumerable.Range(0, batch).Select(i => new GemmTestMatrix<T>(n, k, layoutA, n + k + i))];
        GemmTestMatrix<T>[] b = [.. Enumerable.Range(0, batch).Select(i => new GemmTestMatrix<T>(k, n, layoutB, n - k + i + 99))];
        T[] expected = [.. a.Zip(b).SelectMany(pair => GemmReference.Multiply(n, n, k, pair.First, pair.Second))], actual = new T[batch * n * n];
        for (int i = 0; i < batch; i++) Mirror(expected, n, i * n * n);
        T[] dataA = [.. a.SelectMany(m => m.Data)], dataB = [.. b.SelectMany(m => m.Data)];
        fixed (T* pa = dataA, pb = dataB, pc = actual)
        {
            var problem = new GemmProblem<T>
            {
                M = n,
                N = n,
                K = k,
                A = pa + a[0].Offset,
                ARow = a[0].Row,
                AColumn = a[0].Column,
                B = pb + b[0].Offset,
                BRow = b[0].Row,
                BColumn = b[0].Column,
                C = pc,
                CRow = n,
                Symmetric = true,
            };
            if (problem is GemmProblem<float> single) Gemm.Run(width, pool, single, batch, a[0].Data.Length, b[0].Data.Length, n * n);
            else if (problem is GemmProblem<double> @double) Gemm.Run(width, pool, @double, batch, a[0].Data.Length, b[0].Data.Length, n * n);
        }
        Assert.True(
            MemoryMarshal.AsBytes<T>(expected).SequenceEqual(MemoryMarshal.AsBytes<T>(actual)),
            $"{typeof(T).Name} {batch} of {n}x{k} width {width} {layoutA} {layoutB} threads {pool.Threads}");
    }
}
