using System.Text.Json;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;
using FsCheck.Fluent;
using Property = Engine.Testing.Property;

namespace Engine.Autograd.Tests.Duality;

/// <summary>The modular norm of whole networks.</summary>
public sealed class ModularDualityTests
{
    private static readonly Module Net =
        new Embed(7, 4) >> new Linear(4, 6, mass: 2) >> new Gelu() >> new Residual(new LayerNorm(6) >> new Linear(6, 6), 3) >> new Linear(6, 3, bias: false);

    [Fact]
    public void ModularA1TheMapHasTheNormAndTheDualNorm()
    {
        foreach (Module net in (Module[])[Net, new Conv2D(2, 4, 3, groups: 2) >> new BatchNorm(4), new TransformerBlock(new MultiHeadAttention(8, 2), 8, depth: 4), new Lstm(3, 4)])
        {
            Gradient g = Random(net, 3);
            double dual = net.DualNorm(g).ToScalar<double>();
            Update best = net.Dualize(g, 1, PolarAccuracy.Exact);
            Assert.Equal(1, net.ModularNorm(best).ToScalar<double>(), 1e-10);
            Assert.Equal(dual, Gradient.Dot(g, best).ToScalar<double>(), 1e-10 * dual);
            Assert.Equal(0.3, net.ModularNorm(net.Dualize(g, 0.3, PolarAccuracy.Exact)).ToScalar<double>(), 1e-10);
            Assert.All(net.Dualize(0.0 * g, 1, PolarAccuracy.Exact).Tensors.SelectMany(t => t.ToArray<double>()), v => Assert.Equal(0, v));
        }
    }

    [Fact]
    public void ModularA2NoDirectionBeatsIt()
    {
        Gradient g = Random(Net, 5);
        double dual = Net.DualNorm(g).ToScalar<double>();
        Update best = Net.Dualize(g, 1, PolarAccuracy.Exact);
        for (int i = 0; i < 300; i++)
        {
            Update other = best + 0.02 * Direction(Net, 100 + i);
            Assert.InRange(Gradient.Dot(g, other).ToScalar<double>() / Net.ModularNorm(other).ToScalar<double>(), double.NegativeInfinity, dual * (1 + 1e-12));
        }
    }

