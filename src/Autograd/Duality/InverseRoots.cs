using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>How the root of a symmetric matrix is computed.</summary>
public enum InverseRootMethod : byte
{
    /// <summary>By eigenvalues and eigenvectors; any power.</summary>
    Eigen,

    /// <summary>By the coupled Newton iteration, which is matrix products only; whole p.</summary>
    Newton,
}

/// <summary>
/// A^(-1/p) of symmetric positive semidefinite matrices [.., n, n], each by itself: what Kronecker-factored preconditioners are made of. f32 and f64; f16 and bf16 are computed
/// in f32. A matrix of zeros has the root 0, and one with a NaN or an infinity a root of NaN.
/// </summary>
/// <remarks>
/// The ridge, relative to the greatest eigenvalue, is added to every eigenvalue first: (A + ridge lambda I)^(-1/p). With a ridge of 0 the eigenvalues that rounding cannot tell
/// from 0, those up to n units of rounding of the greatest, have the power 0: the root of the pseudo-inverse.
/// </remarks>
public static class InverseRoots
{
    /// <summary>The ridge for an element type when none is given: 1e-12 in f64 and 1e-6 in f32.</summary>
    public static double RidgeFor(DType type) => type == DType.F64 ? 1e-12 : 1e-6;

    /// <summary>A^(-1/p).</summary>
    /// <remarks>
    /// Through eigenvalues the result has derivatives of every order where eigenvalues differ (<see cref="Ops.SymmetricEigen"/>); by the iteration only forward ones.
    /// </remarks>
    /// <param name="a">Symmetric matrices [.., n, n].</param>
    /// <param name="p">Positive; whole for <see cref="InverseRootMethod.Newton"/>.</param>
    /// <param name="method">How.</param>
    /// <param name="ridge">Relative to the greatest eigenvalue, not negative; <see cref="RidgeFor"/> when null.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    /// <exception cref="DTypeException">The type is not floating.</exception>
    /// <exception cref="ArgumentException">p is not positive, or not whole where it must be, or the ridge is negative.</exception>
    public static Tensor Of(Tensor a, double p, InverseRootMethod method = InverseRootMethod.Eigen, double? ridge = null)
    {
        if (method == InverseRootMethod.Newton) return Newton(a, WholeRoot(p), ridge).Root;
        double raise = Check(a, p, ridge);
        if (a.Count == 0) return a;
        if (a.DType.IsHalfWidth()) return Of(a.Cast(DType.F32), p, method, raise).Cast(a.DType);
        Tensor size = Size(a);
        return Scaled(ByEigenvalues(Lengths.Over(a, size), p, raise), size, p);
    }

