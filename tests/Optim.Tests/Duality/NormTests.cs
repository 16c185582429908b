using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Tests;

public sealed class NormTests
{
    private static readonly Norm Entries = new LargestNorm((_, _) => VectorNorms.MaxEntry);

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
        Norm norm = Entries;
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
        foreach (Norm norm in (Norm[])[Norm.Euclidean, Entries, Norm.Euclidean.Scale(3), Entries.Scale(0.5)])
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

    [Fact]
    public void TheModularNormIsTheModules()
    {
        Module net = new Linear(2, 3) >> new Tanh() >> new Linear(3, 2, mass: 3);
        Norm norm = new ModularNorm(net, PolarAccuracy.Exact);
        Weights start = net.Initialize(RandomKey.FromSeed(1), DType.F64);
        Gradient g = Transform.Grad(w => Ops.Sum(Ops.Square(net.Forward(w, Tensor.Of(new[,] { { 1.0, -2 }, { 3, 0.5 } })))))(start);
        Update best = norm.Dualize(g);
        Assert.Equal(1, norm.Of(best).ToScalar<double>(), 1e-12);
        Assert.Equal(norm.DualNorm(g).ToScalar<double>(), Gradient.Dot(g, best).ToScalar<double>(), 1e-10);
        Assert.Equal(net.Dualize(g, 1, PolarAccuracy.Exact)["0.weight"].ToArray<double>(), best["0.weight"].ToArray<double>());
    }

    // f = 0.5 |W - W*|^2 per leaf. With lambda at least its smoothness in the norm, a Riesz step 1 / lambda lowers f by at least |g|_*^2 / (2 lambda).
    [Fact]
    public void AnthologyA4EveryStepUnderTheLargestNormDecreasesASmoothLoss()
    {
        foreach ((TensorNorm own, double smoothness) in ((TensorNorm, double)[])[(MatrixNorms.Spectral, 3), (VectorNorms.MaxEntry, 12), (MatrixNorms.Frobenius, 1), (MatrixNorms.L2ToLinf, 3)])
        {
            // |U|_F^2 <= rank |U|_2^2 = 3, entries |U|_inf^2 = 12, rows 3, for each of two leaves, of which the largest counts.
            double lambda = 2 * smoothness;
            Norm norm = new LargestNorm((_, _) => own, PolarAccuracy.Exact);
            Tensor[] target = [Ops.RandomNormal(RandomKey.FromSeed(1), [3, 4], DType.F64), Ops.RandomNormal(RandomKey.FromSeed(2), [3, 4], DType.F64)];
            Weights w = new(["a", "b"], [target[0] * 0, target[1] * 0]);
            Tensor loss(Weights p) => Ops.Sum(Ops.Square(p[0] - target[0])) * 0.5 + Ops.Sum(Ops.Square(p[1] - target[1])) * 0.5;
            for (int step = 0; step < 30; step++)
            {
                (Tensor before, Gradient g) = Transform.ValueAndGrad(loss)(w);
                double dual = norm.DualNorm(g).ToScalar<double>();
                w -= 1 / lambda * norm.Riesz(g);
                Assert.InRange(loss(w).ToScalar<double>(), 0, before.ToScalar<double>() - (dual * dual / (2 * lambda)) + 1e-12);
            }
        }
    }
}
