using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Sorting, searching and quantiles at equal elements, NaN, short axes and wrong operands.</summary>
public sealed class OrderTests
{
    private const double NaN = double.NaN, Inf = double.PositiveInfinity;

    [Fact]
    public void SortPutsNaNLastAndKeepsEqualElementsInOrder()
    {
        Tensor x = Tensor.Of([2, NaN, -Inf, 2, Inf, -0.0, 0.0]);
        Assert.Equal([-Inf, -0.0, 0, 2, 2, Inf, NaN], Ops.Sort(x).ToArray<double>());
        Assert.Equal([NaN, Inf, 2, 2, -0.0, 0, -Inf], Ops.Sort(x, descending: true).ToArray<double>());
        Assert.Equal([2L, 5, 6, 0, 3, 4, 1], Ops.ArgSort(x).ToArray<long>());
        Assert.Equal([1L, 4, 0, 3, 5, 6, 2], Ops.ArgSort(x, descending: true).ToArray<long>());
    }

    [Fact]
    public void SortTakesIntegersHalfWidthAndEmptyAxes()
    {
        Assert.Equal([int.MinValue, -1, 0, int.MaxValue], Ops.Sort(Tensor.Of([0, int.MaxValue, int.MinValue, -1])).ToArray<int>());
        Assert.Equal([int.MaxValue, 0, -1, int.MinValue], Ops.Sort(Tensor.Of([0, int.MaxValue, int.MinValue, -1]), descending: true).ToArray<int>());
        Assert.Equal([3, 2, 0], Ops.Sort(Tensor.Of([0, 3, 2]).Cast(DType.U8), descending: true).Cast(DType.I32).ToArray<int>());
        Assert.Equal(new TensorSpec(DType.F16, [2, 0]), Ops.Sort(Tensor.Zeros([2, 0], DType.F16), -1).Spec);
        Assert.Equal([1f, 2], Ops.Sort(Tensor.Of([2f, 1]).Cast(DType.BF16)).Cast(DType.F32).ToArray<float>());
        Assert.Equal([3, 1, 4, 2], Ops.Sort(Tensor.Of(new[,] { { 4, 1 }, { 3, 2 } }), -2).ToArray<int>());
    }

    [Fact]
    public void TheDerivativeOfSortIsThePermutation()
    {
        Tensor weights = Tensor.Of([1.0, 10, 100]);
        Assert.Equal([100, 1, 10], Grad(x => (Ops.Sort(x) * weights).Sum())(Tensor.Of([5.0, 2, 3])).ToArray<double>());
        // Equal elements keep their order, so the first has the lower place.
        Assert.Equal([1.0, 10, 100], Grad(x => (Ops.Sort(x) * weights).Sum())(Tensor.Of([2.0, 2, 3])).ToArray<double>());
        Assert.Equal([100, 1, 10], Grad(x => (Ops.Sort(x, descending: true) * weights).Sum())(Tensor.Of([1.0, 2, 2])).ToArray<double>());
    }

    [Fact]
    public void TopKIsStable()
    {
        Tensor x = Tensor.Of([3, 1, 3, NaN, 1]);
        (Tensor values, Tensor indices) = Ops.TopK(x, 3);
        Assert.Equal([NaN, 3, 3], values.ToArray<double>());
        Assert.Equal([3L, 0, 2], indices.ToArray<long>());
        (values, indices) = Ops.TopK(x, 3, largest: false);
        Assert.Equal([1.0, 1, 3], values.ToArray<double>());
        Assert.Equal([1L, 4, 0], indices.ToArray<long>());
        Assert.Equal([0], Ops.TopK(x, 0).Values.Shape.Lengths.ToArray());
        Assert.Equal([0.0, 1, 1], Grad(t => Ops.TopK(t, 2).Values.Sum())(Tensor.Of([0.0, 5, 5])).ToArray<double>());
    }

