using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Optim.Tests;

public sealed class KfacTests
{
    private static Tensor Random(int seed, params int[] shape) => Ops.RandomNormal(RandomKey.FromSeed(seed), Shape.Create(shape), DType.F64);

    private static Steepest Through(Buffers factors, double damping) => new(VectorNorms.Euclidean, preconditioning: new KfacPreconditioning(factors, damping), normalized: false);

    // B^-1 G A^-1 with both factors damped, by plain loops.
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    public void TheStepIsTheGradientThroughBothInverses(double damping)
    {
        Tensor g = Random(1, 3, 2), bias = Random(2, 3), x = Random(3, 9, 2), y = Random(4, 9, 3);
        Tensor a = x.T.MatMul(x), b = y.T.MatMul(y);
        Buffers factors = new(
            ["input.w", "output.w", "input.b", "output.b"], [a.Reshape(1, 2, 2), b.Reshape(1, 3, 3), Tensor.Full(4, [1, 1, 1], DType.F64), b.Reshape(1, 3, 3)]);
        Weights w = new(["w", "b", "gain"], [g, bias, bias]);
        Update update = Through(factors, damping).Step(new(w.Names, w.Tensors), Through(factors, damping).Initialize(w), w).Update;
        double[,] left = Plain.Matrix(b), right = Plain.Matrix(a);
        double[,] inverse(double[,] m, double added) => Plain.Root(Plain.Mix(1, m, added, Plain.Identity(m.GetLength(0))), 1, 0);
        double trace = left[0, 0] + left[1, 1] + left[2, 2], r = Math.Sqrt((right[0, 0] + right[1, 1]) / 2 / (trace / 3)), s = Math.Sqrt(damping), rb = Math.Sqrt(4 / (trace / 3));
        Given.Near([.. Plain.Times(inverse(left, s / r), Plain.Matrix(g), inverse(right, r * s)).Cast<double>().Select(v => -v)], update["w"].ToArray<double>(), 1e-10);
        Given.Near(
            [.. Plain.Times(inverse(left, s / rb), Plain.Matrix(bias.Reshape(3, 1))).Cast<double>().Select(v => -v / (4 + (rb * s)))], update["b"].ToArray<double>(), 1e-10);
        Assert.Equal((-bias).ToArray<double>(), update["gain"].ToArray<double>());
    }

    // Reparametrised on both sides, W = P V Q, undamped steps are the same: the factors transform as the weight does.
    [Fact]
    public void PreconditionedA4InvarianceUnderTwoSidedMaps()
    {
        Tensor x = Random(1, 40, 3), goal = Random(2, 40, 4), p = Random(3, 4, 4), q = Random(4, 3, 3);
        var layer = new Linear(3, 4, bias: false);
        Weights plain = layer.Initialize(RandomKey.FromSeed(5), DType.F64), mapped = plain.Map(w => Ops.Solve(p, Ops.Solve(q.T, w.T).T));
        for (int step = 0; step < 8; step++)
        {
            (_, Gradient g, Buffers f) = Kfac.Measure(layer, plain, x, y => Ops.Square(y - goal).Sum() / 40);
            (_, Gradient h, Buffers e) = Kfac.Measure(layer, mapped, x.MatMul(q.T), y => Ops.Square(y.MatMul(p.T) - goal).Sum() / 40);
            plain += 0.1 * Through(f, 0).Step(g, Through(f, 0).Initialize(plain), plain).Update;
            mapped += 0.1 * Through(e, 0).Step(h, Through(e, 0).Initialize(mapped), mapped).Update;
            Given.Near(plain[0].ToArray<double>(), p.MatMul(mapped[0]).MatMul(q).ToArray<double>(), 1e-8);
        }
    }

    /// <summary>Weights, factors and the state of the mean of gradients.</summary>
    private static Pair<Pair<Weights, Buffers>, OptimizerState> Step(Module net, Pair<Pair<Weights, Buffers>, OptimizerState> s, Pair<Tensor, Tensor> batch, out Tensor loss)
    {
        ((Weights weights, Buffers factors), OptimizerState state) = s;
        (loss, Gradient gradient, Buffers seen) = Kfac.Measure(net, weights, batch.First, y => Losses.CrossEntropy(y, batch.Second));
        factors = Kfac.Mean(factors, seen, 0.9);
        Optimizer kfac = new Steepest(VectorNorms.Euclidean, new Average(0.5), new KfacPreconditioning(factors, 0.01), normalized: false) >> new ScaleByLearningRate(0.03);
        (Update update, state) = kfac.Step(gradient, state, weights);
        return new(new(weights + update, factors), state);
    }

    [Fact]
    public void ACompiledLoopHasTheBitsOfAnEagerOneAndLearns()
    {
        Module net = new Conv2D(1, 3, 3, padding: 1) >> new Tanh() >> new Flatten() >> new Linear(48, 2);
        static Pair<Tensor, Tensor> batch(int i)
        {
            Tensor x = Ops.RandomNormal(RandomKey.FromSeed(i), [16, 1, 4, 4]);
            return new(x, (Ops.Mean(x[.., 0, ..2, ..2], [1, 2]) > 0).Cast(DType.I64));
        }
        Weights start = net.Initialize(RandomKey.FromSeed(0));
        Buffers first = Kfac.Measure(net, start, batch(0).First, y => Losses.CrossEntropy(y, batch(0).Second)).Factors;
        OptimizerState memory = OptimizerState.Join([new Steepest(VectorNorms.Euclidean, new Average(0.5)).Initialize(start), new ScaleByLearningRate(1).Initialize(start)]);
        Pair<Pair<Weights, Buffers>, OptimizerState> eager = new(new(start, first), memory);
        using var step = Function.CompileStep(eager, (Pair<Pair<Weights, Buffers>, OptimizerState> s, Pair<Tensor, Tensor> b) => (Step(net, s, b, out Tensor loss), loss));
        float before = 0, after = 0;
        for (int i = 0; i < 40; i++)
        {
            eager = Step(net, eager, batch(i % 8), out Tensor loss);
            step.Run(batch(i % 8));
            Assert.Equal(loss.ToScalar<float>(), step.Metrics().ToScalar<float>());
            if (i < 8) before += loss.ToScalar<float>();
            if (i >= 32) after += loss.ToScalar<float>();
        }
        Assert.InRange(after, 0, before / 2);
        Assert.Equal(0, Allocations.Of(5, () => step.Run()));
    }

    [Fact]
    public void BadArguments() =>
        Assert.Equal("kfac: the damping must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => _ = new KfacPreconditioning(Buffers.Empty, -1)));
}
