using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class CompositeLayerTests
{
    private static readonly Weights Doubling = new(["0.weight"], [Given.Of([1, 1], 2)]);

    // f(x) = 2 x at 3: 3 + 6, and with N = 4 three quarters of 3 and a quarter of 6.
    [Fact]
    public void GoldenResidual()
    {
        Module f = new Linear(1, 1, bias: false);
        Given.Near([1], [9], new Residual(f).Forward(Doubling, Given.Of([1], 3)));
        Given.Near([1], [3.75], new Residual(f, 4).Forward(Doubling, Given.Of([1], 3)));
        Given.Near([1], [6], new Residual(f, 1).Forward(Doubling, Given.Of([1], 3)));
        Assert.Equal((2, 1, 1), (new Residual(f).Sensitivity, new Residual(f, 7).Sensitivity, new Residual(f, 7).Mass));
        Assert.Equal(1 + (0.5 / 4), new Residual(new Linear(2, 2) >> new Scaled(1.5, new Identity()), 4).Sensitivity, 1e-15);
    }

    [Fact]
    public void TransformerBlocksAreResidualModules()
    {
        var attention = new MultiHeadAttention(4, 2, causal: true);
        var block = new TransformerBlock(attention, 4, 6, depth: 6);
        Module same = new Residual(new LayerNorm(4) >> attention, 6) >> new Residual(new LayerNorm(4) >> new Linear(4, 6) >> new Gelu() >> new Linear(6, 4), 6);
        Weights w = Differences.Irregular(block);
        Tensor x = Given.Values([2, 3, 4]);
        Given.Near(same.Forward(new(same.Initialize(Given.Key()).Names, w.Tensors), x).ToArray<double>(), block.Forward(w, x));
        Assert.Equal(same.Mass, block.Mass, 1e-12);
        Assert.Equal(same.Sensitivity, block.Sensitivity, 1e-12);
        Assert.Equal(16, block.WeightCount);
        // The mask reaches the attention: causal by a mask is causal by construction.
        var masked = new TransformerBlock(new MultiHeadAttention(4, 2), 4, 6, depth: 6);
        Tensor seen = Ops.Iota([3, 3], 1) <= Ops.Iota([3, 3], 0);
        Given.Near(block.Forward(w, x).ToArray<double>(), masked.Forward(w, x, seen, default));
        Differences.Check(block, w, Given.Values([3, 4]), tolerance: 1e-7);
        Assert.Equal(3.0 * 4 * 4, new TransformerBlock(attention, 4).Initialize(Given.Key())["3.0.weight"].Count * 0.75);
    }

    // Logits (0, ln 3) for x = 1: gates (1/4, 3/4) of the results 10 and 20, or all of 20 when one is chosen.
    [Fact]
    public void GoldenMixture()
    {
        Module[] experts = [new Linear(1, 1, bias: false), new Linear(1, 1, bias: false)];
        Weights w = new(["0.weight", "1.weight", "2.weight"], [Given.Of([2, 1], 0, Math.Log(3)), Given.Of([1, 1], 10), Given.Of([1, 1], 20)]);
        Given.Near([1, 1], [17.5], new MixtureOfExperts(1, 2, experts).Forward(w, Given.Of([1, 1], 1)));
        // Both tokens go to the same expert: f = (0, 1), P = (1/4, 3/4), twice their product.
        var (y, balance) = new MixtureOfExperts(1, 1, experts).ForwardBalanced(w, Given.Of([2, 1], 1, 1), default);
        Given.Near([2, 1], [20, 20], y);
        Given.Near([], [1.5], balance);
        // Tokens 1 and -1 go to different experts: f = (1/2, 1/2), P = (1/2, 1/2).
        Given.Near([], [1], new MixtureOfExperts(1, 1, experts).ForwardBalanced(w, Given.Of([2, 1], 1, -1), default).LoadBalancing);
        // P_2 = sigmoid(ln 3 x): the slope of 2 P_2 is 2 * 3/4 * 1/4 * x per weight and token.
        Tensor slope = Transform.Grad(r => new MixtureOfExperts(1, 1, experts).ForwardBalanced(new(w.Names, [r, w[1], w[2]]), Given.Of([1, 1], 1), default).LoadBalancing)(w[0]);
        Given.Near([2, 1], [-0.375, 0.375], slope);
        Assert.Equal((3, 1 + Math.Sqrt(2), 3), (new MixtureOfExperts(1, 1, experts).Mass, new MixtureOfExperts(1, 1, experts).Sensitivity, new MixtureOfExperts(1, 1, experts).WeightCount));
        Differences.Check(new MixtureOfExperts(2, 1, [new Linear(2, 2), new Linear(2, 2)]), Differences.Irregular(new MixtureOfExperts(2, 1, [new Linear(2, 2), new Linear(2, 2)])), Given.Values([3, 2]));
    }

    // One height over identities: B(s) = 5 s joined with s, and a decoder that adds both: 6 s, with s = 2 x.
    [Fact]
    public void GoldenUNet()
    {
        var net = new UNet([new Linear(1, 1, bias: false)], new Scaled(5, new Identity()), [new Linear(2, 1, bias: false)], axis: -1);
        Given.Near([1, 1], [36], net.Forward(new(["0.weight", "2.weight"], [Given.Of([1, 1], 2), Given.Of([1, 2], 1, 1)]), Given.Of([1, 1], 3)));
        Assert.Equal((2, 6, 2), (net.Mass, net.Sensitivity, net.WeightCount));
        var two = new UNet([new Identity(), new Scaled(2, new Identity())], new Scaled(3, new Identity()), [new Scaled(0.5, new Identity()), new Identity()]);
        Assert.Equal((0.5 * (6 + 2)) + 1, two.Sensitivity);
        Given.Near([1, 1, 2, 4], [1, 1, 2, 2, 1, 1, 2, 2], new Upsample(2).Forward(Weights.Empty, Given.Of([1, 1, 1, 2], 1, 2)));
        Given.Near([1, 1, 3, 1], [4, 4, 4], new Upsample(new(3, 1)).Forward(Weights.Empty, Given.Of([1, 1, 1, 1], 4)));
    }

    // The generator doubles the context (1, 2, 3): the target's weight (2, 4) and bias 6 at x = (1, 1).
    [Fact]
    public void GoldenHypernetwork()
    {
        var net = new Hypernetwork(3, new Scaled(2, new Identity()), new Linear(2, 1));
        Weights w = new(["context"], [Given.Of([3], 1, 2, 3)]);
        Given.Near([1, 1], [12], net.Forward(w, Given.Of([1, 2], 1, 1)));
        Given.Near([1, 1], [2], net.Forward(w, Given.Of([3], 1, 0, 0), Given.Of([1, 2], 1, 1), default));
        Assert.Equal((1, 1, 1), (net.Mass, net.Sensitivity, net.WeightCount));
        var deep = new Hypernetwork(4, new Linear(4, 9), new Linear(2, 3));
        Assert.Equal(["context", "0.weight", "0.bias"], deep.Initialize(Given.Key()).Names);
        Assert.Equal(2, deep.Mass);
        Differences.Check(deep, Differences.Irregular(deep), Given.Values([2, 2]));
    }

    [Fact]
    public void WeightsPackAndUnpack()
    {
        Module module = new Linear(2, 3) >> new LayerNorm(3);
        WeightForm form = WeightForm.Of(module);
        Assert.Equal(15, form.Count);
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], form.Names);
        Weights w = Differences.Irregular(module);
        Tensor vector = form.Pack(w);
        Given.Near([15], [.. w.Tensors.SelectMany(t => t.ToArray<double>())], vector);
        Weights back = form.Unpack(vector);
        Assert.Equal(w.Names, back.Names);
        for (int i = 0; i < 4; i++) Given.Near(w[i].Shape, w[i].ToArray<double>(), back[i]);
        // A population of networks: one vector of weights each.
        Tensor x = Given.Values([4, 2]), population = Given.Values([5, 15], 3);
        Tensor all = Transform.Vmap((Tensor v) => module.Forward(form.Unpack(v), x))(population);
        Given.Near(module.Forward(form.Unpack(population[3]), x).ToArray<double>(), all[3]);
    }

    [Fact]
    public void GoldenSummary()
    {
        Assert.Equal(
            """
            layer          result     parameters  multiply-adds  result bytes
            0      Linear  f32[5, 8]          40            160           160
            1      Relu    f32[5, 8]           0              0           160
            2      Linear  f32[5, 3]          27            120            60
            total                             67            280           380

            """,
            (new Linear(4, 8) >> new Relu() >> new Linear(8, 3)).Summary([5, 4]), ignoreLineEndingDifferences: true);
        // Kernels of 3 x 3 over 2 channels at 4 x 6 x 6 places of 1 image; tokens are integers; a loop counts every step: 3 x (2 x 4) x 2 and, at once, 5 x 8 x 4.
        Assert.Contains("5,184", new Conv2D(2, 4, 3, padding: 1).Summary([2, 2, 6, 6]), StringComparison.Ordinal);
        Assert.Contains("f32[7, 16]", new Embed(10, 16).Summary([7], DType.I64), StringComparison.Ordinal);
        Assert.Contains($"{(5 * 4 * 8) + (5 * 8 * 2)}", new Lstm(4, 2).Summary([5, 4]), StringComparison.Ordinal);
        // Attention itself: two heads of depth 4 over 6 x 6 pairs, twice.
        string text = new TransformerBlock(new MultiHeadAttention(8, 2), 8).Summary([6, 8]);
        Assert.Contains("MultiHeadAttention", text, StringComparison.Ordinal);
        Assert.Contains($"{2 * 6 * 6 * 8}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("residual: the depth must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Residual(new Identity(), 0)));
        Assert.Equal("residual: the inner module must keep the shape, got [1] and [2].",
            Given.Message<ShapeException>(() => new Residual(new Linear(1, 2)).Forward(Differences.Irregular(new Residual(new Linear(1, 2))), Given.Of([1], 3))));
        Assert.Equal("transformerBlock: the hidden width must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new TransformerBlock(new MultiHeadAttention(2, 1), 2, 0)));
        Assert.Equal("mixtureOfExperts: at most all 1 experts can be chosen, got 2.", Given.Message<ArgumentException>(() => _ = new MixtureOfExperts(2, 2, [new Identity()])));
        Assert.Equal("mixtureOfExperts: the number of experts must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new MixtureOfExperts(2, 2, [])));
        Assert.Equal("mixtureOfExperts: the input must be [.., 2], got [3]. Its last axis is the layer's number of inputs.",
            Given.Message<ShapeException>(() => new MixtureOfExperts(2, 1, [new Identity()]).Forward(Weights.Empty, Given.Values([3]))));
        Assert.Equal("uNet: every encoder needs a decoder, got 1 encoders and 0 decoders.", Given.Message<ArgumentException>(() => _ = new UNet([new Identity()], new Identity(), [])));
        Assert.Equal("uNet: results that are joined must agree except on axis 1, got [2, 4] and [2, 4, 1].",
            Given.Message<ShapeException>(() => new UNet([new Identity()], new Flatten(), [new Identity()]).Forward(Weights.Empty, Given.Values([2, 4, 1]))));
        Assert.Equal("upsample: the factor must be at least 1, got [0, 2].", Given.Message<ArgumentException>(() => _ = new Upsample(new(0, 2))));
        Assert.Equal("upsample: the input must be [N, C, H, W], got [3]. Reshape it to four axes.",
            Given.Message<ShapeException>(() => new Upsample(2).Forward(Weights.Empty, Given.Values([3]))));
        Assert.Equal("hypernetwork: the length of the context must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Hypernetwork(0, new Identity(), new Linear(1, 1))));
        Assert.Equal("hypernetwork: the generator must give the target's 2 weights, got [3].",
            Given.Message<ShapeException>(() => new Hypernetwork(3, new Identity(), new Linear(1, 1)).Forward(new(["context"], [Given.Values([3])]), Given.Values([1]))));
        WeightForm form = WeightForm.Of(new Linear(2, 3));
        Assert.Equal("weightForm: the vector must be [9], got [8]. Flatten it, or map over a batch of them.", Given.Message<ShapeException>(() => form.Unpack(Given.Values([8]))));
        Assert.Equal("weightForm: the weights have another form, got 1 tensors with 6 elements for 2 with 9.",
            Given.Message<ShapeException>(() => form.Pack(new Linear(2, 3, bias: false).Initialize(Given.Key()))));
    }
}
