using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Derivatives at kinks, where differences say nothing: the documented values.</summary>
public sealed class SubgradientTests
{
    [Fact]
    public void AbsIsFlatAtZero() => Assert.Equal([-1.0, 0, 1], Slope(Ops.Abs, -2, 0, 3));

    [Fact]
    public void ReluIsFlatAtZero() => Assert.Equal([0.0, 0, 1], Slope(Ops.Relu, -2, 0, 3));

    [Fact]
    public void LeakyReluTakesItsSlopeAtZero() => Assert.Equal([0.25, 0.25, 1], Slope(x => Ops.LeakyRelu(x, 0.25), -2, 0, 3));

    [Fact]
    public void ClampIsHalfOnABound() => Assert.Equal([0.0, 0.5, 1, 0.5, 0], Slope(x => Ops.Clamp(x, -1, 2), -3, -1, 0, 2, 3));

    [Fact]
    public void MaximumIsSharedWhereEqual()
    {
        Tensor b = Tensor.Of([1.0, 2, 3]);
        Assert.Equal([0.0, 0.5, 1], Grad(a => Ops.Maximum(a, b).Sum())(Tensor.Of([0.0, 2, 4])).ToArray<double>());
        Assert.Equal([1.0, 0.5, 0], Grad(a => Ops.Minimum(a, b).Sum())(Tensor.Of([0.0, 2, 4])).ToArray<double>());
    }

    [Fact]
    public void GreatestElementsShareTheDerivative()
    {
        Assert.Equal([0, 0.5, 0.5, 0], Slope(x => x.Max(), 1, 5, 5, 2));
        Assert.Equal([1.0 / 3, 0, 1.0 / 3, 1.0 / 3], Slope(x => x.Min(), 1, 5, 1, 1));
    }

    [Fact]
    public void PooledMaximaShareTheDerivative()
    {
        Tensor g = Grad(x => Ops.MaxPool2D(x, 2).Sum())(Tensor.Of(new double[,] { { 1, 4 }, { 4, 2 } }));
        Assert.Equal([0, 0.5, 0.5, 0], g.ToArray<double>());
    }

    [Fact]
    public void StepsAreFlat()
    {
        foreach (Func<Tensor, Tensor> f in (Func<Tensor, Tensor>[])[Ops.Sign, Ops.Floor, Ops.Ceiling, Ops.Truncate, Ops.Round, Ops.StopGradient])
            Assert.Equal([0.0, 0, 0], Slope(f, -1, 0, 2.5));
    }

    [Fact]
    public void SquareRootIsInfinitelySteepAtZero() => Assert.Equal([double.PositiveInfinity], Slope(Ops.Sqrt, 0));

    [Fact]
    public void PowersAtZero()
    {
        Assert.Equal([0.0, 4], Slope(x => Ops.Pow(x, 2), 0, 2));
        Assert.Equal([1.0], Slope(x => Ops.Pow(x, 1), 0));
        Assert.Equal([0.0], Slope(x => Ops.Pow(x, 0), 0));
        Assert.Equal([0.0], Grad(b => Ops.Pow(Tensor.Of([0.0]), b).Sum())(Tensor.Of([2.0])).ToArray<double>());
    }

    [Fact]
    public void ProductsWithZerosHaveTheirDerivative()
    {
        Assert.Equal([6.0, 0, 0], Slope(x => Ops.Prod(x), 0, 2, 3));
        Assert.Equal([0.0, 0, 0], Slope(x => Ops.Prod(x), 0, 0, 3));
    }

    [Fact]
    public void NormsAreFlatAtZero()
    {
        Assert.Equal([0.0, 0], Slope(x => Ops.Sqrt(Ops.Sum(x * x)), 0, 0));
        Assert.Equal([0.0, 1], Slope(x => Ops.Sqrt(Ops.Sum(x * x)), 0, 4));
        Assert.Equal([0.0, 0], Slope(x => Ops.Sqrt(Ops.Variance(x)), 7, 7));
    }

    private static double[] Slope(Func<Tensor, Tensor> f, params double[] x) => Grad(t => f(t).Sum())(Tensor.Of(x)).ToArray<double>();
}
