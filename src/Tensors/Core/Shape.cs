using System.Collections;
using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>The lengths of a tensor's axes, outermost first. Rank 0 is a scalar; lengths may be 0. Compared by value.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IEnumerable<int>
{
    private readonly int[]? lengths;

    private Shape(int[] lengths) => this.lengths = lengths;

    /// <summary>The shape of a scalar.</summary>
    public static Shape Scalar => default;

    /// <summary>Makes a shape from axis lengths.</summary>
    /// <exception cref="ShapeException">A length is negative, or the element count passes 2^31 - 1.</exception>
    public static Shape Create(ReadOnlySpan<int> lengths)
    {
        long count = 1;
        bool empty = false;
        foreach (int n in lengths)
        {
            if (n < 0) throw new ShapeException($"shape: axis lengths must not be negative, got {Format(lengths)}.");
            if (n == 0) empty = true;
            else if ((count *= n) > int.MaxValue && !empty) continue;
            if (count > int.MaxValue) count = (long)int.MaxValue + 1;
        }
        if (!empty && count > int.MaxValue)
            throw new ShapeException($"shape: {Format(lengths)} has more than {int.MaxValue} elements, the most a tensor can hold.");
        return new Shape(lengths.ToArray());
    }

    /// <summary>The axis lengths.</summary>
    public ReadOnlySpan<int> Lengths => lengths;

    /// <summary>The number of axes.</summary>
    public int Rank => lengths?.Length ?? 0;

    /// <summary>The number of axes under the name that spreading a shape in a collection expression looks for.</summary>
    public int Length => Rank;

    /// <summary>The number of elements: the product of the lengths, 1 for a scalar.</summary>
    public int Count
    {
        get
        {
            int count = 1;
            foreach (int n in Lengths)
            {
                if (n == 0) return 0;
                count = unchecked(count * n);
            }
            return count;
        }
    }

    /// <summary>The length of one axis; <c>^1</c> is the last.</summary>
    public int this[Index axis] => Lengths[axis];

    /// <summary>The length of one axis, zero-based.</summary>
    public int this[int axis] => Lengths[axis];

    /// <summary>The axes in a range, as a shape.</summary>
    public Shape this[Range range] => new(Lengths[range].ToArray());

    /// <summary>This shape followed by another.</summary>
    public Shape Concat(Shape other) => Create([.. Lengths, .. other.Lengths]);

    /// <summary>This shape with an axis of a given length put in at <paramref name="axis"/>.</summary>
    public Shape Insert(int axis, int length) => Create([.. Lengths[..axis], length, .. Lengths[axis..]]);

    /// <summary>This shape without the axis.</summary>
    public Shape Remove(int axis) => new([.. Lengths[..axis], .. Lengths[(axis + 1)..]]);

    /// <summary>This shape with one length replaced.</summary>
    public Shape With(int axis, int length)
    {
        int[] copy = Lengths.ToArray();
        copy[axis] = length;
        return Create(copy);
    }

    /// <summary>Zero-based axis for a possibly negative one.</summary>
    /// <exception cref="ShapeException">The axis is out of range.</exception>
    internal int Normalize(int axis, string op)
    {
        int a = axis < 0 ? axis + Rank : axis;
        if ((uint)a >= (uint)Rank)
            throw new ShapeException($"{op}: axis {axis} is out of range for {this} of rank {Rank}. Use {-Rank} to {Rank - 1}.");
        return a;
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Lengths.SequenceEqual(other.Lengths);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = Rank;
        foreach (int n in Lengths) hash = unchecked((hash * 31) + n);
        return hash;
    }

    /// <summary>Value equality.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    /// <summary>A shape from an array of lengths.</summary>
    public static implicit operator Shape(int[] lengths) => Create(lengths);

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(lengths ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The form used in messages: <c>[32, 784]</c>.</summary>
    public override string ToString() => Format(Lengths);

    internal static string Format(ReadOnlySpan<int> lengths) => $"[{string.Join(", ", lengths.ToArray())}]";
}

/// <summary>A set of zero-based axes in increasing order. An attribute of reductions; compared by value.</summary>
public readonly struct Axes : IEquatable<Axes>
{
    private readonly int[]? values;

    private Axes(int[] values) => this.values = values;

    /// <summary>The axes.</summary>
    public ReadOnlySpan<int> Values => values;

    /// <summary>How many axes.</summary>
    public int Count => values?.Length ?? 0;

    /// <summary>Every axis of a tensor of the given rank.</summary>
    public static Axes All(int rank) => new(Enumerable.Range(0, rank).ToArray());

    /// <summary>Normalizes axes (negative ones count from the end); an empty list means all axes.</summary>
    /// <exception cref="ShapeException">An axis is out of range or named twice.</exception>
    public static Axes Of(ReadOnlySpan<int> axes, Shape shape, string op)
    {
        if (axes.IsEmpty) return All(shape.Rank);
        int[] values = new int[axes.Length];
        for (int i = 0; i < axes.Length; i++) values[i] = shape.Normalize(axes[i], op);
        Array.Sort(values);
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] == values[i - 1])
                throw new ShapeException($"{op}: axis {values[i]} is named twice in {Shape.Format(axes)}. Name each axis once.");
        }
        return new(values);
    }

    /// <summary>True when the axis is in the set.</summary>
    public bool Contains(int axis) => Values.Contains(axis);

    /// <summary>The same axes, moved by a number of leading axes.</summary>
    public Axes Shift(int by)
    {
        int[] moved = Values.ToArray();
        for (int i = 0; i < moved.Length; i++) moved[i] += by;
        return new(moved);
    }

    /// <summary>The shape that is left when these axes are reduced.</summary>
    public Shape RemoveFrom(Shape shape)
    {
        int[] left = new int[shape.Rank - Count];
        for (int i = 0, j = 0; i < shape.Rank; i++)
        {
            if (!Contains(i)) left[j++] = shape[i];
        }
        return Shape.Create(left);
    }

    /// <summary>The shape with these axes set to length 1.</summary>
    public Shape KeepIn(Shape shape)
    {
        int[] kept = shape.Lengths.ToArray();
        foreach (int axis in Values) kept[axis] = 1;
        return Shape.Create(kept);
    }

    /// <summary>The number of elements these axes span.</summary>
    public int CountIn(Shape shape)
    {
        int count = 1;
        foreach (int axis in Values) count *= shape[axis];
        return count;
    }

    /// <inheritdoc/>
    public bool Equals(Axes other) => Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Axes other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = Count;
        foreach (int a in Values) hash = unchecked((hash * 31) + a);
        return hash;
    }

    /// <summary>Value equality.</summary>
    public static bool operator ==(Axes a, Axes b) => a.Equals(b);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(Axes a, Axes b) => !a.Equals(b);

    /// <inheritdoc/>
    public override string ToString() => Shape.Format(Values);
}
