namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// The lower triangular l with a = l l^T and a positive diagonal, of symmetric positive definite matrices [..., n, n]. f32 and f64. Only the lower triangle of a is read.
    /// </summary>
    /// <remarks>
    /// Derivatives are those of the factor of (a + a^T) / 2: the gradient is symmetric (Murray 2016, "Differentiation of the Cholesky decomposition").
    /// Backward stable: Higham, "Accuracy and Stability of Numerical Algorithms", theorem 10.3.
    /// </remarks>
    /// <param name="a">Symmetric matrices.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    /// <exception cref="LinearAlgebraException">A matrix is not positive definite, or has a NaN: its place in the batch, the pivot and its value are named.</exception>
    public static Tensor Cholesky(Tensor a)
    {
        MatrixRules.RequireSquare("cholesky", a);
        return CholeskyOp.Instance.Apply(a);
    }

    /// <summary>
    /// x with l l^T x = b, given the Cholesky factor l [..., n, n] (its lower triangle is read) and b [..., n, m]; leading axes broadcast. f32 and f64.
    /// </summary>
    /// <param name="l">The factor that <see cref="Cholesky"/> gives.</param>
    /// <param name="b">Right sides, the columns of matrices; a vector is a matrix of one column.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="LinearAlgebraException">An element of the diagonal is 0.</exception>
    public static Tensor CholeskySolve(Tensor l, Tensor b)
    {
        Tensor half = TriangularSolve("choleskySolve", l, b, true, false, false);
        return TriangularSolve("choleskySolve", l, half, true, true, false);
    }
}

internal sealed record CholeskyOp : Primitive
{
    public static readonly CholeskyOp Instance = new();

    public override string Name => "cholesky";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TypeRules.Require(Name, Accepts.Floating, inputs[0].DType);
        return [inputs[0]];
    }

    /// <remarks>With P the lower half of l^T dl, its diagonal halved: the gradient is the symmetric part of l^-T P l^-1.</remarks>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return [null];
        Tensor l = outputs[0], half = HalvedLower(Ops.MatMul(l.T, cotangent));
        Tensor inner = Solve(l, Solve(l, (half + half.T) * 0.5, transpose: true).T, transpose: true);
        return [inner];
    }

    /// <remarks>l times the lower half, its diagonal halved, of l^-1 da l^-T.</remarks>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        if (tangents[0] is not { } tangent) return [null];
        Tensor l = outputs[0];
        Tensor inner = Solve(l, Solve(l, (tangent + tangent.T) * 0.5, transpose: false).T, transpose: false);
        return [Ops.MatMul(l, HalvedLower(inner))];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new CholeskyKernel();

    private static Tensor Solve(Tensor l, Tensor b, bool transpose) => new TriangularSolveOp(true, transpose, false, "cholesky").Apply(l, b);

    private static Tensor HalvedLower(Tensor x) => (Ops.Tril(x) + Ops.Tril(x, -1)) * 0.5;
}
