using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>First and second derivatives where values or slopes are infinite, NaN or saturated: the values that docs/derivatives.md gives, never a silent NaN.</summary>
public sealed class UnusedBranchTests
{
    private const double Infinity = double.PositiveInfinity;

    [Theory]
    [InlineData("sqrt", -1)]
    [InlineData("sqrt", 0)]
    [InlineData("log", -1)]
    [InlineData("log", 0)]
    [InlineData("power", -1)]
    [InlineData("power", 0)]
    [InlineData("quotient", 0)]
    [InlineData("exp", 2000)]
    [InlineData("product", -1)]
    [InlineData("tanh of sqrt", -1)]
    public void WhatWhereDoesNotTakeHasNoDerivative(string branch, double at)
    {
        Func<Tensor, Tensor> unused = branch switch
        {
            "sqrt" => Ops.Sqrt,
            "log" => Ops.Log,
            "power" => x => Ops.Pow(x, 0.5),
            "quotient" => x => Ops.Sin(x) / x,
            "exp" => Ops.Exp,
            "product" => x => x * Ops.Log(x) * x,
            _ => x => Ops.Tanh(Ops.Sqrt(x)),
        };
        Tensor f(Tensor x) => Ops.Where(x.EqualTo(at), x * x, unused(x));
        Tensor here = Tensor.Of([at]), one = Tensor.Of([1.0]);
        Assert.Equal([at * at], f(here).ToArray<double>());
        Assert.Equal([2 * at], Grad(x => f(x).Sum())(here).ToArray<double>());
        Assert.Equal([2 * at], Jvp(f, here, one).Tangent.ToArray<double>());
        Assert.Equal([2.0], Hvp(x => f(x).Sum(), here, one).ToArray<double>());
        Assert.Equal([2.0], Grad(y => Grad(x => f(x).Sum())(y).Sum())(here).ToArray<double>());
    }

    // p = (1, 0): both derivatives are exactly 0 in double precision; e^-40 is not.
    [Fact]
    public void SoftmaxAtSaturation()
    {
        Tensor weights = Tensor.Of([1.0, 2]), v = Tensor.Of([1.0, 3]);
        Tensor f(Tensor x) => Ops.Sum(Ops.Softmax(x) * weights);
        Assert.Equal([0.0, 0], Grad(f)(Tensor.Of([1000.0, 0])).ToArray<double>());
        Assert.Equal([0.0, 0], Hvp(f, Tensor.Of([1000.0, 0]), v).ToArray<double>());
        // With p = e^-40 of the second, f = 1 + p to first order: the slope in the second is p, along v the second derivative is p (3 - 1).
        double p = Math.Exp(-40);
        Near([0, p], Grad(f)(Tensor.Of([40.0, 0])), p);
        Near([0, 2 * p], Hvp(f, Tensor.Of([40.0, 0]), v), 2 * p);
    }

    [Fact]
    public void LogSumExpWithInfinities()
    {
        double[] x = [0, -Infinity, 1];
        double p = 1 / (1 + Math.E);
        Near([p, 0, 1 - p], Grad(t => Ops.LogSumExp(t))(Tensor.Of(x)));
        Near([-p * (1 - p), 0, p * (1 - p)], Hvp(t => Ops.LogSumExp(t), Tensor.Of(x), Tensor.Of([1.0, 2, 2])));
        double[] nothing = [-Infinity, -Infinity];
        Assert.Equal(-Infinity, Ops.LogSumExp(Tensor.Of(nothing)).ToScalar<double>());
        Assert.Equal([0.0, 0], Grad(t => Ops.LogSumExp(t))(Tensor.Of(nothing)).ToArray<double>());
        Assert.Equal([0.0, 0], Hvp(t => Ops.LogSumExp(t), Tensor.Of(nothing), Tensor.Of([1.0, 2])).ToArray<double>());
    }

    [Fact]
    public void RootsAndNormsAtZero()
    {
        Assert.Equal([Infinity], Grad(x => Ops.Sqrt(x).Sum())(Tensor.Of([0.0])).ToArray<double>());
        Assert.Equal([-Infinity], Hvp(x => Ops.Sqrt(x).Sum(), Tensor.Of([0.0]), Tensor.Of([1.0])).ToArray<double>());
        Tensor norm(Tensor x) => Ops.Sqrt(Ops.Sum(x * x));
        Assert.Equal([0.0, 0], Grad(norm)(Tensor.Of([0.0, 0])).ToArray<double>());
        Assert.Equal([Infinity, Infinity], Hvp(norm, Tensor.Of([0.0, 0]), Tensor.Of([1.0, 2])).ToArray<double>());
    }

    // A zero cotangent must not hide that the next derivative is not zero: half the square of the sine has the second derivative cos 2x.
    [Fact]
    public void ZeroCotangentsKeepTheirDerivatives()
    {
        Tensor f(Tensor x) => (Ops.Square(Ops.Sin(x)) * 0.5).Sum();
        Assert.Equal([0.0], Grad(f)(Tensor.Of([0.0])).ToArray<double>());
        Near([1], Hvp(f, Tensor.Of([0.0]), Tensor.Of([1.0])));
        Near([1], Grad(y => Grad(f)(y).Sum())(Tensor.Of([0.0])));
    }

    private static void Near(double[] expected, Tensor actual, double scale = 1)
    {
        double[] got = actual.ToArray<double>();
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(got[i] - expected[i]) <= 1e-12 * scale + (expected[i] == 0 ? scale : 0), $"element {i}: {got[i]:R}, not {expected[i]:R}");
    }
}
