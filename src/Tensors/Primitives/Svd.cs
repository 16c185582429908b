namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Reduced singular value decomposition of matrices [..., m, n], with k = min(m, n): u [..., m, k] with orthonormal columns, singular values s [..., k] in descending order,
    /// vt [..., k, n] with orthonormal rows, a = u diag(s) vt. f32 and f64. Of a column of u, or of a row of vt when n is greater than m, the element of greatest magnitude, the
    /// first of them, is positive. A NaN or an infinity makes everything NaN.
    /// </summary>
    /// <remarks>
    /// QR factors and one-sided Jacobi rotations (Drmac and Veselic 2008): small singular values of matrices with graded columns keep their leading digits. Values below 2^-80 (f32) or
    /// 2^-700 (f64) of the greatest element are 0. Derivatives of values that are above 0 or functions of them, such as the nuclear norm, always hold if symmetric in equal ones; at a value 0 that of
    /// the value is one of its subgradients. Derivatives of vectors divide by differences of squared values and by values; where a difference or a value is at most max(m, n) units of rounding of
    /// the greatest, they do not exist and the quotient is taken for 0, which is right for what depends on vectors through whole singular spaces only.
    /// </remarks>
    /// <param name="a">Matrices.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static (Tensor U, Tensor S, Tensor Vt) Svd(Tensor a)
    {
        MatrixRules.Require("svd", a);
        bool wide = a.Shape[^2] < a.Shape[^1];
        Tensor[] factors = SvdOp.Instance.Bind(wide ? a.T : a);
        return wide ? (factors[2].T, factors[1], factors[0].T) : (factors[0], factors[1], factors[2]);
    }

    /// <summary>
    /// The Moore-Penrose inverses [..., n, m] of matrices [..., m, n], in which singular values are taken for 0 that are at most a tolerance times the greatest. f32 and f64.
    /// </summary>
    /// <remarks>Derivatives of every order are those among matrices of the same rank (Golub and Pereyra 1973); equal singular values do not disturb them.</remarks>
    /// <param name="a">Matrices.</param>
    /// <param name="tolerance">Relative size of a singular value that counts as 0; max(m, n) units of rounding when null.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static Tensor PseudoInverse(Tensor a, double? tolerance = null) => PseudoInverse("pseudoInverse", a, tolerance);

    /// <summary>The ranks [...] in i64 of matrices [..., m, n]: how many singular values are more than a tolerance times the greatest.</summary>
    /// <param name="a">Matrices.</param>
    /// <param name="tolerance">Relative size of a singular value that counts as 0; max(m, n) units of rounding when null.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static Tensor MatrixRank(Tensor a, double? tolerance = null)
    {
        MatrixRules.Require("matrixRank", a);
        Tensor s = Svd(StopGradient(a)).S;
        return Sum(s > MatrixRules.Negligible(s, MatrixRules.RankTolerance(a, tolerance)), [-1]);
    }

    /// <summary>The sums [...] of the singular values of matrices [..., m, n]; where one is 0 the gradient is one of the subgradients.</summary>
    /// <param name="a">Matrices.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static Tensor NuclearNorm(Tensor a)
    {
        MatrixRules.Require("nuclearNorm", a);
        return Sum(Svd(a).S, [-1]);
    }

    /// <summary>The greatest singular values [...] of matrices [..., m, n], 0 of empty ones; where several are greatest they share the gradient.</summary>
    /// <param name="a">Matrices.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static Tensor SpectralNorm(Tensor a)
    {
        MatrixRules.Require("spectralNorm", a);
        Tensor s = Svd(a).S;
        return s.Shape[^1] == 0 ? Sum(s, [-1]) : Max(s, [-1]);
    }

    /// <summary>
    /// The x [..., n, k] of least norm among those with the least |a x - b|, for a [..., m, n] of any rank and b [..., m, k], through singular values; leading axes broadcast. f32 and f64.
    /// </summary>
    /// <remarks>Derivatives are those among matrices of the same rank, as of <see cref="PseudoInverse(Tensor, double?)"/>.</remarks>
    /// <param name="a">Matrices.</param>
    /// <param name="b">Right sides, the columns of matrices; a vector is a matrix of one column.</param>
    /// <param name="tolerance">Relative size of a singular value that counts as 0; max(m, n) units of rounding when null.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor LeastSquares(Tensor a, Tensor b, double? tolerance)
    {
        MatrixRules.Require("leastSquares", a);
        MatrixRules.RequireRightSide("leastSquares", a, b);
        Broadcasting.Join("leastSquares", a.Shape[..^2], b.Shape[..^2]);
        return MatMul(PseudoInverse("leastSquares", a, tolerance), b);
    }

    private static Tensor PseudoInverse(string op, Tensor a, double? tolerance)
    {
        MatrixRules.Require(op, a);
        (Tensor u, Tensor s, Tensor vt) = Svd(StopGradient(a));
        Tensor inverse = MatrixRules.Reciprocals(s, MatrixRules.Negligible(s, MatrixRules.RankTolerance(a, tolerance)));
        return PseudoInverseOp.Instance.Apply(a.T, MatMul(vt.T * Unsqueeze(inverse, -2), u.T));
    }
}

