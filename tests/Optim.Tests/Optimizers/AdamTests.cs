using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim.Tests;

public sealed class AdamTests
{
    /// <summary>Algorithm 1 of Kingma and Ba, and with decay algorithm 2 of Loshchilov and Hutter, one number at a time.</summary>
    private static List<double[]> Textbook(int steps, double[] start, Func<int, double> rate, double b1, double b2, double eps, double decay)
    {
        double[] w = [.. start], m = new double[w.Length], v = new double[w.Length];
        List<double[]> path = [];
        for (int t = 1; t <= steps; t++)
        {
            double[] g = Given.Bumpy(t - 1, w);
            for (int i = 0; i < w.Length; i++)
            {
                m[i] = (b1 * m[i]) + ((1 - b1) * g[i]);
                v[i] = (b2 * v[i]) + ((1 - b2) * g[i] * g[i]);
                double mean = m[i] / (1 - Math.Pow(b1, t)), square = v[i] / (1 - Math.Pow(b2, t));
                w[i] -= rate(t - 1) * ((mean / (Math.Sqrt(square) + eps)) + (decay * w[i]));
            }
            path.Add([.. w]);
        }
        return path;
    }

    [Theory]
    [InlineData(0.9, 0.999, 1e-8)]
    [InlineData(0.8, 0.95, 1e-3)]
    [InlineData(0, 0.5, 1e-8)]
    [InlineData(0.9, 0.3, 1e-8)]
    public void IsTheTextbookFormula(double b1, double b2, double eps)
    {
        double[] start = [1, -2, 0.5, 3];
        List<double[]> expected = Textbook(50, start, _ => 0.03, b1, b2, eps, 0), got = Given.Run(new Adam(0.03, b1, b2, eps), 50, start);
        for (int i = 0; i < 50; i++) Given.Near(expected[i], got[i]);
    }

    [Fact]
    public void DecoupledDecayIsTheTextbookFormula()
    {
        double[] start = [1, -2, 0.5, 3];
        Schedule schedule = Schedule.LinearWarmup(5, Schedule.Cosine(0.05, 40));
        double rate(int step) => step < 5 ? 0.05 * (step + 1) / 5 : 0.05 * (1 + Math.Cos(Math.PI * Math.Min(step - 5, 40) / 40)) / 2;
        List<double[]> expected = Textbook(50, start, rate, 0.9, 0.999, 1e-8, 0.1), got = Given.Run(new AdamW(schedule, weightDecay: 0.1), 50, start);
        for (int i = 0; i < 50; i++) Given.Near(expected[i], got[i]);
    }

    // After one step mean and square are the gradient's own, so the update is -rate g / (|g| + eps): the sign times the rate, for eps 0 all but.
    [Fact]
    public void GoldenFirstStep()
    {
        Given.Near([-0.1, 0.1, 0, -0.1], Given.FirstUpdate(new Adam(0.1, eps: 1e-300), Given.Gradient(5, -1e-3, 0, 1e8)));
        Given.Near([-0.05, 0.075, 0, -0.02], Given.FirstUpdate(new Adam(0.1, eps: 1), Given.Gradient(1, -3, 0, 0.25)));
    }

    // Without memory every update is the sign of the gradient, turned around.
    [Fact]
    public void GoldenWithoutMemory()
    {
        var adam = new Adam(0.1, 0, 0, 1e-300);
        Weights w = Given.Weights(0, 0, 0, 0);
        (_, OptimizerState state) = adam.Step(Given.Gradient(1, 1, 1, 1), adam.Initialize(w), w);
        (Update update, _) = adam.Step(Given.Gradient(5, -1e-3, 0, 1e8), state, w);
        Given.Near([-0.1, 0.1, 0, -0.1], Given.Numbers(update.Tensors));
    }

    // With b1 = b2 = 1/2 and gradients 1 then 3: m = 1/2, then 1/4 + 3/2 = 7/4, over 3/4 gives 7/3; v = 1/2, then 1/4 + 9/2 = 19/4, over 3/4 gives 19/3.
    [Fact]
    public void GoldenSecondStep()
    {
        var adam = new Adam(1, 0.5, 0.5, 1e-300);
        Weights w = Given.Weights(0, 0, 0, 0);
        (_, OptimizerState state) = adam.Step(Given.Gradient(1, 1, 1, 1), adam.Initialize(w), w);
        (Update update, state) = adam.Step(Given.Gradient(3, 3, 3, 3), state, w);
        double expected = -7 / 3.0 / Math.Sqrt(19 / 3.0);
        Given.Near([expected, expected, expected, expected], Given.Numbers(update.Tensors));
        Given.Near([1.75, 1.75, 1.75], state["0.first.0.weight"].ToArray<double>());
        Given.Near([4.75], state["0.second.0.bias"].ToArray<double>());
        Assert.Equal(2, state["0.step"].ToScalar<long>());
        Assert.Equal(2, state["1.step"].ToScalar<long>());
    }

