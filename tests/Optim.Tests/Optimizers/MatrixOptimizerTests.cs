using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Optim.Tests;

public sealed class MatrixOptimizerTests
{
    private static readonly Module Net = Classifier.Net;

    [Fact]
    public void ProjectedWeightsHaveNormOne()
    {
        Module net = new Linear(4, 5, bias: false) >> new Relu() >> new Linear(5, 3, bias: false);
        Weights w = net.InitializeDualized(RandomKey.FromSeed(1), DType.F64);
        var optimizer = new Dualized(net, 0.3, project: true, accuracy: PolarAccuracy.Exact);
        OptimizerState state = optimizer.Initialize(w);
        for (int i = 0; i < 5; i++)
        {
            Gradient g = Grad(p => Ops.Sum(Ops.Square(net.Forward(p, Ops.RandomNormal(RandomKey.FromSeed(i), [6, 4], DType.F64)))))(w);
            (Update update, state) = optimizer.Step(g, state, w);
            w += update;
            for (int leaf = 0; leaf < 2; leaf++)
            {
                double[] s = Ops.Svd(w[leaf]).S.ToArray<double>();
                Assert.All(s, v => Assert.Equal(Math.Sqrt(w[leaf].Shape[0] / (double)w[leaf].Shape[1]), v, 1e-10));
            }
        }
    }

    // u = -g: rows where gradient and weight have one sign shrink twice, the others are left to the gradient.
    [Fact]
    public void GoldenCautiousDecay() => Given.Near(
        [-3 - 0.1, 2, -0.2 * 0 - 1, -0.4],
        Given.FirstUpdate(new DualityMap(Norm.Euclidean) >> new WeightDecay(0.1, cautious: true), Given.Gradient(3, -2, 1, 0), Given.Weights(1, 2, -3, 4)));

    // |w| / |u| = 10 / 5 in the first leaf; weights at 0 have no length to go by.
    [Fact]
    public void GoldenTrustRatio() => Given.Near(
        [-6, 0, -8, -7], Given.FirstUpdate(new DualityMap(Norm.Euclidean) >> new TrustRatio(), Given.Gradient(3, 0, 4, 7), Given.Weights(0, 10, 0, 0)));

    [Fact]
    public void DionGoesOnAfterAGradientOfZero()
    {
        var dion = new Dion(1, 1, 0);
        Tensor g = Tensor.Of(new[,] { { 3.0 }, { 4 } });
        var w = new Weights(["w"], [g * 0]);
        (_, OptimizerState state) = dion.Step(new Gradient(["w"], [g * 0]), dion.Initialize(w), w);
        (Update update, _) = dion.Step(new Gradient(["w"], [g]), state, w);
        Given.Near([-0.6 * Math.Sqrt(2), -0.8 * Math.Sqrt(2)], Given.Numbers(update.Tensors));
    }

    [Fact]
    public void RolesComeFromTheLayers()
    {
        Module net = new Embed(7, 4) >> new LearnedPositions(5, 4) >> (new Linear(4, 4) >> new Relu()).Tare(2) >> new Linear(4, 7);
        var groups = new WeightGroups(net);
        Assert.Equal(["0.weight", "1.weight"], groups.With(WeightRole.Table));
        Assert.Equal([net.Geometry[2].Name], groups.With(WeightRole.Hidden));
        Assert.Equal([net.Geometry[4].Name], groups.With(WeightRole.Head));
        Assert.Equal([net.Geometry[3].Name, net.Geometry[5].Name], groups.With(WeightRole.Vector));
        Assert.Equal(WeightRole.Table, groups["0.weight"]);
        var (muon, adam) = (new Muon(0.1), new AdamW(0.1));
        string message(Func<string, bool> matrices) => Given.Message<ArgumentException>(() => groups.Muon(muon, adam, matrices));
        Assert.Equal("weightGroups: Muon is for hidden matrices, got '0.weight', an embedding table. Leave it to the auxiliary optimizer, or say any: true.", message(n => n == "0.weight"));
        Assert.Equal(
            $"weightGroups: Muon is for hidden matrices, got '{net.Geometry[4].Name}', the output head. Leave it to the auxiliary optimizer, or say any: true.",
            message(n => n == net.Geometry[4].Name));
        Assert.Equal(
            $"weightGroups: Muon is for hidden matrices, got '{net.Geometry[5].Name}', a vector, which has no polar factor. Leave it to the auxiliary optimizer.",
            message(n => n == net.Geometry[5].Name));
        Assert.StartsWith("weightGroups: the module has no weight 'x', got 0.weight, 1.weight,", Given.Message<ArgumentException>(() => _ = groups["x"]), StringComparison.Ordinal);
        Weights w = net.Initialize(RandomKey.FromSeed(0));
        Assert.Contains("0.0.average.0.weight", groups.Muon(muon, adam, n => n == "0.weight", any: true).Initialize(w).Leaves.Names);
        Assert.Equal([$"0.0.average.{net.Geometry[2].Name}"], groups.Muon(muon, adam).Initialize(w).Leaves.Names.Where(n => n.Contains("average", StringComparison.Ordinal)));
    }