    /// <summary>
    /// A^(-1/p) by the coupled Newton iteration (Guo and Higham 2006; as in Anil et al., "Scalable Second Order Optimization for Deep Learning", 2020): with z = (1 + p) / (2 |A|),
    /// from X = z^(1/p) I and M = z A, T = ((p + 1) I - M) / p, X = X T, M = T^p M until no element of M is farther than the tolerance from the identity's. Where the
    /// distance grows to 1.2 of what it was, the X before stays. A matrix whose distance is above 0.1 in the end, or a NaN, gets its root from eigenvalues, and is marked.
    /// </summary>
    /// <param name="a">Symmetric matrices [.., n, n].</param>
    /// <param name="p">At least 1.</param>
    /// <param name="ridge">Relative to the greatest eigenvalue, which power iteration estimates; not negative; <see cref="RidgeFor"/> when null.</param>
    /// <param name="tolerance">Largest |M - I| at which an iteration ends.</param>
    /// <param name="maxIterations">Steps at most.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    /// <exception cref="DTypeException">The type is not floating.</exception>
    /// <exception cref="ArgumentException">p is below 1, the ridge is negative, the tolerance is not positive, or there is no step.</exception>
    public static InverseRoot Newton(Tensor a, int p, double? ridge = null, double tolerance = 1e-6, int maxIterations = 100)
    {
        double raise = Check(a, p, ridge);
        if (!(tolerance > 0)) throw new ArgumentException($"inverseRoots: the tolerance must be positive, got {tolerance}.");
        if (maxIterations < 1) throw new ArgumentException($"inverseRoots: the number of iterations must be at least 1, got {maxIterations}.");
        if (a.DType.IsHalfWidth())
        {
            InverseRoot wide = Newton(a.Cast(DType.F32), p, raise, tolerance, maxIterations);
            return wide with { Root = wide.Root.Cast(a.DType) };
        }
        int n = a.Shape[^1], count = a.Shape[..^2].Count;
        int[] batch = [.. a.Shape[..^2]];
        if (a.Count == 0) return new(a, Tensor.Zeros(a.Shape[..^2], DType.I64), Tensor.Zeros(a.Shape[..^2], a.DType), Tensor.Zeros(a.Shape[..^2], DType.Bool));
        Tensor matrices = a.Reshape(count, n, n), size = Size(matrices), one = Ops.Eye(n, dtype: a.DType);
        Tensor plain = Lengths.Over(matrices, size);
        Tensor raised = raise == 0 ? plain : plain + (one * (Largest(plain) * raise));
        Tensor nothing = size.EqualTo(0).Reshape(count);
        Tensor length = Ops.Sqrt(Ops.Sum(Ops.Square(raised), [-2, -1], keepDims: true));
        Tensor z = (1 + p) / 2.0 / Ops.Where(length.EqualTo(0), length.Like(1), length);
        Tensor first = raised * z, distance = Distance(first, one);
        TensorList end = ControlFlow.While(
            new TensorList(one * Ops.Pow(z, 1.0 / p), first, distance, Tensor.Zeros([count], DType.I64), Ops.And(distance > tolerance, Ops.LogicalNot(nothing))),
            s => Ops.Max(s.Items[4].Cast(DType.I32)) > 0,
            s =>
            {
                (Tensor x, Tensor m, Tensor before, Tensor steps, Tensor running) = (s.Items[0], s.Items[1], s.Items[2], s.Items[3], s.Items[4]);
                Tensor t = (one * (p + 1) - m) * (1.0 / p);
                Tensor moved = Ops.SymmetricMatMul(Power(t, p), m), after = Distance(moved, one);
                Tensor taken = Ops.And(running, after <= before * 1.2), here = Ops.Unsqueeze(Ops.Unsqueeze(taken, -1), -1);
                Tensor next = steps + taken.Cast(DType.I64), still = Ops.Where(taken, after, before);
                return new(
                    Ops.Where(here, Ops.SymmetricMatMul(x, t), x), Ops.Where(here, moved, m), still, next,
                    Ops.And(taken, Ops.And(still > tolerance, next < maxIterations)));
            });
        (Tensor error, Tensor iterations) = (Ops.Where(nothing, end.Items[2].Like(0), end.Items[2]), end.Items[3]);
        Tensor failed = Ops.LogicalNot(error <= WorstDistance);
        TensorList roots = ControlFlow.Cond(
            Ops.Max(failed.Cast(DType.I32)) > 0, new TensorList(plain, end.Items[0], failed),
            s => new TensorList(Ops.Where(Ops.Unsqueeze(Ops.Unsqueeze(s.Items[2], -1), -1), ByEigenvalues(s.Items[0], p, raise), s.Items[1])),
            s => new TensorList(s.Items[1]));
        return new(
            Scaled(roots.Items[0], size, p).Reshape(a.Shape.Lengths), iterations.Reshape(batch), error.Reshape(batch), failed.Reshape(batch));
    }

    private const double WorstDistance = 0.1;

    private static double Check(Tensor a, double p, double? ridge)
    {
        if (!a.DType.IsFloating()) throw new DTypeException($"inverseRoots: takes a floating type, got {a.DType.Name()}. Cast first: a.Cast(DType.F32).");
        if (a.Rank < 2 || a.Shape[^1] != a.Shape[^2]) throw new ShapeException($"inverseRoots: the matrices must be square [.., n, n], got {a.Shape}.");
        if (!(p > 0 && double.IsFinite(p))) throw new ArgumentException($"inverseRoots: p must be finite and positive, got {p}.");
        double raise = ridge ?? RidgeFor(a.DType);
        return raise >= 0 && double.IsFinite(raise) ? raise : throw new ArgumentException($"inverseRoots: the ridge must be finite and not negative, got {raise}.");
    }

    private static int WholeRoot(double p) =>
        p is >= 1 and <= 1024 && p == Math.Floor(p) ? (int)p : throw new ArgumentException($"inverseRoots: Newton's iteration takes a whole p of at least 1, got {p}. Use InverseRootMethod.Eigen.");

