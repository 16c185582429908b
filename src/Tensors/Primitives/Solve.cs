namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// x with a x = b for square a [..., n, n] and b [..., n, m], by LU factors with partial pivoting; leading axes broadcast. f32 and f64. Derivatives of every order use
    /// the same factors.
    /// </summary>
    /// <param name="a">MatrixRules.</param>
    /// <param name="b">Right sides, the columns of matrices; a vector is a matrix of one column.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="LinearAlgebraException">A pivot is 0: the matrix's place in the batch and the pivot are named.</exception>
    public static Tensor Solve(Tensor a, Tensor b) => Solve("solve", a, b);

    /// <summary>The inverses of matrices [..., n, n], by LU factors with partial pivoting. To solve equations, <see cref="Solve(Tensor, Tensor)"/> is faster and more accurate.</summary>
    /// <param name="a">MatrixRules.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    /// <exception cref="LinearAlgebraException">A pivot is 0: the matrix's place in the batch and the pivot are named.</exception>
    public static Tensor Inverse(Tensor a)
    {
        MatrixRules.RequireSquare("inverse", a);
        return Solve("inverse", a, Eye(a.Shape[^1], a.Shape[^1], dtype: a.DType));
    }

    /// <summary>
    /// The determinants [...] of matrices [..., n, n], from LU factors; 0 for singular ones, 1 for n = 0. It easily leaves the range of its type: see <see cref="SignLogDet"/>.
    /// </summary>
    /// <remarks>The gradient is det(a) a^-T, computed by the factors; at a matrix with a pivot 0 it is refused, though it exists.</remarks>
    /// <param name="a">MatrixRules.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static Tensor Det(Tensor a)
    {
        MatrixRules.RequireSquare("det", a);
        if (a.DType.IsHalfWidth()) return Det(a.Cast(DType.F32)).Cast(a.DType);
        Tensor[] factors = LuOp.Instance.Bind(a);
        return factors[2] * Prod(Diagonal(factors[0]), [-1]);
    }

    /// <summary>
    /// The sign [...] of the determinants of matrices [..., n, n] and the logarithm of their magnitudes, from LU factors: 0 and -inf for singular ones. The gradient of
    /// the logarithm is a^-T, that of the sign is zero.
    /// </summary>
    /// <param name="a">MatrixRules.</param>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static (Tensor Sign, Tensor Logarithm) SignLogDet(Tensor a)
    {
        MatrixRules.RequireSquare("signLogDet", a);
        if (a.DType.IsHalfWidth())
        {
            (Tensor sign, Tensor logarithm) = SignLogDet(a.Cast(DType.F32));
            return (sign.Cast(a.DType), logarithm.Cast(a.DType));
        }
        Tensor[] factors = LuOp.Instance.Bind(a);
        Tensor diagonal = Diagonal(factors[0]);
        return (factors[2] * Prod(Sign(diagonal), [-1]), Sum(Log(Abs(diagonal)), [-1]));
    }

    /// <summary>
    /// The Kronecker product of matrices a [..., m, n] and b [..., p, q] to [..., m p, n q]: blocks a[i, j] b. Leading axes broadcast; any numeric type.
    /// </summary>
    /// <param name="a">Left matrices.</param>
    /// <param name="b">Right matrices.</param>
    /// <exception cref="ShapeException">An operand has less than two axes, or the leading axes do not broadcast.</exception>
    public static Tensor Kronecker(Tensor a, Tensor b)
    {
        MatrixRules.Require("kronecker", a);
        MatrixRules.Require("kronecker", b);
        (int m, int n, int p, int q) = (a.Shape[^2], a.Shape[^1], b.Shape[^2], b.Shape[^1]);
        Shape batch = Broadcasting.Join("kronecker", a.Shape[..^2], b.Shape[..^2]);
        Tensor left = a.Reshape(a.Shape[..^2].Concat([m, 1, n, 1]).Lengths), right = b.Reshape(b.Shape[..^2].Concat([1, p, 1, q]).Lengths);
        return (left * right).Reshape(batch.Concat([m * p, n * q]).Lengths);
    }

    private static Tensor Solve(string op, Tensor a, Tensor b)
    {
        MatrixRules.RequireSquare(op, a);
        MatrixRules.RequireRightSide(op, a, b);
        Shape batch = Broadcasting.Join(op, a.Shape[..^2], b.Shape[..^2]);
        MatrixRules.RequireFloating(op, a.DType, b.DType);
        // Factors rounded to half width would cost the solution more than its own rounding.
        if (a.DType.IsHalfWidth()) return Solve(op, a.Cast(DType.F32), b.Cast(DType.F32)).Cast(a.DType);
        Tensor[] factors = LuOp.Instance.Bind(StopGradient(a));
        Tensor permutation = factors[1].BroadcastTo(batch.Concat([a.Shape[^1]]));
        return new LuSolveOp(false, op).Apply(MatrixRules.Spread(a, batch), MatrixRules.Spread(factors[0], batch), permutation, MatrixRules.Spread(b, batch));
    }
}

/// <summary>
/// (a, its packed factors, permutation, b) to the solution. Mathematically a function of a and b: its rules take the factors for functions of a that carry no derivative of their own.
/// </summary>
internal sealed record LuSolveOp(bool Transpose, string Caller) : Primitive
{
    public override string Name => Caller;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        MatrixRules.RequireFloating(Name, inputs[0].DType, inputs[3].DType);
        return [inputs[3]];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent) return new Tensor?[4];
        Tensor toB = (this with { Transpose = !Transpose }).Apply(inputs[0], inputs[1], inputs[2], cotangent), x = outputs[0];
        return [-(Transpose ? Ops.MatMul(x, toB.T) : Ops.MatMul(toB, x.T)), null, null, toB];
    }

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor? moved = tangents[3];
        if (tangents[0] is { } a) moved = MatrixRules.Sum(moved, -Ops.MatMul(Transpose ? a.T : a, outputs[0]));
        return [moved is null ? null : Apply(inputs[0], inputs[1], inputs[2], moved)];
    }

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(MatrixRules.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new LuSolveKernel(Transpose);
}
