using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;
using Engine.Tensors.Tests.Cpu;
using Engine.Testing;

namespace Engine.Tensors.Tests.Factorizations;

/// <summary>Small cases worked out by hand, edge shapes, and what is said of operands that do not fit.</summary>
public sealed class FactorExamplesTests
{
    [Fact]
    public void CholeskyFactors()
    {
        double[,] a = { { 4, 12, -16 }, { 12, 37, -43 }, { -16, -43, 98 } };
        Near([2, 0, 0, 6, 1, 0, -8, 5, 3], Ops.Cholesky(Tensor.Of(a)));
        // The upper triangle is not read.
        Near([3, 0, 0, 2], Ops.Cholesky(Tensor.Of(new[,] { { 9.0, double.NaN }, { 0, 4 } })));
        Near([5], Ops.Cholesky(Tensor.Of([25.0], [1, 1])));
        Near([1, 2, 3], Ops.CholeskySolve(Ops.Cholesky(Tensor.Of(a)), Tensor.Of([-20.0, -43, 192], [3, 1])));
    }

    [Fact]
    public void TriangularSystems()
    {
        Tensor a = Tensor.Of(new[,] { { 2.0, 7 }, { 1, 3 } }), b = Tensor.Of([4.0, 8], [2, 1]);
        Near([2, 2], Ops.TriangularSolve(a, b));
        Near([2.0 / 3, 8.0 / 3], Ops.TriangularSolve(a, b, transpose: true));
        Near([-22.0 / 3, 8.0 / 3], Ops.TriangularSolve(a, b, lower: false));
        Near([4, 4], Ops.TriangularSolve(a, b, unitDiagonal: true));
        Near([4, -20], Ops.TriangularSolve(a, b, lower: false, transpose: true, unitDiagonal: true));
    }

    [Fact]
    public void LuFactors()
    {
        (Tensor l, Tensor u, Tensor order) = Ops.Lu(Tensor.Of(new[,] { { 1.0, 2 }, { 3, 4 } }));
        Near([1, 0, 1.0 / 3, 1], l);
        Near([3, 4, 0, 2.0 / 3], u);
        Assert.Equal([1L, 0], order.ToArray<long>());
        // Equal magnitudes: the first is the pivot. A column of zeros has none, and its row stays.
        (l, u, order) = Ops.Lu(Tensor.Of(new[,] { { 0.0, 2, 1 }, { 0, -2, 3 } }));
        Near([1, 0, 0, 1], l);
        Near([0, 2, 1, 0, -2, 3], u);
        Assert.Equal([0L, 1], order.ToArray<long>());
        (l, u, order) = Ops.Lu(Tensor.Of(new[,] { { 1.0 }, { double.NaN }, { 3 } }));
        Assert.Equal([1L, 0, 2], order.ToArray<long>());
    }

    [Fact]
    public void SolutionsInversesDeterminants()
    {
        Tensor a = Tensor.Of(new[,] { { 1.0, 2 }, { 3, 4 } });
        Near([0.8, 1.4], Ops.Solve(Tensor.Of(new[,] { { 2.0, 1 }, { 1, 3 } }), Tensor.Of([3.0, 5], [2, 1])));
        Near([-2, 1, 1.5, -0.5], Ops.Inverse(a));
        Near([-2], Ops.Det(a));
        Near([-1], Ops.SignLogDet(a).Sign);
        Near([Math.Log(2)], Ops.SignLogDet(a).Logarithm);
        Near([1], Ops.Det(Tensor.Zeros([0, 0], DType.F64)));
        Tensor singular = Tensor.Of(new[,] { { 1.0, 2 }, { 2, 4 } });
        Assert.Equal(0, Ops.Det(singular).ToScalar<double>());
        Assert.Equal(0, Ops.SignLogDet(singular).Sign.ToScalar<double>());
        Assert.Equal(double.NegativeInfinity, Ops.SignLogDet(singular).Logarithm.ToScalar<double>());
        // A permutation of three is even, an exchange odd.
        Near([1], Ops.Det(Tensor.Of(new[,] { { 0.0, 1, 0 }, { 0, 0, 1 }, { 1, 0, 0 } })));
        Near([-1], Ops.Det(Tensor.Of(new[,] { { 0.0, 1, 0 }, { 1, 0, 0 }, { 0, 0, 1 } })));
        // exp of the logarithm would overflow a determinant of 1e400.
        Near([400 * Math.Log(10)], Ops.SignLogDet(Tensor.Of(new[,] { { 1e200, 0 }, { 0, 1e200 } })).Logarithm);
    }

