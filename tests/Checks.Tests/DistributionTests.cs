using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Draws from distributions: moments, distance from the distribution function over 100,000 draws, first values, independence and edges.</summary>
public sealed class DistributionTests
{
    private const int Count = 100_000;

    /// <summary>The Kolmogorov-Smirnov distance that right draws pass in 999 of 1000 cases.</summary>
    private static readonly double Allowed = 1.95 / Math.Sqrt(Count);

    private static readonly RandomKey Key = RandomKey.FromSeed(20240607);

    [Fact]
    public void ExponentialAndGumbel()
    {
        Fits(Ops.RandomExponential(Key, [Count]), x => 1 - Math.Exp(-x), 1, 1);
        Fits(Ops.RandomGumbel(Key, [Count]), x => Math.Exp(-Math.Exp(-x)), 0.5772156649015329, Math.PI * Math.PI / 6);
        Fits(Ops.RandomGumbel(Key, [Count], DType.F64), x => Math.Exp(-Math.Exp(-x)), 0.5772156649015329, Math.PI * Math.PI / 6);
        Assert.True(Ops.RandomExponential(Key, [Count]).Min().ToScalar<float>() >= 0);
    }

    [Theory, InlineData(0.05), InlineData(0.3), InlineData(1), InlineData(2.5), InlineData(40), InlineData(1e5)]
    public void Gamma(double concentration)
    {
        // Past 1e3 the distribution is compared by moments alone: the series of the test takes too many terms.
        foreach (DType type in (DType[])[DType.F32, DType.F64])
        {
            // At 0.05 one draw in 180 is below the least f32 number.
            if (concentration < 0.1 && type == DType.F32) continue;
            Tensor x = Ops.RandomGamma(Key, Tensor.Full(concentration, [Count], type));
            Fits(x, concentration < 1e3 ? v => RegularizedGamma(concentration, v) : null, concentration, concentration);
        }
    }

