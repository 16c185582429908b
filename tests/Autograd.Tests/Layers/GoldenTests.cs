using System.Reflection;
using System.Text.Json;
using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing;
using Module = Engine.Autograd.Layers.Module;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Every layer and every loss gives what PyTorch gives, in three cases or more; a new one without them fails.</summary>
public sealed class GoldenTests
{
    private const int Least = 3;

    private static readonly IReadOnlyDictionary<string, JsonElement[]> LayerCases = Goldens.Of("layers"), LossCases = Goldens.Of("losses");

    private static readonly Dictionary<string, Module[]> Modules = new()
    {
        ["Relu"] = Thrice(new Relu()),
        ["LeakyRelu"] = [new LeakyRelu(), new LeakyRelu(0.2), new LeakyRelu(0.5)],
        ["Gelu"] = Thrice(new Gelu()),
        ["GeluTanh"] = Thrice(new GeluTanh()),
        ["Silu"] = Thrice(new Silu()),
        ["Tanh"] = Thrice(new Tanh()),
        ["Sigmoid"] = Thrice(new Sigmoid()),
        ["Softplus"] = Thrice(new Softplus()),
        ["Softmax"] = [new Softmax(), new Softmax(0), new Softmax(1)],
        ["LogSoftmax"] = [new LogSoftmax(), new LogSoftmax(0), new LogSoftmax(1)],
        ["Identity"] = Thrice(new Identity()),
        ["Linear"] = [new Linear(2, 3), new Linear(3, 1, bias: false), new Linear(1, 2)],
        ["Embed"] = Thrice(new Embed(4, 2)),
        ["Conv2D"] =
        [
            new Conv2D(1, 2, 2), new Conv2D(2, 2, new Extent(3, 2), new Extent(2, 1), new Extent(1, 0), groups: 2, bias: false),
            new Conv2D(2, 1, 2, padding: 1, dilation: 2),
        ],
        ["AvgPool"] = [new AvgPool(2), new AvgPool(new Extent(2, 1), 1), new AvgPool(3, 2, 1)],
        ["MaxPool"] = [new MaxPool(2), new MaxPool(new Extent(2, 1), 1), new MaxPool(3, 2, 1)],
        ["GlobalAvgPool"] = Thrice(new GlobalAvgPool()),
        ["Upsample"] = [new Upsample(2), new Upsample(new Extent(1, 3)), new Upsample(new Extent(3, 1))],
        ["Flatten"] = Thrice(new Flatten()),
        ["Reshape"] = [new Reshape(3, 2), new Reshape(-1), new Reshape(2, -1, 1)],
        ["LayerNorm"] = [new LayerNorm(3), new LayerNorm([2, 2], 1e-3), new LayerNorm(4)],
        ["RmsNorm"] = [new RmsNorm(3), new RmsNorm(4, 1e-2), new RmsNorm(2)],
        ["GroupNorm"] = [new GroupNorm(1, 2), new GroupNorm(2, 4), new GroupNorm(3, 3)],
        ["InstanceNorm"] = [new InstanceNorm(2), new InstanceNorm(2, affine: true), new InstanceNorm(3, affine: true)],
        ["BatchNorm"] = [new BatchNorm(3), new BatchNorm(2), new BatchNorm(2)],
        ["Elman"] = [new Elman(2, 2), new Elman(1, 2, bias: false), new Elman(2, 1, reversed: true)],
        ["Gru"] = [new Gru(2, 2), new Gru(1, 2, bias: false), new Gru(2, 1, reversed: true)],
        ["Lstm"] = [new Lstm(2, 2), new Lstm(1, 2, bias: false), new Lstm(2, 1, reversed: true)],
        ["MultiHeadAttention"] =
        [
            new MultiHeadAttention(4, 2), new MultiHeadAttention(2, 1, causal: true, bias: false), new MultiHeadAttention(4, 4, keyValueHeads: 2, causal: true),
        ],
        ["TransformerBlock"] =
        [
            new TransformerBlock(new(2, 1), 2, 3), new TransformerBlock(new(4, 2), 4, 2, depth: 2), new TransformerBlock(new(2, 2), 2, depth: 3),
        ],
        ["RotaryPositions"] = [new RotaryPositions(), new RotaryPositions(100, 3), new RotaryPositions(2)],
        ["SinusoidalPositions"] = [new SinusoidalPositions(), new SinusoidalPositions(100), new SinusoidalPositions(2)],
        ["LearnedPositions"] = Thrice(new LearnedPositions(3, 2)),
        ["Dropout"] = [new Dropout(0.5), new Dropout(0.25), new Dropout(0.8)],
        ["FourierFeatures"] = [new FourierFeatures(2, 2, Given.Key(1)), new FourierFeatures(1, 3, Given.Key(2), 0.5), new FourierFeatures(3, 1, Given.Key(3), 0.2)],
        ["Sequence"] = Thrice(new Linear(2, 3) >> new Tanh() >> new Linear(3, 2)),
        ["Sum"] = Thrice(new Sum(new Linear(2, 3), new Linear(2, 3, bias: false))),
        ["Concatenation"] = Thrice(new Concatenation(-1, new Linear(2, 3), new Identity())),
        ["Scaled"] = Thrice(new Scaled(-2.5, new Linear(2, 3))),
        ["Residual"] = [new Residual(new Linear(2, 2)), new Residual(new Linear(2, 2), 2), new Residual(new Linear(2, 2), 4)],
        ["Tied"] = Thrice(new Tied(new Linear(2, 2), shared => shared >> new Tanh() >> shared)),
        ["MixtureOfExperts"] = [Mixture(2, 1, 2), Mixture(2, 2, 3), Mixture(3, 2, 2)],
        ["UNet"] = [new UNet([new Linear(2, 3)], new Linear(3, 2), [new Linear(5, 2)]), Deep(), new UNet([new Linear(2, 3)], new Linear(3, 2), [new Linear(5, 2)])],
        ["Hypernetwork"] = [Generated(1, 2, 1), Generated(2, 1, 2), Generated(2, 2, 2)],
        ["WeightNorm"] = [new WeightNorm(new Linear(2, 3)), new WeightNorm(new Linear(1, 2)), new WeightNorm(new Linear(3, 1))],
        ["SpectralNorm"] = [new SpectralNorm(new Linear(2, 3)), new SpectralNorm(new Linear(1, 2)), new SpectralNorm(new Linear(3, 1))],
        ["GraphConvolution"] = [.. Graphs().Select(g => new GraphConvolution(g, 1, 2))],
        ["MeanAggregation"] = [.. Graphs().Select(g => new MeanAggregation(g, 1, 2))],
    };

