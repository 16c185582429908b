namespace Engine.Tensors;

/// <summary>What functions of matrices have in common: checks, batches, triangles.</summary>
internal static class MatrixRules
{
    /// <exception cref="ShapeException">The tensor is no square matrix, or batch of them.</exception>
    public static void RequireSquare(string op, Tensor a)
    {
        Require(op, a);
        if (a.Shape[^1] != a.Shape[^2])
            throw new ShapeException($"{op}: takes square matrices [..., n, n], got {a.Shape}, {a.Shape[^2]} != {a.Shape[^1]}.");
    }

    /// <exception cref="ShapeException">The tensor is no matrix, or batch of them.</exception>
    public static void Require(string op, Tensor a)
    {
        if (a.Rank < 2) throw new ShapeException($"{op}: takes matrices [..., m, n], got {a.Shape}. Add the axes that are missing: x.Reshape(m, n).");
    }

    /// <summary>Checks the right side of equations with a [..., m, n].</summary>
    /// <exception cref="ShapeException">b is no matrix, or has another number of rows.</exception>
    public static void RequireRightSide(string op, Tensor a, Tensor b)
    {
        if (b.Rank < 2) throw new ShapeException($"{op}: the right side must be a matrix [..., {a.Shape[^2]}, k], got {b.Shape}. A vector is a column: b.Reshape({a.Shape[^2]}, 1).");
        if (b.Shape[^2] != a.Shape[^2])
            throw new ShapeException($"{op}: {a.Shape} and the right side {b.Shape} differ in rows, {a.Shape[^2]} != {b.Shape[^2]}. They must be equal.");
    }

    /// <exception cref="DTypeException">The types differ or are not floating.</exception>
    public static void RequireFloating(string op, DType a, DType b)
    {
        if (!a.IsHalfWidth()) TypeRules.Require(op, Accepts.Floating, a);
        if (a != b) throw new DTypeException($"{op}: element types differ, got {a.Name()} and {b.Name()}. Cast one: x.Cast(DType.{a}).");
    }

    /// <summary>Two batches of matrices with their leading axes broadcast to each other.</summary>
    public static (Tensor A, Tensor B) Align(string op, Tensor a, Tensor b)
    {
        Shape batch = Broadcasting.Join(op, a.Shape[..^2], b.Shape[..^2]);
        return (Spread(a, batch), Spread(b, batch));
    }

    /// <summary>A batch of matrices repeated to other leading axes.</summary>
    public static Tensor Spread(Tensor a, Shape batch) => a.BroadcastTo(batch.Concat(a.Shape[^2..]));

    /// <summary>Every operand with the batch as axis 0.</summary>
    public static Tensor[] Batch(Tensor[] inputs, bool[] batched, int size) =>
        [.. inputs.Select((x, i) => batched[i] ? x : x.BroadcastTo(x.Shape.Insert(0, size)))];

    /// <summary>The elements on and above, or on and below, the main diagonal; without the diagonal itself when it is taken for 1.</summary>
    public static Tensor Triangle(Tensor x, bool lower, bool unitDiagonal) => lower ? Ops.Tril(x, unitDiagonal ? -1 : 0) : Ops.Triu(x, unitDiagonal ? 1 : 0);

    /// <summary>A sum in which null is zero.</summary>
    public static Tensor? Sum(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a + b;

    /// <summary>
    /// 1 / (values[j] - values[i]) at [..., i, j] for values [..., n]; 0 where they differ by at most <paramref name="units"/> roundings of the greatest magnitude.
    /// </summary>
    public static Tensor Quotients(Tensor values, int units)
    {
        Tensor difference = Ops.Unsqueeze(values, -2) - Ops.Unsqueeze(values, -1);
        return Reciprocals(difference, Ops.Unsqueeze(Negligible(values, units * Rounding(values.DType)), -1));
    }

    /// <summary>A tolerance [..., 1] times the greatest magnitude of values [..., n].</summary>
    public static Tensor Negligible(Tensor values, double tolerance)
    {
        if (values.Shape[^1] == 0) return Tensor.Zeros(values.Shape[..^1].Concat([1]), values.DType);
        return Ops.Max(Ops.StopGradient(Ops.Abs(values)), [-1], keepDims: true) * tolerance;
    }

    /// <summary>Relative size of a singular value that counts as 0: as given, or as many roundings as the longer side has elements.</summary>
    public static double RankTolerance(Tensor a, double? tolerance) => tolerance ?? Math.Max(a.Shape[^2], a.Shape[^1]) * Rounding(a.DType);

    /// <summary>1 / x; 0 where the magnitude of x is at most a bound.</summary>
    public static Tensor Reciprocals(Tensor x, Tensor bound)
    {
        Tensor none = Ops.StopGradient(Ops.Abs(x)) <= bound;
        return Ops.Where(none, x.Like(0), Ops.Reciprocal(Ops.Where(none, x.Like(1), x)));
    }

    /// <summary>The distance of 1 from the next number.</summary>
    public static double Rounding(DType type) => type == DType.F64 ? Math.ScaleB(1, -52) : Math.ScaleB(1, -23);
}
