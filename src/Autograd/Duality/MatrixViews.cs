using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>Weights that are read as matrices before a norm of matrices measures them: kernels, maps one below another, heads of attention.</summary>
public static class MatrixViews
{
    /// <summary>
    /// A tensor read as matrices [out, in], rows and columns each made of some of its axes; over the axes that are named in neither the norm is the largest. A kernel
    /// [out, in, window..] with output [0] and input [1] is a matrix per tap, with input [1, 2, 3] one matrix that meets the window laid flat.
    /// </summary>
    /// <param name="output">Axes that make the rows, from 0, in order.</param>
    /// <param name="input">Axes that make the columns, from 0, in order.</param>
    /// <param name="norm">The norm of the matrices.</param>
    /// <exception cref="ArgumentException">Rows or columns have no axis, or an axis is named twice or is negative.</exception>
    public static TensorNorm Axes(ReadOnlySpan<int> output, ReadOnlySpan<int> input, TensorNorm norm)
    {
        int[] rows = output.ToArray(), columns = input.ToArray(), named = [.. rows, .. columns];
        if (rows.Length == 0 || columns.Length == 0 || named.Min() < 0 || named.Distinct().Count() != named.Length)
        {
            throw new ArgumentException(
                $"axes: rows and columns need axes from 0 that differ, got [{string.Join(", ", rows)}] and [{string.Join(", ", columns)}]. For kernels [out, in, height, width] take [0] and [1, 2, 3].");
        }
        int[] order(int rank) => [.. Enumerable.Range(0, rank).Except(named), .. named];
        Tensor view(Tensor x)
        {
            Tensor turned = Ops.Permute(x, order(x.Rank));
            Shape shape = turned.Shape;
            return turned.Reshape([.. shape[..^named.Length].Lengths, shape[^named.Length..^columns.Length].Count, shape[^columns.Length..].Count]);
        }
        Tensor back(Tensor x, Shape shape)
        {
            int[] from = order(shape.Rank);
            int[] home = new int[from.Length];
            for (int i = 0; i < from.Length; i++) home[from[i]] = i;
            return Ops.Permute(x.Reshape([.. from.Select(axis => shape[axis])]), home);
        }
        return new ViewedNorm(norm, view, back, named.Max() + 1);
    }

    /// <summary>Tensors [out, rest..] as the matrix [out, rest], a matrix as it is: how kernels of convolutions are usually read.</summary>
    /// <param name="norm">The norm of the matrix.</param>
    public static TensorNorm Flattened(TensorNorm norm) =>
        new ViewedNorm(norm, x => x.Rank == 2 ? x : x.Reshape(x.Shape[0], x.Shape[1..].Count), (x, shape) => shape.Rank == 2 ? x : x.Reshape(shape.Lengths));

    /// <summary>
    /// A matrix [sum of sizes, in] of maps of different sizes one below another, such as queries, keys and values with fewer heads: the largest of the parts' norms.
    /// Parts of one size are <see cref="MatrixNorms.Blocks"/>.
    /// </summary>
    /// <param name="sizes">Rows of every part, from the top.</param>
    /// <param name="norm">The norm of a part.</param>
    /// <exception cref="ArgumentException">There is no part, or one has no row.</exception>
    public static TensorNorm Split(ReadOnlySpan<int> sizes, TensorNorm norm)
    {
        int[] own = sizes.ToArray();
        if (own.Length == 0 || own.Min() < 1) throw new ArgumentException($"split: every part needs at least 1 row, got [{string.Join(", ", own)}].");
        return new SplitNorm(own, norm);
    }
}

/// <summary>The largest norm of parts one below another; dual: all of them added.</summary>
internal sealed class SplitNorm(int[] sizes, TensorNorm norm) : TensorNorm
{
    internal override int LeastRank => 2;

    internal override Tensor Norm(Tensor x) => Parts(x).Select(norm.Norm).Aggregate(Ops.Maximum);

    internal override Tensor Dual(Tensor gradient) => Parts(gradient).Select(norm.Dual).Aggregate((a, b) => a + b);

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => Ops.Concat([.. Parts(gradient).Select(p => norm.Map(p, accuracy))], -2);

    public override Tensor Project(Tensor weight) => Ops.Concat([.. Parts(weight).Select(norm.Project)], -2);

    private Tensor[] Parts(Tensor x)
    {
        if (sizes.Sum() != x.Shape[^2])
            throw new ShapeException($"split: the parts [{string.Join(", ", sizes)}] have {sizes.Sum()} rows together, got {x.Shape}. Give the rows of all parts.");
        Tensor[] parts = new Tensor[sizes.Length];
        for (int i = 0, start = 0; i < parts.Length; start += sizes[i++]) parts[i] = Ops.Narrow(x, -2, start, sizes[i]);
        return parts;
    }
}
