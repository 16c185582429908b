namespace Engine.Tensors;

/// <summary>How exact a matrix product is.</summary>
public enum Precision : byte
{
    /// <summary>Every product and sum in the operands' element type.</summary>
    Highest,
}

public static partial class Ops
{
    /// <summary>
    /// Matrix product [..., m, k] x [..., k, n] to [..., m, n]; leading axes broadcast. A vector on the left is a row, on the right a column, and loses that axis again.
    /// f32 and f64; products are accumulated in index order.
    /// </summary>
    /// <exception cref="ShapeException">Inner dimensions differ, or an operand is a scalar.</exception>
    public static Tensor MatMul(Tensor a, Tensor b, Precision precision = Precision.Highest)
    {
        if (a.Rank == 0 || b.Rank == 0)
            throw new ShapeException($"matmul: needs at least one axis on each side, got {a.Shape} x {b.Shape}. Use * for a scalar.");
        if (a.Rank == 1) return Squeeze(MatMul(Unsqueeze(a, 0), b, precision), -2 + (b.Rank == 1 ? 1 : 0));
        if (b.Rank == 1) return Squeeze(MatMul(a, Unsqueeze(b, 1), precision), -1);
        if (a.Shape[^1] != b.Shape[^2])
        {
            string hint = a.Shape[^1] == b.Shape[^1] ? "Did you mean b.T?" : a.Shape[^2] == b.Shape[^2] ? "Did you mean a.T?" : "They must be equal.";
            throw new ShapeException($"matmul: inner dimensions differ: {a.Shape} x {b.Shape}, {a.Shape[^1]} != {b.Shape[^2]}. {hint}");
        }
        // A shared right operand turns a batch of products into one larger product with the same bits.
        if (a.Rank > 2 && b.Rank == 2 && a.Shape[^2] > 1 && b.Shape[^1] > 1)
            return MatMul(a.Reshape(a.Shape[..^1].Count, a.Shape[^1]), b, precision).Reshape([.. a.Shape[..^1], b.Shape[^1]]);
        Shape batch = Broadcasting.Join("matmul", a.Shape[..^2], b.Shape[..^2]);
        return new MatMulOp(precision).Apply(a.BroadcastTo(batch.Concat(a.Shape[^2..])), b.BroadcastTo(batch.Concat(b.Shape[^2..])));
    }

    /// <summary>
    /// Matrix product [..., n, k] x [..., k, n] to [..., n, n] of which the caller knows that it is symmetric, as that of two polynomials in one symmetric matrix: the elements on
    /// and below the diagonal are computed, with the bits of <see cref="MatMul"/>, and those above are copies of them. About half the work. f32 and f64; leading axes broadcast.
    /// </summary>
    /// <remarks>
    /// That the product is symmetric is not checked. Derivatives are those of the whole product. A matrix times its own transpose needs no such promise: <see cref="MatMul"/> sees it.
    /// </remarks>
    /// <param name="a">Left factors.</param>
    /// <param name="b">Right factors.</param>
    /// <exception cref="ShapeException">The shapes do not fit, or the product is not square.</exception>
    public static Tensor SymmetricMatMul(Tensor a, Tensor b)
    {
        if (a.Rank < 2 || b.Rank < 2)
            throw new ShapeException($"symmetricMatMul: takes matrices [..., n, k] x [..., k, n], got {a.Shape} x {b.Shape}. Add the axes that are missing: x.Reshape(n, k).");
        if (a.Shape[^1] != b.Shape[^2])
            throw new ShapeException($"symmetricMatMul: inner dimensions differ: {a.Shape} x {b.Shape}, {a.Shape[^1]} != {b.Shape[^2]}. They must be equal.");
        if (a.Shape[^2] != b.Shape[^1])
            throw new ShapeException($"symmetricMatMul: the product of {a.Shape} and {b.Shape} is not square, {a.Shape[^2]} != {b.Shape[^1]}. Use MatMul.");
        Shape batch = Broadcasting.Join("symmetricMatMul", a.Shape[..^2], b.Shape[..^2]);
        return SymmetricMatMulOp.Instance.Apply(a.BroadcastTo(batch.Concat(a.Shape[^2..])), b.BroadcastTo(batch.Concat(b.Shape[^2..])));
    }
}

public sealed partial class Tensor
{
    /// <summary>Matrix product; see <see cref="Ops.MatMul"/>.</summary>
    public Tensor MatMul(Tensor other) => Ops.MatMul(this, other);
}

internal sealed record MatMulOp(Precision Precision) : BilinearPrimitive
{
    public override string Name => "matmul";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => Infer(Name, inputs[0], inputs[1]);

    /// <summary>The rule of every matrix product.</summary>
    public static TensorSpec[] Infer(string op, TensorSpec a, TensorSpec b)
    {
        if (a.DType != b.DType)
            throw new DTypeException($"{op}: element types differ, got {a.DType.Name()} and {b.DType.Name()}. Cast one: x.Cast(DType.{a.DType}).");
        TypeRules.Require(op, Accepts.Floating, a.DType);
        return [a with { Shape = a.Shape[..^1].Concat([b.Shape[^1]]) }];
    }

    public override Tensor TransposeA(Tensor cotangent, Tensor b, TensorSpec a) => Ops.MatMul(cotangent, b.T, Precision);

    public override Tensor TransposeB(Tensor cotangent, Tensor a, TensorSpec b) => Ops.MatMul(a.T, cotangent, Precision);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        Tensor a = inputs[0], b = inputs[1];
        if (batched[0] && !batched[1] && b.Rank == 2) return [Ops.MatMul(a, b, Precision)];
        return Bind(batched[0] ? a : a.BroadcastTo(a.Shape.Insert(0, size)), batched[1] ? b : b.BroadcastTo(b.Shape.Insert(0, size)));
    }

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        new MatMulKernel(inputs[0].Shape[^2], inputs[1].Shape[^1]);
}

/// <summary>A product that is symmetric. Tangents and cotangents of its factors are not symmetric one by one, so the rules use whole products.</summary>
internal sealed record SymmetricMatMulOp : Primitive
{
    public static readonly SymmetricMatMulOp Instance = new();

    public override string Name => "symmetricMatMul";

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => MatMulOp.Infer(Name, inputs[0], inputs[1]);

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        cotangents[0] is { } cotangent ? [Ops.MatMul(cotangent, inputs[1].T), Ops.MatMul(inputs[0].T, cotangent)] : [null, null];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [MatrixRules.Sum(tangents[0] is { } a ? Ops.MatMul(a, inputs[1]) : null, tangents[1] is { } b ? Ops.MatMul(inputs[0], b) : null)];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(MatrixRules.Batch(inputs, batched, size));

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        new MatMulKernel(inputs[0].Shape[^2], inputs[1].Shape[^1], Symmetric: true);
}
