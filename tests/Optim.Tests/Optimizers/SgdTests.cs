using Engine.Autograd;

namespace Engine.Optim.Tests;

public sealed class SgdTests
{
    private static List<double[]> Textbook(int steps, double[] start, double rate, double momentum, bool nesterov)
    {
        double[] w = [.. start], m = new double[w.Length];
        List<double[]> path = [];
        for (int t = 0; t < steps; t++)
        {
            double[] g = Given.Bumpy(t, w);
            for (int i = 0; i < w.Length; i++)
            {
                m[i] = (momentum * m[i]) + g[i];
                w[i] -= rate * (nesterov ? g[i] + (momentum * m[i]) : m[i]);
            }
            path.Add([.. w]);
        }
        return path;
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.9, false)]
    [InlineData(0.9, true)]
    public void IsTheTextbookFormula(double momentum, bool nesterov)
    {
        double[] start = [1, -2, 0.5, 3];
        List<double[]> expected = Textbook(50, start, 0.02, momentum, nesterov), got = Given.Run(new Sgd(0.02, momentum, nesterov), 50, start);
        for (int i = 0; i < 50; i++) Given.Near(expected[i], got[i]);
    }

    // Gradients 1 then 2 at rate 1/10 and momentum 1/2: sums 1 then 5/2. Nesterov's form looks ahead: 1 + 1/2 = 3/2, then 2 + 5/4 = 13/4.
    [Theory]
    [InlineData(0, false, -0.1, -0.2)]
    [InlineData(0.5, false, -0.1, -0.25)]
    [InlineData(0.5, true, -0.15, -0.325)]
    public void GoldenSteps(double momentum, bool nesterov, double first, double second)
    {
        var sgd = new Sgd(0.1, momentum, nesterov);
        Weights w = Given.Weights(0, 0, 0, 0);
        (Update update, OptimizerState state) = sgd.Step(Given.Gradient(1, 1, 1, 1), sgd.Initialize(w), w);
        Given.Near([first, first, first, first], Given.Numbers(update.Tensors));
        (update, _) = sgd.Step(Given.Gradient(2, 2, 2, 2), state, w);
        Given.Near([second, second, second, second], Given.Numbers(update.Tensors));
    }

    [Fact]
    public void StateIsNamed()
    {
        Weights w = Given.Weights(1, 2, 3, 4);
        Assert.Equal(["0.momentum.0.weight", "0.momentum.0.bias", "2.step"], new Sgd(0.1, 0.9).Initialize(w).Leaves.Names);
        Assert.Equal(["1.step"], new Sgd(0.1).Initialize(w).Leaves.Names);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("sgd: the momentum must lie in [0, 1), got 1.", Given.Message<ArgumentException>(() => _ = new Sgd(0.1, 1)));
        Assert.Equal("momentum: the decay must lie in [0, 1), got -0.5.", Given.Message<ArgumentException>(() => _ = new Momentum(-0.5)));
    }
}