    /// <summary>The greatest absolute element of each matrix. Roots are taken of the matrices over it, so that squares of elements neither overflow nor vanish.</summary>
    private static Tensor Size(Tensor a) => Ops.StopGradient(Ops.Max(Ops.Abs(a), [-2, -1], keepDims: true));

    /// <summary>The root of size A from that of A; 0 for a size of 0.</summary>
    private static Tensor Scaled(Tensor root, Tensor size, double p)
    {
        Tensor zero = size.EqualTo(0);
        return Ops.Where(zero, root.Like(0), root) * Ops.Pow(Ops.Where(zero, size.Like(1), size), -1 / p);
    }

    private static Tensor ByEigenvalues(Tensor a, double p, double ridge)
    {
        int n = a.Shape[^1];
        (Tensor values, Tensor vectors) = Ops.SymmetricEigen(a);
        Tensor largest = Ops.Narrow(values, -1, n - 1, 1);
        Tensor raised = ridge == 0 ? values : Ops.Maximum(values, values.Like(0)) + (largest * ridge);
        double rounding = a.DType == DType.F64 ? 2.220446049250313e-16 : 1.1920929e-7;
        // Asked this way round, a NaN is kept.
        Tensor dropped = raised <= (ridge == 0 ? largest * (n * rounding) : largest.Like(0));
        Tensor powers = Ops.Where(dropped, raised.Like(0), Ops.Pow(Ops.Where(dropped, raised.Like(1), raised), -1 / p));
        return Ops.SymmetricMatMul(vectors * Ops.Unsqueeze(powers, -2), vectors.T);
    }

    /// <summary>The greatest eigenvalue by power iteration [B, 1, 1], to 1e-6 or 100 products: more than enough for a ridge.</summary>
    private static Tensor Largest(Tensor a)
    {
        int n = a.Shape[^1];
        Tensor start = Ops.RandomNormal(RandomKey.FromSeed(1729), [1, n, 1], a.DType).BroadcastTo([a.Shape[0], n, 1]);
        TensorList end = ControlFlow.While(
            new TensorList(Lengths.Unit(start, [-2]), Tensor.Zeros([a.Shape[0], 1, 1], a.DType), Tensor.Scalar(0, DType.I64), Tensor.Scalar(1, DType.Bool)),
            s => Ops.And(s.Items[3], s.Items[2] < 100),
            s =>
            {
                Tensor product = Ops.MatMul(a, s.Items[0]), value = Ops.Sum(product * s.Items[0], [-2], keepDims: true);
                Tensor moving = Ops.Abs(value - s.Items[1]) > Ops.Abs(value) * 1e-6;
                return new(Lengths.Unit(product, [-2]), value, s.Items[2] + 1, Ops.Max(moving.Cast(DType.I32)) > 0);
            });
        return end.Items[1];
    }

    private static Tensor Distance(Tensor m, Tensor one) => Ops.Max(Ops.Abs(m - one), [-2, -1]);

    /// <summary>t^p by repeated squaring. Powers of one matrix commute, so every product is symmetric.</summary>
    private static Tensor Power(Tensor t, int p)
    {
        Tensor? result = null;
        for (int rest = p; ; rest >>= 1)
        {
            if ((rest & 1) == 1) result = result is null ? t : Ops.SymmetricMatMul(result, t);
            if (rest == 1) return result!;
            t = Ops.SymmetricMatMul(t, t);
        }
    }
}

/// <summary>Roots by iteration and how it went, matrix by matrix.</summary>
/// <param name="Root">A^(-1/p), [.., n, n].</param>
/// <param name="Iterations">Steps taken, [..] i64.</param>
/// <param name="Error">The largest |M - I| at the end, [..]: the relative error of the root, times p, before rounding.</param>
/// <param name="FellBack">Where the root is that of eigenvalues because the iteration failed, [..] bool.</param>
public sealed record InverseRoot(Tensor Root, Tensor Iterations, Tensor Error, Tensor FellBack) : ITree<InverseRoot>
{
    /// <inheritdoc/>
    public int LeafCount => 4;

    /// <inheritdoc/>
    public object StructureKey => typeof(InverseRoot);

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves) => (leaves[0], leaves[1], leaves[2], leaves[3]) = (Root, Iterations, Error, FellBack);

    /// <inheritdoc/>
    public InverseRoot WithLeaves(ReadOnlySpan<Tensor> leaves) => new(leaves[0], leaves[1], leaves[2], leaves[3]);
}