    [Fact]
    public void SearchSortedFindsBothSides()
    {
        Tensor line = Tensor.Of([1.0, 2, 2, 2, Inf, NaN]), values = Tensor.Of([0, 1, 2, 3, Inf, NaN, -Inf]);
        Assert.Equal([0L, 0, 1, 4, 4, 5, 0], Ops.SearchSorted(line, values).ToArray<long>());
        Assert.Equal([0L, 1, 4, 4, 5, 6, 0], Ops.SearchSorted(line, values, right: true).ToArray<long>());
        Assert.Equal([0L, 0], Ops.SearchSorted(Tensor.Of(Array.Empty<int>()), Tensor.Of([1, 2])).ToArray<long>());
        Assert.Equal(1, Ops.SearchSorted(Tensor.Of([5]), Tensor.Scalar(6, DType.I32)).ToScalar<long>());
        for (int n = 1; n <= 70; n++)
        {
            Tensor even = Ops.Iota(n) * 2;
            Assert.Equal([.. Enumerable.Range(0, (2 * n) + 1).Select(v => (long)(v + 1) / 2)], Ops.SearchSorted(even, Ops.Iota((2 * n) + 1)).ToArray<long>());
            Assert.Equal([.. Enumerable.Range(0, 2 * n).Select(v => (long)(v / 2) + 1)], Ops.SearchSorted(even, Ops.Iota(2 * n), right: true).ToArray<long>());
        }
    }

    [Fact]
    public void UniqueCollectsValuesPlacesAndCounts()
    {
        Tensor x = Tensor.Of(new[,] { { 3, NaN, 1 }, { NaN, 3, -0.0 }, { 0.0, 3, 1 } });
        (Tensor values, Tensor inverse, Tensor counts) = Ops.Unique(x);
        Assert.Equal([-0.0, 1, 3, NaN], values.ToArray<double>());
        Assert.Equal([2L, 3, 1, 3, 2, 0, 0, 2, 1], inverse.ToArray<long>());
        Assert.Equal([3, 3], inverse.Shape.Lengths.ToArray());
        Assert.Equal([2L, 2, 3, 2], counts.ToArray<long>());
        (values, inverse, counts) = Ops.Unique(Tensor.Of([7, 5, 7]), size: 4);
        Assert.Equal([5, 7, 7, 7], values.ToArray<int>());
        Assert.Equal([1L, 0, 1], inverse.ToArray<long>());
        Assert.Equal([1L, 2, 0, 0], counts.ToArray<long>());
        Assert.Equal([5], Ops.Unique(Tensor.Of([7, 5, 7]), size: 1).Values.ToArray<int>());
        Assert.Equal([0], Ops.Unique(Tensor.Zeros([0, 3])).Values.Shape.Lengths.ToArray());
        Assert.Equal([4f], Ops.Unique(Tensor.Scalar(4)).Values.ToArray<float>());
    }

    [Fact]
    public void UniqueNeedsASizeWhereThereAreNoValues()
    {
        Tensor x = Tensor.Of([2.0, 1, 2]);
        TraceException e = Assert.Throws<TraceException>(() => Function.Compile((Tensor t) => Ops.Unique(t).Values).Invoke(x));
        Assert.Equal("unique: how many values there are is not known inside a trace without values. Give the most there can be: Unique(x, size: n).", e.Message);
        Assert.Throws<TraceException>(() => Vmap((Tensor t) => Ops.Unique(t).Values)(Tensor.Zeros([2, 3])));
        Assert.Equal([1.0, 2, 2], Function.Compile((Tensor t) => Ops.Unique(t, 3).Values).Invoke(x).ToArray<double>());
        // Inside Grad values can be read; the first of equal elements is the one taken.
        Assert.Equal([1.0, 1, 0], Grad(t => Ops.Unique(t).Values.Sum())(x).ToArray<double>());
    }

    [Fact]
    public void QuantilesInterpolate()
    {
        Tensor x = Tensor.Of([4.0, 1, 3, 2]);
        // numpy.quantile gives the same numbers.
        Assert.Equal([1, 1.75, 2.5, 3.25, 4], ((double[])[0, 0.25, 0.5, 0.75, 1]).Select(q => Ops.Quantile(x, q).ToScalar<double>()));
        Assert.Equal(2.5, Ops.Median(x).ToScalar<double>());
        Assert.Equal(3.0, Ops.Median(Tensor.Of([9.0, 3, 1])).ToScalar<double>());
        Assert.Equal(7.0, Ops.Median(Tensor.Of([7.0])).ToScalar<double>());
        Assert.Equal([2.0, 5], Ops.Median(Tensor.Of(new[,] { { 1.0, 2, 3 }, { 4, 5, 6 } }), [-1]).ToArray<double>());
        Assert.Equal([0, 0.25, 0, 0.75], Grad(t => Ops.Quantile(t, 0.25))(Tensor.Of([4.0, 1, 3, 2])).ToArray<double>());
    }

