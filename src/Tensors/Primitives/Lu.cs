namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// LU factors with partial pivoting of matrices [..., m, n]: l [..., m, k] unit lower triangular, u [..., k, n] upper triangular with k = min(m, n), and the permutation
    /// [..., m] in i64: row permutation[i] of a is row i of l u. f32 and f64.
    /// </summary>
    /// <remarks>
    /// The pivot is the first of the greatest elements left in a column, a NaN before all others. Singular matrices have zeros on the diagonal of u. Derivatives hold the permutation
    /// fixed and need the leading k columns to be independent. By halves of the columns: Toledo 1997.
    /// </remarks>
    /// <param name="a">MatrixRules.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    public static (Tensor L, Tensor U, Tensor Permutation) Lu(Tensor a)
    {
        MatrixRules.Require("lu", a);
        Tensor[] results = LuOp.Instance.Bind(a);
        int m = a.Shape[^2], k = Math.Min(m, a.Shape[^1]);
        Tensor l = Tril(Narrow(results[0], -1, 0, k), -1) + Eye(m, k, dtype: a.DType);
        return (l, Triu(Narrow(results[0], -2, 0, k)), results[1]);
    }
}

/// <summary>a to its packed factors (l below the diagonal, u on and above it), the permutation of rows and its sign.</summary>
internal sealed record LuOp : Primitive
{
    public static readonly LuOp Instance = new();

    public override string Name => "lu";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec a = inputs[0];
        TypeRules.Require(Name, Accepts.Floating, a.DType);
        return [a, new(DType.I64, a.Shape[..^1]), a with { Shape = a.Shape[..^2] }];
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [cotangents[0] is { } cotangent ? new LuFactors(outputs).Pull(cotangent) : null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [tangents[0] is { } tangent ? new LuFactors(outputs).Push(tangent) : null, null, null];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new LuKernel();
}

/// <summary>
/// The derivative of packed factors. With l made square [m, m] and u [n, n] by columns and rows of the identity, and s = l^-1 da u^-1 for the permuted da:
/// dl = l lower(s), du = upper(s) u.
/// </summary>
internal sealed class LuFactors
{
    private readonly Tensor permutation;
    private readonly Tensor l;
    private readonly Tensor u;
    private readonly int axis;

    /// <param name="results">What <see cref="LuOp"/> gives.</param>
    public LuFactors(Tensor[] results)
    {
        Tensor packed = results[0];
        permutation = results[1];
        axis = packed.Rank - 2;
        int m = packed.Shape[^2], n = packed.Shape[^1];
        l = m > n ? Extended(packed, 1, m - n) : Ops.Narrow(packed, -1, 0, m);
        u = Ops.Narrow(packed, -2, 0, Math.Min(m, n));
        if (m >= n) return;
        Tensor corner = Ops.Pad(Ops.Eye(n - m, n - m, dtype: packed.DType), [0, m], [0, 0]);
        u = Ops.Concat([u, MatrixRules.Spread(corner, packed.Shape[..^2])], axis);
    }

    /// <summary>From the tangent of a to that of the packed factors.</summary>
    public Tensor Push(Tensor tangent)
    {
        Tensor rows = new GatherOp(axis, axis, "lu").Apply(tangent, permutation);
        Tensor s = Upper(LowerSolve(rows, transpose: false).T, transpose: true).T;
        Tensor below = Ops.Tril(s, -1);
        return below + Ops.MatMul(Ops.Tril(l, -1), below) + Ops.MatMul(Ops.Triu(s), Ops.Triu(u));
    }

    /// <summary>From the cotangent of the packed factors to that of a: <see cref="Push"/> transposed.</summary>
    public Tensor Pull(Tensor cotangent)
    {
        Tensor below = Ops.Tril(cotangent, -1);
        Tensor s = below + Ops.Tril(Ops.MatMul(Ops.Tril(l, -1).T, below), -1)
            + Ops.Triu(Ops.MatMul(Ops.Triu(cotangent), Ops.Triu(u).T));
        Tensor rows = Upper(LowerSolve(s, transpose: true).T, transpose: false).T;
        return new ScatterAddOp(axis, axis, rows.Shape[^2]).Apply(rows, permutation);
    }

    private Tensor LowerSolve(Tensor b, bool transpose) => new TriangularSolveOp(true, transpose, true, "lu").Apply(l, b);

    private Tensor Upper(Tensor b, bool transpose) => new TriangularSolveOp(false, transpose, false, "lu").Apply(u, b);

    private static Tensor Extended(Tensor x, int fromEnd, int count)
    {
        int[] after = new int[x.Rank];
        after[^fromEnd] = count;
        return Ops.Pad(x, Shape.Create(new int[x.Rank]), Shape.Create(after));
    }
}
