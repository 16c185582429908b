using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>Euclidean lengths at any scale, and division by what may be 0.</summary>
internal static class Lengths
{
    /// <summary>
    /// The root of the sum of squares over axes, kept with length 1; over all when none is named. Squares are those of x over its largest element,
    /// so that neither 1e30 nor 1e-30 leaves f32.
    /// </summary>
    public static Tensor Of(Tensor x, ReadOnlySpan<int> axes = default)
    {
        Tensor largest = Ops.StopGradient(Ops.Max(Ops.Abs(x), axes, keepDims: true));
        return Ops.Sqrt(Ops.Sum(Ops.Square(Over(x, largest)), axes, keepDims: true)) * largest;
    }

    /// <summary>x / divisor, and 0 where the divisor is 0. A NaN stays one.</summary>
    public static Tensor Over(Tensor x, Tensor divisor) => x / Ops.Where(divisor.EqualTo(0), divisor.Like(double.PositiveInfinity), divisor);

    /// <summary>x of length 1 over axes, or 0 where it is 0.</summary>
    public static Tensor Unit(Tensor x, ReadOnlySpan<int> axes = default)
    {
        Tensor scaled = Over(x, Ops.StopGradient(Ops.Max(Ops.Abs(x), axes, keepDims: true)));
        return Over(scaled, Ops.Sqrt(Ops.Sum(Ops.Square(scaled), axes, keepDims: true)));
    }

    /// <summary>The largest element, as a scalar.</summary>
    public static Tensor Largest(Tensor lengths) => Ops.Max(lengths);
}