    [Fact]
    public void QuantilesOfInfinitiesAndNaN()
    {
        Assert.Equal(NaN, Ops.Median(Tensor.Of([1, NaN, 2.0])).ToScalar<double>());
        Assert.Equal(Inf, Ops.Quantile(Tensor.Of([1, Inf]), 0.5).ToScalar<double>());
        Assert.Equal(Inf, Ops.Quantile(Tensor.Of([Inf, Inf, 1]), 0.75).ToScalar<double>());
        Assert.Equal(1.0, Ops.Quantile(Tensor.Of([Inf, 1]), 0).ToScalar<double>());
        Assert.Equal([0.0, 0], Grad(t => Ops.Median(t))(Tensor.Of([1, NaN])).ToArray<double>());
    }

    [Fact]
    public void LargeSortsAgreeWithTheLibrary()
    {
        float[] values = Ops.RandomNormal(RandomKey.FromSeed(1), [100_000]).ToArray<float>();
        float[] expected = [.. values.Order()];
        Tensor x = Tensor.Of(values);
        Assert.Equal(expected, Ops.Sort(x).ToArray<float>());
        Assert.Equal([.. expected.Reverse().Take(50)], Ops.TopK(x, 50).Values.ToArray<float>());
        Assert.Equal((expected[49_999] + expected[50_000]) / 2, Ops.Median(x).ToScalar<float>(), 1e-6);
        Tensor distinct = Ops.Unique(x).Values;
        Assert.Equal([.. expected.Distinct()], distinct.ToArray<float>());
        Assert.Equal(Ops.Iota(distinct.Count).ToArray<long>(), Ops.SearchSorted(distinct, distinct).ToArray<long>());
    }

    [Fact]
    public void WrongOperandsAreNamed()
    {
        Tensor x = Tensor.Zeros([2, 3]), flags = Tensor.Zeros([3], DType.Bool);
        Message<ShapeException>("sort: axis 2 is out of range for [2, 3] of rank 2. Use -2 to 1.", () => Ops.Sort(x, 2));
        Message<DTypeException>("sort: takes numbers, got bool. Cast first: x.Cast(DType.F32).", () => Ops.Sort(flags));
        Message<ShapeException>("topK: 4 elements cannot be chosen along axis 1 of [2, 3], which is 3. Ask for 0 to 3.", () => Ops.TopK(x, 4));
        Message<ShapeException>("topK: -1 elements cannot be chosen along axis 0 of [2, 3], which is 2. Ask for 0 to 2.", () => Ops.TopK(x, -1, 0));
        Message<ShapeException>("searchSorted: the sorted operand must have an axis, got a scalar. Reshape it: x.Reshape(1).", () => Ops.SearchSorted(Tensor.Scalar(1), x));
        Message<ShapeException>(
            "searchSorted: shapes must agree except on the last axis, got [2, 3] and [3, 3]. One sorted line serves values of any shape.",
            () => Ops.SearchSorted(x, Tensor.Zeros([3, 3])));
        Message<DTypeException>("searchSorted: element types differ, got f32 and i64. Cast one: x.Cast(DType.F32).", () => Ops.SearchSorted(x[0], Ops.Iota(2)));
        Message<DTypeException>("unique: takes numbers, got bool. Cast first: x.Cast(DType.F32).", () => Ops.Unique(flags));
        Message<ArgumentException>("quantile: q must lie in [0, 1], got 1.5.", () => Ops.Quantile(x, 1.5));
        Message<ArgumentException>("quantile: q must lie in [0, 1], got NaN.", () => Ops.Quantile(x, NaN));
        Message<DTypeException>("median: takes a floating type, got i64. Cast first: x.Cast(DType.F32).", () => Ops.Median(Ops.Iota(3)));
        Message<ShapeException>(
            "median: there is no element to choose over axes [1] of [2, 0]. Reduce axes that are not empty.", () => Ops.Median(Tensor.Zeros([2, 0]), [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ops.Unique(x, -1));
    }

    private static void Message<T>(string expected, Func<object> call) where T : Exception => Assert.Equal(expected, Assert.Throws<T>(call).Message);
}
