using Engine.Autograd.Duality;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Duality;

public sealed class InverseRootTests
{
    private static readonly double Root3 = Math.Sqrt(3);

    /// <summary>A symmetric matrix with given eigenvalues, and its power by the same vectors.</summary>
    private static (Tensor Matrix, Tensor Power) Known(int seed, double[] values, double exponent, double ridge = 0)
    {
        int n = values.Length;
        Tensor q = Ops.Qr(Ops.RandomNormal(RandomKey.FromSeed(seed), [n, n], DType.F64)).Q;
        Tensor raised = Tensor.Of([.. values.Select(v => Math.Pow(v + (ridge * values.Max()), exponent))], [n]);
        return ((q * Tensor.Of(values, [n])).MatMul(q.T), (q * raised).MatMul(q.T));
    }

    private static double[] Falling(int n, double condition) => [.. Enumerable.Range(0, n).Select(i => Math.Pow(condition, -i / (n - 1.0)))];

    private static double Error(Tensor expected, Tensor got) =>
        VectorNorms.Euclidean.Of(got - expected).ToScalar<double>() / VectorNorms.Euclidean.Of(expected).ToScalar<double>();

    // The bar of the design: iteration counts for condition 1e2, 1e4 and 1e6.
    [Theory]
    [InlineData(1e2, 12)]
    [InlineData(1e4, 18)]
    [InlineData(1e6, 24)]
    public void ShampooA2TheIterationIsTheRootOfEigenvalues(double condition, int most)
    {
        foreach (int p in (int[])[1, 2, 3, 4, 8])
        {
            (Tensor a, Tensor power) = Known(p, Falling(30, condition), -1.0 / p);
            InverseRoot root = InverseRoots.Newton(a, p, ridge: 0, tolerance: p == 1 ? 1e-7 : 1e-6);
            if (p is 2 or 4) Assert.InRange(root.Iterations.ToScalar<long>(), 1, most);
            Assert.False(root.FellBack.ToScalar<bool>());
            Assert.InRange(Error(power, root.Root), 0, 1e-6);
            Assert.InRange(Error(power, InverseRoots.Of(a, p, ridge: 0)), 0, 1e-9);
        }
    }

    // Eigenvalues 3 and 1 with vectors (1, 1) and (1, -1): the halves of the powers, added and subtracted.
    [Theory]
    [InlineData(InverseRootMethod.Eigen)]
    [InlineData(InverseRootMethod.Newton)]
    public void GoldenRoots(InverseRootMethod method)
    {
        Tensor a = Tensor.Of([2.0, 1, 1, 2], [2, 2]);
        Given.Near([(1 + (1 / Root3)) / 2, ((1 / Root3) - 1) / 2, ((1 / Root3) - 1) / 2, (1 + (1 / Root3)) / 2], InverseRoots.Of(a, 2, method, 0), 1e-6);
        Given.Near([2 / 3.0, -1 / 3.0, -1 / 3.0, 2 / 3.0], InverseRoots.Of(a, 1, method, 0), 1e-6);
        // A quarter of the greatest eigenvalue, 4, on both.
        Given.Near([1 / Math.Sqrt(5), 0, 0, 1 / Math.Sqrt(2)], InverseRoots.Of(Tensor.Of([4.0, 0, 0, 1], [2, 2]), 2, method, 0.25), 1e-6);
        Given.Near([0.5], InverseRoots.Of(Tensor.Of([16.0], [1, 1]), 4, method, 0), 1e-6);
        Assert.Equal([0.0, 0, 0, 0], InverseRoots.Of(Tensor.Zeros([2, 2], DType.F64), 4, method).ToArray<double>());
        Assert.All(InverseRoots.Of(Tensor.Of([1.0, double.NaN, double.NaN, 1], [2, 2]), 2, method).ToArray<double>(), x => Assert.Equal(double.NaN, x));
        Assert.Equal([0, 0], InverseRoots.Of(Tensor.Zeros([0, 0], DType.F64), 2, method).Shape.Lengths.ToArray());
        Assert.Equal([0, 3, 3], InverseRoots.Of(Tensor.Zeros([0, 3, 3], DType.F64), 2, method).Shape.Lengths.ToArray());
    }