    private static readonly Dictionary<string, Func<Tensor[], Tensor>[]> Functions = new()
    {
        ["MeanSquaredError"] = Thrice(Losses.MeanSquaredError),
        ["BinaryCrossEntropy"] = Thrice(Losses.BinaryCrossEntropy),
        ["Huber"] = [x => Losses.Huber(x[0], x[1]), x => Losses.Huber(x[0], x[1], 0.5), x => Losses.Huber(x[0], x[1], 2)],
        ["CrossEntropy"] = [x => Losses.CrossEntropy(x[0], x[1]), x => Losses.CrossEntropy(x[0], x[1], 0.1), x => Losses.CrossEntropy(x[0], x[1], 0.5)],
        ["KlDivergence"] = Thrice(Losses.KlDivergence),
        ["Focal"] = [x => Losses.Focal(x[0], x[1]), x => Losses.Focal(x[0], x[1], 1.5, 0.25), x => Losses.Focal(x[0], x[1], 3, 0.5)],
        ["CosineEmbedding"] =
        [
            x => Losses.CosineEmbedding(x[0], x[1], x[2]), x => Losses.CosineEmbedding(x[0], x[1], x[2], 0.3), x => Losses.CosineEmbedding(x[0], x[1], x[2], -0.5),
        ],
        ["Triplet"] = [x => Losses.Triplet(x[0], x[1], x[2]), x => Losses.Triplet(x[0], x[1], x[2], 0.2), x => Losses.Triplet(x[0], x[1], x[2], 3)],
        ["InfoNce"] = [x => Losses.InfoNce(x[0], x[1]), x => Losses.InfoNce(x[0], x[1], 0.5), x => Losses.InfoNce(x[0], x[1], 1)],
        ["Quantile"] = [x => Losses.Quantile(x[0], x[1], 0.5), x => Losses.Quantile(x[0], x[1], 0.9), x => Losses.Quantile(x[0], x[1], 0.2)],
        ["Hinge"] = Thrice(Losses.Hinge),
        ["Ctc"] = Thrice((x, labels) => Losses.Ctc(x, labels)),
    };

