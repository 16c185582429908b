namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>log(sum(exp(x))) over axes, without overflow; over all when none is named. An axis of -inf only gives -inf. Floating types.</summary>
    public static Tensor LogSumExp(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Tensor shift = SafeMax(x, axes);
        Tensor y = Log(Sum(Exp(x - shift), axes, keepDims: true)) + shift;
        return keepDims ? y : y.Reshape(Axes.Of(axes, x.Shape, "logSumExp").RemoveFrom(x.Shape).Lengths);
    }

    /// <summary>exp(x) / sum(exp(x)) along an axis, without overflow. Floating types.</summary>
    public static Tensor Softmax(Tensor x, int axis = -1)
    {
        Tensor e = Exp(x - SafeMax(x, [axis]));
        return e / Sum(e, [axis], keepDims: true);
    }

    /// <summary>The logarithm of <see cref="Softmax"/>, accurate where it is near 0. Floating types.</summary>
    public static Tensor LogSoftmax(Tensor x, int axis = -1)
    {
        Tensor shifted = x - SafeMax(x, [axis]);
        return shifted - Log(Sum(Exp(shifted), [axis], keepDims: true));
    }

    /// <summary>Mean squared distance from the mean over axes; over all when none is named. Floating types.</summary>
    /// <param name="x">A floating tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <param name="correction">Taken from the count in the divisor: 0 for the population, 1 for Bessel's correction.</param>
    /// <param name="keepDims">Keep the axes with length 1.</param>
    public static Tensor Variance(Tensor x, ReadOnlySpan<int> axes = default, int correction = 0, bool keepDims = false)
    {
        Tensor centred = x - Mean(x, axes, keepDims: true);
        int count = Axes.Of(axes, x.Shape, "variance").CountIn(x.Shape);
        return Sum(centred * centred, axes, keepDims) / (count - correction);
    }

    /// <summary>The maximum along axes as a shift for exponentials: constant for derivatives, and 0 where it is infinite, so that inf - inf never appears.</summary>
    internal static Tensor SafeMax(Tensor x, ReadOnlySpan<int> axes)
    {
        Tensor max = StopGradient(Max(x, axes, keepDims: true));
        return Where(Abs(max).EqualTo(double.PositiveInfinity), max.Like(0), max);
    }
}
