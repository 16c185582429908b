using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Segments, triangles, diagonals, repetition and distances at their edges.</summary>
public sealed class MatrixTests
{
    private const double NaN = double.NaN, Inf = double.PositiveInfinity;

    [Fact]
    public void SegmentsNeedNoOrder()
    {
        Tensor x = Tensor.Of([1.0, 2, 3, 4]), ids = Tensor.Of([2, 0, 2, 0]);
        Assert.Equal([6.0, 0, 4, 0], Ops.SegmentSum(x, ids, 4).ToArray<double>());
        Assert.Equal([3.0, 0, 2, 0], Ops.SegmentMean(x, ids, 4).ToArray<double>());
        Assert.Equal([4.0, -Inf, 3, -Inf], Ops.SegmentMax(x, ids, 4).ToArray<double>());
        Assert.Equal([2, int.MinValue, 9], Ops.SegmentMax(Tensor.Of([1, 9, 2]), Tensor.Of([0, 2, 0]), 3).ToArray<int>());
        Assert.Equal([1.0, 4, 7], Ops.SegmentMax(Tensor.Of(new[,] { { 1.0, 0 }, { 3, 4 }, { 7, 5 } }), Tensor.Of([0L, 0]), 1, -1).ToArray<double>());
        Assert.Equal([-Inf, NaN], Ops.SegmentMax(Tensor.Of([1, NaN, 2]), Tensor.Of([1, 1, 1]), 2).ToArray<double>());
        Assert.Equal([0.0, 0], Ops.SegmentMean(Tensor.Zeros([0], DType.F64), Tensor.Zeros([0], DType.I64), 2).ToArray<double>());
        Assert.Equal([-Inf], Ops.SegmentMax(Tensor.Zeros([0], DType.F64), Tensor.Zeros([0], DType.I64), 1).ToArray<double>());
    }

    [Fact]
    public void TheFirstOfEqualGreatestTakesTheDerivativeOfASegment()
    {
        Tensor ids = Tensor.Of([1, 0, 1, 1]);
        Tensor slope = Grad(x => (Ops.SegmentMax(x, ids, 2) * Tensor.Of([10.0, 20])).Sum())(Tensor.Of([5.0, 1, 7, 7]));
        Assert.Equal([0.0, 10, 20, 0], slope.ToArray<double>());
    }

