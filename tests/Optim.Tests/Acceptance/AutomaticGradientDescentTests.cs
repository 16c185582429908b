using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <summary>What automatic gradient descent must do, by number of the requirement.</summary>
public sealed class AutomaticGradientDescentTests
{
    private const int Inputs = 32, Classes = 10;

    private static readonly Tensor X = Sized(Ops.RandomNormal(RandomKey.FromSeed(1), [256, Inputs], DType.F64));

    private static readonly Tensor Y = Ops.OneHot(
        Ops.ArgMax(Ops.Tanh(X.MatMul(Ops.RandomNormal(RandomKey.FromSeed(2), [Inputs, 64], DType.F64) * (1 / Math.Sqrt(Inputs))))
            .MatMul(Ops.RandomNormal(RandomKey.FromSeed(3), [64, Classes], DType.F64)), 1), Classes).Cast(DType.F64) * Math.Sqrt(Classes);

    private static Tensor Sized(Tensor x) => x / Ops.Sqrt(Ops.Mean(Ops.Square(x), [1], keepDims: true));

    /// <summary>ReLU times sqrt(2), which keeps the RMS, between matrices without biases.</summary>
    private static Module Net(int depth, int width)
    {
        Module net = new Linear(Inputs, width, bias: false);
        for (int i = 1; i < depth; i++) net = net >> (Math.Sqrt(2) * new Relu()) >> new Linear(width, i == depth - 1 ? Classes : width, bias: false);
        return net;
    }

    private static Tensor Loss(Module net, Weights w) => Ops.Mean(Ops.Sum(Ops.Square(net.Forward(w, X) - Y), [1])) * (0.5 / Classes);

    /// <summary>G: the mean of sqrt(out / in) |g|.</summary>
    private static Tensor Size(Gradient g) =>
        g.Tensors.Select(t => Ops.Sqrt(Ops.Sum(Ops.Square(t))) * Math.Sqrt((double)t.Shape[0] / t.Shape[1])).Aggregate((a, b) => a + b) / g.LeafCount;

    [Theory]
    [InlineData(2, 64, 0.1)]
    [InlineData(4, 128, 0.01)]
    [InlineData(8, 128, 0.01)]
    [InlineData(16, 64, 0.02)]
    public void AutomaticA1ToA3LossesFallWithoutTuningAndGradientsAsPromised(int depth, int width, double goal)
    {
        Module net = Net(depth, width);
        var optimizer = new AutomaticGradientDescent();
        Weights start = net.InitializeDualized(RandomKey.FromSeed(4), DType.F64);
        using var step = Function.CompileStep(start, (Weights w, Tensor _) =>
        {
            (Tensor loss, Gradient g) = Transform.ValueAndGrad((Weights p) => Loss(net, p))(w);
            return (w + optimizer.Step(g, OptimizerState.Empty, w).Update, new Pair<Tensor, Tensor>(loss, Size(g)));
        });
        double loss = 0, least = double.PositiveInfinity;
        for (int i = 0; i < 600; i++)
        {
            step.Run(X[0, 0]);
            (loss, double size) = (step.Metrics().First.ToScalar<double>(), step.Metrics().Second.ToScalar<double>());
            least = Math.Min(least, size);
            Assert.True((i + 1) * least * least <= 11, $"A1: step {i}, least G {least}");
            if (i == 0) Assert.InRange(size, 0, Math.Sqrt(2));
            if (i < 10) Assert.InRange(loss, 0, 1);
        }
        Assert.True(loss <= goal, $"A2: the loss comes to {loss}");
    }

    [Fact]
    public void AutomaticA4TheRateSolvesItsEquationAndBoundsTheChangeOfTheFunction()
    {
        foreach (bool nonlinear in (bool[])[false, true])
        {
            Module net = nonlinear ? Net(4, 40) : new Linear(Inputs, 40, bias: false) >> new Linear(40, 40, bias: false) >> new Linear(40, Classes, bias: false);
            Weights w = net.InitializeDualized(RandomKey.FromSeed(5), DType.F64);
            Gradient g = Transform.Grad(p => Loss(net, p))(w);
            (Update update, _) = new AutomaticGradientDescent().Step(g, OptimizerState.Empty, w);
            double size = Size(g).ToScalar<double>();
            Tensor first = update[0];
            double eta = Math.Sqrt(Ops.Sum(Ops.Square(first)).ToScalar<double>()) * w.LeafCount / Math.Sqrt((double)first.Shape[0] / first.Shape[1]);
            Assert.Equal(size, Math.Exp(eta) * (Math.Exp(eta) - 1), 1e-12);
            Tensor moved = Ops.Sqrt(Ops.Sum(Ops.Square(net.Forward(w + update, X) - net.Forward(w, X)), [1]));
            Assert.InRange(Ops.Max(moved).ToScalar<double>(), 0, Math.Sqrt(Classes) * (Math.Exp(eta) - 1));
        }
    }

    [Fact]
    public void AutomaticA5TapsOfKernelsMoveBySizesOfTheirOwn()
    {
        Tensor g = Ops.RandomNormal(RandomKey.FromSeed(6), [6, 4, 3, 3], DType.F64) * Tensor.Of([1.0, 10, 0], [3]);
        var w = new Weights(["k"], [g]);
        Tensor update = new AutomaticGradientDescent().Step(new Gradient(["k"], [g]), OptimizerState.Empty, w).Update[0];
        double[] lengths = Ops.Sqrt(Ops.Sum(Ops.Square(g), [0, 1])).ToArray<double>(), moved = Ops.Sqrt(Ops.Sum(Ops.Square(update), [0, 1])).ToArray<double>();
        double share = Math.Sqrt(6 / 4.0) / 3, size = lengths.Sum() * share, eta = Math.Log((1 + Math.Sqrt(1 + (4 * size))) / 2);
        for (int tap = 0; tap < 9; tap++) Assert.Equal(tap % 3 == 2 ? 0 : eta * share, moved[tap], 1e-12);
    }

    // The bound: -sum of the pairing plus (e^eta - 1)^2 / 2. The spectral form never has the greater one, and has the same for gradients of rank 1.
    [Fact]
    public void TheSpectralFormMinimizesTheBound()
    {
        Tensor row = Ops.RandomNormal(RandomKey.FromSeed(7), [1, 6], DType.F64), column = Ops.RandomNormal(RandomKey.FromSeed(8), [5, 1], DType.F64);
        Tensor full = Ops.RandomNormal(RandomKey.FromSeed(9), [5, 6], DType.F64);
        double bound(bool spectral, Tensor g)
        {
            var gradient = new Gradient(["w"], [g]);
            Update update = new AutomaticGradientDescent(spectral, accuracy: PolarAccuracy.Exact).Step(gradient, OptimizerState.Empty, new Weights(["w"], [g])).Update;
            double eta = Ops.Max(Ops.Svd(update[0]).S).ToScalar<double>() / Math.Sqrt(5 / 6.0);
            return Gradient.Dot(gradient, update).ToScalar<double>() + (Math.Pow(Math.Exp(eta) - 1, 2) / 2);
        }
        Assert.Equal(bound(false, column.MatMul(row)), bound(true, column.MatMul(row)), 1e-10);
        Assert.True(bound(true, full) < bound(false, full) && bound(true, full) < 0);
    }
}
