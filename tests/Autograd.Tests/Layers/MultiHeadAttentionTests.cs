using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Golden results are those of torch.nn.MultiheadAttention 1.13 in double precision, with these weights.</summary>
public sealed class MultiHeadAttentionTests
{
    private static readonly MultiHeadAttention Layer = new(4, 2);

    private static readonly Tensor Input = Given.Values([1, 3, 4]);

    private static Weights Fixed(Module layer) => Differences.Irregular(layer);

    [Fact]
    public void GoldenSelfAttention() => Given.Near([1, 3, 4],
        [2.0438654009922836, -2.1782642729974224, 2.1111213372461872, -3.54139511248402, 2.0081283539682877, -1.5278424484906585, 1.1634000354622602, -2.3788309847083973, 2.0579038019936844, -2.308652209434877, 2.1192037139940907, -3.6566574320867016],
        Layer.Forward(Fixed(Layer), Input));

    [Fact]
    public void GoldenCausal()
    {
        double[] expected =
            [3.0713004963571873, -0.6591909460536487, 2.4329788905244607, -1.0206853736656223, 2.2575880647910207, -2.0274157112721265, 2.173522872435479, -3.2023479983189875, 2.0579038019936844, -2.308652209434877, 2.1192037139940907, -3.6566574320867016];
        var causal = new MultiHeadAttention(4, 2, causal: true);
        Given.Near([1, 3, 4], expected, causal.Forward(Fixed(causal), Input));
        // The same by a mask, for all heads and with an axis of heads.
        Tensor mask = Tensor.Of([true, false, false, true, true, false, true, true, true], [3, 3]);
        Given.Near([1, 3, 4], expected, Layer.Forward(Fixed(Layer), Input, null, mask, default));
        Given.Near([1, 3, 4], expected, Layer.Forward(Fixed(Layer), Input, null, mask.Reshape(1, 1, 3, 3), default));
        Given.Near([1, 3, 4], expected, Layer.Forward(Fixed(Layer), Input, null, mask.BroadcastTo([1, 2, 3, 3]), default));
    }

    [Fact]
    public void GoldenMemory() => Given.Near([1, 3, 4],
        [0.2172120941131106, -0.8719918384823894, -0.878067610760858, -3.1284130735595785, 0.48956026007053305, -0.5066439252367592, -0.7688675841839905, -2.737711029637019, 0.21051939596377012, -0.8893595817985708, -0.8835139071231235, -3.1690032172408285],
        Layer.Forward(Fixed(Layer), Input, Given.Values([1, 2, 4], 9), null, default));

    [Fact]
    public void GoldenFloatMask() => Given.Near([1, 3, 4],
        [1.9733860359420938, -1.6211679838083999, 1.728776166717711, -2.8588025472125924, 2.006236483117041, -2.0716864781795596, 1.6575647612362567, -3.206157193694729, 2.053080921477973, -2.3111134297826155, 2.1135408719174515, -3.6602459525197775],
        Layer.Forward(Fixed(Layer), Input, null, Given.Values([3, 3], 2), default));

    [Fact]
    public void GoldenGradient() => Given.Near([1, 3, 4],
        [-0.48311763931905055, -0.9607100726277673, -0.40681474541801704, 0.22923515947775236, -1.1190209195370413, 1.6683277754807273, -10.024262762086039, 1.410695355874318, -0.40742372028679646, -0.31436191343836767, -0.6818363641670275, 0.1080708587553971],
        Transform.Grad(t => Layer.Forward(Fixed(Layer), t).Sum())(Input));

    // Both query heads of a group see the group's keys: the same as keys and values repeated.
    [Fact]
    public void SharedKeysAreRepeatedKeys()
    {
        var shared = new MultiHeadAttention(8, 4, keyValueHeads: 2, causal: true);
        var whole = new MultiHeadAttention(8, 4, causal: true);
        Weights few = Fixed(shared);
        Tensor repeat(Tensor t)
        {
            Shape rest = t.Shape[1..];
            Tensor groups = Ops.Unsqueeze(t.Reshape([2, 2, .. rest]), 1);
            return groups.BroadcastTo(groups.Shape.With(1, 2)).Reshape([8, .. rest]);
        }
        Weights many = new(few.Names, few.Names.Select((n, i) => n[0] is '1' or '2' ? repeat(few[i]) : few[i]));
        Tensor x = Given.Values([2, 5, 8]);
        Given.Near(whole.Forward(many, x).ToArray<double>(), shared.Forward(few, x));
    }