    [Fact]
    public void WithoutARidgeTheRootIsThatOfThePseudoInverse()
    {
        Tensor v = Tensor.Of([3.0, 0, 4, 0], [4, 1]), a = v.MatMul(v.T);
        // One eigenvalue, 25, along v / 5.
        Given.Near((v.MatMul(v.T) * (1 / 25.0 / 5)).ToArray<double>(), InverseRoots.Of(a, 2, ridge: 0), 1e-14);
        InverseRoot root = InverseRoots.Newton(a, 2, ridge: 0);
        Assert.True(root.FellBack.ToScalar<bool>());
        Given.Near(InverseRoots.Of(a, 2, ridge: 0).ToArray<double>(), root.Root, 1e-14);
        // Of rank 4, in bases in which the other eigenvalues come out as rounding, above 0 and below.
        foreach (int seed in (int[])[1, 2, 3])
        {
            Tensor q = Ops.Qr(Ops.RandomNormal(RandomKey.FromSeed(seed), [12, 12], DType.F64)).Q[.., ..4], values = Tensor.Of([3.0, 2, 1, 0.5]);
            Tensor low = (q * values).MatMul(q.T), expected = (q * Ops.Pow(values, -0.5)).MatMul(q.T);
            Given.Near(expected.ToArray<double>(), InverseRoots.Of(low, 2, ridge: 0), 1e-13);
            Given.Near(expected.ToArray<double>(), InverseRoots.Of(low.Cast(DType.F32), 2, ridge: 0).Cast(DType.F64), 1e-4);
        }
    }

    [Theory]
    [InlineData(InverseRootMethod.Eigen)]
    [InlineData(InverseRootMethod.Newton)]
    public void TheRidgeIsRelativeToTheGreatestEigenvalue(InverseRootMethod method)
    {
        (Tensor a, Tensor power) = Known(9, [7, 2, 0.3, 0, 0], -0.25, 1e-3);
        Assert.InRange(Error(power, InverseRoots.Of(a, 4, method, 1e-3)), 0, 1e-6);
        Assert.Equal(1e-12, InverseRoots.RidgeFor(DType.F64));
        Assert.Equal(1e-6, InverseRoots.RidgeFor(DType.F32));
    }

    [Theory]
    [InlineData(InverseRootMethod.Eigen)]
    [InlineData(InverseRootMethod.Newton)]
    public void MatricesOfABatchAreRootsOfTheirOwn(InverseRootMethod method)
    {
        Tensor[] each = [Known(1, Falling(5, 10), 1).Matrix, Known(2, Falling(5, 1e5), 1).Matrix, Tensor.Zeros([5, 5], DType.F64), Known(3, [1, 1, 0, 0, 0], 1).Matrix];
        Tensor batch = Ops.Stack(each).Reshape(2, 2, 5, 5);
        Assert.Equal([.. each.SelectMany(a => InverseRoots.Of(a, 4, method, 0).ToArray<double>())], InverseRoots.Of(batch, 4, method, 0).ToArray<double>());
        Assert.Equal(InverseRoots.Of(batch, 4, method).ToArray<double>(), Transform.Vmap(a => InverseRoots.Of(a, 4, method))(batch).ToArray<double>());
        Assert.Equal(InverseRoots.Of(batch, 4, method).ToArray<double>(), Function.Compile((Tensor a) => InverseRoots.Of(a, 4, method)).Invoke(batch).ToArray<double>());
        InverseRoot roots = InverseRoots.Newton(batch, 4, 0);
        Assert.Equal([false, false, false, true], roots.FellBack.ToArray<bool>());
        Assert.Equal([2, 2], roots.Iterations.Shape.Lengths.ToArray());
        Assert.Equal(0, roots.Iterations.ToArray<long>()[2]);
        Assert.InRange(roots.Error.ToArray<double>()[0], 0, 1e-6);
    }

