namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Sums of the elements along an axis that have the same segment id, added in index order: y[.., s, ..] = sum of x[.., i, ..] with ids[i] = s. A segment without elements
    /// gives 0. The ids need not be sorted; one that is out of range is an error.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="ids">i64 or i32, as many as the axis is long.</param>
    /// <param name="segments">How many segments there are: the length of the axis in the result.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ShapeException">The number of ids is not the length of the axis.</exception>
    public static Tensor SegmentSum(Tensor x, Tensor ids, int segments, int axis = 0)
    {
        int at = CheckSegments("segmentSum", x, ids, segments, axis);
        RequireNumbers("segmentSum", x);
        return new ScatterAddOp(at, 0, segments).Apply(x, ids);
    }

    /// <summary>Means of the elements along an axis that have the same segment id, as in <see cref="SegmentSum"/>. A segment without elements gives 0. Floating types.</summary>
    /// <param name="x">A floating tensor.</param>
    /// <param name="ids">i64 or i32, as many as the axis is long.</param>
    /// <param name="segments">How many segments there are: the length of the axis in the result.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ShapeException">The number of ids is not the length of the axis.</exception>
    public static Tensor SegmentMean(Tensor x, Tensor ids, int segments, int axis = 0)
    {
        int at = CheckSegments("segmentMean", x, ids, segments, axis);
        RequireFloating("segmentMean", x);
        Tensor counts = new ScatterAddOp(0, 0, segments).Apply(Tensor.Ones(ids.Shape, DType.I64), ids);
        int[] column = new int[x.Rank - at];
        Array.Fill(column, 1);
        column[0] = segments;
        return new ScatterAddOp(at, 0, segments).Apply(x, ids) / Maximum(counts, counts.Like(1)).Cast(x.DType).Reshape(column);
    }

    /// <summary>
    /// Greatest of the elements along an axis that have the same segment id; NaN if any is NaN. A segment without elements gives -inf, or the least integer of the type. The
    /// derivative goes to the greatest element, of equal ones to the first. The ids need not be sorted; one that is out of range is an error. Takes two stable sorts.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="ids">i64 or i32, as many as the axis is long.</param>
    /// <param name="segments">How many segments there are: the length of the axis in the result.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ShapeException">The number of ids is not the length of the axis.</exception>
    public static Tensor SegmentMax(Tensor x, Tensor ids, int segments, int axis = 0)
    {
        int at = CheckSegments("segmentMax", x, ids, segments, axis), n = ids.Count;
        RequireNumbers("segmentMax", x);
        Tensor least = Tensor.Scalar(
            x.DType switch { DType.I32 => int.MinValue, DType.I64 => long.MinValue, DType.U8 => 0, _ => double.NegativeInfinity }, x.DType);
        if (n == 0) return least.BroadcastTo(x.Shape.With(at, segments));
        // Looking the ids up in 0, 1, 2, ... gives them back and refuses those out of range.
        Tensor segment = Iota(segments), id = new GatherOp(0, 0, "segmentMax").Apply(segment, ids);
        Tensor lines = MoveAxis(x, at, -1);
        Tensor byValue = new ArgSortOp(lines.Rank - 1, "segmentMax").Apply(Flip(lines, -1));
        // First by descending value, then by id, keeping the order of equal ids: every segment begins with its greatest element.
        byValue = n - 1.0 - Flip(byValue, -1);
        Tensor order = Gather(byValue, ArgSort(Take(id, byValue)));
        Tensor sorted = Sort(id), start = Minimum(SearchSorted(sorted, segment), segment.Like(n - 1));
        Tensor greatest = Gather(lines, Take(order, start, -1));
        Tensor held = Take(sorted, start).EqualTo(segment);
        return MoveAxis(Where(held, greatest, least), -1, at);
    }

    private static int CheckSegments(string op, Tensor x, Tensor ids, int segments, int axis)
    {
        int at = x.Shape.Normalize(axis, op);
        Indices.Require(op, ids.DType);
        if (ids.Rank != 1 || ids.Count != x.Shape[at])
            throw new ShapeException($"{op}: the ids must be [{x.Shape[at]}] for axis {at} of {x.Shape}, got {ids.Shape}.");
        if (segments < 0) throw new ShapeException($"{op}: the number of segments must not be negative, got {segments}.");
        return at;
    }
}
