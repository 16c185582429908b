using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// Norms of matrices [.., out, in]: those a layer y = W x gets from how its input and output are measured, and their duality maps
/// (Bernstein and Newhouse, "Old Optimizer, New Norm", 2024, section 4 and table 1). RMS is the Euclidean length over the root of the number of entries.
/// </summary>
public static class MatrixNorms
{
    private const int Rows = -1, Columns = -2;

    /// <summary>Sum norm to Euclidean: the longest column. Each column is brought to length 1.</summary>
    public static TensorNorm L1ToL2 { get; } = new LineNorm(Columns);

    /// <summary>Sum norm to RMS: the largest RMS of a column, as for the columns of an embedding.</summary>
    public static TensorNorm L1ToRms { get; } = new ScaledNorm(L1ToL2, shape => 1 / Math.Sqrt(shape[^2]));

    /// <summary>Sum norm to largest entry: the largest absolute element. The sign, as in sign descent and Adam without averages.</summary>
    public static TensorNorm L1ToLinf => VectorNorms.MaxEntry;

    /// <summary>Euclidean to largest entry: the longest row.</summary>
    public static TensorNorm L2ToLinf { get; } = new LineNorm(Rows);

    /// <summary>Euclidean to Euclidean: the largest singular value. The polar factor, as in Muon and in Shampoo without averages.</summary>
    public static TensorNorm Spectral { get; } = new SchattenNorm(double.PositiveInfinity);

    /// <summary>
    /// <see cref="Spectral"/> with the polynomials of a schedule in the place of the polar factor, whatever the accuracy asked for:
    /// <c>SpectralBy(PolarSchedule.Jordan, PolarPrescale.Frobenius())</c> is the map of the first releases of Muon.
    /// </summary>
    /// <param name="schedule">The polynomials.</param>
    /// <param name="prescale">What matrices are divided by first; their Schatten-4 norm when null.</param>
    public static TensorNorm SpectralBy(PolarSchedule schedule, PolarPrescale? prescale = null) => new PolynomialSpectralNorm(schedule, prescale);

    /// <summary>RMS to RMS: sqrt(in / out) times the largest singular value; the norm of linear layers.</summary>
    public static TensorNorm RmsToRms { get; } = new ScaledNorm(Spectral, shape => Math.Sqrt((double)shape[^1] / shape[^2]));

    /// <summary>RMS to largest entry: sqrt(in) times the longest row, as for logits.</summary>
    public static TensorNorm RmsToLinf { get; } = new ScaledNorm(L2ToLinf, shape => Math.Sqrt(shape[^1]));

    /// <summary>The root of the sum of squares of each matrix.</summary>
    public static TensorNorm Frobenius { get; } = new MatrixFrobeniusNorm();

    /// <summary>
    /// The p-norm of the singular values, between <see cref="Frobenius"/>, p = 2, and <see cref="Spectral"/>, p infinite. Its duality map is U S^(q-1) V^T over the
    /// (q-1)-th power of the q-norm of S, 1/p + 1/q = 1.
    /// </summary>
    /// <exception cref="ArgumentException">p is not above 1.</exception>
    public static TensorNorm Schatten(double p) =>
        p > 1 ? new SchattenNorm(p) : throw new ArgumentException($"schatten: p must be above 1, got {p}. The nuclear norm, p = 1, has no single duality map.");

    /// <summary>
    /// Kernels [out, in / groups, window..] of a convolution, tap by tap: the number of taps times the largest <see cref="RmsToRms"/> norm of a tap, which bounds what the
    /// convolution does to the RMS over channels (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024, example 6).
    /// </summary>
    /// <exception cref="ArgumentException">The number of groups is below 1.</exception>
    public static TensorNorm ConvolutionTaps(int groups = 1)
    {
        RequireGroups(groups);
        return new ScaledNorm(new ViewedNorm(RmsToRms, x => Taps(x, groups), (x, shape) => FromTaps(x, groups, shape), 3), shape => shape[2..].Count);
    }

    /// <summary>Kernels [out, in / groups, window..] of a convolution as the matrix [out, rest] that meets the window laid flat: its <see cref="RmsToRms"/> norm.</summary>
    /// <exception cref="ArgumentException">The number of groups is below 1.</exception>
    public static TensorNorm ConvolutionFlattened(int groups = 1)
    {
        RequireGroups(groups);
        return new ViewedNorm(RmsToRms, x => x.Reshape(groups, x.Shape[0] / groups, x.Shape[1..].Count), (x, shape) => x.Reshape(shape.Lengths), 3);
    }

