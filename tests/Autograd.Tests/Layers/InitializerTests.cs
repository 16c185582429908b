using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class InitializerTests
{
    // A kernel [60, 8, 3, 5] has fan-in 8 * 15 = 120, fan-out 60 * 15 = 900 and 7200 elements.
    private static readonly Shape Kernel = [60, 8, 3, 5];

    public static TheoryData<string, double> Uniforms() => new()
    {
        { "he", Math.Sqrt(6 / 120.0) },
        { "leaky", Math.Sqrt(6 / (5 * 120.0)) },
        { "xavier", Math.Sqrt(6 / 1020.0) },
        { "fanIn", 1 / Math.Sqrt(120) },
        { "plain", 0.5 },
    };

    [Theory]
    [MemberData(nameof(Uniforms))]
    public void UniformsFillTheirInterval(string name, double bound)
    {
        RandomKey key = Given.Key();
        Tensor drawn = name switch
        {
            "he" => Initializers.HeUniform(key, Kernel, DType.F64),
            "leaky" => Initializers.HeUniform(key, Kernel, DType.F64, slope: 2),
            "xavier" => Initializers.XavierUniform(key, Kernel, DType.F64),
            "fanIn" => Initializers.FanInUniform(key, Kernel, DType.F64),
            _ => Initializers.Uniform(key, Kernel, -0.5, 0.5, DType.F64),
        };
        double[] values = drawn.ToArray<double>();
        Assert.Equal(Kernel, drawn.Shape);
        Assert.InRange(values.Min(), -bound, -0.998 * bound);
        Assert.InRange(values.Max(), 0.998 * bound, bound);
        // Mean 0 and variance bound^2 / 3, within five deviations among 7200.
        Assert.InRange(values.Average(), -0.035 * bound, 0.035 * bound);
        Assert.InRange(values.Average(v => v * v) * 3 / (bound * bound), 0.947, 1.053);
    }

    public static TheoryData<string, double, double> Normals() => new()
    {
        { "he", 0, Math.Sqrt(2 / 120.0) },
        { "leaky", 0, Math.Sqrt(2 / (5 * 120.0)) },
        { "xavier", 0, Math.Sqrt(2 / 1020.0) },
        { "plain", 3, 0.5 },
        { "standard", 0, 1 },
    };

    [Theory]
    [MemberData(nameof(Normals))]
    public void NormalsHaveTheirMoments(string name, double mean, double deviation)
    {
        RandomKey key = Given.Key();
        Tensor drawn = name switch
        {
            "he" => Initializers.HeNormal(key, Kernel, DType.F64),
            "leaky" => Initializers.HeNormal(key, Kernel, DType.F64, slope: 2),
            "xavier" => Initializers.XavierNormal(key, Kernel, DType.F64),
            "plain" => Initializers.Normal(key, Kernel, 3, 0.5, DType.F64),
            _ => Initializers.Normal(key, Kernel, DType.F64),
        };
        double[] values = [.. drawn.ToArray<double>().Select(v => (v - mean) / deviation)];
        // Mean, variance and fourth moment 0, 1 and 3, within five deviations among 7200: 5 / sqrt(n), 5 sqrt(2 / n), 5 sqrt(96 / n).
        Assert.InRange(values.Average(), -0.059, 0.059);
        Assert.InRange(values.Average(v => v * v), 0.916, 1.084);
        Assert.InRange(values.Average(v => v * v * v * v), 2.42, 3.58);
    }

    [Fact]
    public void MatricesHaveTheirSidesAsFans()
    {
        double[] values = Initializers.HeUniform(Given.Key(), [30, 24], DType.F64).ToArray<double>();
        Assert.InRange(values.Max(), 0.98 * 0.5, 0.5);
        Assert.Equal(DType.F32, Initializers.XavierNormal(Given.Key(), [3, 2]).DType);
    }

    [Fact]
    public void EveryFormIsAnInitializer()
    {
        Initializer[] all =
        [
            Initializers.HeUniform, Initializers.HeNormal, Initializers.XavierUniform, Initializers.XavierNormal, Initializers.FanInUniform, Initializers.Normal,
            Initializers.Zeros, Initializers.Ones,
        ];
        Assert.All(all, draw => Assert.Equal(new TensorSpec(DType.F64, [2, 3]), draw(Given.Key(), [2, 3], DType.F64).Spec));
        Assert.Equal([0.0, 0], Initializers.Zeros(Given.Key(), [2], DType.F64).ToArray<double>());
        Assert.Equal([1f, 1], Initializers.Ones(Given.Key(), [2]).ToArray<float>());
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("heUniform: fans need a weight [out, in, ..], got [3] of rank 1. Use Initializers.Uniform or Normal.",
            Given.Message<ShapeException>(() => Initializers.HeUniform(Given.Key(), [3])));
        Assert.Equal("xavierNormal: fans need a weight [out, in, ..], got [] of rank 0. Use Initializers.Uniform or Normal.",
            Given.Message<ShapeException>(() => Initializers.XavierNormal(Given.Key(), [])));
        Assert.Equal("normal: the standard deviation must not be negative, got -1.",
            Given.Message<ArgumentException>(() => Initializers.Normal(Given.Key(), [3], 0, -1)));
        Assert.Equal("randomUniform: low must be below high, got 1 and 1.",
            Given.Message<ArgumentException>(() => Initializers.Uniform(Given.Key(), [3], 1, 1)));
    }
}
