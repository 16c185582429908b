using System.Numerics;
using Engine.Tensors;

namespace Engine.Checks;

/// <content>Complex arithmetic, element by element.</content>
internal static partial class Naive
{
    /// <summary>The complex number at an index of a last axis of 2; axes of length 1 broadcast.</summary>
    public static Complex ComplexAt(Grid x, ReadOnlySpan<int> index) =>
        new(BroadcastElement(x, [.. index, 0]), BroadcastElement(x, [.. index, 1]));

    /// <summary>A function of one complex number of each array; the axes before the last broadcast.</summary>
    public static Grid MapComplexes(Grid[] grids, Func<Complex[], Complex> f)
    {
        Shape shape = Map(grids, v => v[0]).Shape;
        return Grid.Build(shape, index =>
        {
            Complex y = f(Array.ConvertAll(grids, x => ComplexAt(x, index.AsSpan(..^1))));
            return index[^1] == 0 ? y.Real : y.Imaginary;
        });
    }

    /// <summary>Matrix products [..., m, k, 2] x [..., k, n, 2]; leading axes broadcast.</summary>
    public static Grid MatMulComplexes(Grid a, Grid b)
    {
        int k = a.Shape[^2];
        // Leading axes broadcast as they do between one row of a and one column of b.
        Shape left = a.Shape[..^3].Concat([1, 1, 2]), right = b.Shape[..^3].Concat([1, 1, 2]);
        Shape batch = Map([new(left, new double[left.Count]), new(right, new double[right.Count])], v => v[0]).Shape[..^3];
        return Grid.Build(batch.Concat([a.Shape[^3], b.Shape[^2], 2]), index =>
        {
            Complex sum = 0;
            int[] lead = index[..^3];
            for (int j = 0; j < k; j++) sum += ComplexOf(a, lead, index[^3], j) * ComplexOf(b, lead, j, index[^2]);
            return index[^1] == 0 ? sum.Real : sum.Imaginary;
        });
    }

    private static Complex ComplexOf(Grid x, int[] lead, int row, int column)
    {
        int[] own = lead[(lead.Length - (x.Rank - 3))..];
        for (int i = 0; i < own.Length; i++) own[i] = x.Shape[i] == 1 ? 0 : own[i];
        return new(x[[.. own, row, column, 0]], x[[.. own, row, column, 1]]);
    }
}
