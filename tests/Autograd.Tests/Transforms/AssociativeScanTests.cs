using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>Prefixes of associative operators against one pass after the other, for every length up to 20 and some beyond.</summary>
public sealed class AssociativeScanTests
{
    public static TheoryData<int> Lengths => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 20, 31, 64, 100];

    private static readonly Func<Tensor, Tensor, Tensor> Product = (a, b) => Ops.MatMul(a, b);

    private static Tensor Numbers(int seed, params int[] shape) => Ops.RandomNormal(RandomKey.FromSeed(seed), Shape.Create(shape), DType.F64);

    [Theory]
    [MemberData(nameof(Lengths))]
    public void AdditionIsTheCumulativeSum(int n)
    {
        Tensor x = Numbers(1, n, 3);
        Close(Ops.CumSum(x, 0), ControlFlow.AssociativeScan((a, b) => a + b, x));
        Close(Ops.CumSum(x, 0, reverse: true), ControlFlow.AssociativeScan((a, b) => a + b, x, reversed: true));
        Close(Ops.CumSum(x.T, 1), ControlFlow.AssociativeScan((a, b) => a + b, x.T, axis: -1));
        Close(Ops.CumMax(x, 0).Item1, ControlFlow.AssociativeScan(Ops.Maximum, x));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void MatrixProductsKeepTheirOrder(int n)
    {
        Tensor x = 0.6 * Numbers(2, n, 3, 3);
        Close(Sequential(x, Product), ControlFlow.AssociativeScan(Product, x));
        Close(Ops.Flip(Sequential(Ops.Flip(x, [0]), Product), [0]), ControlFlow.AssociativeScan(Product, x, reversed: true));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void AffineRecurrencesAreScansWithTheirDerivatives(int n)
    {
        // h' = a h + b; pairs combine as (a2 a1, a2 b1 + b2).
        Tensor a = Numbers(3, n, 2), b = Numbers(4, n, 2), weight = Numbers(5, n, 2);
        Func<Tensor, Tensor, Tensor> parallel = (u, v) => ControlFlow.AssociativeScan(
            (p, q) => new Pair<Tensor, Tensor>(q.First * p.First, (q.First * p.Second) + q.Second), new Pair<Tensor, Tensor>(u, v)).Second;
        Func<Tensor, Tensor, Tensor> sequential = (u, v) => ControlFlow.Scan(Tensor.Zeros([2], DType.F64), new Pair<Tensor, Tensor>(u, v), (Tensor h, Pair<Tensor, Tensor> s) =>
        {
            Tensor next = (s.First * h) + s.Second;
            return (next, next);
        }).Results;
        Close(sequential(a, b), parallel(a, b));
        if (n is 0 or > 20) return;
        Close(Grad(u => (sequential(u, b) * weight).Sum())(a), Grad(u => (parallel(u, b) * weight).Sum())(a));
        Close(Grad(v => (sequential(a, v) * weight).Sum())(b), Grad(v => (parallel(a, v) * weight).Sum())(b));
        Close(Jvp(u => sequential(u, b), a, weight).Tangent, Jvp(u => parallel(u, b), a, weight).Tangent);
        Close(Hvp(u => (sequential(u, b) * weight).Sum(), a, weight), Hvp(u => (parallel(u, b) * weight).Sum(), a, weight));
        Close(sequential(a, b), Function.Compile<Tensor, Tensor, Tensor>(parallel)(a, b));
    }

    [Fact]
    public void TropicalProductsAreShortestPaths()
    {
        Tensor x = Numbers(6, 11, 3, 3);
        Func<Tensor, Tensor, Tensor> tropical = (a, b) => Ops.Max(a.Reshape(3, 3, 1) + b.Reshape(1, 3, 3), [1]);
        Close(Sequential(x, tropical), ControlFlow.AssociativeScan(tropical, x));
    }

    [Fact]
    public void BatchesAndOuterTensorsWork()
    {
        Tensor x = Numbers(7, 4, 7, 3, 3) * 0.5, m = Numbers(8, 3, 3);
        Func<Tensor, Tensor> scan = s => ControlFlow.AssociativeScan(Product, s);
        Close(Ops.Stack([scan(x[0]), scan(x[1]), scan(x[2]), scan(x[3])], 0), Vmap(scan)(x));
        // a M b is associative.
        Func<Tensor, Tensor> parallel = w => ControlFlow.AssociativeScan((a, b) => Ops.MatMul(Ops.MatMul(a, w), b), x[0]).Sum();
        Func<Tensor, Tensor> sequential = w => Sequential(x[0], (a, b) => Ops.MatMul(Ops.MatMul(a, w), b)).Sum();
        Close(Grad(sequential)(m), Grad(parallel)(m));
        Close(Vmap(Grad(sequential))(x[1]), Vmap(Grad(parallel))(x[1]));
    }

    [Fact]
    public void TheBracketingIsATree()
    {
        // The mean of two is not associative: what comes out is fixed. ((1 2) (3 4)) 5 by pairs.
        Tensor x = Tensor.Of([1.0, 2, 3, 4, 5]);
        Close(Tensor.Of([1, 1.5, 2.25, 2.5, 3.75]), ControlFlow.AssociativeScan((a, b) => 0.5 * (a + b), x));
    }

    [Fact]
    public void MisuseIsExplained()
    {
        Tensor x = Tensor.Of([1.0, 2, 3]);
        Assert.Equal("associativeScan: a sequence needs an axis to go along, got f64[].",
            Assert.Throws<ShapeException>(() => ControlFlow.AssociativeScan((a, b) => a + b, Tensor.Scalar(1, DType.F64))).Message);
        Assert.Equal("associativeScan: the tensors have 3 and 2 elements along axis 0. Lengths must be equal.",
            Assert.Throws<ShapeException>(() => ControlFlow.AssociativeScan((a, b) => a, new Pair<Tensor, Tensor>(x, x[..2]))).Message);
        Assert.Equal("associativeScan: leaf 0 of the state is f64[], the body returns f64[1]. A body must keep the form of its state.",
            Assert.Throws<ShapeException>(() => ControlFlow.AssociativeScan((a, b) => (a + b).Reshape(1), x)).Message);
    }

    private static Tensor Sequential(Tensor x, Func<Tensor, Tensor, Tensor> combine)
    {
        List<Tensor> prefixes = [];
        for (int t = 0; t < x.Shape[0]; t++) prefixes.Add(t == 0 ? x[0] : combine(prefixes[^1], x[t]));
        return prefixes.Count == 0 ? x : Ops.Stack([.. prefixes], 0);
    }

    private static void Close(Tensor a, Tensor b)
    {
        Assert.Equal(a.Shape, b.Shape);
        foreach ((double x, double y) in a.ToArray<double>().Zip(b.ToArray<double>())) Assert.Equal(x, y, 1e-11 * Math.Max(1, Math.Abs(x)));
    }
}
