namespace Engine.Tensors;

/// <summary>One place of an index expression: an index, a range with an optional step, a new axis, or "all axes in between".</summary>
public readonly struct Slice
{
    private Slice(Kind form, Index index, Range range, int step)
    {
        Form = form;
        Index = index;
        Range = range;
        Step = step;
    }

    /// <summary>The forms a place can have.</summary>
    internal enum Kind : byte
    {
        Index,
        Range,
        NewAxis,
        Ellipsis,
    }

    /// <summary>An axis of length 1 put in here.</summary>
    public static Slice NewAxis => new(Kind.NewAxis, default, default, 1);

    /// <summary>As many full axes as are left over.</summary>
    public static Slice Ellipsis => new(Kind.Ellipsis, default, default, 1);

    internal Kind Form { get; }

    internal Index Index { get; }

    internal Range Range { get; }

    internal int Step { get; }

    /// <summary>Every step-th element of a range; a negative step starts at its last element and runs backwards.</summary>
    /// <exception cref="ArgumentException">The step is 0.</exception>
    public static Slice Every(int step, Range? range = null)
    {
        if (step == 0) throw new ArgumentException("slice: the step must not be 0.");
        return new(Kind.Range, default, range ?? Range.All, step);
    }

    /// <summary>One element; the axis goes away.</summary>
    public static implicit operator Slice(int index) => new(Kind.Index, index < 0 ? System.Index.FromEnd(-index) : index, default, 1);

    /// <summary>One element; the axis goes away.</summary>
    public static implicit operator Slice(Index index) => new(Kind.Index, index, default, 1);

    /// <summary>A run of elements.</summary>
    public static implicit operator Slice(Range range) => new(Kind.Range, default, range, 1);
}

public sealed partial class Tensor
{
    /// <summary>
    /// Part of the tensor: <c>x[0]</c>, <c>x[.., ^1]</c>, <c>x[2..5, Slice.NewAxis]</c>. Axes not mentioned are taken whole. No element is copied.
    /// </summary>
    /// <exception cref="ShapeException">Too many places, or one is out of range.</exception>
    public Tensor this[params ReadOnlySpan<Slice> places]
    {
        get
        {
            int consumed = 0, ellipses = 0;
            foreach (Slice place in places)
            {
                if (place.Form is Slice.Kind.Index or Slice.Kind.Range) consumed++;
                if (place.Form is Slice.Kind.Ellipsis) ellipses++;
            }
            if (consumed > Rank || ellipses > 1)
                throw new ShapeException($"index: {consumed} places and {ellipses} ellipses for {Shape} of rank {Rank}. Use at most {Rank} places and one ellipsis.");
            int[] start = new int[Rank], length = Shape.Lengths.ToArray(), step = new int[Rank];
            Array.Fill(step, 1);
            List<int> reversed = [], shape = [];
            int axis = 0;
            foreach (Slice place in places)
            {
                switch (place.Form)
                {
                    case Slice.Kind.NewAxis:
                        shape.Add(1);
                        break;
                    case Slice.Kind.Ellipsis:
                        for (int i = 0; i < Rank - consumed; i++) shape.Add(Shape[axis++]);
                        break;
                    case Slice.Kind.Index:
                        start[axis] = Offset(place.Index, axis);
                        length[axis++] = 1;
                        break;
                    default:
                        (start[axis], length[axis], step[axis]) = Run(place, axis);
                        if (place.Step < 0) reversed.Add(axis);
                        shape.Add(length[axis++]);
                        break;
                }
            }
            while (axis < Rank) shape.Add(Shape[axis++]);
            Tensor part = Ops.Slice(this, Shape.Create(start), Shape.Create(length), Shape.Create(step));
            if (reversed.Count > 0) part = Ops.Flip(part, reversed.ToArray());
            return part.Reshape(shape.ToArray());
        }
    }

    private int Offset(Index index, int axis)
    {
        int at = index.GetOffset(Shape[axis]);
        if ((uint)at >= (uint)Shape[axis])
            throw new ShapeException($"index: {index} is out of range for axis {axis} of {Shape}, which is {Shape[axis]}.");
        return at;
    }

    private (int Start, int Length, int Step) Run(Slice place, int axis)
    {
        int n = Shape[axis], from = place.Range.Start.GetOffset(n), to = place.Range.End.GetOffset(n);
        if (from < 0 || to > n || from > to)
            throw new ShapeException($"index: {place.Range} is out of range for axis {axis} of {Shape}, which is {n}.");
        int step = Math.Abs(place.Step), length = (to - from + step - 1) / step;
        // Backwards, the first element taken is the last of the range; the run is taken forwards and then flipped.
        int start = place.Step > 0 || length == 0 ? from : to - 1 - ((length - 1) * step);
        return (start, length, step);
    }
}
