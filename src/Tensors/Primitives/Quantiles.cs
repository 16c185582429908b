namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// The value below which a fraction q of the elements lie, over axes; over all when none is named. Between two elements it interpolates linearly: with n sorted
    /// elements and p = q (n - 1), s[floor p] + (p - floor p) (s[floor p + 1] - s[floor p]) (Hyndman and Fan's definition 7). NaN if any element is NaN, with
    /// derivative 0. The derivative goes to the one or two elements interpolated, of equal ones to those that come first. Floating types.
    /// </summary>
    /// <param name="x">A floating tensor.</param>
    /// <param name="q">From 0, the least element, to 1, the greatest.</param>
    /// <param name="axes">The axes.</param>
    /// <param name="keepDims">Keep the axes with length 1.</param>
    /// <exception cref="ArgumentException">q lies outside [0, 1].</exception>
    /// <exception cref="ShapeException">There are no elements.</exception>
    public static Tensor Quantile(Tensor x, double q, ReadOnlySpan<int> axes = default, bool keepDims = false) => Quantile(x, q, axes, keepDims, "quantile");

    /// <summary>
    /// The middle one of the sorted elements over axes, or the mean of the middle two: <see cref="Quantile(Tensor, double, ReadOnlySpan{int}, bool)"/> at one half. NaN if any
    /// element is NaN.
    /// </summary>
    /// <param name="x">A floating tensor.</param>
    /// <param name="axes">The axes; all when none is named.</param>
    /// <param name="keepDims">Keep the axes with length 1.</param>
    /// <exception cref="ShapeException">There are no elements.</exception>
    public static Tensor Median(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Quantile(x, 0.5, axes, keepDims, "median");

    private static Tensor Quantile(Tensor x, double q, ReadOnlySpan<int> axes, bool keepDims, string name)
    {
        if (!(q is >= 0 and <= 1)) throw new ArgumentException($"{name}: q must lie in [0, 1], got {q}.");
        RequireFloating(name, x);
        Axes reduced = Axes.Of(axes, x.Shape, name);
        Shape outer = reduced.RemoveFrom(x.Shape);
        int n = reduced.CountIn(x.Shape);
        if (n == 0) throw new ShapeException($"{name}: there is no element to choose over axes {reduced} of {x.Shape}. Reduce axes that are not empty.");
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(a => !reduced.Contains(a)), .. reduced.Values];
        Tensor lines = x.Permute(order).Reshape([.. outer.Lengths, n]);
        Tensor places = new ArgSortOp(outer.Rank, name).Apply(lines);
        double position = q * (n - 1), weight = position - Math.Floor(position);
        int low = (int)position;
        Tensor y = Gather(lines, Narrow(places, -1, low, 1));
        // Weighing rather than adding a difference keeps infinities apart; an element of weight 0 is not read at all.
        if (weight > 0) y = (y * (1 - weight)) + (Gather(lines, Narrow(places, -1, low + 1, 1)) * weight);
        Tensor spoiled = IsNaN(Gather(lines, Narrow(places, -1, n - 1, 1)));
        y = Where(spoiled, y.Like(double.NaN), y);
        return y.Reshape((keepDims ? reduced.KeepIn(x.Shape) : outer).Lengths);
    }
}