    // Turned products depend on distances alone: moving all positions changes nothing.
    [Fact]
    public void RotaryPositionsAreRelative()
    {
        static Tensor at(int first)
        {
            var layer = new MultiHeadAttention(4, 2, causal: true, rotary: new RotaryPositions(100, first));
            return layer.Forward(Fixed(layer), Given.Values([1, 6, 4]));
        }
        Given.Near(at(0).ToArray<double>(), at(17));
        double[] turned = at(0).ToArray<double>(), plain = new MultiHeadAttention(4, 2, causal: true).Forward(Fixed(Layer), Given.Values([1, 6, 4])).ToArray<double>();
        Assert.True(Math.Abs(turned[20] - plain[20]) > 1e-3);
    }

    // At position 1 with base 100 and D = 4: pair (0, 2) is turned by 1, pair (1, 3) by 1/10.
    [Fact]
    public void GoldenRotaryPositions() => Given.Near([2, 4],
        [1, 2, 3, 4, Math.Cos(1) - (3 * Math.Sin(1)), (2 * Math.Cos(0.1)) - (4 * Math.Sin(0.1)), (3 * Math.Cos(1)) + Math.Sin(1), (4 * Math.Cos(0.1)) + (2 * Math.Sin(0.1))],
        new RotaryPositions(100).Forward(Weights.Empty, Given.Of([2, 4], 1, 2, 3, 4, 1, 2, 3, 4)));

    [Fact]
    public void GoldenPositions()
    {
        Given.Near([2, 4], [0, 1, 0, 1, Math.Sin(1), Math.Cos(1), Math.Sin(0.1), Math.Cos(0.1)], new SinusoidalPositions(100).Forward(Weights.Empty, Given.Of([2, 4], new double[8])));
        Given.Near([2, 2], [11, 22, 33, 44], new LearnedPositions(3, 2).Forward(new(["weight"], [Given.Of([3, 2], 1, 2, 3, 4, 5, 6)]), Given.Of([2, 2], 10, 20, 30, 40)));
        var features = new FourierFeatures(3, 5, Given.Key());
        double[] y = features.Forward(Weights.Empty, Given.Values([3])).ToArray<double>();
        Assert.Equal(10, y.Length);
        for (int i = 0; i < 5; i++) Assert.Equal(1, (y[i] * y[i]) + (y[5 + i] * y[5 + i]), 1e-14);
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Differences.Check(Layer, Fixed(Layer), Input, tolerance: 1e-8);
        var grouped = new MultiHeadAttention(8, 4, keyValueHeads: 2, causal: true, rotary: new(), scale: AttentionScale.Inverse);
        Differences.Check(grouped, Fixed(grouped), Given.Values([2, 3, 8]), tolerance: 1e-7);
        Differences.Check(new LearnedPositions(4, 2), Differences.Irregular(new LearnedPositions(4, 2)), Given.Values([2, 3, 2]));
    }

    [Fact]
    public void FreshWeightsAndGeometry()
    {
        var layer = new MultiHeadAttention(12, 6, keyValueHeads: 2, memoryWidth: 5);
        Weights w = layer.Initialize(Given.Key());
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias", "3.weight", "3.bias"], w.Names);
        Assert.Equal([[12, 12], [4, 5], [4, 5], [12, 12]], w.Tensors.Where((_, i) => i % 2 == 0).Select(t => t.Shape.Lengths.ToArray()));
        Assert.Equal((4, 8), (layer.Mass, layer.WeightCount));
        Assert.Equal(8, new MultiHeadAttention(12, 6, mass: 2).Mass);
        // 1 + 2 s d with heads of depth 16: s = 1/4 and 1/16.
        Assert.Equal(9, new MultiHeadAttention(32, 2).Sensitivity);
        Assert.Equal(3, new MultiHeadAttention(32, 2, scale: AttentionScale.Inverse).Sensitivity);
        Assert.Equal((1, 1, 2.0), (new RotaryPositions().Sensitivity, new SinusoidalPositions().Sensitivity, new LearnedPositions(3, 2, mass: 2).Mass));
        Assert.Equal([3, 2], new LearnedPositions(3, 2).Initialize(Given.Key())["weight"].Shape.Lengths.ToArray());
    }