    [Fact]
    public void TrianglesAndDiagonals()
    {
        Tensor x = Tensor.Of(new[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal([1, 0, 0, 4, 5, 0], Ops.Tril(x).ToArray<int>());
        Assert.Equal([1, 2, 3, 0, 5, 6], Ops.Triu(x).ToArray<int>());
        Assert.Equal([0, 0, 0, 4, 0, 0], Ops.Tril(x, -1).ToArray<int>());
        Assert.Equal([2, 6], Ops.Diagonal(x, 1).ToArray<int>());
        Assert.Equal([4], Ops.Diagonal(x, -1).ToArray<int>());
        Assert.Equal([0], Ops.Diagonal(x, -2).Shape.Lengths.ToArray());
        Assert.Equal([0], Ops.Diagonal(x, 99).Shape.Lengths.ToArray());
        Assert.Equal(6, Ops.Trace(x).ToScalar<long>());
        Assert.Equal([0, 7, 0, 0, 0, 8, 0, 0, 0], Ops.Diag(Tensor.Of([7, 8]), 1).ToArray<int>());
        Assert.Equal([0, 0, 7, 0], Ops.Diag(Tensor.Of([7]), -1).ToArray<int>());
        Assert.Equal([2, 2], Ops.Diag(Tensor.Zeros([0]), 2).Shape.Lengths.ToArray());
        Assert.Equal([3, 0, 0], Ops.Tril(Tensor.Zeros([3, 0, 0])).Shape.Lengths.ToArray());
        Assert.Equal([0f, 1, 0, 0, 0, 1], Ops.Eye(2, 3, 1).ToArray<float>());
        Assert.Equal([3, 4, 6, 8], Ops.Outer(Tensor.Of([1, 2]), Tensor.Of([3, 4])).ToArray<int>());
    }

    [Fact]
    public void Repetition()
    {
        Tensor x = Tensor.Of([1, 2, 3]);
        Assert.Equal([3, 1, 2], Ops.Roll(x, 1).ToArray<int>());
        Assert.Equal([2, 3, 1], Ops.Roll(x, -4).ToArray<int>());
        Assert.Equal([0], Ops.Roll(Tensor.Zeros([0]), 3).Shape.Lengths.ToArray());
        Assert.Equal([1, 2, 3, 1, 2, 3], Ops.Tile(x, [2]).ToArray<int>());
        Assert.Equal([2, 6], Ops.Tile(x, [2, 2]).Shape.Lengths.ToArray());
        Assert.Equal([1, 1, 2, 2, 3, 3], Ops.Repeat(x, 2).ToArray<int>());
        Assert.Equal([0], Ops.Repeat(x, 0).Shape.Lengths.ToArray());
        Tensor[] grid = Ops.Meshgrid(x, Tensor.Of([4, 5]));
        Assert.Equal([1, 1, 2, 2, 3, 3], grid[0].ToArray<int>());
        Assert.Equal([4, 5, 4, 5, 4, 5], grid[1].ToArray<int>());
    }

    [Fact]
    public void DistancesAtCoincidentPoints()
    {
        Tensor x = Tensor.Of(new[,] { { 1.0, 2 }, { 4, 6 } });
        Assert.Equal([0.0, 25, 25, 0], Ops.PairwiseSquaredDistances(x, x).ToArray<double>());
        Assert.Equal([0.0, 5, 5, 0], Ops.PairwiseDistances(x, x + 0).ToArray<double>());
        Tensor f(Tensor p) => Ops.PairwiseDistances(p, x).Sum();
        Tensor one = Tensor.Of(new[,] { { 1.0, 2 } });
        // Only the second point pulls: (1, 2) - (4, 6) over 5. The Hessian of a distance is (I - u u^T) / d.
        Assert.Equal([-0.6, -0.8], Grad(f)(one).ToArray<double>().Select(v => Math.Round(v, 14)));
        Assert.Equal([0.128, -0.096], Hvp(f, one, Tensor.Of(new[,] { { 1.0, 0 } })).ToArray<double>().Select(v => Math.Round(v, 14)));
        Assert.Equal([2.0, 0], Hvp(p => Ops.PairwiseSquaredDistances(p, one).Sum(), one, Tensor.Of(new[,] { { 1.0, 0 } })).ToArray<double>());
        Assert.Equal([0.0, 0, 0, 0], Grad(p => Ops.Diagonal(Ops.PairwiseDistances(p, p)).Sum())(x).ToArray<double>());
    }

    [Fact]
    public void DistancesAreNeverNegativeAndZeroOnTheOwnDiagonal()
    {
        Tensor x = Ops.RandomNormal(RandomKey.FromSeed(5), [200, 17]) + 100;
        float[] own = Ops.PairwiseSquaredDistances(x, x).ToArray<float>(), other = Ops.PairwiseSquaredDistances(x, x + 0).ToArray<float>();
        Assert.All(own.Concat(other), v => Assert.True(v >= 0));
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(0, own[i * 201]));
        Assert.All(Grad(p => Ops.PairwiseDistances(p, p).Sum())(x).ToArray<float>(), v => Assert.True(float.IsFinite(v)));
        Assert.Equal(NaN, Ops.PairwiseDistances(Tensor.Of(new[,] { { NaN } }), Tensor.Of(new[,] { { 1.0 } })).ToScalar<double>());
    }

    [Fact]
    public void WrongOperandsAreNamed()
    {
        Tensor x = Tensor.Zeros([2, 3]), v = Tensor.Zeros([3]);
        Message<ShapeException>("segmentSum: the ids must be [2] for axis 0 of [2, 3], got [3].", () => Ops.SegmentSum(x, Ops.Iota(3), 3));
        Message<DTypeException>("segmentMax: indices must be i64 or i32, got f32. Cast them: indices.Cast(DType.I64).", () => Ops.SegmentMax(v, v, 3));
        Message<DTypeException>("segmentMean: takes a floating type, got i64. Cast first: x.Cast(DType.F32).", () => Ops.SegmentMean(Ops.Iota(3), Ops.Iota(3), 3));
        Message<ShapeException>("segmentSum: the number of segments must not be negative, got -1.", () => Ops.SegmentSum(v, Ops.Iota(3), -1));
        Assert.StartsWith("segmentMax: ", Assert.Throws<ShapeException>(() => Ops.SegmentMax(v, Ops.Iota(3), 2)).Message, StringComparison.Ordinal);
        Message<ShapeException>("tril: needs at least 2 axes, got [3].", () => Ops.Tril(v));
        Message<ShapeException>("trace: needs at least 2 axes, got [3].", () => Ops.Trace(v));
        Message<ShapeException>("diag: needs at least 1 axis, got a scalar. Reshape it: x.Reshape(1).", () => Ops.Diag(Tensor.Scalar(1)));
        Message<ShapeException>("outer: both operands need at least 1 axis, got [] and [3]. Multiply by a scalar with *.", () => Ops.Outer(Tensor.Scalar(1), v));
        Message<ShapeException>("repeat: the count must not be negative, got -1.", () => Ops.Repeat(v, -1));
        Message<ShapeException>("meshgrid: takes vectors, got [2, 3]. Flatten it: x.Reshape(-1).", () => Ops.Meshgrid(v, x));
        Message<ShapeException>("roll: axis 1 is out of range for [3] of rank 1. Use -1 to 0.", () => Ops.Roll(v, 1, 1));
        Message<ShapeException>("pairwiseDistances: takes [.., n, d] and [.., m, d] with one d, got [2, 3] and [3].", () => Ops.PairwiseDistances(x, v));
    }

    private static void Message<T>(string expected, Func<object> call) where T : Exception => Assert.Equal(expected, Assert.Throws<T>(call).Message);
}
