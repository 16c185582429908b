using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <summary>What MuAdam, MuAdam-SANIA, Prodigy and sign descent must do, by number of the requirement.</summary>
public sealed class PreconditionedNormTests
{
    private static readonly Tensor Features = Ops.RandomNormal(RandomKey.FromSeed(1), [400, 20], DType.F64);

    // Labels of a linear teacher, with noise.
    private static readonly Tensor Labels = Ops.ArgMax(
        Features.MatMul(Ops.RandomNormal(RandomKey.FromSeed(2), [20, 5], DType.F64)) + Ops.RandomNormal(RandomKey.FromSeed(3), [400, 5], DType.F64), 1);

    /// <summary>Losses of a softmax regression from zero, before every step.</summary>
    private static double[] Losses(Optimizer optimizer, Tensor x)
    {
        Weights start = new(["w"], [Tensor.Zeros([5, 20], DType.F64)]);
        using var step = Function.CompileStep(new Pair<Weights, OptimizerState>(start, optimizer.Initialize(start)), (Pair<Weights, OptimizerState> s, Tensor features) =>
        {
            (Tensor loss, Gradient g) = Transform.ValueAndGrad((Weights w) => Autograd.Layers.Losses.CrossEntropy(features.MatMul(w[0].T), Labels))(s.First);
            (Update update, OptimizerState next) = optimizer.Step(g, s.Second, s.First);
            return (new Pair<Weights, OptimizerState>(s.First + update, next), loss);
        });
        return [.. Enumerable.Range(0, 200).Select(_ =>
        {
            step.Run(x);
            return step.Metrics().ToScalar<double>();
        })];
    }

    [Fact]
    public void PreconditionedNormsA2StepsThroughSquaresDoNotMindUnits()
    {
        Tensor units = Ops.Exp(Ops.RandomUniform(RandomKey.FromSeed(4), [20], -5, 5, DType.F64)), scaled = Features * units;
        double apart(Optimizer optimizer) => Losses(optimizer, Features).Zip(Losses(optimizer, scaled), (a, b) => Math.Abs(a - b)).Max();
        // At greater rates the way is chaotic: rounding grows from step to step until it shows.
        Assert.InRange(apart(new MuAdam(2e-4, 1, 0.9, 0.99, 1, 0, floor: 0, accuracy: PolarAccuracy.Exact)), 0, 1e-8);
        Assert.InRange(apart(new AdamSania(2e-4, 0.9, 0.99, 0)), 0, 1e-12);
        Assert.True(apart(new MuAdam(0.02, 1, 0.9, 0.99, 0.5, 0, floor: 0, accuracy: PolarAccuracy.Exact)) > 0.05);
        Assert.True(apart(new Adam(0.05, 0.9, 0.99)) > 0.05);
        Assert.True(apart(new Muon(0.05, accuracy: PolarAccuracy.Exact)) > 0.05);
    }

    // The instance for sign descent in eigenbases, SPlus, is in KroneckerTests.
    [Fact]
    public void PreconditionedNormsA3PresetsAreTheirFormulas()
    {
        Tensor first = Tensor.Zeros([4, 3], DType.F64), second = first, mean = first, left = Ops.Eye(4, dtype: DType.F64) * 0.01, right = Ops.Eye(3, dtype: DType.F64) * 0.01;
        same(new Adam(0.05, 0.8, 0.95, 1e-6), (step, g) =>
        {
            (first, second) = (first * 0.8 + g * 0.2, second * 0.95 + Ops.Square(g) * 0.05);
            return first / (1 - Math.Pow(0.8, step)) / (Ops.Sqrt(second / (1 - Math.Pow(0.95, step))) + 1e-6) * -0.05;
        });
        same(new Muon(0.05, 0.8, accuracy: PolarAccuracy.Exact), (_, g) =>
        {
            mean = mean * 0.8 + g * 0.2;
            (Tensor u, Tensor _, Tensor v) = Ops.Svd(g * 0.2 + mean * 0.8);
            return u.MatMul(v) * (-0.05 * Math.Sqrt(4 / 3.0));
        });
        same(new Shampoo(0.05, 0, preconditioning: new(eps: 0.01, ridge: 0)), (_, g) =>
        {
            (left, right) = (left + g.MatMul(g.T), right + g.T.MatMul(g));
            return Power(left, -0.25).MatMul(g).MatMul(Power(right, -0.25)) * -0.05;
        });

        static void same(Optimizer optimizer, Func<int, Tensor, Tensor> formula)
        {
            Tensor expected = Ops.RandomNormal(RandomKey.FromSeed(1), [4, 3], DType.F64);
            Weights w = new(["w"], [expected]);
            OptimizerState state = optimizer.Initialize(w);
            for (int step = 1; step <= 50; step++)
            {
                Tensor phase = Ops.Iota(12, DType.F64).Reshape(4, 3) + 3.1 * step;
                Tensor gradient(Tensor at) => at * 2 + Ops.Cos(phase) + Ops.Sin(at * 5) * 0.2;
                expected += formula(step, gradient(expected));
                (Update update, state) = optimizer.Step(new Gradient(["w"], [gradient(w[0])]), state, w);
                w += update;
                Given.Near(expected.ToArray<double>(), w[0].ToArray<double>());
            }
        }
    }

