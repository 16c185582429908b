namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// |x[i] - y[j]|^2 for every pair of rows: [.., n, d] and [.., m, d] to [.., n, m], as |x|^2 + |y|^2 - 2 x y^T, at least 0. The differences are never formed, so
    /// the work is one matrix product and the memory that of the result. The price is cancellation: the error is a few roundings of |x|^2 + |y|^2, however near the
    /// points; take a common centre from both when they lie far from the origin. Leading axes broadcast; floating types.
    /// Derivatives are those of the formula, of every order, also where rounding would have made it negative. Of a tensor with itself the diagonal is exactly 0.
    /// </summary>
    /// <exception cref="ShapeException">A rank is below 2, or d differs.</exception>
    public static Tensor PairwiseSquaredDistances(Tensor x, Tensor y) => SquaredDistances("pairwiseSquaredDistances", x, y);

    /// <summary>
    /// |x[i] - y[j]| for every pair of rows: the root of <see cref="PairwiseSquaredDistances"/>, whose cancellation it shares: near points are told apart only to about
    /// the root of the rounding error times their norm. Where the distance is 0, as on the diagonal of a tensor with itself, every derivative is 0. Leading axes
    /// broadcast; floating types.
    /// </summary>
    /// <exception cref="ShapeException">A rank is below 2, or d differs.</exception>
    public static Tensor PairwiseDistances(Tensor x, Tensor y)
    {
        Tensor squared = SquaredDistances("pairwiseDistances", x, y), coincident = squared.EqualTo(0);
        return Where(coincident, squared.Like(0), Sqrt(Where(coincident, squared.Like(1), squared)));
    }

    private static Tensor SquaredDistances(string op, Tensor x, Tensor y)
    {
        if (x.Rank < 2 || y.Rank < 2 || x.Shape[^1] != y.Shape[^1])
            throw new ShapeException($"{op}: takes [.., n, d] and [.., m, d] with one d, got {x.Shape} and {y.Shape}.");
        RequireFloating(op, x);
        _ = Broadcasting.Join(op, x.Shape[..^2], y.Shape[..^2]);
        if (x.DType != y.DType)
            throw new DTypeException($"{op}: element types differ, got {x.DType.Name()} and {y.DType.Name()}. Cast one: x.Cast(DType.{x.DType}).");
        bool same = ReferenceEquals(x, y);
        if (x.DType.IsHalfWidth())
        {
            Tensor wide = x.Cast(DType.F32);
            return SquaredDistances(op, wide, same ? wide : y.Cast(DType.F32)).Cast(x.DType);
        }
        Tensor norms = Sum(Square(x), [-1], keepDims: true) + Unsqueeze(Sum(Square(y), [-1]), -2);
        Tensor squared = norms - (MatMul(x, Transpose(y)) * 2);
        // What rounding took below 0 is taken away as a constant.
        squared = squared - StopGradient(Minimum(squared, squared.Like(0)));
        return same ? Where(Eye(x.Shape[^2], dtype: DType.Bool), squared.Like(0), squared) : squared;
    }
}
