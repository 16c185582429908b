namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Reduced QR factors of matrices [..., m, n]: q [..., m, k] with orthonormal columns and r [..., k, n] upper triangular, k = min(m, n), a = q r. f32 and f64. No diagonal
    /// element of r is negative, which makes the factors of a matrix of full rank unique.
    /// </summary>
    /// <remarks>
    /// Householder reflections in blocks (Schreiber and Van Loan 1989). Derivatives need the leading k columns to be independent. A NaN or an infinity gives NaN.
    /// </remarks>
    /// <param name="a">MatrixRules.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static (Tensor Q, Tensor R) Qr(Tensor a)
    {
        MatrixRules.Require("qr", a);
        int m = a.Shape[^2], n = a.Shape[^1];
        if (m >= n)
        {
            Tensor[] factors = QrOp.Instance.Bind(a);
            return (factors[0], factors[1]);
        }
        Tensor[] square = QrOp.Instance.Bind(Narrow(a, -1, 0, m));
        Tensor rest = MatMul(square[0].T, Narrow(a, -1, m, n - m));
        return (square[0], Concat([square[1], rest], -1));
    }

    /// <summary>
    /// x [..., n, k] with the least |a x - b| for a [..., m, n] of full rank and b [..., m, k], through QR factors; leading axes broadcast. f32 and f64. With fewer rows than columns
    /// the equations hold, and x has the least norm.
    /// </summary>
    /// <remarks>A matrix of lower rank is an error when a diagonal element of r is exactly 0, and else amplifies rounding: such matrices want singular values.</remarks>
    /// <param name="a">Matrices of full rank.</param>
    /// <param name="b">Right sides, the columns of matrices; a vector is a matrix of one column.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The types differ or are not floating.</exception>
    /// <exception cref="LinearAlgebraException">A diagonal element of r is 0: the matrix's place in the batch and the element are named.</exception>
    public static Tensor LeastSquares(Tensor a, Tensor b)
    {
        MatrixRules.Require("leastSquares", a);
        MatrixRules.RequireRightSide("leastSquares", a, b);
        Broadcasting.Join("leastSquares", a.Shape[..^2], b.Shape[..^2]);
        MatrixRules.RequireFloating("leastSquares", a.DType, b.DType);
        if (a.DType.IsHalfWidth()) return LeastSquares(a.Cast(DType.F32), b.Cast(DType.F32)).Cast(a.DType);
        if (a.Shape[^2] >= a.Shape[^1])
        {
            (Tensor q, Tensor r) = Qr(a);
            return TriangularSolve("leastSquares", r, MatMul(q.T, b), false, false, false);
        }
        (Tensor rows, Tensor factor) = Qr(a.T);
        return MatMul(rows, TriangularSolve("leastSquares", factor, b, false, true, false));
    }
}

/// <summary>Matrices with m >= n to q and r.</summary>
internal sealed record QrOp : Primitive
{
    public static readonly QrOp Instance = new();

    public override string Name => "qr";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec a = inputs[0];
        TypeRules.Require(Name, Accepts.Floating, a.DType);
        return [a, a with { Shape = a.Shape[..^2].Concat([a.Shape[^1], a.Shape[^1]]) }];
    }

    /// <remarks>The transpose of the forward rule: with W = q^T dq - dr r^T and S the strict lower triangle of W - W^T, the gradient is (dq + q (S - W)) r^-T.</remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        (Tensor q, Tensor r) = (outputs[0], outputs[1]);
        if (cotangents[0] is null && cotangents[1] is null) return [null];
        Tensor? w = MatrixRules.Sum(
            cotangents[0] is { } toQ ? Ops.MatMul(q.T, toQ) : null, cotangents[1] is { } toR ? -Ops.MatMul(toR, r.T) : null);
        Tensor inner = Ops.MatMul(q, Ops.Tril(w! - w!.T, -1) - w!);
        if (cotangents[0] is { } direct) inner = inner + direct;
        return [new TriangularSolveOp(false, false, false, "qr").Apply(r, inner.T).T];
    }

    /// <remarks>With c = da r^-1, m = q^T c and the antisymmetric o that has m's lower triangle: dq = c + q (o - m), dr = (m - o) r.</remarks>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[0] is not { } tangent) return [null, null];
        (Tensor q, Tensor r) = (outputs[0], outputs[1]);
        Tensor c = new TriangularSolveOp(false, true, false, "qr").Apply(r, tangent.T).T;
        Tensor m = Ops.MatMul(q.T, c), below = Ops.Tril(m, -1), turn = below - below.T;
        return [c + Ops.MatMul(q, turn - m), Ops.MatMul(Ops.Triu(m - turn), r)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new QrKernel();
}
