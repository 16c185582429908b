using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Where no derivation is given, golden numbers are those of torch 1.13 in double precision.</summary>
public sealed class MoreLossTests
{
    private static readonly double Ln2 = Math.Log(2), Ln3 = Math.Log(3);

    // p = (1/2, 1/2) against (1/4, 3/4): ln(1/2) - (ln(1/4) + ln(3/4)) / 2 = ln 2 - ln(3) / 2. A certain target costs its surprise.
    [Fact]
    public void GoldenKlDivergence()
    {
        Given.Near([], [Ln2 - (Ln3 / 2)], Losses.KlDivergence(Given.Of([1, 2], 0, Ln3), Given.Of([1, 2], 0.5, 0.5)));
        Given.Near([], [Math.Log(4)], Losses.KlDivergence(Given.Of([2], 0, Ln3), Given.Of([2], 1, 0)));
        Given.Near([], [0], Losses.KlDivergence(Given.Values([2, 3]), Ops.Softmax(Given.Values([2, 3]))));
        Given.Near([], [0.2001821307890855], Losses.KlDivergence(Given.Values([2, 3]), Ops.Softmax(Given.Values([2, 3], 5))));
        Given.Near([], [0.837909011546767], Losses.KlDivergence(Given.Values([2, 3]), Given.Of([2, 3], 0, 0.25, 0.75, 1, 0, 0)));
    }

    // Smoothing by 1/2 over two classes: 3/4 of ln(4/3) and 1/4 of ln 4.
    [Fact]
    public void GoldenLabelSmoothing()
    {
        double expected = (0.75 * Math.Log(4 / 3.0)) + (0.25 * Math.Log(4));
        Given.Near([], [expected], Losses.CrossEntropy(Given.Of([1, 2], 0, Ln3), Given.Classes([1], 1), 0.5));
        Given.Near([], [expected], Losses.CrossEntropy(Given.Of([1, 2], 0, Ln3), Given.Of([1, 2], 0, 1), 0.5));
        Given.Near([], [1.3184328681721738], Losses.CrossEntropy(Given.Values([2, 3]), Given.Classes([2], 2, 0), 0.1));
    }

    // At ln 3 the odds are 3 to 1: a right answer costs (1/4)^2 ln(4/3), a wrong one (3/4)^2 ln 4.
    [Fact]
    public void GoldenFocal()
    {
        static Tensor at(double logit, double target, double focus = 2, double? weight = null) => Losses.Focal(Given.Of([1], logit), Given.Of([1], target), focus, weight);
        Given.Near([], [Math.Log(4 / 3.0) / 16], at(Ln3, 1));
        Given.Near([], [Math.Log(4) * 9 / 16], at(Ln3, 0));
        Given.Near([], [0.25 * Math.Log(4 / 3.0) / 16], at(Ln3, 1, weight: 0.25));
        Given.Near([], [0.75 * Math.Log(4) * 9 / 16], at(Ln3, 0, weight: 0.25));
        Given.Near([], Losses.BinaryCrossEntropy(Given.Of([1], 0.3), Given.Of([1], 0.6)).ToArray<double>(), at(0.3, 0.6, 0));
        Given.Near([], [800], at(800, 0));
    }

    // (3, 4) and (4, 3) have the cosine 24/25.
    [Fact]
    public void GoldenCosineEmbedding()
    {
        Tensor a = Given.Of([2, 2], 3, 4, 3, 4), b = Given.Of([2, 2], 4, 3, 4, 3);
        Given.Near([], [((1 / 25.0) + (24 / 25.0) - 0.5) / 2], Losses.CosineEmbedding(a, b, Tensor.Of([true, false]), 0.5));
        Given.Near([], [0], Losses.CosineEmbedding(Given.Of([2], 1, 0), Given.Of([2], -1, 0), Tensor.Of([false], [])));
        Given.Near([], [0.8640152299759462], Losses.CosineEmbedding(Given.Values([3, 4]), Given.Values([3, 4], 5), Tensor.Of([true, false, false]), -0.5));
    }

    // Squared distances 25 and 1: 25 - 1 + 1. The other way round nothing is left.
    [Fact]
    public void GoldenTriplet()
    {
        Tensor a = Given.Of([1, 2], 0, 0), far = Given.Of([1, 2], 3, 4), near = Given.Of([1, 2], 1, 0);
        Given.Near([], [25], Losses.Triplet(a, far, near));
        Given.Near([], [0], Losses.Triplet(a, near, far));
        Given.Near([], [12.5], Losses.Triplet(Ops.Concat([a, a]), Ops.Concat([far, near]), Ops.Concat([near, far])));
        Given.Near([1, 2], [-4, -8], Transform.Grad(t => Losses.Triplet(t, far, near))(a));
    }

