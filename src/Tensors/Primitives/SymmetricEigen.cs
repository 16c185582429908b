namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Eigenvalues [..., n] in ascending order and eigenvectors [..., n, n] as columns of symmetric matrices [..., n, n]: a v = v diag(values), v orthogonal. f32 and f64. Only the
    /// lower triangle of a is read. The element of greatest magnitude of a vector, the first of them, is positive. A NaN or an infinity makes everything NaN.
    /// </summary>
    /// <remarks>
    /// Reflections to tridiagonal form and QL iteration (Golub and Van Loan, "Matrix Computations", 8.3): errors are small multiples of the rounding of the greatest eigenvalue.
    /// Derivatives are those of (a + a^T) / 2. Those of values always hold for symmetric functions of them, such as the trace of a function. The derivative of a vector divides by the
    /// differences of eigenvalues. Where two eigenvalues are equal (differ by at most n units of rounding of the greatest) it does not exist, and the quotient is taken for 0: what
    /// depends on vectors through whole eigenspaces, such as the projection on one, has right derivatives still, other functions do not.
    /// </remarks>
    /// <param name="a">Symmetric matrices.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static (Tensor Values, Tensor Vectors) SymmetricEigen(Tensor a)
    {
        MatrixRules.RequireSquare("symmetricEigen", a);
        Tensor[] results = SymmetricEigenOp.Instance.Bind(a);
        return (results[0], results[1]);
    }
}

internal sealed record SymmetricEigenOp : Primitive
{
    public static readonly SymmetricEigenOp Instance = new();

    public override string Name => "symmetricEigen";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec a = inputs[0];
        TypeRules.Require(Name, Accepts.Floating, a.DType);
        return [a with { Shape = a.Shape[..^1] }, a];
    }

    /// <remarks>With f[i, j] = 1 / (values[j] - values[i]): the symmetric part of v (diag(dvalues) + f * (v^T dv)) v^T.</remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        (Tensor values, Tensor vectors) = (outputs[0], outputs[1]);
        Tensor? inner = cotangents[0] is { } toValues ? Ops.Diag(toValues) : null;
        if (cotangents[1] is { } toVectors) inner = MatrixRules.Sum(inner, MatrixRules.Quotients(values, inputs[0].Shape[^1]) * Ops.MatMul(vectors.T, toVectors));
        if (inner is null) return [null];
        Tensor full = Ops.MatMul(Ops.MatMul(vectors, inner), vectors.T);
        return [(full + full.T) * 0.5];
    }

    /// <remarks>With m = v^T da v: dvalues is its diagonal, dv = v (f * m).</remarks>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[0] is not { } tangent) return [null, null];
        (Tensor values, Tensor vectors) = (outputs[0], outputs[1]);
        Tensor moved = Ops.MatMul(Ops.MatMul(vectors.T, (tangent + tangent.T) * 0.5), vectors);
        return [Ops.Diagonal(moved), Ops.MatMul(vectors, MatrixRules.Quotients(values, inputs[0].Shape[^1]) * moved)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new SymmetricEigenKernel();
}
