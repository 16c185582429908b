namespace Engine.Tensors;

/// <summary>
/// The lower Cholesky factor of the lower triangle of matrices [..., n, n], f32 or f64; zeros above the diagonal. An element is a[i, j] from which the products
/// l[i, p] l[j, p] are taken off by fused multiply-adds in order of p, then divided by l[j, j]; on the diagonal its root. A pivot that is not positive is an error.
/// </summary>
public sealed record CholeskyKernel : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Operands (a [..., n, n], b [..., n, m]), f32 or f64, to x with op(a) x = b by substitution: an element is b[i, c] from which products with the elements already
/// found are taken off by fused multiply-adds in the order they were found, then divided by the diagonal. Only the named triangle of a is read. A diagonal element 0 is
/// an error.
/// </summary>
/// <param name="Lower">The triangle of a that is read.</param>
/// <param name="Transpose">op(a) is the transpose of a.</param>
/// <param name="UnitDiagonal">The diagonal is taken for 1 and not read.</param>
public sealed record TriangularSolveKernel(bool Lower, bool Transpose, bool UnitDiagonal) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Matrices [..., m, n], f32 or f64, to their packed factors [..., m, n] (l below the diagonal, its ones not stored; u on and above it), the permutation [..., m] in i64 and its
/// sign [...]: row i of l u is row permutation[i] of the operand. The pivot is the first element of greatest magnitude in the rest of its column, a NaN before all.
/// An element is a[i, j] from which l[i, p] u[p, j] are taken off by fused multiply-adds in order of p, below the diagonal divided by the pivot unless that is 0.
/// </summary>
public sealed record LuKernel : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Operands (a, packed factors, permutation of <see cref="LuKernel"/>, b [..., n, m]) to the solution of op(a) x = b by two substitutions as in <see cref="TriangularSolveKernel"/>.
/// The values of a are not read. A pivot 0 is an error.
/// </summary>
/// <param name="Transpose">op(a) is the transpose of a.</param>
public sealed record LuSolveKernel(bool Transpose) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Matrices [..., m, n] with m >= n, f32 or f64, to q [..., m, n] with orthonormal columns and r [..., n, n], upper triangular with no negative element on its diagonal, by Householder
/// reflections in blocks of 32 columns, applied together as I - V T V^T. Sums over a column inside a block have sixteen lanes as in <see cref="Accumulation.DotTree"/>, products of
/// blocks run in order.
/// </summary>
public sealed record QrKernel : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Symmetric matrices [..., n, n], f32 or f64, of which the lower triangle is read, to their eigenvalues [..., n] in ascending order and orthonormal eigenvectors [..., n, n] as
/// columns, by Householder reflections to tridiagonal form and implicitly shifted QL iteration in double precision. The first element of greatest magnitude of a vector is positive.
/// A matrix with a NaN or an infinity has NaN everywhere.
/// </summary>
public sealed record SymmetricEigenKernel : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Matrices [..., m, n] with m >= n, f32 or f64, to u [..., m, n] with orthonormal columns, singular values [..., n] in descending order and vt [..., n, n], orthogonal:
/// a = u diag(s) vt, by QR factors and rotations of pairs of rows of r, for n from 24 on after a product with the eigenvectors of r r^T. The first element of greatest magnitude in a
/// column of u is positive. A matrix with a NaN or an infinity has NaN everywhere.
/// </summary>
public sealed record SvdKernel : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.DotTree;
}