    [Fact]
    public void QrFactors()
    {
        (Tensor q, Tensor r) = Ops.Qr(Tensor.Of(new[,] { { 12.0, -51, 4 }, { 6, 167, -68 }, { -4, 24, -41 } }));
        Near([14, 21, -14, 0, 175, -70, 0, 0, 35], r);
        Near([6.0 / 7, -69.0 / 175, -58.0 / 175, 3.0 / 7, 158.0 / 175, 6.0 / 175, -2.0 / 7, 6.0 / 35, -33.0 / 35], q);
        (q, r) = Ops.Qr(Tensor.Of([-3.0, -4], [2, 1]));
        Near([5], r);
        Near([-0.6, -0.8], q);
        (q, r) = Ops.Qr(Tensor.Of([-3.0, -4], [1, 2]));
        Near([-1], q);
        Near([3, 4], r);
        // A matrix of zeros: q is orthonormal all the same.
        (q, r) = Ops.Qr(Tensor.Zeros([3, 2], DType.F64));
        Near([1, 0, 0, 1, 0, 0], q);
        Assert.All(r.ToArray<double>(), v => Assert.Equal(0UL, BitConverter.DoubleToUInt64Bits(v)));
    }

    [Fact]
    public void LeastSquaresFits()
    {
        // The line through (1, 1), (2, 2), (3, 2).
        Near([2.0 / 3, 0.5], Ops.LeastSquares(Tensor.Of(new[,] { { 1.0, 1 }, { 1, 2 }, { 1, 3 } }), Tensor.Of([1.0, 2, 2], [3, 1])));
        Near([1, 1], Ops.LeastSquares(Tensor.Of(new[,] { { 1.0, 1 } }), Tensor.Of([2.0], [1, 1])));
    }

    [Fact]
    public void KroneckerProducts()
    {
        Tensor a = Tensor.Of(new[,] { { 1, 2 }, { 3, 4 } }), b = Tensor.Of(new[,] { { 0, 5 }, { 6, 7 } });
        Assert.Equal([0, 5, 0, 10, 6, 7, 12, 14, 0, 15, 0, 20, 18, 21, 24, 28], Ops.Kronecker(a, b).ToArray<int>());
    }

    [Fact]
    public void HalfWidthIsRoundedOnce()
    {
        double[,] a = { { 3, 1, 2 }, { 1, 7, 1 }, { 2, 1, 5 } }, b = { { 1 }, { 2 }, { 3 } };
        foreach (DType half in (DType[])[DType.F16, DType.BF16])
        {
            Tensor x = Tensor.Of(a).Cast(half), y = Tensor.Of(b).Cast(half), wide = x.Cast(DType.F32), right = y.Cast(DType.F32);
            (Tensor, Tensor)[] pairs =
            [
                (Ops.Solve(x, y), Ops.Solve(wide, right)), (Ops.Inverse(x), Ops.Inverse(wide)), (Ops.Det(x), Ops.Det(wide)), (Ops.LeastSquares(x, y), Ops.LeastSquares(wide, right)),
                (Ops.SignLogDet(x).Logarithm, Ops.SignLogDet(wide).Logarithm), (Ops.Cholesky(x), Ops.Cholesky(wide)),
            ];
            foreach ((Tensor actual, Tensor expected) in pairs)
            {
                Assert.Equal(half, actual.DType);
                Assert.Equal(expected.Cast(half).Cast(DType.F32).ToArray<float>(), actual.Cast(DType.F32).ToArray<float>());
            }
        }
    }

