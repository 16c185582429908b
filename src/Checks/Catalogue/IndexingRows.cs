using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

internal static class IndexingRows
{
    public static OpInfo[] All { get; } =
    [
        new("take", Take) { Covers = ["GatherOp"] },
        new("gather", Gather) { Covers = ["GatherOp"] },
        new("gather transposed", Scatter) { Covers = ["ScatterAddOp"], Note = "the scatter-add with batch axes, reached as the reverse product of gather" },
        new("scatterAdd", ScatterAdd) { Covers = ["ScatterAddOp"] },
        new("oneHot", OneHot) { Derivative = DerivativeCheck.None, Note = "integer operands" },
        new("iota", Iota) { Derivative = DerivativeCheck.None, Note = "no operands", Covers = ["IotaOp"] },
    ];

    private static OpCase Take(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 4, nonEmpty: true), indices = Indices(g);
        int axis = g.Integer(0, shape.Rank - 1);
        return new(xs => Ops.Take(xs[0], xs[1], axis - shape.Rank), [new(shape), Places(g, indices, shape[axis])], a => Naive.Take(a[0], a[1], axis))
        {
            Attributes = $"axis {axis}",
        };
    }

    private static OpCase Gather(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 4, nonEmpty: true);
        int axis = g.Integer(0, shape.Rank - 1);
        Shape indices = shape.With(axis, g.Length(0, 3));
        return new(xs => Ops.Gather(xs[0], xs[1], axis), [new(shape), Places(g, indices, shape[axis])], a => Naive.Gather(a[0], a[1], axis))
        {
            Attributes = $"axis {axis}",
        };
    }

    private static OpCase Scatter(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true);
        int axis = g.Integer(0, shape.Rank - 1);
        Shape indices = shape.With(axis, g.Length(1, 3));
        return new(
            xs => Transform.Vjp(x => Ops.Gather(x, xs[1], axis), Tensor.Zeros(shape, xs[0].DType), xs[0]).Cotangent,
            [new(indices), Places(g, indices, shape[axis])],
            a => Grid.Build(shape, index =>
            {
                double sum = 0;
                int[] place = [.. index];
                for (int i = 0; i < indices[axis]; i++)
                {
                    place[axis] = i;
                    if (a[1][place] == index[axis]) sum += a[0][place];
                }
                return sum;
            }))
        { Attributes = $"axis {axis}" };
    }

    private static OpCase ScatterAdd(Generator g)
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true), indices = Indices(g);
        int axis = g.Integer(0, shape.Rank - 1);
        Shape updates = shape[..axis].Concat(indices).Concat(shape[(axis + 1)..]);
        return new(
            xs => Ops.ScatterAdd(xs[0], xs[1], xs[2], axis),
            [new(shape), Places(g, indices, shape[axis]), new(updates)],
            a => Naive.ScatterAdd(a[0], a[1], a[2], axis))
        { Attributes = $"axis {axis}" };
    }

    private static OpCase OneHot(Generator g)
    {
        Shape shape = g.Shape(maxRank: 3);
        int classes = g.Integer(1, 5);
        return new(
            xs => Ops.OneHot(xs[0], classes, DType.F64),
            [new(shape) { DType = g.Pick(DType.I32, DType.I64), Domain = (-1, classes) }],
            a => Grid.Build(shape.Concat([classes]), index => a[0][index.AsSpan(..^1)] == index[^1] ? 1 : 0))
        { Attributes = $"classes {classes}" };
    }

    private static OpCase Iota(Generator g)
    {
        Shape shape = g.Shape(minRank: 1);
        int axis = g.Integer(0, shape.Rank - 1);
        return new(_ => Ops.Iota(shape, axis), [], _ => Grid.Build(shape, index => index[axis])) { Attributes = $"{shape} axis {axis}" };
    }

    // The result holds a part of the operand for every index, so a few indices make a large one.
    private static Shape Indices(Generator g) => g.Scale == Scale.Large ? [g.Integer(1, 8)] : g.Shape(maxRank: 2);

    private static Operand Places(Generator g, Shape shape, int length) => new(shape) { DType = g.Pick(DType.I32, DType.I64), Domain = (0, length - 1) };
}