    [Theory, InlineData(0.5, 0.5), InlineData(2, 5), InlineData(30, 1)]
    public void Beta(double a, double b)
    {
        Tensor x = Ops.RandomBeta(Key, Tensor.Full(a, [Count], DType.F64), Tensor.Scalar(b, DType.F64));
        Func<double, double> below = (a, b) switch
        {
            (0.5, 0.5) => v => 2 / Math.PI * Math.Asin(Math.Sqrt(v)),
            (2, 5) => v => 1 - (Math.Pow(1 - v, 5) * (1 + (5 * v))),
            _ => v => Math.Pow(v, 30),
        };
        Fits(x, below, a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1)));
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(-2, 2)]
    [InlineData(4, 5)]
    [InlineData(double.NegativeInfinity, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, -30)]
    public void TruncatedNormal(double low, double high)
    {
        Tensor x = Ops.RandomTruncatedNormal(Key, [Count], low, high, DType.F64);
        double[] drawn = x.ToArray<double>();
        Assert.All(drawn, v => Assert.InRange(v, low, high));
        // Above 0 the upper tails are compared, which are small numbers and not differences of large ones.
        double fraction(double v) => low > 0
            ? (LowerTail(-low) - LowerTail(-v)) / (LowerTail(-low) - LowerTail(-high))
            : (LowerTail(v) - LowerTail(low)) / (LowerTail(high) - LowerTail(low));
        Fits(x, fraction, null, null);
    }

    [Theory, InlineData(0.02), InlineData(3.7), InlineData(80), InlineData(1e6)]
    public void Poisson(double rate)
    {
        double[] x = [.. Ops.RandomPoisson(Key, rate, [Count]).ToArray<long>().Select(v => (double)v).Order()];
        double average = x.Average(), spread = x.Sum(v => (v - rate) * (v - rate)) / Count;
        Assert.InRange(average - rate, -5 * Math.Sqrt(rate / Count), 5 * Math.Sqrt(rate / Count));
        // The fourth central moment is rate + 3 rate^2.
        double error = Math.Sqrt((rate + (2 * rate * rate)) / Count);
        Assert.InRange(spread - rate, -5 * error, 5 * error);
        if (rate > 100) return;
        double probability = Math.Exp(-rate), below = probability;
        for (int k = 0; k < 200; below += probability *= rate / ++k)
            Assert.InRange((x.Count(v => v <= k) / (double)Count) - below, -Allowed, Allowed);
    }

    [Fact]
    public void PoissonAtTheEndsOfItsRange()
    {
        Assert.Equal([0L, 0, 0], Ops.RandomPoisson(Key, 0, [3]).ToArray<long>());
        Assert.All(Ops.RandomPoisson(Key, 1e9, [100]).ToArray<long>(), v => Assert.InRange(v, 999_800_000, 1_000_200_000));
        Message<ArgumentException>("randomPoisson: the rate must lie in [0, 1e9], got -1.", () => Ops.RandomPoisson(Key, -1, [1]));
        Message<ArgumentException>("randomPoisson: the rate must lie in [0, 1e9], got NaN.", () => Ops.RandomPoisson(Key, double.NaN, [1]));
    }

    [Fact]
    public void DirichletLiesOnTheSimplex()
    {
        Tensor x = Ops.RandomDirichlet(Key, Tensor.Of([0.01, 1.0, 3]).BroadcastTo([Count, 3]));
        Assert.All(Ops.Sum(x, [-1]).ToArray<double>(), v => Assert.Equal(1, v, 1e-14));
        double[] means = Ops.Mean(x, [0]).ToArray<double>();
        // The mean of component i is a[i] / sum(a); its standard error here is below 0.001.
        Assert.Equal([0.01 / 4.01, 1 / 4.01, 3 / 4.01], means, (a, b) => Math.Abs(a - b) < 0.003);
        // Two equal tiny concentrations: all the mass on one of them, and never 0 / 0.
        Assert.All(Ops.RandomDirichlet(Key, Tensor.Full(1e-3, [1000, 2])).ToArray<float>(), v => Assert.True(v is >= 0 and <= 1));
    }

    [Fact]
    public void CategoricalDrawsWithItsProbabilities()
    {
        Tensor logits = Ops.Log(Tensor.Of([0.1f, 0, 0.6f, 0.3f]));
        long[] drawn = Ops.RandomCategorical(Key, logits, [Count]).ToArray<long>();
        double[] expected = [0.1, 0, 0.6, 0.3];
        for (int k = 0; k < 4; k++) Assert.Equal(expected[k], drawn.Count(d => d == k) / (double)Count, 0.006);
        Assert.DoesNotContain(1, drawn);
        Assert.Equal([2, 5], Ops.RandomCategorical(Key, Tensor.Zeros([5, 3]), [2]).Shape.Lengths.ToArray());
        Assert.Equal(0, Ops.RandomCategorical(Key, Tensor.Full(double.NegativeInfinity, [4])).ToScalar<long>());
    }

    [Fact]
    public void ChoiceIsWithoutReplacement()
    {
        long[] all = Ops.RandomChoice(Key, 1000, 1000).ToArray<long>();
        Assert.Equal(Ops.RandomPermutation(Key, 1000).ToArray<long>(), all);
        Assert.Equal(all[..10], Ops.RandomChoice(Key, 1000, 10).ToArray<long>());
        Tensor pairs = Ops.RandomChoice(Key, Ops.Log(Tensor.Of([0.5, 0.3, 0.2])).BroadcastTo([Count, 3]), 2);
        long[] p = pairs.ToArray<long>();
        double[,] seen = new double[3, 3];
        for (int i = 0; i < Count; i++) seen[p[2 * i], p[(2 * i) + 1]] += 1.0 / Count;
        // First i, then j among those left: p[i] p[j] / (1 - p[i]).
        double[] q = [0.5, 0.3, 0.2];
        for (int i = 0; i < 3; i++)
        {
            for (int j = 0; j < 3; j++) Assert.Equal(i == j ? 0 : q[i] * q[j] / (1 - q[i]), seen[i, j], 0.006);
        }
    }

    [Fact]
    public void OrthogonalMatricesAreUniform()
    {
        Tensor q = Ops.RandomOrthogonal(Key, 50, DType.F64);
        Assert.Equal(Ops.Eye(50, dtype: DType.F64).ToArray<double>(), q.MatMul(q.T).ToArray<double>(), (a, b) => Math.Abs(a - b) < 1e-13);
        // In three dimensions every element is uniform in [-1, 1], and half of the matrices are reflections.
        const int many = 20_000;
        Tensor keys = Ops.RandomBits(Key, [many, 2]).Cast(DType.I64);
        double[] m = Vmap((Tensor data) => Ops.RandomOrthogonal(new RandomKey(data), 3, DType.F64))(keys).ToArray<double>();
        for (int e = 0; e < 9; e++)
        {
            double[] x = [.. Enumerable.Range(0, many).Select(i => m[(9 * i) + e]).Order()];
            Assert.InRange(x.Select((v, i) => Math.Abs(((v + 1) / 2) - ((i + 0.5) / many))).Max(), 0, 1.95 / Math.Sqrt(many));
        }
        double turned = Enumerable.Range(0, many).Select(i => m.AsSpan(9 * i, 9).ToArray()).Sum(a =>
            (a[0] * ((a[4] * a[8]) - (a[5] * a[7]))) - (a[1] * ((a[3] * a[8]) - (a[5] * a[6]))) + (a[2] * ((a[3] * a[7]) - (a[4] * a[6]))));
        Assert.InRange(turned / many, -5 / Math.Sqrt(many), 5 / Math.Sqrt(many));
        Assert.Equal(1, Math.Abs(Ops.RandomOrthogonal(Key, 1, DType.F64).ToScalar<double>()), 1e-15);
        Assert.Equal([0, 0], Ops.RandomOrthogonal(Key, 0).Shape.Lengths.ToArray());
    }

    [Fact]
    public void BernoulliTakesProbabilities()
    {
        float[] drawn = Ops.RandomBernoulli(Key, Tensor.Of([0, 0.25f, 1]).BroadcastTo([Count, 3])).Cast(DType.F32).ToArray<float>();
        Assert.Equal([0, 0.25, 1], Enumerable.Range(0, 3).Select(k => Enumerable.Range(0, Count).Average(i => (double)drawn[(3 * i) + k])), (a, b) => Math.Abs(a - b) < 0.005);
    }

    [Fact]
    public void SplitKeysDrawIndependently()
    {
        RandomKey[] keys = Key.Split(3);
        Tensor[] draws = Array.ConvertAll(keys, k => Ops.RandomGamma(k, Tensor.Full(2, [Count], DType.F64)) - 2);
        for (int i = 0; i < 3; i++)
        {
            // The correlation of independent draws has a standard deviation of 1 / sqrt(Count).
            double correlation = (draws[i] * draws[(i + 1) % 3]).Mean().ToScalar<double>() / 2;
            Assert.InRange(correlation, -4 / Math.Sqrt(Count), 4 / Math.Sqrt(Count));
        }
        Tensor own = draws[0];
        Assert.InRange((own[..^1] * own[1..]).Mean().ToScalar<double>() / 2, -4 / Math.Sqrt(Count), 4 / Math.Sqrt(Count));
    }

    [Fact]
    public void CompiledAndMappedDrawsHaveTheSameBits()
    {
        Tensor a = Tensor.Of([0.2f, 1, 7]);
        float[] alone = Ops.RandomGamma(Key, a).ToArray<float>();
        Compiled<Tensor, Tensor> compiled = Function.Compile((Tensor data) => Ops.RandomGamma(new RandomKey(data), a));
        for (int run = 0; run < 40; run++) Assert.Equal(alone, compiled.Invoke(Key.Data).ToArray<float>());
        Tensor keys = Ops.Stack([Key.Data, Key.Fold(1).Data]);
        float[] mapped = Vmap((Tensor data) => Ops.RandomGamma(new RandomKey(data), a))(keys).ToArray<float>();
        Assert.Equal(alone, mapped[..3]);
        Assert.Equal(Ops.RandomGamma(Key.Fold(1), a).ToArray<float>(), mapped[3..]);
    }

    [Fact]
    public void ParametersOutOfRangeGiveNaN()
    {
        Assert.Equal([double.NaN, double.NaN, double.NaN], Ops.RandomGamma(Key, Tensor.Of([0, -1, double.NaN])).ToArray<double>());
        Assert.Equal([0], Ops.RandomGamma(Key, Tensor.Zeros([0])).Shape.Lengths.ToArray());
        Assert.Equal(DType.BF16, Ops.RandomGamma(Key, Tensor.Ones([2], DType.BF16)).DType);
    }

    [Fact]
    public void TheConcentrationHasNoDerivativeButTheScaleHas()
    {
        Tensor a = Tensor.Of([2.0]);
        GradientException e = Assert.Throws<GradientException>(() => Grad((Tensor t) => Ops.RandomGamma(Key, t).Sum())(a));
        Assert.Equal("randomGamma: has no derivative, and its result f64[1] was differentiated. Use StopGradient on its operand.", e.Message);
        Assert.Throws<GradientException>(() => Grad((Tensor t) => Ops.RandomBeta(Key, t, a).Sum())(a));
        Assert.Equal([0.0], Grad((Tensor t) => Ops.RandomGamma(Key, Ops.StopGradient(t)).Sum())(a).ToArray<double>());
        Assert.Equal(Ops.RandomGamma(Key, a).ToArray<double>(), Grad((Tensor t) => (Ops.RandomGamma(Key, a) * t).Sum())(Tensor.Of([3.0])).ToArray<double>());
    }

    [Fact]
    public void WrongOperandsAreNamed()
    {
        Message<ArgumentException>("randomTruncatedNormal: low must be below high, got 2 and 1.", () => Ops.RandomTruncatedNormal(Key, [1], 2, 1));
        Message<ArgumentException>(
            "randomTruncatedNormal: nothing of the distribution lies between 40 and 41 in double precision. Widen the bounds.",
            () => Ops.RandomTruncatedNormal(Key, [1], 40, 41));
        Message<DTypeException>("random: takes a floating type, got i64. Draw f32 and cast.", () => Ops.RandomTruncatedNormal(Key, [1], dtype: DType.I64));
        Message<DTypeException>("randomGamma: takes a floating type, got i64. Cast first: x.Cast(DType.F32).", () => Ops.RandomGamma(Key, Ops.Iota(2)));
        Message<DTypeException>("randomBeta: element types differ, got f32 and f64. Cast one: x.Cast(DType.F32).", () => Ops.RandomBeta(Key, Tensor.Ones([2]), Tensor.Ones([2], DType.F64)));
        Message<ShapeException>("randomCategorical: needs a last axis with elements, got [2, 0].", () => Ops.RandomCategorical(Key, Tensor.Zeros([2, 0])));
        Message<ShapeException>("randomDirichlet: needs a last axis with elements, got [].", () => Ops.RandomDirichlet(Key, Tensor.Scalar(1)));
        Message<ArgumentException>("randomChoice: 4 different ones cannot be drawn from 3. Ask for 0 to 3.", () => Ops.RandomChoice(Key, 3, 4));
        Message<ArgumentException>("randomChoice: 4 different ones cannot be drawn from 3. Ask for 0 to 3.", () => Ops.RandomChoice(Key, Tensor.Zeros([3]), 4));
    }

    private static void Message<T>(string expected, Func<object> call) where T : Exception => Assert.Equal(expected, Assert.Throws<T>(call).Message);

    /// <summary>The draws have the moments, within five standard errors, and the distribution.</summary>
    private static void Fits(Tensor draws, Func<double, double>? below, double? mean, double? variance)
    {
        double[] x = [.. draws.Cast(DType.F64).ToArray<double>().Order()];
        double average = x.Average(), spread = x.Sum(v => (v - average) * (v - average)) / x.Length;
        if (mean is { } m) Assert.InRange(average - m, -5 * Math.Sqrt(spread / x.Length), 5 * Math.Sqrt(spread / x.Length));
        if (variance is { } s)
        {
            double fourth = x.Sum(v => Math.Pow(v - average, 4)) / x.Length, error = Math.Sqrt((fourth - (spread * spread)) / x.Length);
            Assert.InRange(spread - s, -5 * error, 5 * error);
        }
        if (below is null) return;
        double worst = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double p = below(x[i]);
            worst = Math.Max(worst, Math.Max(p - ((double)i / x.Length), ((i + 1.0) / x.Length) - p));
        }
        Assert.True(worst <= Allowed, $"The distance from the distribution is {worst:g4}, allowed {Allowed:g4}.");
    }

    /// <summary>The normal distribution function: its series near 0, its continued fraction in the lower tail.</summary>
    private static double LowerTail(double x)
    {
        if (double.IsInfinity(x)) return x > 0 ? 1 : 0;
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (x < -2.5)
        {
            double fraction = -x;
            for (int k = 60; k >= 1; k--) fraction = -x + (k / fraction);
            return density / fraction;
        }
        double term = x, sum = x;
        for (int k = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); k++) sum += term *= x * x / ((2 * k) + 1);
        return 0.5 + (density * sum);
    }

    /// <summary>The gamma distribution function by its power series.</summary>
    private static double RegularizedGamma(double a, double x)
    {
        if (x <= 0) return 0;
        double term = 1 / a, sum = term;
        for (int n = 1; n < 2000 && term > sum * 1e-16; n++) sum += term *= x / (a + n);
        return sum * Math.Exp((a * Math.Log(x)) - x - LogFactorial(a));
    }

    /// <summary>log of the gamma function: Stirling's series after a shift.</summary>
    private static double LogFactorial(double a)
    {
        double product = 1;
        for (; a < 10; a++) product *= a;
        return ((a - 0.5) * Math.Log(a)) - a + (0.5 * Math.Log(2 * Math.PI)) + (1 / (12 * a)) - (1 / (360 * a * a * a)) + (1 / (1260 * Math.Pow(a, 5))) - Math.Log(product);
    }
}
