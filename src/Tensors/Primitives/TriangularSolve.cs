namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// x with a x = b, or a^T x = b, for triangular a [..., n, n] and b [..., n, m]; leading axes broadcast. f32 and f64. The other triangle of a is not read.
    /// </summary>
    /// <remarks>By substitution. The gradient in a is zero in what is not read.</remarks>
    /// <param name="a">Triangular matrices.</param>
    /// <param name="b">Right sides, the columns of matrices; a vector is a matrix of one column.</param>
    /// <param name="lower">Whether the lower or the upper triangle of a is read.</param>
    /// <param name="transpose">Whether the equations are those of a^T.</param>
    /// <param name="unitDiagonal">The diagonal of a is taken for 1 and not read.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="LinearAlgebraException">An element of a diagonal is 0: the matrix's place in the batch and the element are named.</exception>
    public static Tensor TriangularSolve(Tensor a, Tensor b, bool lower = true, bool transpose = false, bool unitDiagonal = false) =>
        TriangularSolve("triangularSolve", a, b, lower, transpose, unitDiagonal);

    internal static Tensor TriangularSolve(string op, Tensor a, Tensor b, bool lower, bool transpose, bool unitDiagonal)
    {
        MatrixRules.RequireSquare(op, a);
        MatrixRules.RequireRightSide(op, a, b);
        (a, b) = MatrixRules.Align(op, a, b);
        return new TriangularSolveOp(lower, transpose, unitDiagonal, op).Apply(a, b);
    }
}

internal sealed record TriangularSolveOp(bool IsLower, bool Transpose, bool UnitDiagonal, string Caller) : Primitive
{
    public override string Name => Caller;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        MatrixRules.RequireFloating(Name, inputs[0].DType, inputs[1].DType);
        return [inputs[1]];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return [null, null];
        Tensor toB = (this with { Transpose = !Transpose }).Apply(inputs[0], cotangent), x = outputs[0];
        Tensor toA = Transpose ? Ops.MatMul(x, toB.T) : Ops.MatMul(toB, x.T);
        return [-MatrixRules.Triangle(toA, IsLower, UnitDiagonal), toB];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor? moved = tangents[1];
        if (tangents[0] is { } a)
        {
            Tensor read = MatrixRules.Triangle(a, IsLower, UnitDiagonal);
            moved = MatrixRules.Sum(moved, -Ops.MatMul(Transpose ? read.T : read, outputs[0]));
        }
        return [moved is null ? null : Apply(inputs[0], moved)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(MatrixRules.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new TriangularSolveKernel(IsLower, Transpose, UnitDiagonal);
}
