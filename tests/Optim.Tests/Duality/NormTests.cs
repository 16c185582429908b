using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim.Tests;

public sealed class NormTests
{
    /// <summary>The largest absolute element, whose dual is the sum: it leaves the Riesz map to the base class.</summary>
    private sealed class Largest : Norm
    {
        public override Tensor Of(Update update) => update.Tensors.Select(t => Ops.Max(Ops.Abs(t))).Aggregate(Ops.Maximum);

        public override Tensor DualNorm(Gradient gradient) => gradient.Tensors.Select(t => Ops.Sum(Ops.Abs(t))).Aggregate((a, b) => a + b);

        public override Update Dualize(Gradient gradient) => gradient.Dual(gradient.Tensors.Select(Ops.Sign));
    }

    // |(2, 3, 6, 0)| = 7 and |(0, 0, 0, -2)| = 2.
    [Fact]
    public void GoldenEuclidean()
    {
        Assert.Equal(7, Norm.Euclidean.Of(Given.Update(2, 3, 6, 0)).ToScalar<double>(), 1e-14);
        Assert.Equal(2, Norm.Euclidean.DualNorm(Given.Gradient(0, 0, 0, -2)).ToScalar<double>(), 1e-14);
        Given.Near([2 / 7.0, 3 / 7.0, 6 / 7.0, 0], Given.Numbers(Norm.Euclidean.Dualize(Given.Gradient(2, 3, 6, 0)).Tensors));
        Given.Near([0, 0, 0, 0], Given.Numbers(Norm.Euclidean.Dualize(Given.Gradient(0, 0, 0, 0)).Tensors));
        Assert.Equal([2.0, 3, 6, 0], Given.Numbers(Norm.Euclidean.Riesz(Given.Gradient(2, 3, 6, 0)).Tensors));
        Assert.Equal(Given.Names, Norm.Euclidean.Riesz(Given.Gradient(2, 3, 6, 0)).Names);
    }

    [Fact]
    public void GoldenLargest()
    {
        Norm norm = new Largest();
        Assert.Equal(6, norm.Of(Given.Update(2, -3, -6, 5)).ToScalar<double>());
        Assert.Equal(16, norm.DualNorm(Given.Gradient(2, -3, -6, 5)).ToScalar<double>());
        Given.Near([16, -16, -16, 16], Given.Numbers(norm.Riesz(Given.Gradient(2, -3, -6, 5)).Tensors));
        Given.Near([-0.1, 0.1, 0.1, 0], Given.FirstUpdate(new DualityMap(norm, normalized: true) >> new ScaleByLearningRate(0.1), Given.Gradient(2, -3, -6, 0)));
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 20)];

    // What makes a map a duality map: norm 1, and the pairing is the dual norm, which no other update of norm 1 exceeds.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void DualityMapsPairToTheDualNorm(int seed)
    {
        var random = new Random(seed);
        double[] numbers() => [.. Enumerable.Range(0, 4).Select(_ => (random.NextDouble() * 2) - 1)];
        foreach (Norm norm in (Norm[])[Norm.Euclidean, new Largest()])
        {
            Gradient g = Given.Gradient(numbers());
            Update dual = norm.Dualize(g);
            double size = norm.DualNorm(g).ToScalar<double>();
            Assert.Equal(1, norm.Of(dual).ToScalar<double>(), 1e-12);
            Assert.Equal(size, Gradient.Dot(g, dual).ToScalar<double>(), 1e-12);
            Assert.Equal(size * size, Gradient.Dot(g, norm.Riesz(g)).ToScalar<double>(), 1e-12);
            Update other = Given.Update(numbers());
            Assert.True(Gradient.Dot(g, other).ToScalar<double>() <= size * norm.Of(other).ToScalar<double>() * (1 + 1e-12));
        }
    }

    [Fact]
    public void MixedElementTypesAreMeasuredInTheWidest()
    {
        var g = new Gradient(["a", "b"], [Tensor.Of([3f]), Tensor.Of([4.0])]);
        Tensor length = Norm.Euclidean.DualNorm(g);
        Assert.Equal(DType.F64, length.DType);
        Assert.Equal(5, length.ToScalar<double>());
        Update dual = Norm.Euclidean.Dualize(g);
        Assert.Equal((DType.F32, DType.F64), (dual["a"].DType, dual["b"].DType));
    }

    [Fact]
    public void NothingToMeasure() =>
        Assert.Equal("dualNorm: there is no tensor to measure.", Given.Message<ArgumentException>(() => Norm.Euclidean.DualNorm(new Gradient([], []))));
}