    [Fact]
    public void KernelsSplitRowsAndHeadsAreTheirMatrices()
    {
        Tensor polar(Tensor x) => Polar.Factor(x, PolarAccuracy.Exact);
        Tensor g = Ops.RandomNormal(RandomKey.FromSeed(2), [6, 4, 3], DType.F64), flat = g.Reshape(6, 12), matrix = g[.., .., 0];
        double[] step(Tensor gradient, Func<string, TensorNorm, TensorNorm>? views, MuonScale scale = MuonScale.Modular)
        {
            var w = new Weights(["w"], [gradient * 0]);
            var muon = new Muon(1, 0, nesterov: false, scale: scale, views: views, accuracy: PolarAccuracy.Exact);
            return (-muon.Step(new Gradient(["w"], [gradient]), muon.Initialize(w), w).Update[0]).ToArray<double>();
        }
        Given.Near((polar(flat) * Math.Sqrt(0.5)).ToArray<double>(), step(g, null));
        Given.Near((polar(flat) * Math.Sqrt(0.5)).ToArray<double>(), step(g, (_, norm) => MatrixViews.Axes([0], [1, 2], norm)));
        // Rows from the last axis, columns from the first two.
        Given.Near((polar(Ops.Permute(g, 2, 0, 1).Reshape(3, 24)) * Math.Sqrt(3 / 24.0)).Reshape(3, 6, 4).Permute(1, 2, 0).ToArray<double>(), step(g, (_, norm) => MatrixViews.Axes([2], [0, 1], norm)));
        // One matrix per place of the last axis.
        Given.Near((polar(Ops.Permute(g, 2, 0, 1)) * Math.Sqrt(1.5)).Permute(1, 2, 0).ToArray<double>(), step(g, (_, norm) => MatrixViews.Axes([0], [1], norm)));
        Tensor parts = Ops.Concat([polar(matrix[..1]) * Math.Sqrt(1 / 4.0), polar(matrix[1..]) * Math.Sqrt(5 / 4.0)]);
        Given.Near(parts.ToArray<double>(), step(matrix, (_, norm) => MatrixViews.Split([1, 5], norm)));
        Given.Near((polar(matrix.Reshape(3, 2, 4)) * Math.Sqrt(0.5)).ToArray<double>(), step(matrix, (_, norm) => MatrixNorms.Blocks(3, norm)));
        Assert.Equal("split: the parts [1, 4] have 5 rows together, got [6, 4]. Give the rows of all parts.",
            Given.Message<ShapeException>(() => step(matrix, (_, norm) => MatrixViews.Split([1, 4], norm))));
        Assert.Equal("split: every part needs at least 1 row, got [1, 0].", Given.Message<ArgumentException>(() => MatrixViews.Split([1, 0], MatrixNorms.Spectral)));
        Assert.Equal("axes: rows and columns need axes from 0 that differ, got [0] and [0, 1]. For kernels [out, in, height, width] take [0] and [1, 2, 3].",
            Given.Message<ArgumentException>(() => MatrixViews.Axes([0], [0, 1], MatrixNorms.Spectral)));
    }