    [Fact]
    public void EmptyMatricesAndBatches()
    {
        foreach (Shape batch in (Shape[])[[], [2], [0]])
        {
            foreach ((int m, int n) in ((int, int)[])[(0, 0), (0, 3), (3, 0), (2, 2)])
            {
                if (batch.Count > 0 && m * n > 0) continue;
                int k = Math.Min(m, n);
                Tensor a = Tensor.Zeros(batch.Concat([m, n]), DType.F64), b = Tensor.Zeros(batch.Concat([m, 4]), DType.F64);
                (Tensor l, Tensor u, Tensor order) = Ops.Lu(a);
                Assert.Equal((batch.Concat([m, k]), batch.Concat([k, n]), batch.Concat([m])), (l.Shape, u.Shape, order.Shape));
                Assert.Equal(Enumerable.Repeat(Enumerable.Range(0, m).Select(i => (long)i), batch.Count).SelectMany(o => o), order.ToArray<long>());
                (Tensor q, Tensor r) = Ops.Qr(a);
                Assert.Equal((batch.Concat([m, k]), batch.Concat([k, n])), (q.Shape, r.Shape));
                Tensor x = Ops.LeastSquares(a, b);
                Assert.Equal(batch.Concat([n, 4]), x.Shape);
                Assert.All(x.ToArray<double>(), v => Assert.Equal(0, v));
                if (m != n) continue;
                Assert.Equal(a.Shape, Ops.Cholesky(a).Shape);
                Assert.Equal(a.Shape, Ops.Inverse(a).Shape);
                Assert.Equal(b.Shape, Ops.Solve(a, b).Shape);
                Assert.Equal(b.Shape, Ops.TriangularSolve(a, b).Shape);
                Assert.Equal(batch, Ops.SignLogDet(a).Logarithm.Shape);
            }
        }
    }

    [Fact]
    public void MatricesThatFailAreNamed()
    {
        Tensor indefinite = Tensor.Of(new[,] { { 4.0, 2 }, { 2, 0.75 } }), singular = Tensor.Of(new[,] { { 1.0, 2 }, { 2, 4 } }), b = Tensor.Of([1.0, 1], [2, 1]);
        const string cure = "Remove dependent rows or columns, or add a multiple of the identity.";
        foreach (Device device in (Device[])[new CpuDevice(1), new CpuDevice(3), new ReferenceDevice()])
        {
            Says("cholesky: the matrix is not positive definite: pivot 1 is -0.25. Check that it is symmetric, or add a multiple of the identity.",
                () => Ops.Cholesky(indefinite.To(device)));
            Says($"solve: the matrix is singular: pivot 1 is 0. {cure}", () => Ops.Solve(singular.To(device), b));
            Says($"inverse: the matrix is singular: pivot 1 is 0. {cure}", () => Ops.Inverse(singular.To(device)));
            Says($"triangularSolve: the matrix is singular: pivot 0 is 0. {cure}", () => Ops.TriangularSolve(Tensor.Zeros([2, 2], DType.F64).To(device), b));
            Says($"triangularSolve: the matrix is singular: pivot 1 is 0. {cure}", () => Ops.TriangularSolve(Tensor.Of(new[,] { { 1.0, 0 }, { 1, 0 } }).To(device), b));
            Says($"leastSquares: the matrix is singular: pivot 0 is 0. {cure}", () => Ops.LeastSquares(Tensor.Zeros([2, 1], DType.F64).To(device), b));
            // The first of a batch that fails is named, however many threads there are.
            Tensor good = Ops.Eye(64, dtype: DType.F64), bad = good * -1;
            Tensor batch = Ops.Stack([.. Enumerable.Range(0, 40).Select(i => i is 13 or 29 or 39 ? bad : good)]).Reshape(10, 4, 64, 64).To(device);
            Says("cholesky: matrix [3, 1] of the batch is not positive definite: pivot 0 is -1. Check that it is symmetric, or add a multiple of the identity.",
                () => Ops.Cholesky(batch));
            Says($"solve: matrix [3, 1] of the batch is singular: pivot 0 is 0. {cure}", () => Ops.Solve(batch + good.To(device), batch));
        }
        Assert.Equal("cholesky: the matrix is not positive definite: pivot 0 is NaN. Check that it is symmetric, or add a multiple of the identity.",
            Assert.Throws<LinearAlgebraException>(() => Ops.Cholesky(Tensor.Of([double.NaN], [1, 1]))).Message);
    }

