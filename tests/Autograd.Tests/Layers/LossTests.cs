using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

public sealed class LossTests
{
    private static readonly double Ln2 = Math.Log(2), Ln3 = Math.Log(3);

    // softmax(0, ln 3) = (1/4, 3/4), softmax(0, 0) = (1/2, 1/2): class 1 of the first costs ln(4/3), class 0 of the second ln 2.
    [Fact]
    public void GoldenCrossEntropy()
    {
        Tensor logits = Given.Of([2, 2], 0, Ln3, 0, 0);
        Given.Near([], [(Math.Log(4 / 3.0) + Ln2) / 2], Losses.CrossEntropy(logits, Given.Classes([2], 1, 0)));
        Given.Near([], [(Math.Log(4) + Ln2) / 2], Losses.CrossEntropy(logits, Tensor.Of([0, 1])));
        Given.Near([], [Math.Log(7)], Losses.CrossEntropy(Given.Of([1, 7], new double[7]), Given.Classes([1], 5)));
        Given.Near([], [1000], Losses.CrossEntropy(Given.Of([1, 2], 1000, 0), Given.Classes([1], 1)));
        Given.Near([], [Ln2], Losses.CrossEntropy(Given.Of([2, 1, 2], 1, 1, 2, 2), Given.Classes([2, 1], 0, 1)));
    }

    // Even odds against (1/4, 3/4): (ln 4 + ln(4/3)) / 2.
    [Fact]
    public void GoldenCrossEntropyOfTargets()
    {
        Given.Near([], [(Math.Log(4) + Math.Log(4 / 3.0)) / 2], Losses.CrossEntropy(Given.Of([1, 2], 0, Ln3), Given.Of([1, 2], 0.5, 0.5)));
        Tensor logits = Given.Values([3, 4]);
        double byClass = Losses.CrossEntropy(logits, Given.Classes([3], 2, 0, 3)).ToScalar<double>();
        Given.Near([byClass], Losses.CrossEntropy(logits, Given.Of([3, 4], 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1)));
    }

    // The gradient is (softmax - one-hot) / N.
    [Fact]
    public void GoldenCrossEntropyGradient() => Given.Near([2, 2], [0.125, -0.125, -0.25, 0.25],
        Transform.Grad(t => Losses.CrossEntropy(t, Given.Classes([2], 1, 0)))(Given.Of([2, 2], 0, Ln3, 0, 0)));

    [Fact]
    public void CrossEntropyFollowsTheFormula()
    {
        Tensor logits = Given.Values([5, 3]);
        double[] x = logits.ToArray<double>();
        long[] labels = [2, 0, 1, 1, 2];
        double sum = 0;
        for (int i = 0; i < 5; i++) sum -= Math.Log(Math.Exp(x[(i * 3) + (int)labels[i]]) / Enumerable.Range(0, 3).Sum(c => Math.Exp(x[(i * 3) + c])));
        Given.Near([sum / 5], Losses.CrossEntropy(logits, Tensor.Of(labels)));
    }

    // Errors 1 and -2: (1 + 4) / 2.
    [Fact]
    public void GoldenMeanSquaredError()
    {
        Given.Near([], [2.5], Losses.MeanSquaredError(Given.Of([2], 1, 2), Given.Of([2], 0, 4)));
        Given.Near([], [9], Losses.MeanSquaredError(Given.Of([], 5), Given.Of([], 2)));
        Given.Near([], [0], Losses.MeanSquaredError(Given.Values([2, 3]), Given.Values([2, 3])));
        Given.Near([2], [1, -2], Transform.Grad(t => Losses.MeanSquaredError(t, Given.Of([2], 0, 4)))(Given.Of([2], 1, 2)));
    }

    // At logit 0 both answers cost ln 2; at ln 3 the odds are 3 to 1, so 1 costs ln(4/3) and 0 costs ln 4. At 40 the cost of 1 is exp(-40), to all digits.
    [Fact]
    public void GoldenBinaryCrossEntropy()
    {
        static Tensor at(double logit, double target) => Losses.BinaryCrossEntropy(Given.Of([1], logit), Given.Of([1], target));
        Given.Near([], [Ln2], at(0, 0.3));
        Given.Near([], [Math.Log(4 / 3.0)], at(Ln3, 1));
        Given.Near([], [Math.Log(4)], at(Ln3, 0));
        Given.Near([], [800], at(800, 0));
        Given.Near([], [800], at(-800, 1));
        Assert.Equal(1, at(40, 1).ToScalar<double>() / Math.Exp(-40), 1e-14);
        Given.Near([2], [0.375, -0.125],
            Transform.Grad(t => Losses.BinaryCrossEntropy(t, Given.Of([2], 0, 1)))(Given.Of([2], Ln3, Ln3)));
    }