    /// <summary>A matrix [blocks * out, in] of several maps one below another, such as the gates of a recurrent cell: the largest of the blocks' norms.</summary>
    /// <exception cref="ArgumentException">The number of blocks is below 1.</exception>
    public static TensorNorm Blocks(int blocks, TensorNorm norm)
    {
        if (blocks < 1) throw new ArgumentException($"blocks: the number of blocks must be at least 1, got {blocks}.");
        return new ViewedNorm(norm, x => x.Reshape([.. x.Shape[..^2], blocks, x.Shape[^2] / blocks, x.Shape[^1]]), (x, shape) => x.Reshape(shape.Lengths));
    }

    private static void RequireGroups(int groups)
    {
        if (groups < 1) throw new ArgumentException($"convolution norm: the number of groups must be at least 1, got {groups}.");
    }

    /// <summary>[out, in, window..] to [taps, groups, out / groups, in].</summary>
    private static Tensor Taps(Tensor x, int groups) =>
        x.Reshape(groups, x.Shape[0] / groups, x.Shape[1], x.Shape[2..].Count).Permute(3, 0, 1, 2);

    private static Tensor FromTaps(Tensor x, int groups, Shape shape) => x.Permute(1, 2, 3, 0).Reshape(shape.Lengths);
}

/// <summary>The longest line along an axis; dual: the lengths of all lines added.</summary>
internal sealed class LineNorm(int axis) : TensorNorm
{
    internal override int LeastRank => 2;

    internal override Tensor Norm(Tensor x) => Ops.Max(Lengths.Of(x, [axis]));

    internal override Tensor Dual(Tensor gradient) => Ops.Sum(Lengths.Of(gradient, [axis]));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => Lengths.Unit(gradient, [axis]);
}

/// <summary>The largest Frobenius norm of a matrix; dual: all of them added.</summary>
internal sealed class MatrixFrobeniusNorm : TensorNorm
{
    internal override int LeastRank => 2;

    internal override Tensor Norm(Tensor x) => Ops.Max(Lengths.Of(x, [-2, -1]));

    internal override Tensor Dual(Tensor gradient) => Ops.Sum(Lengths.Of(gradient, [-2, -1]));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => Lengths.Unit(gradient, [-2, -1]);
}

/// <summary>The p-norm of the singular values.</summary>
internal sealed class SchattenNorm(double p) : TensorNorm
{
    private readonly double q = double.IsInfinity(p) ? 1 : p / (p - 1);

    internal override int LeastRank => 2;

    internal override Tensor Norm(Tensor x) => Ops.Max(Power(Ops.Svd(x).S, p));

    internal override Tensor Dual(Tensor gradient) => Ops.Sum(Power(Ops.Svd(gradient).S, q));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy)
    {
        if (double.IsInfinity(p)) return Polar.Factor(gradient, accuracy);
        (Tensor u, Tensor s, Tensor vt) = Ops.Svd(gradient);
        Tensor relative = Lengths.Over(s, Power(s, q)), positive = relative > 0;
        Tensor values = Ops.Where(positive, Ops.Pow(Ops.Where(positive, relative, relative.Like(1)), q - 1), relative.Like(0));
        return (u * Ops.Unsqueeze(values, -2)).MatMul(vt);
    }

    /// <summary>The norm of the singular values in the last axis, which is kept with length 1.</summary>
    private static Tensor Power(Tensor s, double exponent)
    {
        Tensor largest = Ops.Max(s, [-1], keepDims: true);
        if (double.IsInfinity(exponent)) return largest;
        if (exponent == 1) return Ops.Sum(s, [-1], keepDims: true);
        return Ops.Pow(Ops.Sum(Ops.Pow(Lengths.Over(s, largest), exponent), [-1], keepDims: true), 1 / exponent) * largest;
    }
}

/// <summary>The largest singular value, with a map that comes close to the polar factor.</summary>
internal sealed class PolynomialSpectralNorm(PolarSchedule schedule, PolarPrescale? prescale) : TensorNorm
{
    internal override int LeastRank => 2;

    internal override Tensor Norm(Tensor x) => MatrixNorms.Spectral.Norm(x);

    internal override Tensor Dual(Tensor gradient) => MatrixNorms.Spectral.Dual(gradient);

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => Polar.Apply(gradient, schedule, prescale);

    public override Tensor Project(Tensor weight) => MatrixNorms.Spectral.Project(weight);
}
