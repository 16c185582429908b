using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Running products, extremes, log-sum-exp and recurrences at zeros, equal elements, infinities and short axes.</summary>
public sealed class ScanTests
{
    private const double NaN = double.NaN, Inf = double.PositiveInfinity;

    [Fact]
    public void RunningProducts()
    {
        Assert.Equal([2.0, 6, 0, 0], Ops.CumProd(Tensor.Of([2.0, 3, 0, 5])).ToArray<double>());
        Assert.Equal([0.0, 0, 0, 5], Ops.CumProd(Tensor.Of([2.0, 3, 0, 5]), reverse: true).ToArray<double>());
        Assert.Equal([2L, 6, 24], Ops.CumProd(Tensor.Of([2, 3, 4])).ToArray<long>());
        Assert.Equal([1.0, 2, 3, 8], Ops.CumProd(Tensor.Of(new[,] { { 1.0, 2 }, { 3, 4 } }), -2).ToArray<double>());
        Assert.Equal([0, 3], Ops.CumProd(Tensor.Zeros([0, 3]), 0).Shape.Lengths.ToArray());
        Assert.Equal(-0.0, Ops.CumProd(Tensor.Of([-0.0])).ToScalar<double>());
    }

    // Rows are summed in blocks; the last one of the second length has a single column.
    [Theory, InlineData(512), InlineData(513), InlineData(514), InlineData(1025)]
    public void SumsDownColumnsDoNotMixThem(int columns)
    {
        double[] elements = [.. Enumerable.Range(0, 3 * columns).Select(i => (double)i)], expected = [.. elements];
        for (int i = columns; i < expected.Length; i++) expected[i] += expected[i - columns];
        Assert.Equal(expected, Ops.CumSum(Tensor.Of(elements, [3, columns]), 0).ToArray<double>());
    }

    [Fact]
    public void DerivativesOfRunningProductsAreRightAtZeros()
    {
        // The sum of the prefixes of (a, b, c) is a + ab + abc: gradient (1 + b + bc, a + ac, ab), Hessian [[0, 1 + c, b], [1 + c, 0, a], [b, a, 0]].
        static Tensor f(Tensor x) => Ops.CumProd(x).Sum();
        foreach ((double a, double b, double c) in ((double, double, double)[])[(2, 3, 5), (0, 3, 5), (2, 0, 5), (0, 0, 5), (0, 0, 0), (2, 0, 0)])
        {
            Tensor x = Tensor.Of([a, b, c]);
            Assert.Equal([1 + b + (b * c), a + (a * c), a * b], Grad(f)(x).ToArray<double>());
            double[] hessian = [0, 1 + c, b, 1 + c, 0, a, b, a, 0];
            for (int i = 0; i < 3; i++)
            {
                Tensor unit = Ops.OneHot(Tensor.Scalar(i, DType.I64), 3, DType.F64);
                Assert.Equal(hessian.AsSpan(3 * i, 3).ToArray(), Hvp(f, x, unit).ToArray<double>());
                Assert.Equal(hessian.AsSpan(3 * i, 3).ToArray(), Jvp(Grad(f), x, unit).Tangent.ToArray<double>());
            }
        }
    }

    [Fact]
    public void TheFirstExtremeCountsAndNaNStays()
    {
        (Tensor values, Tensor indices) = Ops.CumMax(Tensor.Of([1, 3, 3, 2, NaN, 7, NaN]));
        Assert.Equal([1, 3, 3, 3, NaN, NaN, NaN], values.ToArray<double>());
        Assert.Equal([0L, 1, 1, 1, 4, 4, 4], indices.ToArray<long>());
        (values, indices) = Ops.CumMin(Tensor.Of([3, 3, 1, 2, 1]));
        Assert.Equal([3, 3, 1, 1, 1], values.ToArray<int>());
        Assert.Equal([0L, 0, 2, 2, 2], indices.ToArray<long>());
        Assert.Equal([2, 0], Ops.CumMax(Tensor.Zeros([2, 0])).Indices.Shape.Lengths.ToArray());
        Assert.Equal([5.0], Ops.CumMin(Tensor.Of([5.0]), -1).Values.ToArray<double>());
    }

    [Fact]
    public void TheFirstOfEqualExtremesTakesTheDerivative() =>
        Assert.Equal([1.0, 3, 0, 0], Grad(x => Ops.CumMax(x).Values.Sum())(Tensor.Of([1.0, 4, 4, 2])).ToArray<double>());

    [Fact]
    public void LogCumSumExpIsStable()
    {
        Assert.Equal([1000, 1000 + Math.Log(2), 1000 + Math.Log(2)], Ops.LogCumSumExp(Tensor.Of([1000.0, 1000, -1000])).ToArray<double>());
        Assert.Equal([-1000, 0, Math.Log(2)], Ops.LogCumSumExp(Tensor.Of([-1000.0, 0, 0])).ToArray<double>());
        Assert.Equal([-Inf, -Inf, -1000, -1000], Ops.LogCumSumExp(Tensor.Of([-Inf, -Inf, -1000, -Inf])).ToArray<double>());
        Assert.Equal([0, Inf, Inf], Ops.LogCumSumExp(Tensor.Of([0, Inf, 5])).ToArray<double>());
        Assert.Equal([0, NaN, NaN], Ops.LogCumSumExp(Tensor.Of([0, NaN, 5])).ToArray<double>());
        Assert.Equal([0], Ops.LogCumSumExp(Tensor.Zeros([0])).Shape.Lengths.ToArray());
    }