    // The largest RMS of a token's change is at most 3 times that of the input's, at unit-norm weights and inputs of RMS 1.
    [Fact]
    public void SensitivityBoundsTheStretch()
    {
        Initializer orthogonal = (_, shape, dtype) => Ops.OneHot(Ops.Iota(shape[0]), shape[1], dtype);
        var layer = new MultiHeadAttention(8, 1, scale: AttentionScale.Inverse, initializer: orthogonal);
        Weights w = layer.Initialize(Given.Key(), DType.F64);
        static double rms(Tensor t) => Ops.Max(Ops.Sqrt(Ops.Mean(Ops.Square(t), [-1]))).ToScalar<double>();
        double most = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            Tensor x = Given.Values([4, 8], seed), v = Given.Values([4, 8], seed + 100);
            x = x / Ops.Sqrt(Ops.Mean(Ops.Square(x), [-1], keepDims: true));
            most = Math.Max(most, rms(Transform.Jvp(t => layer.Forward(w, t), x, v).Tangent) / rms(v));
        }
        Assert.InRange(most, 0.1, 3);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("multiHeadAttention: the width must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new MultiHeadAttention(0, 1)));
        Assert.Equal("multiHeadAttention: 3 heads must divide the width, got 8.", Given.Message<ArgumentException>(() => _ = new MultiHeadAttention(8, 3)));
        Assert.Equal("multiHeadAttention: 3 key and value heads must divide the heads, got 4.", Given.Message<ArgumentException>(() => _ = new MultiHeadAttention(8, 4, 3)));
        Assert.Equal("multiHeadAttention: the mass must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => _ = new MultiHeadAttention(8, 4, mass: -1)));
        Assert.Equal("multiHeadAttention: the input must be [.., T, 4], got [3, 5]. Its last axis is the layer's width.",
            Given.Message<ShapeException>(() => Layer.Forward(Fixed(Layer), Given.Values([3, 5]))));
        Assert.Equal("multiHeadAttention: the memory must have the leading axes of the input, got [2, 3, 4] and [1, 3, 4]. Broadcast one of them.",
            Given.Message<ShapeException>(() => Layer.Forward(Fixed(Layer), Input, Given.Values([2, 3, 4]), null, default)));
        Assert.Equal("multiHeadAttention: the mask must be [T, S] or [.., 1 or 2, T, S], got [3, 3, 3]. Its third axis from the end is the heads.",
            Given.Message<ShapeException>(() => Layer.Forward(Fixed(Layer), Input, null, Given.Values([3, 3, 3]), default)));
        Assert.Equal("rotaryPositions: the base must be finite and above 1, got 1.", Given.Message<ArgumentException>(() => _ = new RotaryPositions(1)));
        Assert.Equal("rotaryPositions: the input must be [.., T, D] with an even D, got [2, 3]. Choose heads of even depth.",
            Given.Message<ShapeException>(() => new RotaryPositions().Forward(Weights.Empty, Given.Values([2, 3]))));
        Assert.Equal("sinusoidalPositions: the base must be finite and above 1, got NaN.", Given.Message<ArgumentException>(() => _ = new SinusoidalPositions(double.NaN)));
        Assert.Equal("sinusoidalPositions: the input must be [.., T, D] with an even D, got [4]. Pad the last axis.",
            Given.Message<ShapeException>(() => new SinusoidalPositions().Forward(Weights.Empty, Given.Values([4]))));
        Assert.Equal("learnedPositions: the length must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new LearnedPositions(0, 2)));
        Assert.Equal("learnedPositions: the input must be [.., T, 2] with T at most 3, got [4, 2]. Make the layer longer or the input shorter.",
            Given.Message<ShapeException>(() => new LearnedPositions(3, 2).Forward(Weights.Empty, Given.Values([4, 2]))));
        Assert.Equal("fourierFeatures: the deviation must be finite and positive, got 0.", Given.Message<ArgumentException>(() => _ = new FourierFeatures(2, 2, Given.Key(), 0)));
        Assert.Equal("fourierFeatures: the input must be [.., 2], got [3]. Its last axis is the layer's number of inputs.",
            Given.Message<ShapeException>(() => new FourierFeatures(2, 2, Given.Key()).Forward(Weights.Empty, Given.Values([3]))));
    }
}