    [Fact]
    public void PreconditionedNormsA5EveryMethodLearns()
    {
        Optimizer[] all = [new MuAdam(0.02, 1), MuAdam.Sania(0.002, 1), new AdamSania(0.002), new AdaGrad(0.3), new RmsProp(0.01), new NAdam(0.05), new Lion(0.01), new Dion(0.05, 2), new NorMuon(0.05)];
        foreach (Optimizer optimizer in all)
        {
            double[] losses = Losses(optimizer, Features);
            Assert.Equal(Math.Log(5), losses[0], 1e-12);
            Assert.True(losses[^1] < 1.2, $"{optimizer.GetType().Name} comes to {losses[^1]}");
        }
    }

    // W = A V: with S = sum G G^T and full inverse powers the ways map onto each other, with the roots of Shampoo they do not.
    [Fact]
    public void PreconditionedNormsA4FullInversePowersDoNotMindMaps()
    {
        (Tensor u, _, Tensor v) = Ops.Svd(Ops.RandomNormal(RandomKey.FromSeed(1), [5, 5], DType.F64));
        Tensor a = (u * Ops.Exp(Ops.Iota(5, DType.F64) * (-Math.Log(20) / 4))).MatMul(v);
        Tensor target = Ops.RandomNormal(RandomKey.FromSeed(2), [5, 8], DType.F64), weight = Ops.Exp(Ops.RandomNormal(RandomKey.FromSeed(3), [5, 8], DType.F64));
        Assert.InRange(apart(0.5, (norm, g) => norm(MatrixNorms.Frobenius).Riesz(g)), 0, 1e-8);
        Assert.InRange(apart(0.5, (norm, g) => norm(MatrixNorms.Spectral).Dualize(g, PolarAccuracy.Exact)), 0, 1e-8);
        Assert.True(apart(0.125, (norm, g) => norm(VectorNorms.Euclidean).Riesz(g)) > 0.05);

        double apart(double power, Func<Func<TensorNorm, TensorNorm>, Tensor, Tensor> map)
        {
            Tensor w = target * 0, s = w.MatMul(w.T), other = w, r = s;
            double most = 0;
            for (int i = 0; i < 20; i++)
            {
                Tensor g = (w - target) * weight, h = a.T.MatMul((a.MatMul(other) - target) * weight);
                (s, r) = (s + g.MatMul(g.T), r + h.MatMul(h.T));
                w -= map(norm => norm.Preconditioned(Preconditioner.Sides(Power(s, power), null)), g) * 0.5;
                other -= map(norm => norm.Preconditioned(Preconditioner.Sides(Power(r, power), null)), h) * 0.5;
                most = Math.Max(most, (Ops.Max(Ops.Abs(w - a.MatMul(other))) / Ops.Max(Ops.Abs(w))).ToScalar<double>());
            }
            return most;
        }
    }

    private static Tensor Power(Tensor s, double power)
    {
        (Tensor u, Tensor values, _) = Ops.Svd(s);
        return (u * Ops.Pow(values, power)).MatMul(u.T);
    }

    [Fact]
    public void AnthologyA2AdamWithoutMemoryIsSignDescentBitForBit()
    {
        double[] start = [1, -2, 0.5, 3];
        Assert.Equal(Given.Run(new SignDescent(0.1), 40, start), Given.Run(new Adam(0.1, 0, 0, 1e-300), 40, start));
    }

    // The ratio is the length of the way while no sign changes, and each step is as long as all before it.
    [Fact]
    public void AnthologyA3ProdigyDoublesItsRateAndThenKeepsIt()
    {
        Tensor target = Ops.RandomNormal(RandomKey.FromSeed(1), [50], DType.F64) * 12;
        double distance = Math.Sqrt(Ops.Sum(Ops.Square(target)).ToScalar<double>());
        target *= 83 / distance;
        var prodigy = new Prodigy();
        Weights start = new(["w"], [target * 0]), w = start;
        OptimizerState state = prodigy.Initialize(w);
        double rate = 0, furthest = 0, error = double.PositiveInfinity;
        for (int step = 0; step < 60; step++)
        {
            (Update update, state) = prodigy.Step(new Gradient(["w"], [Ops.Tanh(w[0] - target)]), state, w);
            double next = state["rate"].ToScalar<double>();
            if (step is >= 1 and < 12) Assert.Equal(1e-6 * Math.Pow(2, step - 1), next, 1e-14);
            furthest = Math.Max(furthest, Ops.Max(Ops.Abs(w[0])).ToScalar<double>());
            Assert.InRange(next, rate, Math.Max(1e-6, furthest) * (1 + 1e-12));
            rate = next;
            w += update;
            error = Math.Min(error, step < 30 ? Ops.Mean(Ops.Abs(w[0] - target)).ToScalar<double>() : error);
        }
        Assert.True(error < 17, $"the mean error by step 30 is {error}");
    }
}