    [Fact]
    public void ModularA3NetworksAreWellNormed()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Module net = new Linear(5, 8, bias: seed % 2 == 0) >> new Relu() >> (new Linear(8, 8) >> new Relu()).Power(1 + seed % 3) >> new Residual(new Linear(8, 8) >> new Gelu(), 2) >> new Linear(8, 3);
            Weights w = net.InitializeDualized(RandomKey.FromSeed(seed), DType.F64);
            Tensor x = Ops.RandomNormal(RandomKey.FromSeed(1000 + seed), [5], DType.F64);
            x = x / VectorNorms.Rms.Of(x);
            for (int i = 0; i < 5; i++)
            {
                Update direction = Direction(net, (10 * seed) + i);
                // Steepest directions come closest to the bound.
                if (i > 2) direction = net.Dualize(Transform.Grad(p => Ops.Sum(net.Forward(p, x)))(w), 1, PolarAccuracy.Exact);
                (_, Tensor moved) = Transform.Jvp(p => net.Forward(p, x), w, direction);
                Assert.InRange(VectorNorms.Rms.Of(moved).ToScalar<double>(), 0, net.ModularNorm(direction).ToScalar<double>() * (1 + 1e-12));
            }
        }
    }

    [Fact]
    public void ModularA3RandomNetworksAreWellNormed() => Property.Check("well-normed trees", ModuleTree.Keeping(4).ToArbitrary(), tree =>
    {
        Module module = tree.Build();
        Weights w = module.InitializeDualized(RandomKey.FromSeed(5), DType.F64);
        Tensor x = Ops.RandomNormal(RandomKey.FromSeed(6), [ModuleTree.Width], DType.F64);
        x = x / VectorNorms.Rms.Of(x);
        Tensor along = Ops.RandomNormal(RandomKey.FromSeed(7), x.Shape, DType.F64), moved = Transform.Jvp(t => module.Forward(w, t), x, along).Tangent;
        Assert.InRange(VectorNorms.Rms.Of(moved).ToScalar<double>(), 0, module.Sensitivity * VectorNorms.Rms.Of(along).ToScalar<double>() * (1 + 1e-12));
        if (w.LeafCount == 0) return;
        foreach (Update direction in (Update[])[Direction(module, 8), module.Dualize(Transform.Grad(p => Ops.Sum(module.Forward(p, x)))(w), 1, PolarAccuracy.Exact)])
        {
            (_, Tensor change) = Transform.Jvp(p => module.Forward(p, x), w, direction);
            Assert.InRange(VectorNorms.Rms.Of(change).ToScalar<double>(), 0, module.ModularNorm(direction).ToScalar<double>() * (1 + 1e-12));
        }
    }, 100);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void ModularA5TargetsInAStackDoNotDependOnItsDepth(int depth)
    {
        Module body = new Residual(new Linear(4, 4, bias: false) >> new Relu() >> new Linear(4, 4, bias: false), depth).Power(depth);
        Assert.All(body.Geometry, leaf => Assert.Equal(0.5, leaf.Size, 1e-14));
    }

    [Fact]
    public void ModularA6TapsAndRows()
    {
        Module conv = new Conv2D(3, 6, 3, bias: false);
        Tensor taps = conv.Dualize(Random(conv, 1), 1, PolarAccuracy.Exact)["weight"];
        for (int tap = 0; tap < 9; tap++)
            Assert.Equal(Math.Sqrt(6.0 / 3) / 9, MatrixNorms.Spectral.Of(taps.Reshape(6, 3, 9)[.., .., tap]).ToScalar<double>(), 1e-6);
        Module embed = new Embed(5, 3);
        Weights w = embed.Initialize(RandomKey.FromSeed(1), DType.F64);
        Gradient g = Transform.Grad(p => Ops.Sum(Ops.Square(embed.Forward(p, Tensor.Of([1L, 4, 1])))))(w);
        Tensor rows = embed.Dualize(g)["weight"];
        Assert.All(Ops.Take(rows, Tensor.Of([0L, 2, 3])).ToArray<double>(), v => Assert.Equal(0, v));
        Assert.Equal(1, VectorNorms.Rms.Of(rows[4]).ToScalar<double>(), 1e-14);
    }

    [Fact]
    public void TargetsAreTheReferenceAnswers()
    {
        JsonElement composite = Fixture.Read("duality.json").GetProperty("composite");
        foreach (JsonElement item in composite.GetProperty("items").EnumerateArray())
        {
            double[] mass = Numbers(item, "masses"), mu = Numbers(item, "sensitivities");
            Module net = new Linear(5, 8, bias: false, mass[0]).WithSensitivity(mu[0]) >> new Relu()
                >> new Linear(8, 8, bias: false, mass[1]).WithSensitivity(mu[1]) >> new Relu() >> new Linear(8, 3, bias: false, mass[2]).WithSensitivity(mu[2]);
            Gradient g = new(net.Geometry.Select(l => l.Name), composite.GetProperty("grads").EnumerateArray().Select(Fixture.Tensor));
            Update dual = net.Dualize(g, item.GetProperty("target_norm").GetDouble(), PolarAccuracy.Exact);
            foreach ((Tensor got, JsonElement expected) in dual.Tensors.Zip(item.GetProperty("dual").EnumerateArray()))
                Given.Near(Fixture.Tensor(expected).ToArray<double>(), got, 1e-10);
        }
    }

    [Fact]
    public void RandomTreesObeyTheRules() => Property.Check("targets in module trees", ModuleTree.Gen(4).ToArbitrary(), tree =>
    {
        Module module = tree.Build();
        Assert.Equal(tree.Mass, module.Mass, 1e-12 * (1 + tree.Mass));
        Assert.Equal(tree.Sensitivity, module.Sensitivity, 1e-12 * tree.Sensitivity);
        double[] expected = [.. tree.Targets(1)];
        LeafGeometry[] leaves = [.. module.Geometry];
        Assert.Equal(expected.Length, leaves.Length);
        for (int i = 0; i < leaves.Length; i++) Assert.Equal(expected[i], leaves[i].Size, 1e-12 * expected[i]);
        Weights w = module.Initialize(RandomKey.FromSeed(3), DType.F64);
        Assert.Equal(w.Names, leaves.Select(l => l.Name));
        if (leaves.Length == 0 || module.Mass == 0) return;
        Gradient g = Random(module, 7);
        double dual = module.DualNorm(g).ToScalar<double>();
        Update best = module.Dualize(g, 1, PolarAccuracy.Exact);
        Assert.Equal(expected.Any(e => e > 0) ? 1 : 0, module.ModularNorm(best).ToScalar<double>(), 1e-10);
        Assert.Equal(dual, Gradient.Dot(g, best).ToScalar<double>(), 1e-10 * (1 + dual));
    }, 200, tree => [tree.Mass > 0 ? "learns" : "still"], new Testing.Share("learns", 60));

    [Fact]
    public void SharedWeightsAnswerForAllTheirPlaces()
    {
        // The shared map stands before a bond of sensitivity 2 (LeakyRelu with slope 2) and a map, and once at the end: 2 + 1. It has half of the mass.
        Module tied = new Tied(new Linear(3, 3, bias: false), shared => shared >> new LeakyRelu(2) >> new Linear(3, 3, bias: false) >> shared);
        Assert.Equal([1.0 / 2 / 3, 1.0 / 2], tied.Geometry.Select(g => g.Size));
    }

    [Fact]
    public void EveryLayerNamesItsWeights()
    {
        var edges = new GraphEdges(3, [0, 1, 2], [1, 2, 0]);
        Module[] layers =
        [
            Net, new Conv2D(2, 4, 3), new BatchNorm(3), new GroupNorm(2, 4), new InstanceNorm(3), new InstanceNorm(3, affine: true), new RmsNorm(4), new LearnedPositions(5, 3), new Elman(2, 3), new Gru(2, 3, bias: false),
            new Lstm(2, 3), new GraphConvolution(edges, 2, 3), new MeanAggregation(edges, 2, 3), new MixtureOfExperts(3, 1, [new Linear(3, 3), new Linear(3, 3)]),
            new MultiHeadAttention(4, 2), new TransformerBlock(new MultiHeadAttention(4, 2), 4), new WeightNorm(new Linear(3, 2)), new WeightNorm(new Conv2D(2, 2, 3)),
            new SpectralNorm(new Linear(3, 2)), new Hypernetwork(3, new Linear(3, 8), new Linear(3, 2)), new Concatenation(-1, new Linear(2, 2), new Linear(2, 3)),
            new UNet([new Linear(3, 3)], new Linear(3, 3), [new Linear(6, 3)], -1), new Linear(3, 3).Tare(4), new FourierFeatures(2, 3, RandomKey.FromSeed(1)),
        ];
        foreach (Module layer in layers)
        {
            Weights w = layer.Initialize(RandomKey.FromSeed(2), DType.F64);
            Assert.Equal(w.Names, layer.Geometry.Select(g => g.Name));
            Assert.Equal(w.Tensors.Select(t => t.Shape), layer.Geometry.Select(g => g.Shape));
            if (w.LeafCount == 0) continue;
            Gradient g = Random(layer, 4);
            Update best = layer.Dualize(g, 1, PolarAccuracy.Exact);
            Assert.Equal(1, layer.ModularNorm(best).ToScalar<double>(), 1e-10);
            Assert.Equal(layer.DualNorm(g).ToScalar<double>(), Gradient.Dot(g, best).ToScalar<double>(), 1e-10);
            Weights unit = layer.Project(layer.InitializeDualized(RandomKey.FromSeed(2), DType.F64));
            foreach ((LeafGeometry leaf, Tensor t) in layer.Geometry.Zip(unit.Tensors)) Assert.InRange(leaf.Norm.Of(t).ToScalar<double>(), 0, 1 + 1e-12);
        }
    }

    [Fact]
    public void StretchesAfterTheChildrenOfCompounds()
    {
        Module norm(double mu) => new Linear(4, 4, bias: false).WithSensitivity(mu);
        // y1 = D2(B(s2), s2), y = D1(y1, s1), s1 = E1 x, s2 = E2 s1, with sensitivities E1 2, E2 3, B 5, D2 7, D1 11.
        double[] sizes = [.. new UNet([norm(2), norm(3)], norm(5), [norm(7), norm(11)], -1).Geometry.Select(g => 1 / (5 * g.Size))];
        Given.Near([11 + (3 * 11 * 7 * (1 + 5)), 11 * 7 * (1 + 5), 11 * 7, 11, 1], Tensor.Of(sizes));
        // x + a(n(x)), then + m(n(.)) with sensitivities n 2, a 3 (depth 2, d scale inverse), m 1: the first branch passes the second connection, which stretches by 1 + 2.
        Module block = new TransformerBlock(new MultiHeadAttention(4, 2, bias: false, scale: AttentionScale.Inverse), 4, norm: _ => norm(2), activation: new Relu());
        double mass = block.Mass;
        Dictionary<string, double> after = block.Geometry.ToDictionary(g => g.Name, g => g.Size);
        Assert.Equal(1 / mass / (3 * 3), after["0.weight"], 1e-14);
        Assert.Equal(1 / mass / 3, after["1.0.weight"], 1e-14);
        Assert.Equal(1 / mass / 3, after["1.2.weight"], 1e-14);
        Assert.Equal(1 / mass, after["2.weight"], 1e-14);
        Assert.Equal(0.9 / mass, after["3.0.weight"], 1e-14);
        Assert.Equal(0.1 / mass, after["3.2.bias"], 1e-14);
    }

    [Fact]
    public void CompiledIsEager()
    {
        Gradient g = Random(Net, 9);
        Compiled<Gradient, Update> compiled = Function.Compile((Gradient x) => Net.Dualize(x));
        foreach ((Tensor a, Tensor b) in Net.Dualize(g).Tensors.Zip(compiled.Invoke(g).Tensors)) Assert.Equal(a.ToArray<double>(), b.ToArray<double>());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Module net = new Linear(2, 3);
        Gradient g = Random(net, 1);
        Assert.Equal(
            "dualize: leaf 0 of the module is 'weight', got '0.weight'. Take leaves that come from weights of this module.",
            Given.Message<ArgumentException>(() => net.Dualize(new(["0.weight", "bias"], g.Tensors))));
        Assert.Equal(
            "dualNorm: leaf 1 of the module is 'bias', got nothing. Take leaves that come from weights of this module.",
            Given.Message<ArgumentException>(() => net.DualNorm(new(["weight"], [g[0]]))));
        Assert.Equal(
            "dualize: 'weight' is [3, 2] in the module, got [2, 3]. Take leaves that come from weights of this module.",
            Given.Message<ShapeException>(() => net.Dualize(new(["weight", "bias"], [g[0].T, g[1]]))));
        Assert.Equal("dualize: the size must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => net.Dualize(g, -1)));
        Assert.Equal("tare: the mass must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => net.Tare(-1)));
        Assert.Equal("withSensitivity: the sensitivity must be finite and positive, got 0.", Given.Message<ArgumentException>(() => net.WithSensitivity(0)));
        Assert.Equal("power: the number of copies must be at least 1, got 0.", Given.Message<ArgumentException>(() => net.Power(0)));
    }

    [Fact]
    public void WhatHasNoMassDoesNotMove()
    {
        Module net = new Linear(2, 2, mass: 0) >> new Linear(2, 2);
        Gradient g = Random(net, 1);
        Update u = net.Dualize(g);
        Assert.All(u["0.weight"].ToArray<double>(), v => Assert.Equal(0, v));
        Assert.Equal(double.PositiveInfinity, net.ModularNorm(Direction(net, 3)).ToScalar<double>());
        Assert.Equal(0, net.Tare(0).ModularNorm(net.Tare(0).Dualize(g)).ToScalar<double>());
    }

    private static double[] Numbers(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(e => e.GetDouble())];

    private static Tensor[] Normal(Module net, int seed) =>
        [.. net.Geometry.Select((leaf, i) => Ops.RandomNormal(RandomKey.FromSeed(seed).Fold(i), leaf.Shape, DType.F64))];

    private static Gradient Random(Module net, int seed) => new(net.Geometry.Select(l => l.Name), Normal(net, seed));

    private static Update Direction(Module net, int seed) => new(net.Geometry.Select(l => l.Name), Normal(net, seed));
}