    public static TheoryData<string> Layers => [.. LayerCases.Keys];

    public static TheoryData<string> LossNames => [.. LossCases.Keys];

    [Theory]
    [MemberData(nameof(Layers))]
    public void LayersAreThoseOfTorch(string name)
    {
        Module[] modules = Modules[name];
        Assert.Equal(modules.Length, LayerCases[name].Length);
        for (int i = 0; i < modules.Length; i++)
        {
            JsonElement golden = LayerCases[name][i], tensors = golden.GetProperty("tensors");
            Tensor y = Run(modules[i], i, Goldens.Tensor(golden.GetProperty("x")), n => Goldens.Tensor(tensors.GetProperty(n)));
            Tensor expected = Goldens.Tensor(golden.GetProperty("y"));
            Given.Near(expected.Shape, expected.ToArray<double>(), y);
        }
    }

    [Theory]
    [MemberData(nameof(LossNames))]
    public void LossesAreThoseOfTorch(string name)
    {
        Assert.Equal(Functions[name].Length, LossCases[name].Length);
        for (int i = 0; i < Functions[name].Length; i++)
        {
            JsonElement golden = LossCases[name][i];
            Given.Near([], [golden.GetProperty("y").GetDouble()], Functions[name][i]([.. golden.GetProperty("operands").EnumerateArray().Select(Goldens.Tensor)]));
        }
    }

    [Fact]
    public void EveryLayerHasGoldens() => Assert.All(
        typeof(Module).Assembly.GetExportedTypes().Where(t => t.IsSubclassOf(typeof(Module)) && !t.IsAbstract).Select(t => t.Name),
        name => Assert.True(LayerCases.TryGetValue(name, out JsonElement[]? cases) && cases.Length >= Least, $"{name} needs {Least} goldens in tests/Fixtures/goldens.py."));

    [Fact]
    public void EveryLossHasGoldens() => Assert.All(
        typeof(Losses).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(m => m.Name).Distinct(),
        name => Assert.True(LossCases.TryGetValue(name, out JsonElement[]? cases) && cases.Length >= Least, $"{name} needs {Least} goldens in tests/Fixtures/goldens.py."));

    private static Tensor Run(Module module, int number, Tensor x, Func<string, Tensor> named)
    {
        Weights form = module.Initialize(Given.Key(), DType.F64);
        Buffers state = module.InitializeBuffers(DType.F64);
        Buffers buffers = new(state.Names, state.Names.Select(named));
        Pass pass = module switch
        {
            // The first case of batch normalization predicts.
            BatchNorm when number > 0 => Pass.ForTraining(null, buffers),
            Dropout => Pass.ForTraining(Given.Key(number + 1)),
            _ => Pass.ForPrediction(buffers),
        };
        return module.Forward(new(form.Names, form.Names.Select(named)), x, pass);
    }

    private static Module[] Thrice(Module module) => [module, module, module];

    private static Func<Tensor[], Tensor>[] Thrice(Func<Tensor, Tensor, Tensor> loss) => [x => loss(x[0], x[1]), x => loss(x[0], x[1]), x => loss(x[0], x[1])];

    private static MixtureOfExperts Mixture(int inputs, int chosen, int experts) => new(inputs, chosen, [.. Enumerable.Range(0, experts).Select(_ => new Linear(inputs, 2))]);

    private static UNet Deep() => new([new Linear(2, 3), new Linear(3, 2)], new Linear(2, 2), [new Linear(4, 2), new Linear(5, 2)]);

    private static Hypernetwork Generated(int context, int inputs, int outputs) => new(context, new Linear(context, (inputs + 1) * outputs), new Linear(inputs, outputs));

    private static GraphEdges[] Graphs() => [new(3, [0, 1, 1, 2], [1, 0, 2, 1]), new(2, [], []), new(4, [0, 2, 3, 1, 3], [1, 1, 1, 3, 0])];
}
