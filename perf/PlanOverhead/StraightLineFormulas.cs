using Engine.Tensors;

namespace Engine.Perf.PlanOverhead;

/// <summary>What the elementwise kernels of <see cref="StraightLineStep"/> compute.</summary>
internal static class StraightLineFormulas
{
    public const double FirstDecay = 0.9, SecondDecay = 0.999;

    private const double Epsilon = 1e-8;

    /// <summary>From products and bias to max(x, 0) and its slope.</summary>
    public static MapKernel Rectify
    {
        get
        {
            Expr x = X(0) + X(1);
            return new([x.Max(0), (x > 0).Cast(DType.F32)]);
        }
    }

    /// <summary>A product of two operands.</summary>
    public static MapKernel Product => new(X(0) * X(1));

    /// <summary>
    /// From the cotangents of log-probabilities (-1 / batch at the labels), products and bias to the gradient of the logits and to the log-probabilities.
    /// </summary>
    public static RowsKernel CrossEntropy(int batch, int classes)
    {
        Expr cotangent = X(0), logit = X(1) + X(2), negativeSum = X(3), greatest = X(4), sum = X(5);
        Expr shift = greatest.Abs().EqualTo(greatest.Like(double.PositiveInfinity)).Select(greatest.Like(0), greatest), shifted = logit - shift;
        return new(batch, classes,
            [new(ReduceOp.Sum, -cotangent), new(ReduceOp.Max, logit), new(ReduceOp.Sum, shifted.Exp())],
            [cotangent + (negativeSum * (1 / sum) * shifted.Exp()), shifted - sum.Log()]);
    }

    /// <summary>From weights, both moments, their two scales and the gradient (or its two factors) to new weights and moments.</summary>
    public static MapKernel Adam(double rate, bool isOuter)
    {
        Expr weight = X(0), first = X(1), second = X(2), gradient = isOuter ? X(5).Fma(X(6), X(5).Like(0)) : X(5);
        first = (first * FirstDecay) + (gradient * (1 - FirstDecay));
        second = (second * SecondDecay) + (gradient * gradient * (1 - SecondDecay));
        Expr update = -(first * X(3)) / ((second * X(4)).Sqrt() + Epsilon);
        return new([weight + (update * rate), first, second]);
    }

    private static Expr X(int operand) => Expr.Input(operand, DType.F32);
}