    // At zero gradients only the decay is left: -rate decay w.
    [Fact]
    public void GoldenDecay()
    {
        Weights w = Given.Weights(1, -2, 3, 10);
        Given.Near([-0.02, 0.04, -0.06, -0.2], Given.FirstUpdate(new AdamW(0.1, weightDecay: 0.2), Given.Gradient(0, 0, 0, 0), w));
        Given.Near([-0.02, 0.04, -0.06, 0],
            Given.FirstUpdate(new AdamW(0.1, weightDecay: 0.2, decays: n => n.EndsWith("weight", StringComparison.Ordinal)), Given.Gradient(0, 0, 0, 0), w));
    }

    [Fact]
    public void StateIsNamed()
    {
        OptimizerState state = new Adam(0.1).Initialize(Given.Weights(1, 2, 3, 4));
        Assert.Equal(["0.first.0.weight", "0.first.0.bias", "0.second.0.weight", "0.second.0.bias", "0.step", "1.step"], state.Leaves.Names);
        Assert.Equal(new TensorSpec(DType.I64, []), state["1.step"].Spec);
        Assert.Equal(new TensorSpec(DType.F64, [3]), state["0.first.0.weight"].Spec);
    }

    // In f32 the weight of the first steps, 1 - 0.999^t, is a difference of close numbers; it must keep its digits.
    [Fact]
    public void SinglePrecisionKeepsItsDigits()
    {
        var weights = new Weights(["w"], [Tensor.Of([0f])]);
        var adam = new Adam(1, 0.9, 0.99999, 1e-30);
        OptimizerState state = adam.Initialize(weights);
        for (int i = 0; i < 20; i++)
        {
            (Update update, state) = adam.Step(new Gradient(["w"], [Tensor.Of([0.5f])]), state, weights);
            Assert.Equal(-1, update["w"].ToArray<float>()[0], 2e-6f);
        }
    }

    [Fact]
    public void HalfWidthWeightsKeepWideSums()
    {
        var weights = new Weights(["w"], [Tensor.Of([(Half)1])]);
        var adam = new Adam(0.5);
        OptimizerState state = adam.Initialize(weights);
        Assert.Equal(DType.F32, state["0.first.w"].DType);
        // 1e-6 squared is far below the least f16 number.
        (Update update, state) = adam.Step(new Gradient(["w"], [Tensor.Of([(Half)1e-6])]), state, weights);
        Assert.Equal(DType.F16, update["w"].DType);
        Assert.Equal(-0.5, (double)update["w"].ToArray<Half>()[0], 0.01);
        Assert.Equal(DType.F16, (weights + update)["w"].DType);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("adam: b1 must lie in [0, 1), got 1.", Given.Message<ArgumentException>(() => _ = new Adam(0.1, b1: 1)));
        Assert.Equal("adam: b2 must lie in [0, 1), got -0.5.", Given.Message<ArgumentException>(() => _ = new Adam(0.1, b2: -0.5)));
        Assert.Equal("adam: eps must be finite and positive, got 0.", Given.Message<ArgumentException>(() => _ = new AdamW(0.1, eps: 0)));
        Assert.Equal("weightDecay: the rate must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => _ = new AdamW(0.1, weightDecay: -1)));
        Assert.Equal("constant: the rate must be finite and not negative, got -0.1.", Given.Message<ArgumentException>(() => _ = new Adam(-0.1)));
        Weights w = Given.Weights(1, 2, 3, 4);
        Assert.Equal("optimizer state: no tensor is named 'first.0.weight', got an empty state. Use the state that this optimizer's Initialize or last Step returned.",
            Given.Message<ArgumentException>(() => new Adam(0.1).Step(Given.Gradient(1, 2, 3, 4), new Sgd(0.1).Initialize(w), w)));
    }
}