    [Fact]
    public void NothingIsAllocatedPerMatrix()
    {
        var device = new CpuDevice(1);
        foreach (Kernel kernel in (Kernel[])[new CholeskyKernel(), new LuKernel(), new QrKernel()])
        {
            long[] bytes = [.. ((int[])[8, 64]).Select(count =>
            {
                Tensor x = Ops.Eye(16) * Tensor.Ones([count, 1, 1]);
                Tensor[] results = kernel switch
                {
                    LuKernel => [Output(DType.F32, [count, 16, 16]), Output(DType.I64, [count, 16]), Output(DType.F32, [count])],
                    QrKernel => [Output(DType.F32, [count, 16, 16]), Output(DType.F32, [count, 16, 16])],
                    _ => [Output(DType.F32, [count, 16, 16])],
                };
                var op = new KernelOp(kernel);
                device.Run(op, [x], results);
                return Allocations.Of(1, () => device.Run(op, [x], results));
            })];
            Assert.Equal(bytes[0], bytes[1]);
        }

        Tensor Output(DType type, int[] shape) => Views.Output(device, type, shape);
    }

    [Fact]
    public void OperandsThatDoNotFitAreRefused()
    {
        Tensor square = Tensor.Ones([3, 3]), wide = Tensor.Ones([2, 3]), vector = Tensor.Ones([3]);
        Refuses("cholesky: takes square matrices [..., n, n], got [2, 3], 2 != 3.", () => Ops.Cholesky(wide));
        Refuses("det: takes square matrices [..., n, n], got [2, 3], 2 != 3.", () => Ops.Det(wide));
        Refuses("lu: takes matrices [..., m, n], got [3]. Add the axes that are missing: x.Reshape(m, n).", () => Ops.Lu(vector));
        Refuses("solve: the right side must be a matrix [..., 3, k], got [3]. A vector is a column: b.Reshape(3, 1).", () => Ops.Solve(square, vector));
        Refuses("triangularSolve: [3, 3] and the right side [2, 3] differ in rows, 3 != 2. They must be equal.", () => Ops.TriangularSolve(square, wide));
        Refuses("leastSquares: [3, 3] and the right side [2, 3] differ in rows, 3 != 2. They must be equal.", () => Ops.LeastSquares(square, wide));
        Assert.Equal("cholesky: takes a floating type, got i32. Cast first: x.Cast(DType.F32).",
            Assert.Throws<DTypeException>(() => Ops.Cholesky(square.Cast(DType.I32))).Message);
        Assert.Equal("solve: element types differ, got f16 and f32. Cast one: x.Cast(DType.F16).",
            Assert.Throws<DTypeException>(() => Ops.Solve(square.Cast(DType.F16), square)).Message);
        Assert.Equal("leastSquares: takes a floating type, got i64. Cast first: x.Cast(DType.F32).",
            Assert.Throws<DTypeException>(() => Ops.LeastSquares(square.Cast(DType.I64), square)).Message);
        Assert.Equal("solve: element types differ, got f32 and f64. Cast one: x.Cast(DType.F32).",
            Assert.Throws<DTypeException>(() => Ops.Solve(square, square.Cast(DType.F64))).Message);
    }

    private static void Says(string message, Func<Tensor> call) => Assert.Equal(message, Assert.Throws<LinearAlgebraException>(call).Message);

    private static void Refuses(string message, Func<object> call) => Assert.Equal(message, Assert.Throws<ShapeException>(call).Message);

    private static void Near(double[] expected, Tensor actual)
    {
        double[] values = actual.ToArray<double>();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.True(Math.Abs(values[i] - expected[i]) <= 1e-14 * Math.Max(10, Math.Abs(expected[i])), $"Element {i} is {values[i]:g17}, not {expected[i]:g17}.");
    }
}