    [Theory]
    [InlineData(1e30f)]
    [InlineData(1e-30f)]
    public void ScaleDoesNotOverflow(float scale)
    {
        Tensor a = Known(4, Falling(6, 100), 1).Matrix.Cast(DType.F32);
        foreach (InverseRootMethod method in Enum.GetValues<InverseRootMethod>())
        {
            Tensor small = InverseRoots.Of(a, 2, method) * (1 / Math.Sqrt(scale)), got = InverseRoots.Of(a * scale, 2, method);
            Assert.InRange(Error(small.Cast(DType.F64), got.Cast(DType.F64)), 0, 1e-4);
        }
    }

    [Theory]
    [InlineData(InverseRootMethod.Eigen)]
    [InlineData(InverseRootMethod.Newton)]
    public void HalfWidthGoesThroughSingle(InverseRootMethod method)
    {
        Tensor a = Known(5, [4, 2, 1], 1).Matrix.Cast(DType.BF16), got = InverseRoots.Of(a, 2, method);
        Assert.Equal(DType.BF16, got.DType);
        Assert.Equal(InverseRoots.Of(a.Cast(DType.F32), 2, method).Cast(DType.BF16).Cast(DType.F32).ToArray<float>(), got.Cast(DType.F32).ToArray<float>());
    }

    [Fact]
    public void TheRootHasDerivatives()
    {
        Tensor free = Ops.RandomNormal(RandomKey.FromSeed(6), [3, 3], DType.F64);
        Tensor f(Tensor x) => InverseRoots.Of(x.MatMul(x.T) + Ops.Diag(Tensor.Of([1.0, 2, 4])), 4);
        Tensor by = Ops.RandomNormal(RandomKey.FromSeed(7), [3, 3], DType.F64), slope = Transform.Grad(x => (f(x) * by).Sum())(free);
        Tensor direction = Ops.RandomNormal(RandomKey.FromSeed(8), [3, 3], DType.F64);
        double expected = ((f(free + direction * 1e-5) - f(free - direction * 1e-5)) * by).Sum().ToScalar<double>() / 2e-5;
        Assert.Equal(expected, (slope * direction).Sum().ToScalar<double>(), 1e-8);
        Tensor pushed = Transform.Jvp(x => InverseRoots.Newton(x.MatMul(x.T) + Ops.Diag(Tensor.Of([1.0, 2, 4])), 4, tolerance: 1e-12).Root, free, direction).Tangent;
        Assert.Equal(expected, (pushed * by).Sum().ToScalar<double>(), 1e-7);
    }

    [Fact]
    public void BadArguments()
    {
        Tensor a = Tensor.Zeros([2, 2], DType.F64);
        Assert.Equal("inverseRoots: the matrices must be square [.., n, n], got [2, 3].", Message(() => InverseRoots.Of(Tensor.Zeros([2, 3], DType.F64), 2)));
        Assert.Equal("inverseRoots: takes a floating type, got i64. Cast first: a.Cast(DType.F32).", Message(() => InverseRoots.Of(Tensor.Zeros([2, 2], DType.I64), 2)));
        Assert.Equal("inverseRoots: p must be finite and positive, got 0.", Message(() => InverseRoots.Of(a, 0)));
        Assert.Equal("inverseRoots: the ridge must be finite and not negative, got -1.", Message(() => InverseRoots.Of(a, 2, ridge: -1)));
        Assert.Equal(
            "inverseRoots: Newton's iteration takes a whole p of at least 1, got 1.5. Use InverseRootMethod.Eigen.", Message(() => InverseRoots.Of(a, 1.5, InverseRootMethod.Newton)));
        Assert.Equal("inverseRoots: the tolerance must be positive, got 0.", Message(() => InverseRoots.Newton(a, 2, tolerance: 0)));
        Assert.Equal("inverseRoots: the number of iterations must be at least 1, got 0.", Message(() => InverseRoots.Newton(a, 2, maxIterations: 0)));
    }

    private static string Message(Func<object> action) => Assert.ThrowsAny<Exception>(() => _ = action()).Message;
}