/// <summary>Matrices with m >= n to u, s and vt.</summary>
internal sealed record SvdOp : Primitive
{
    public static readonly SvdOp Instance = new();

    public override string Name => "svd";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec a = inputs[0];
        TypeRules.Require(Name, Accepts.Floating, a.DType);
        Shape batch = a.Shape[..^2];
        int n = a.Shape[^1];
        return [a, a with { Shape = batch.Concat([n]) }, a with { Shape = batch.Concat([n, n]) }];
    }

    /// <remarks>
    /// With f[i, j] = 1 / (s[j]^2 - s[i]^2), p = u^T du, q = v^T dv: u ((f * (p - p^T)) s + s (f * (q - q^T)) + diag(ds)) v^T, and for m > n (du - u p) s^-1 v^T.
    /// </remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        (Tensor u, Tensor s, Tensor vt) = (outputs[0], outputs[1], outputs[2]);
        Tensor across = Ops.Unsqueeze(s, -2), down = Ops.Unsqueeze(s, -1);
        Tensor? inner = cotangents[1] is { } toS ? Ops.Diag(toS) : null, result = null;
        if (cotangents[0] is { } toU)
        {
            Tensor p = Ops.MatMul(u.T, toU);
            inner = MatrixRules.Sum(inner, Pairs(inputs[0], s) * (p - p.T) * across);
            if (inputs[0].Shape[^2] > inputs[0].Shape[^1]) result = Ops.MatMul((toU - Ops.MatMul(u, p)) * Inverse(inputs[0], s), vt);
        }
        if (cotangents[2] is { } toVt)
        {
            Tensor q = Ops.MatMul(vt, toVt.T);
            inner = MatrixRules.Sum(inner, down * (Pairs(inputs[0], s) * (q - q.T)));
        }
        return [MatrixRules.Sum(inner is null ? null : Ops.MatMul(Ops.MatMul(u, inner), vt), result)];
    }

    /// <remarks>With p = u^T da v: ds is its diagonal, du = u (f * (p s + s p^T)) and for m > n (da v - u p) s^-1, dv = v (f * (s p + p^T s)).</remarks>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[0] is not { } tangent) return [null, null, null];
        (Tensor u, Tensor s, Tensor vt) = (outputs[0], outputs[1], outputs[2]);
        Tensor across = Ops.Unsqueeze(s, -2), down = Ops.Unsqueeze(s, -1), moved = Ops.MatMul(tangent, vt.T), p = Ops.MatMul(u.T, moved), f = Pairs(inputs[0], s);
        Tensor left = Ops.MatMul(u, f * ((p * across) + (down * p.T)));
        if (inputs[0].Shape[^2] > inputs[0].Shape[^1]) left = left + ((moved - Ops.MatMul(u, p)) * Inverse(inputs[0], s));
        return [left, Ops.Diagonal(p), Ops.MatMul((f * ((down * p) + (p.T * across))).T, vt)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new SvdKernel();

    private static Tensor Inverse(Tensor a, Tensor s) => Ops.Unsqueeze(MatrixRules.Reciprocals(s, MatrixRules.Negligible(s, MatrixRules.RankTolerance(a, null))), -2);

    private static Tensor Pairs(Tensor a, Tensor s)
    {
        Tensor sums = Ops.Unsqueeze(s, -2) + Ops.Unsqueeze(s, -1), bound = Ops.Unsqueeze(MatrixRules.Negligible(s, MatrixRules.RankTolerance(a, null)), -1);
        return MatrixRules.Quotients(s, a.Shape[^2]) * MatrixRules.Reciprocals(sums, bound);
    }
}

/// <summary>(the transpose of a, the pseudo-inverse of a) to the latter: mathematically a function of a alone, so the second operand carries no derivative.</summary>
internal sealed record PseudoInverseOp : Primitive
{
    public static readonly PseudoInverseOp Instance = new();

    public override string Name => "pseudoInverse";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1]];

    /// <remarks>The transpose of the forward rule.</remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } g) return [null, null];
        Tensor a = inputs[0].T, y = outputs[0];
        Tensor second = Ops.MatMul(g.T, Ops.MatMul(y, y.T)), third = Ops.MatMul(Ops.MatMul(y.T, y), g.T);
        second = second - Ops.MatMul(a, Ops.MatMul(y, second));
        third = third - Ops.MatMul(Ops.MatMul(third, y), a);
        return [(second + third - Ops.MatMul(Ops.MatMul(y.T, g), y.T)).T, null];
    }

    /// <remarks>dy = -y da y + y y^T da^T (1 - a y) + (1 - y a) da^T y^T y.</remarks>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[0] is not { } turned) return [null];
        Tensor a = inputs[0].T, y = outputs[0];
        Tensor second = Ops.MatMul(Ops.MatMul(y, y.T), turned), third = Ops.MatMul(turned, Ops.MatMul(y.T, y));
        second = second - Ops.MatMul(Ops.MatMul(second, a), y);
        third = third - Ops.MatMul(y, Ops.MatMul(a, third));
        return [second + third - Ops.MatMul(Ops.MatMul(y, turned.T), y)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(MatrixRules.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MapKernel(Expr.Input(1, inputs[1].DType));
}
