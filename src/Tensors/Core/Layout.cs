namespace Engine.Tensors;

/// <summary>
/// Where the elements of a logical shape lie in a buffer: element (i0, i1, ...) is at
/// <c>Offset + i0 * Strides[0] + i1 * Strides[1] + ...</c>, counted in elements. A stride may be 0 (broadcast) or negative (flip).
/// </summary>
public sealed class Layout : IEquatable<Layout>
{
    private readonly int[] strides;
    private readonly int hash;

    /// <summary>A layout with explicit strides, in elements.</summary>
    public Layout(Shape shape, ReadOnlySpan<int> strides, int offset = 0)
    {
        Shape = shape;
        this.strides = strides.ToArray();
        Offset = offset;
        int h = HashCode.Combine(shape, offset);
        foreach (int s in this.strides) h = unchecked((h * 31) + s);
        hash = h;
        IsContiguous = ComputeContiguous();
    }

    /// <summary>The row-major layout from offset 0.</summary>
    public static Layout Contiguous(Shape shape) => new(shape, RowMajor(shape));

    /// <summary>The logical shape.</summary>
    public Shape Shape { get; }

    /// <summary>Element distance per axis.</summary>
    public ReadOnlySpan<int> Strides => strides;

    /// <summary>Position of element (0, 0, ...) in the buffer.</summary>
    public int Offset { get; }

    /// <summary>True when the elements lie in row-major order without gaps (from <see cref="Offset"/>).</summary>
    public bool IsContiguous { get; }

    /// <summary>Row-major strides of a shape.</summary>
    public static int[] RowMajor(Shape shape)
    {
        int[] strides = new int[shape.Rank];
        int step = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            strides[i] = step;
            step = unchecked(step * Math.Max(1, shape[i]));
        }
        return strides;
    }

    /// <summary>Axes reordered: axis i of the result is axis <c>order[i]</c> of this.</summary>
    public Layout Permute(ReadOnlySpan<int> order)
    {
        int[] lengths = new int[order.Length];
        int[] steps = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            lengths[i] = Shape[order[i]];
            steps[i] = strides[order[i]];
        }
        return new(Shape.Create(lengths), steps, Offset);
    }

    /// <summary>Broadcast by right alignment: new and length-1 axes get stride 0. The shapes must be compatible.</summary>
    public Layout BroadcastTo(Shape target)
    {
        int lead = target.Rank - Shape.Rank;
        int[] steps = new int[target.Rank];
        for (int i = 0; i < Shape.Rank; i++)
            steps[lead + i] = Shape[i] == target[lead + i] ? strides[i] : 0;
        return new(target, steps, Offset);
    }

    /// <summary>The same elements under another shape, when strides allow it without a copy.</summary>
    public bool TryReshape(Shape target, out Layout result)
    {
        if (IsContiguous || Shape.Count == 0)
        {
            result = new(target, RowMajor(target), Offset);
            return true;
        }
        // Walk both shapes from the right, matching groups of axes whose products agree; a group of source axes must be contiguous among itself.
        int[] steps = new int[target.Rank];
        int s = Shape.Rank - 1, t = target.Rank - 1;
        while (t >= 0 || s >= 0)
        {
            while (s >= 0 && Shape[s] == 1) s--;
            if (t >= 0 && target[t] == 1)
            {
                steps[t--] = 0;
                continue;
            }
            if (s < 0 || t < 0) break;
            int sourceCount = Shape[s], targetCount = target[t], step = strides[s];
            steps[t] = step;
            int inner = targetCount;
            int top = s;
            while (sourceCount != targetCount)
            {
                if (sourceCount < targetCount)
                {
                    int next = top - 1;
                    while (next >= 0 && Shape[next] == 1) next--;
                    if (next < 0 || strides[next] != strides[top] * Shape[top])
                    {
                        result = this;
                        return false;
                    }
                    top = next;
                    sourceCount *= Shape[top];
                }
                else
                {
                    t--;
                    if (target[t] == 1)
                    {
                        steps[t] = 0;
                        continue;
                    }
                    steps[t] = step * inner;
                    inner *= target[t];
                    targetCount *= target[t];
                }
            }
            s = top - 1;
            t--;
        }
        result = new(target, steps, Offset);
        return true;
    }

    private bool ComputeContiguous()
    {
        int step = 1;
        for (int i = Shape.Rank - 1; i >= 0; i--)
        {
            if (Shape[i] == 0) return true;
            if (Shape[i] == 1) continue;
            if (strides[i] != step) return false;
            step = unchecked(step * Shape[i]);
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Layout? other) =>
        other is not null && (ReferenceEquals(this, other) || (hash == other.hash && Offset == other.Offset && Shape == other.Shape && Strides.SequenceEqual(other.Strides)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Layout);

    /// <inheritdoc/>
    public override int GetHashCode() => hash;

    /// <inheritdoc/>
    public override string ToString() => $"{Shape} strides {Shape.Format(strides)} offset {Offset}";
}