    [Fact]
    public void LogCumSumExpHasNoNaNBehindMinusInfinity()
    {
        // y = (-inf, 2, log(e^2 + e^2)): derivatives of the sum are (0, 1 + 1/2, 1/2).
        double[] slope = Grad(x => Ops.LogCumSumExp(x)[1..].Sum())(Tensor.Of([-Inf, 2, 2])).ToArray<double>();
        Assert.Equal([0, 1.5, 0.5], slope.Select(v => Math.Round(v, 14)));
        double[] all = Grad(x => Ops.LogCumSumExp(x).Sum())(Tensor.Of([-Inf, 2, 2])).ToArray<double>();
        Assert.Equal([0, 1.5, 0.5], all.Select(v => Math.Round(v, 14)));
        double[] second = Hvp(x => Ops.LogCumSumExp(x).Sum(), Tensor.Of([-Inf, 2, 2]), Tensor.Of([1.0, 1, 0])).ToArray<double>();
        Assert.Equal([0, 0.25, -0.25], second.Select(v => Math.Round(v, 14)));
    }

    [Fact]
    public void RecurrencesRunBothWays()
    {
        Tensor a = Tensor.Of([NaN, 2, 3.0]), b = Tensor.Of([1.0, 1, 1]);
        Assert.Equal([1.0, 3, 10], Ops.LinearRecurrence(a, b).ToArray<double>());
        Assert.Equal([3.0, 2, 1], Ops.LinearRecurrence(Tensor.Of([1.0, 1, NaN]), b, reverse: true).ToArray<double>());
        Assert.Equal([1.0, 1.5, 1.75], Ops.LinearRecurrence(Tensor.Scalar(0.5, DType.F64), b).ToArray<double>());
        Assert.Equal([2, 0], Ops.LinearRecurrence(Tensor.Ones([2, 0]), Tensor.Ones([2, 0])).Shape.Lengths.ToArray());
    }

    [Fact]
    public void LongLinesAgreeWithPlainLoops()
    {
        foreach (Shape shape in (Shape[])[[3, 40, 700], [5000, 3], [20_000]])
        {
            Tensor x = Ops.RandomNormal(RandomKey.FromSeed(2), shape) * 0.9, b = Ops.RandomNormal(RandomKey.FromSeed(3), shape);
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                float[] h = Ops.LinearRecurrence(x, b, axis).ToArray<float>(), p = Ops.CumProd(x, axis).ToArray<float>();
                float[] xs = x.ToArray<float>(), bs = b.ToArray<float>();
                long[] greatest = Ops.CumMax(x, axis).Indices.ToArray<long>();
                int inner = shape[(axis + 1)..].Count, length = shape[axis];
                for (int i = 0; i < xs.Length; i++)
                {
                    int t = i / inner % length;
                    Assert.Equal(t == 0 ? bs[i] : MathF.FusedMultiplyAdd(xs[i], h[i - inner], bs[i]), h[i]);
                    Assert.Equal(t == 0 ? xs[i] : p[i - inner] * xs[i], p[i]);
                    long before = t == 0 ? 0 : greatest[i - inner];
                    Assert.Equal(xs[i] > xs[i - (int)((t - before) * inner)] ? t : before, greatest[i]);
                }
            }
        }
    }

    [Fact]
    public void WrongOperandsAreNamed()
    {
        Tensor x = Tensor.Zeros([2, 3]);
        Message<ShapeException>("cumProd: axis 2 is out of range for [2, 3] of rank 2. Use -2 to 1.", () => Ops.CumProd(x, 2));
        Message<DTypeException>("cumMax: takes numbers, got bool. Cast first: x.Cast(DType.F32).", () => Ops.CumMax(Tensor.Zeros([3], DType.Bool)));
        Message<DTypeException>("logCumSumExp: takes a floating type, got i64. Cast first: x.Cast(DType.F32).", () => Ops.LogCumSumExp(Ops.Iota(3)));
        Message<DTypeException>("linearRecurrence: element types differ, got f32 and f64. Cast one: x.Cast(DType.F32).", () => Ops.LinearRecurrence(x, x.Cast(DType.F64)));
        Message<DTypeException>("linearRecurrence: takes a floating type, got i64. Cast first: x.Cast(DType.F32).", () => Ops.LinearRecurrence(Ops.Iota(3), Ops.Iota(3)));
        Message<ShapeException>(
            "linearRecurrence: shapes [2, 3] and [2, 4] do not broadcast: axis 1 is 3 vs 4. Lengths must be equal or 1.",
            () => Ops.LinearRecurrence(x, Tensor.Zeros([2, 4])));
    }

    private static void Message<T>(string expected, Func<object> call) where T : Exception => Assert.Equal(expected, Assert.Throws<T>(call).Message);
}