    // Orthogonal pairs: a softmax over (1 / temperature, 0). Equal pairs cannot be told apart: ln 2.
    [Fact]
    public void GoldenInfoNce()
    {
        Given.Near([], [Math.Log(1 + Math.Exp(-2))], Losses.InfoNce(Given.Of([2, 2], 3, 0, 0, 5), Given.Of([2, 2], 7, 0, 0, 1), 0.5));
        Given.Near([], [Ln2], Losses.InfoNce(Given.Of([2, 2], 1, 1, 1, 1), Given.Of([2, 2], 1, 1, 1, 1)));
        Given.Near([], [0], Losses.InfoNce(Given.Values([1, 3]), Given.Values([1, 3], 2)));
    }

    // Errors 2 and -1 at q = 0.9: 1.8 and 0.1.
    [Fact]
    public void GoldenQuantile()
    {
        Given.Near([], [1.9 / 2], Losses.Quantile(Given.Of([2], 1, 5), Given.Of([2], 3, 4), 0.9));
        Given.Near([], [0.75], Losses.Quantile(Given.Of([], 1), Given.Of([], 2.5), 0.5));
        Given.Near([3], [-0.9 / 3, 0.1 / 3, -0.4 / 3], Transform.Grad(t => Losses.Quantile(t, Given.Of([3], 1, -1, 0), 0.9))(Given.Of([3], 0, 0, 0)));
    }

    [Fact]
    public void GoldenHinge()
    {
        Given.Near([], [(0 + 0.5 + 3) / 3], Losses.Hinge(Given.Of([3], 2, 0.5, 2), Given.Of([3], 1, 1, -1)));
        Given.Near([], [1], Losses.Hinge(Given.Of([], 0), Given.Of([], -1)));
        Given.Near([3], [0, -1 / 3.0, 1 / 3.0], Transform.Grad(t => Losses.Hinge(t, Given.Of([3], 1, 1, -1)))(Given.Of([3], 2, 0.5, 2)));
    }

    // Two even classes over two steps: the label 1 comes from 01, 10 and 11, three paths of four; no label from 00.
    [Fact]
    public void GoldenCtc()
    {
        Tensor even = Tensor.Zeros([1, 2, 2], DType.F64);
        Given.Near([], [Math.Log(4 / 3.0)], Losses.Ctc(even, Given.Classes([1, 1], 1)));
        Given.Near([], [Math.Log(4)], Losses.Ctc(even, Given.Classes([1, 1], 1), lengths: Given.Classes([1], 0)));
        Given.Near([], [Ln2], Losses.Ctc(even, Given.Classes([1, 1], 1), steps: Given.Classes([1], 1)));
        Given.Near([], [Math.Log(4 / 3.0)], Losses.Ctc(even, Given.Classes([1, 1], 0), blank: 1));
        Assert.Equal(double.PositiveInfinity, Losses.Ctc(even, Given.Classes([1, 2], 1, 1)).ToScalar<double>());
        // Four even steps: 1 1 needs a blank between; 0101, 1001, 1010, 1011 and 1101 of sixteen paths.
        Given.Near([], [Math.Log(16 / 5.0)], Losses.Ctc(Tensor.Zeros([1, 4, 2], DType.F64), Given.Classes([1, 2], 1, 1)));
    }

