using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// What a matrix is divided by before a schedule, so that its singular values are at most 1: factor * (a norm, or a number per row), at least a floor, plus an offset.
/// </summary>
/// <param name="Kind">Which norm.</param>
/// <param name="Factor">What the norm is multiplied by: 1.02 leaves room for products in low precision.</param>
/// <param name="Floor">The least that the matrix is divided by.</param>
/// <param name="Offset">Added.</param>
public sealed record PolarPrescale(PolarNorm Kind, double Factor = 1, double Floor = 0, double Offset = 0)
{
    /// <summary>The matrix as it is.</summary>
    public static PolarPrescale None { get; } = new(PolarNorm.None);

    /// <summary>The Schatten-4 norm: the fourth root of the sum of fourth powers of the singular values, from X X^T, which the first step needs anyway.</summary>
    public static PolarPrescale Schatten4 { get; } = new(PolarNorm.Schatten4);

    /// <summary>The Frobenius norm, or a floor where that is greater.</summary>
    public static PolarPrescale Frobenius(double floor = 0) => new(PolarNorm.Frobenius, Floor: floor);

    /// <summary>
    /// Rows of the wide form, each divided by the root of the sum of magnitudes in its row of X X^T (AOL; Prach and Lampert, ECCV 2022), which leaves no singular value
    /// above 1 and brings most of them near. What comes of it is near the polar factor of the rescaled matrix, not of the matrix itself: fewer steps, another direction.
    /// </summary>
    public static PolarPrescale AlmostOrthogonal { get; } = new(PolarNorm.AlmostOrthogonal);

    /// <summary>
    /// The greatest magnitude [..., 1, 1] of each matrix, by which norms are taken relative to it: the norms of what is left neither overflow nor underflow. 1 for zero. As the quotient
    /// of matrix and norm does not depend on it, it has no derivative.
    /// </summary>
    internal static Tensor Magnitude(Tensor x)
    {
        // Row by row first: a row is read and reduced at once, and its magnitudes are nowhere written.
        Tensor most = Ops.Max(Ops.Max(Ops.StopGradient(Ops.Abs(x)), [-1], keepDims: true), [-2], keepDims: true);
        return Ops.Where(most.EqualTo(0), most.Like(1), most);
    }

    /// <summary>What wide matrices x of greatest magnitude 1 are divided by, [..., 1, 1] or, row by row, [..., n, 1]; 1 for zero without a floor.</summary>
    /// <param name="gram">x x^T.</param>
    /// <param name="magnitude">What they have been divided by.</param>
    internal Tensor Divisor(Tensor gram, Tensor magnitude)
    {
        Tensor squares = Kind switch
        {
            PolarNorm.Frobenius => Ops.Sum(Ops.Diagonal(gram), [-1], keepDims: true).Reshape([.. gram.Shape[..^2].Lengths, 1, 1]),
            PolarNorm.AlmostOrthogonal => Ops.Sum(Ops.Abs(gram), [-1], keepDims: true),
            _ => Ops.Sum(Ops.Square(gram), [-2, -1], keepDims: true),
        };
        // The root's slope at 0 is infinite.
        Tensor none = squares.EqualTo(0), norm = Ops.Sqrt(Ops.Where(none, squares.Like(1), squares));
        if (Kind == PolarNorm.Schatten4) norm = Ops.Sqrt(norm);
        if (Factor != 1) norm *= Factor;
        if (Floor > 0) norm = Ops.Maximum(norm, Floor / magnitude);
        return Offset == 0 ? norm : norm + (Offset / magnitude);
    }
}

/// <summary>What matrices are divided by so that their spectral norm is at most 1.</summary>
public enum PolarNorm : byte
{
    /// <summary>None: the matrix is left as it is.</summary>
    None,

    /// <summary>The square root of the sum of the squares of the elements.</summary>
    Frobenius,

    /// <summary>The fourth root of the sum of fourth powers of the singular values, which is the root of the Frobenius norm of X X^T.</summary>
    Schatten4,

    /// <summary>None, but a number per row: the root of the sum of magnitudes in its row of X X^T.</summary>
    AlmostOrthogonal,
}