    // With delta 1, errors 1/2 and 3 cost 1/8 and 3 - 1/2; with delta 2 an error of -3 costs 2 (3 - 1).
    [Fact]
    public void GoldenHuber()
    {
        Given.Near([], [(0.125 + 2.5) / 2], Losses.Huber(Given.Of([2], 0.5, 3), Given.Of([2], 0, 0)));
        Given.Near([], [4], Losses.Huber(Given.Of([1], -3), Given.Of([1], 0), 2));
        Given.Near([], [0.5], Losses.Huber(Given.Of([1], 1), Given.Of([1], 0)));
        Given.Near([3], [0.5 / 3, 1 / 3.0, -1 / 3.0], Transform.Grad(t => Losses.Huber(t, Given.Of([3], 0, 0, 0)))(Given.Of([3], 0.5, 3, -2)));
    }

    [Fact]
    public void ElementwiseLossesFollowTheFormulas()
    {
        Tensor prediction = Given.Values([4, 3]) * 3, target = Given.Values([4, 3], 5);
        (double P, double T)[] pairs = [.. prediction.ToArray<double>().Zip(target.ToArray<double>())];
        Given.Near([pairs.Average(p => (p.P - p.T) * (p.P - p.T))], Losses.MeanSquaredError(prediction, target));
        static double huber(double e) => e <= 0.7 ? e * e / 2 : 0.7 * (e - 0.35);
        Given.Near([pairs.Average(p => huber(Math.Abs(p.P - p.T)))], Losses.Huber(prediction, target, 0.7));
        Tensor odds = (target + 1) * 0.5;
        double[] t = odds.ToArray<double>();
        double expected = pairs.Select((p, i) => -(t[i] * Math.Log(1 / (1 + Math.Exp(-p.P)))) - ((1 - t[i]) * Math.Log(1 - (1 / (1 + Math.Exp(-p.P)))))).Average();
        Given.Near([expected], Losses.BinaryCrossEntropy(prediction, odds));
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        Tensor x = Given.Values([3, 4]) * 2, target = Given.Values([3, 4], 5), odds = Ops.Softmax(target);
        Differences.Check(t => Losses.CrossEntropy(t, Given.Classes([3], 3, 0, 1)), x);
        Differences.Check(t => Losses.CrossEntropy(t, odds), x);
        Differences.Check(t => Losses.CrossEntropy(x, t), odds);
        Differences.Check(t => Losses.MeanSquaredError(t, target), x);
        Differences.Check(t => Losses.MeanSquaredError(x, t), target);
        Differences.Check(t => Losses.BinaryCrossEntropy(t, odds), x);
        Differences.Check(t => Losses.BinaryCrossEntropy(x, t), odds);
        Differences.Check(t => Losses.Huber(t, target, 0.6), x);
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("crossEntropy: logits must be [N, C], got [].", Given.Message<ShapeException>(() => Losses.CrossEntropy(Given.Values([]), Given.Classes([], 0))));
        Assert.Equal("crossEntropy: logits [4, 3] need one label per row, [4], got [3]. Labels are classes without the last axis of the logits.",
            Given.Message<ShapeException>(() => Losses.CrossEntropy(Given.Values([4, 3]), Given.Classes([3], 0, 1, 2))));
        Assert.Equal("crossEntropy: labels must be i64 or i32 classes, or targets like the logits, got u8[2]. Cast them: labels.Cast(DType.I64).",
            Given.Message<DTypeException>(() => Losses.CrossEntropy(Given.Values([2, 3]), Tensor.Of(new byte[] { 0, 1 }))));
        Assert.Equal("crossEntropy: logits and targets must have one shape, got [2, 3] and [2]. Reshape one of them.",
            Given.Message<ShapeException>(() => Losses.CrossEntropy(Given.Values([2, 3]), Given.Values([2]))));
        Assert.Equal("gather: index 3 is out of range for axis 1 of length 3. Use 0 to 2.",
            Assert.ThrowsAny<Exception>(() => Losses.CrossEntropy(Given.Values([1, 3]), Given.Classes([1], 3))).Message);
        Assert.Equal("meanSquaredError: prediction and target must have one shape, got [3, 1] and [3]. Reshape one of them.",
            Given.Message<ShapeException>(() => Losses.MeanSquaredError(Given.Values([3, 1]), Given.Values([3]))));
        Assert.Equal("meanSquaredError: prediction and target must have one element type, got f64 and f32. Cast one: x.Cast(DType.F64).",
            Given.Message<DTypeException>(() => Losses.MeanSquaredError(Given.Values([3]), Tensor.Ones([3]))));
        Assert.Equal("meanSquaredError: the prediction must be floating, got i64[1]. Cast first: x.Cast(DType.F32).",
            Given.Message<DTypeException>(() => Losses.MeanSquaredError(Given.Classes([1], 1), Given.Classes([1], 1))));
        Assert.Equal("binaryCrossEntropy: logits and targets must have one shape, got [2] and [2, 1]. Reshape one of them.",
            Given.Message<ShapeException>(() => Losses.BinaryCrossEntropy(Given.Values([2]), Given.Values([2, 1]))));
        Assert.Equal("huber: delta must be finite and positive, got 0.", Given.Message<ArgumentException>(() => Losses.Huber(Given.Values([2]), Given.Values([2]), 0)));
        Assert.Equal("huber: prediction and target must have one shape, got [2] and [3]. Reshape one of them.",
            Given.Message<ShapeException>(() => Losses.Huber(Given.Values([2]), Given.Values([3]))));
    }
}