    [Fact]
    public void CtcFollowsTorch()
    {
        Tensor logits = Ops.MoveAxis(Given.Values([4, 2, 3]), 0, 1), labels = Given.Classes([2, 2], 1, 2, 2, 2), steps = Given.Classes([2], 4, 3), lengths = Given.Classes([2], 2, 1);
        double[] each = [1.301202616952097, 1.0653751592708192];
        Given.Near([], [each.Average()], Losses.Ctc(logits, labels, steps, lengths));
        Given.Near([], [each[1]], Losses.Ctc(logits[1..], labels[1..], steps[1..], lengths[1..]));
        double[] gradient =
            [0.17908680611238517, -0.2834774944154224, 0.10439068830303724, -0.21193954494362302, 0.1640044535013706, 0.04793509144225241, 0.07221539250623832, -0.09794894918339359, 0.025733556677155264, -0.12679652003237585, 0.23688704364710172, -0.11009052361472588, 0.17420142735091013, 0.06114370351231677, -0.23534513086322692, 0.08888071523129606, 0.23154341438925494, -0.320424129620551, -0.20104492211936498, 0.37351237576033414, -0.17246745364096916, 0.0, 0.0, 0.0];
        Given.Near([4, 2, 3], gradient, Ops.MoveAxis(Transform.Grad(t => Losses.Ctc(t, labels, steps, lengths) * 2)(logits), 1, 0));
        Given.Near([], [1.9460729037391715], Losses.Ctc(Given.Values([1, 4, 3]), Given.Classes([1, 2], 1, 1)));
        Tensor impossible = Transform.Grad(t => Losses.Ctc(t, Given.Classes([1, 2], 1, 1)))(Given.Values([1, 2, 3]));
        Assert.All(impossible.ToArray<double>(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Tensor x = Given.Values([3, 4]) * 2, y = Given.Values([3, 4], 5), odds = Ops.Softmax(y);
        Differences.Check(t => Losses.KlDivergence(t, odds), x);
        // Its fifth derivative is 6 / t^4: the differences themselves are off by 1e-9 where a target is near 0.1.
        Differences.Check(t => Losses.KlDivergence(x, t), odds, 1e-8);
        Differences.Check(t => Losses.CrossEntropy(t, Given.Classes([3], 3, 0, 1), 0.3), x);
        Differences.Check(t => Losses.Focal(t, odds, 2.5, 0.3), x);
        Differences.Check(t => Losses.CosineEmbedding(t, y, Tensor.Of([true, false, true]), -0.9), x);
        Differences.Check(t => Losses.Triplet(x, t, y, 30), y);
        Differences.Check(t => Losses.InfoNce(t, y), x, 1e-8);
        Differences.Check(t => Losses.InfoNce(x, t), y, 1e-8);
        Differences.Check(t => Losses.Ctc(t, Given.Classes([2, 2], 1, 1, 2, 1)), Given.Values([2, 5, 3]), 1e-8);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("crossEntropy: the smoothing must lie in [0, 1], got 1.5.", Given.Message<ArgumentException>(() => Losses.CrossEntropy(Given.Values([2, 2]), Given.Classes([2], 0, 1), 1.5)));
        Assert.Equal("klDivergence: logits must be [N, C], got [].", Given.Message<ShapeException>(() => Losses.KlDivergence(Given.Values([]), Given.Values([]))));
        Assert.Equal("klDivergence: logits and targets must have one shape, got [2, 3] and [3]. Reshape one of them.",
            Given.Message<ShapeException>(() => Losses.KlDivergence(Given.Values([2, 3]), Given.Values([3]))));
        Assert.Equal("focal: the focus must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => Losses.Focal(Given.Values([2]), Given.Values([2]), -1)));
        Assert.Equal("focal: the weight must lie in [0, 1], got 2.", Given.Message<ArgumentException>(() => Losses.Focal(Given.Values([2]), Given.Values([2]), 1, 2)));
        Assert.Equal("cosineEmbedding: the margin must lie in [-1, 1], got 2.",
            Given.Message<ArgumentException>(() => Losses.CosineEmbedding(Given.Values([2]), Given.Values([2]), Tensor.Of([true], []), 2)));
        Assert.Equal("cosineEmbedding: alike must be bool, got i64[2]. Compare: labels > 0.",
            Given.Message<DTypeException>(() => Losses.CosineEmbedding(Given.Values([2, 2]), Given.Values([2, 2]), Given.Classes([2], 0, 1))));
        Assert.Equal("cosineEmbedding: vectors [2, 3] need alike of their shape without the last axis, got [3].",
            Given.Message<ShapeException>(() => Losses.CosineEmbedding(Given.Values([2, 3]), Given.Values([2, 3]), Tensor.Of([true, true, true]))));
        Assert.Equal("triplet: the margin must be finite and not negative, got -1.",
            Given.Message<ArgumentException>(() => Losses.Triplet(Given.Values([2, 2]), Given.Values([2, 2]), Given.Values([2, 2]), -1)));
        Assert.Equal("triplet: vectors must be [N, D], got [].", Given.Message<ShapeException>(() => Losses.Triplet(Given.Values([]), Given.Values([]), Given.Values([]))));
        Assert.Equal("infoNce: the temperature must be finite and positive, got 0.", Given.Message<ArgumentException>(() => Losses.InfoNce(Given.Values([2, 2]), Given.Values([2, 2]), 0)));
        Assert.Equal("infoNce: queries and keys must be [N, D], got [2]. Reshape them.", Given.Message<ShapeException>(() => Losses.InfoNce(Given.Values([2]), Given.Values([2]))));
        Assert.Equal("quantile: the quantile must lie in (0, 1), got 1.", Given.Message<ArgumentException>(() => Losses.Quantile(Given.Values([2]), Given.Values([2]), 1)));
        Assert.Equal("hinge: scores and targets must have one shape, got [2] and [3]. Reshape one of them.",
            Given.Message<ShapeException>(() => Losses.Hinge(Given.Values([2]), Given.Values([3]))));
        Assert.Equal("ctc: logits must be [N, T, C] and labels [N, S], got [2, 3] and [2, 1].", Given.Message<ShapeException>(() => Losses.Ctc(Given.Values([2, 3]), Given.Classes([2, 1], 1, 1))));
        Assert.Equal("ctc: the blank must be a class, got 3 for 3 classes. Use 0 to C - 1.",
            Given.Message<ShapeException>(() => Losses.Ctc(Given.Values([1, 2, 3]), Given.Classes([1, 1], 1), blank: 3)));
        Assert.Equal("ctc: labels must be i64 or i32, got f64[1, 1]. Cast them: x.Cast(DType.I64).",
            Given.Message<DTypeException>(() => Losses.Ctc(Given.Values([1, 2, 3]), Given.Values([1, 1]))));
        Assert.Equal("ctc: steps must be one number per example, [1], got [2].",
            Given.Message<ShapeException>(() => Losses.Ctc(Given.Values([1, 2, 3]), Given.Classes([1, 1], 1), Given.Classes([2], 1, 1))));
    }
}
