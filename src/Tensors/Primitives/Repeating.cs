namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>Elements moved along an axis, those that leave at the end coming back at the front: result[.., i, ..] = x[.., i - shift mod n, ..]. Any type.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="shift">By how many places; negative towards the front.</param>
    /// <param name="axis">The axis.</param>
    public static Tensor Roll(Tensor x, int shift, int axis = -1)
    {
        int at = x.Shape.Normalize(axis, "roll"), n = x.Shape[at];
        if (n == 0) return x;
        int back = ((shift % n) + n) % n;
        return back == 0 ? x : Concat([Narrow(x, at, n - back, back), Narrow(x, at, 0, n - back)], at);
    }

    /// <summary>x laid side by side: axis i holds <paramref name="repeats"/>[i] copies of x one after another. Repeats and axes align on the right. Any type.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="repeats">Copies per axis; one that is missing, as an axis that is missing, counts as 1.</param>
    public static Tensor Tile(Tensor x, Shape repeats)
    {
        int rank = Math.Max(x.Rank, repeats.Rank);
        int[] ones = new int[2 * rank], spread = new int[2 * rank], result = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            int length = i < rank - x.Rank ? 1 : x.Shape[i - (rank - x.Rank)], times = i < rank - repeats.Rank ? 1 : repeats[i - (rank - repeats.Rank)];
            (ones[2 * i], ones[(2 * i) + 1]) = (1, length);
            (spread[2 * i], spread[(2 * i) + 1]) = (times, length);
            result[i] = checked(times * length);
        }
        return x.Reshape(ones).BroadcastTo(spread).Reshape(result);
    }

    /// <summary>Every element along an axis a number of times in a row: result[.., i, ..] = x[.., i / count, ..]. Any type.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="count">How often.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ShapeException">The count is negative.</exception>
    public static Tensor Repeat(Tensor x, int count, int axis = -1)
    {
        int at = x.Shape.Normalize(axis, "repeat");
        if (count < 0) throw new ShapeException($"repeat: the count must not be negative, got {count}.");
        Tensor copies = Unsqueeze(x, at + 1).BroadcastTo(x.Shape.Insert(at + 1, count));
        return copies.Reshape(x.Shape.With(at, checked(x.Shape[at] * count)).Lengths);
    }

    /// <summary>
    /// The coordinates of a grid: of vectors [n1], .., [nk], tensors of shape [n1, .., nk], of which the i-th changes along axis i only. No element is copied. Any type.
    /// </summary>
    /// <exception cref="ShapeException">An operand is no vector.</exception>
    public static Tensor[] Meshgrid(params ReadOnlySpan<Tensor> axes)
    {
        int[] lengths = new int[axes.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            if (axes[i].Rank != 1) throw new ShapeException($"meshgrid: takes vectors, got {axes[i].Shape}. Flatten it: x.Reshape(-1).");
            lengths[i] = axes[i].Count;
        }
        Tensor[] grids = new Tensor[lengths.Length];
        for (int i = 0; i < grids.Length; i++)
        {
            int[] along = new int[lengths.Length];
            Array.Fill(along, 1);
            along[i] = lengths[i];
            grids[i] = axes[i].Reshape(along).BroadcastTo(lengths);
        }
        return grids;
    }
}
