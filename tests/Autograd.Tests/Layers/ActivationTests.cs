using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class ActivationTests
{
    private static readonly double Ln2 = Math.Log(2), Ln3 = Math.Log(3);

    private static double[] At(Module bond, params double[] x) => bond.Forward(Weights.Empty, Tensor.Of(x)).ToArray<double>();

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-14);
    }

    [Fact]
    public void GoldenPiecewiseLinear()
    {
        Near([0, 0, 2.5], At(new Relu(), -3, 0, 2.5));
        Near([-0.03, 0, 2.5], At(new LeakyRelu(), -3, 0, 2.5));
        Near([-6, 0, 2.5], At(new LeakyRelu(2), -3, 0, 2.5));
    }

    // sigmoid(ln 3) = 3/4; tanh(ln 2) = (2 - 1/2) / (2 + 1/2) = 3/5; softplus(ln 3) = ln 4 and softplus(0) = ln 2.
    [Fact]
    public void GoldenExponentials()
    {
        Near([0.25, 0.5, 0.75], At(new Sigmoid(), -Ln3, 0, Ln3));
        Near([-0.6, 0, 0.6], At(new Tanh(), -Ln2, 0, Ln2));
        Near([Math.Log(4 / 3.0), Ln2, 2 * Ln2], At(new Softplus(), -Ln3, 0, Ln3));
        Near([-0.25 * Ln3, 0, 0.75 * Ln3], At(new Silu(), -Ln3, 0, Ln3));
        Near([0, 1000], At(new Softplus(), -1000, 1000));
        Near([0, 1], At(new Sigmoid(), -1000, 1000));
    }

    // Phi(1) = 0.841344746068543 and Phi(2) = 0.977249868051821 are in every table of the normal distribution.
    [Fact]
    public void GoldenGelu()
    {
        Near([-0.158655253931457, 0, 0.841344746068543, 1.954499736103642], At(new Gelu(), -1, 0, 1, 2));
        // tanh(sqrt(2/pi) 1.044715) = 0.6823839812165536, so at 1 the tanh form is (1 + 0.6823839812165536) / 2.
        Near([-0.1588080093917232, 0, 0.8411919906082768], At(new GeluTanh(), -1, 0, 1));
    }

    // exp(ln 3) = 3 against 1; at equal logits all shares are equal, however large they are.
    [Fact]
    public void GoldenSoftmax()
    {
        Near([0.25, 0.75], At(new Softmax(), 0, Ln3));
        Near([1 / 3.0, 1 / 3.0, 1 / 3.0], At(new Softmax(), 5000, 5000, 5000));
        Near([Math.Log(0.25), Math.Log(0.75)], At(new LogSoftmax(), 0, Ln3));
        Near([-1000, 0], At(new LogSoftmax(), -1000, 0));
        Given.Near([2, 2], [0.25, 0.5, 0.75, 0.5], new Softmax(0).Forward(Weights.Empty, Given.Of([2, 2], 0, 1, Ln3, 1)));
        Given.Near([2, 2], [-Math.Log(4), -Ln2, Math.Log(0.75), -Ln2], new LogSoftmax(0).Forward(Weights.Empty, Given.Of([2, 2], 0, 1, Ln3, 1)));
    }

    public static TheoryData<string> Names() => ["relu", "leaky", "gelu", "geluTanh", "silu", "tanh", "sigmoid", "softplus"];

    private static (Module Bond, Func<double, double> Reference) Find(string name) => name switch
    {
        "relu" => (new Relu(), x => x > 0 ? x : 0),
        "leaky" => (new LeakyRelu(-1.5), x => x > 0 ? x : -1.5 * x),
        "gelu" => (new Gelu(), x => x * NormalDistribution(x)),
        "geluTanh" => (new GeluTanh(), x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))))),
        "silu" => (new Silu(), x => x / (1 + Math.Exp(-x))),
        "tanh" => (new Tanh(), Math.Tanh),
        "sigmoid" => (new Sigmoid(), x => 1 / (1 + Math.Exp(-x))),
        _ => (new Softplus(), x => Math.Log(1 + Math.Exp(x))),
    };

    /// <summary>1/2 plus the integral of the density from 0, by its power series: (2 pi)^(-1/2) sum (-1)^n x^(2n+1) / (2^n n! (2n + 1)).</summary>
    private static double NormalDistribution(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= -x * x / (2 * n);
            sum += term / ((2 * n) + 1);
        }
        return 0.5 + (sum / Math.Sqrt(2 * Math.PI));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FollowsTheFormula(string name)
    {
        (Module bond, Func<double, double> reference) = Find(name);
        double[] x = [.. Enumerable.Range(-40, 81).Select(i => i / 10.0)];
        Given.Near([.. x.Select(reference)], bond.Forward(Weights.Empty, Tensor.Of(x)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsFollowDifferences(string name) => Differences.Check(Find(name).Bond, Weights.Empty, Given.Values([3, 4]));

    // Between neighbours of a fine grid no stretch exceeds the sensitivity, and somewhere it comes within a thousandth of it.
    [Theory]
    [MemberData(nameof(Names))]
    public void SensitivityIsTheGreatestSlope(string name)
    {
        Module bond = Find(name).Bond;
        double[] x = [.. Enumerable.Range(-8000, 16001).Select(i => i / 1000.0)], y = bond.Forward(Weights.Empty, Tensor.Of(x)).ToArray<double>();
        double greatest = 0;
        for (int i = 1; i < x.Length; i++) greatest = Math.Max(greatest, Math.Abs(y[i] - y[i - 1]) / (x[i] - x[i - 1]));
        Assert.InRange(greatest, bond.Sensitivity * 0.999, bond.Sensitivity * (1 + 1e-9));
        Assert.Equal((0, 0), (bond.Mass, bond.WeightCount));
    }

    [Fact]
    public void SoftmaxGradientsFollowDifferences()
    {
        Module[] bonds = [new Softmax(), new Softmax(1), new LogSoftmax(), new LogSoftmax(0)];
        Assert.All(bonds, bond => Differences.Check(bond, Weights.Empty, Given.Values([2, 3, 4])));
    }

    // softmax: sum |J v| over the largest |v|; log-softmax: the largest |J v|. Two classes at even odds and v = (1, -1) reach 1; sure odds reach 2.
    [Fact]
    public void SoftmaxSensitivitiesAreReached()
    {
        Tensor v = Given.Of([2], 1, -1);
        var (_, soft) = Transform.Jvp(t => new Softmax().Forward(Weights.Empty, t), Given.Of([2], 0, 0), v);
        Assert.Equal(new Softmax().Sensitivity, soft.ToArray<double>().Sum(Math.Abs), 1e-12);
        var (_, log) = Transform.Jvp(t => new LogSoftmax().Forward(Weights.Empty, t), Given.Of([2], 0, 60), v);
        Assert.Equal(new LogSoftmax().Sensitivity, log.ToArray<double>().Max(Math.Abs), 1e-12);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("leakyRelu: the slope must be finite, got NaN.", Given.Message<ArgumentException>(() => _ = new LeakyRelu(double.NaN)));
        Assert.StartsWith("max: axis 2 is out of range for [3]", Given.Message<ShapeException>(() => At(new Softmax(2), 1, 2, 3)), StringComparison.Ordinal);
    }
}