    [Fact]
    public void StepsThatAreNotFiniteAreLeftOut()
    {
        var optimizer = new SkipNonFinite(new Adam(0.1));
        Weights w = Given.Weights(1, 2, 3, 4);
        (_, OptimizerState before) = optimizer.Step(Given.Gradient(1, 2, 3, 4), optimizer.Initialize(w), w);
        OptimizerState state = before;
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            (Update update, state) = optimizer.Step(Given.Gradient(1, 2, 3, bad), state, w);
            Assert.Equal([0.0, 0, 0, 0], Given.Numbers(update.Tensors));
        }
        Assert.Equal(3, state["1.skipped"].ToScalar<long>());
        foreach (string name in before.Leaves.Names.Where(n => n[0] == '0')) Assert.Equal(Given.Numbers([before[name]]), Given.Numbers([state[name]]));
        (_, state) = optimizer.Step(Given.Gradient(1, 2, 3, 4), state, w);
        Assert.Equal((3, 2), (state["1.skipped"].ToScalar<long>(), state["0.0.step"].ToScalar<long>()));
    }

    [Fact]
    public void BadArguments()
    {
        Weights w = Given.Weights(1, 2, 3, 4);
        Assert.Equal("muon: weights must be matrices or kernels, got '0.weight' [3]. Give vectors another optimizer: new Grouped(..), or new WeightGroups(module).Muon(..).",
            Given.Message<ShapeException>(() => new Muon(0.1).Initialize(w)));
        Assert.Equal("dion: weights must be matrices or kernels, got '0.weight' [3]. Give vectors another optimizer: new Grouped(..), or new WeightGroups(module).Muon(..).",
            Given.Message<ShapeException>(() => new Dion(0.1, 2).Initialize(w)));
        Assert.Equal("muon: the momentum must lie in [0, 1), got 1.", Given.Message<ArgumentException>(() => _ = new Muon(0.1, 1)));
        Assert.Equal("norMuon: b2 must lie in [0, 1), got -1.", Given.Message<ArgumentException>(() => _ = new NorMuon(0.1, b2: -1)));
        Assert.Equal("dion: the rank must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Dion(0.1, 0)));
        Assert.Equal("dualized: the momentum must lie in [0, 1), got 2.", Given.Message<ArgumentException>(() => _ = new Dualized(Net, 0.1, 2)));
        Assert.Equal("weightDecay: the rate must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => _ = new Muon(0.1, weightDecay: -1)));
        Assert.Equal("lion: b1 must lie in [0, 1), got 1.", Given.Message<ArgumentException>(() => _ = new Lion(0.1, 1)));
        Assert.Equal("prodigyAdam: the first distance must be finite and positive, got -1.", Given.Message<ArgumentException>(() => _ = new ProdigyAdam(1, initial: -1)));
        Assert.Equal("prodigyAdam: b2 must lie in [0, 1), got 1.", Given.Message<ArgumentException>(() => _ = new ProdigyAdam(1, b2: 1)));
        Assert.Equal("prodigy: the first rate must be finite and positive, got 0.", Given.Message<ArgumentException>(() => _ = new Prodigy(initial: 0)));
        Assert.Equal("automaticGradientDescent: the gain must be finite and positive, got 0.", Given.Message<ArgumentException>(() => _ = new AutomaticGradientDescent(gain: 0)));
        Assert.Equal("average: a blend is neither Nesterov's form nor corrected, got two ways of handing on. Choose one.",
            Given.Message<ArgumentException>(() => _ = new Average(0.9, nesterov: true, blend: 0.5)));
        Assert.Equal("diagonalPreconditioning: the floor must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => _ = new MuAdam(1, 1, floor: -1)));
        Assert.Equal("grouped: no group has '0.bias', which is [1]. Add one for the rest: new WeightGroup((_, _) => true, new AdamW(1e-3)).",
            Given.Message<ArgumentException>(() => new Grouped(new WeightGroup((n, _) => n == "0.weight", new Sgd(1))).Initialize(w)));
        Assert.Equal("orthogonalDescent: weights must be square matrices, got '0.weight' [3]. Give it another optimizer: new Grouped(..).",
            Given.Message<ShapeException>(() => new OrthogonalDescent(0.1).Initialize(w)));
        Assert.Equal(
            "requireFinite: gradients must be finite, got NaN at element 1 of '0.weight' [3]. Lower the rate, or leave such steps out: new SkipNonFinite(optimizer).",
            Given.Message<NotFiniteNumberException>(() => Given.FirstUpdate(new RequireFinite() >> new Sgd(1), Given.Gradient(1, double.NaN, 3, 4))));
        Assert.Equal("sharpnessAware: the radius must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => SharpnessAware.ValueAndGrad(p => p[0], -1)));
    }

    // f = 2 x^2 + y^2 / 2 at (1, 2): g = (4, 2). Uphill by 0.5 g / |g|, and by T T g / |T g| with T = (1, 2).
    [Fact]
    public void GoldenSharpnessAware()
    {
        Tensor f(Weights p) => Ops.Square(p[0]) * 2 + Ops.Square(p[1]) * 0.5;
        Weights w = new(["x", "y"], [Tensor.Scalar(1, DType.F64), Tensor.Scalar(2, DType.F64)]);
        (Tensor value, Gradient g) = SharpnessAware.ValueAndGrad(f, 0.5)(w);
        Assert.Equal(4, value.ToScalar<double>());
        double length = Math.Sqrt(20);
        Given.Near([4 * (1 + (2 / length)), 2 + (1 / length)], Given.Numbers(g.Tensors));
        (_, g) = SharpnessAware.AdaptiveValueAndGrad(f, 0.5, 0)(w);
        Given.Near([4 * (1 + (0.5 * 4 / Math.Sqrt(32))), 2 + (0.5 * 8 / Math.Sqrt(32))], Given.Numbers(g.Tensors));
        (_, g) = SharpnessAware.ValueAndGrad(f, 0.5, new LargestNorm((_, _) => VectorNorms.MaxEntry))(w);
        Given.Near([6, 2.5], Given.Numbers(g.Tensors));
        (_, g) = SharpnessAware.ValueAndGrad(f, 0)(w);
        Assert.Equal([4.0, 2], Given.Numbers(g.Tensors));
    }
}
