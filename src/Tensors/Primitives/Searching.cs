using System.Numerics;

namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Where values belong in sorted lines, as i64: the number of elements that are less, or with <paramref name="right"/> less or equal. A binary search in
    /// log2(n) + 1 steps. A NaN counts as greatest, as <see cref="Sort"/> puts it. Without a derivative, as the result is an integer.
    /// </summary>
    /// <param name="sorted">Ascending along the last axis: one line [n] for all values, or [..., n] with the leading axes of the values.</param>
    /// <param name="values">Any shape, or [..., m]; the type of <paramref name="sorted"/>.</param>
    /// <param name="right">True to come behind equal elements instead of before them.</param>
    /// <exception cref="ShapeException">The leading axes differ.</exception>
    /// <exception cref="DTypeException">The element types differ, or are bool.</exception>
    public static Tensor SearchSorted(Tensor sorted, Tensor values, bool right = false)
    {
        if (sorted.Rank == 0) throw new ShapeException("searchSorted: the sorted operand must have an axis, got a scalar. Reshape it: x.Reshape(1).");
        bool one = sorted.Rank == 1;
        if (!one && (values.Rank != sorted.Rank || values.Shape[..^1] != sorted.Shape[..^1]))
            throw new ShapeException($"searchSorted: shapes must agree except on the last axis, got {sorted.Shape} and {values.Shape}. One sorted line serves values of any shape.");
        RequireNumbers("searchSorted", sorted);
        if (sorted.DType != values.DType)
        {
            throw new DTypeException($"searchSorted: element types differ, got {sorted.DType.Name()} and {values.DType.Name()}. "
                + $"Cast one: x.Cast(DType.{sorted.DType}).");
        }
        int n = sorted.Shape[^1];
        Tensor place = Tensor.Zeros(values.Shape, DType.I64);
        if (n == 0) return place;
        // The place grows by falling powers of two for as long as the element before the new place still goes before the value.
        for (int step = (int)(BitOperations.RoundUpToPowerOf2((uint)n + 1) / 2); step >= 1; step /= 2)
        {
            Tensor next = place + step, last = Minimum(next - 1, place.Like(n - 1));
            Tensor element = one ? Take(sorted, last) : Gather(sorted, last);
            Tensor before = right ? LogicalNot(GoesBefore(values, element)) : GoesBefore(element, values);
            place = Where(And(before, next <= n), next, place);
        }
        return place;
    }

    /// <summary>
    /// The different values of x in ascending order, for every element of x the index of its value, and how often each value occurs (both i64). -0 equals +0 and all NaN
    /// count as one value, the greatest. A value is taken, with its derivative, from the first element that holds it.
    /// </summary>
    /// <param name="x">Numbers of any shape.</param>
    /// <param name="size">
    /// Length of the result; null for as many as there are values, which only works where values can be read. Of more values the least are kept, and indices point past
    /// the end; of fewer, the greatest is repeated with count 0 (or zeros when x is empty).
    /// </param>
    /// <exception cref="TraceException">No size is given inside a trace that has no values.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    public static (Tensor Values, Tensor Inverse, Tensor Counts) Unique(Tensor x, int? size = null)
    {
        if (size is { } given) ArgumentOutOfRangeException.ThrowIfNegative(given, nameof(size));
        RequireNumbers("unique", x);
        int n = x.Count;
        if (n == 0) return (Tensor.Zeros([size ?? 0], x.DType), Tensor.Zeros(x.Shape, DType.I64), Tensor.Zeros([size ?? 0], DType.I64));
        Tensor flat = x.Reshape(n), order = ArgSort(flat), sorted = Take(flat, order);
        Tensor grows = Concat([Tensor.Zeros([1], DType.I64), GoesBefore(Narrow(sorted, 0, 0, n - 1), Narrow(sorted, 0, 1, n - 1)).Cast(DType.I64)]);
        Tensor place = CumSum(grows);
        int length = size ?? DistinctCount(place);
        Tensor first = Minimum(SearchSorted(place, Iota(length)), place.Like(n - 1));
        Tensor end = SearchSorted(place, Iota(length), right: true), start = SearchSorted(place, Iota(length));
        Tensor inverse = ScatterAdd(Tensor.Zeros([n], DType.I64), order, place).Reshape(x.Shape.Lengths);
        return (Take(flat, Take(order, first)), inverse, end - start);
    }

    /// <summary>a &lt; b in the order of <see cref="Sort"/>, in which NaN comes last.</summary>
    private static Tensor GoesBefore(Tensor a, Tensor b)
    {
        Tensor less = a < b;
        return a.DType.IsFloating() ? Or(less, And(IsNaN(b), LogicalNot(IsNaN(a)))) : less;
    }

    private static int DistinctCount(Tensor place)
    {
        try
        {
            return (int)place[^1].ToScalar<long>() + 1;
        }
        catch (TraceException)
        {
            throw new TraceException("unique: how many values there are is not known inside a trace without values. Give the most there can be: Unique(x, size: n).");
        }
    }
}
