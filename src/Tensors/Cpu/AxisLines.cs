using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>The lines of an operand along an axis: where they begin, by the axes before it and those after it, and how their elements follow each other.</summary>
internal sealed unsafe class AxisLines
{
    /// <summary>The most neighbouring lines in a block.</summary>
    public const int Block = 512;

    private readonly StridedView outer;
    private readonly StridedView inner;
    private readonly long blocks;

    public AxisLines(Layout layout, int axis, int elementSize)
    {
        ReadOnlySpan<int> lengths = layout.Shape.Lengths, strides = layout.Strides;
        outer = new(lengths[..axis], strides[..axis], elementSize);
        inner = new(lengths[(axis + 1)..], strides[(axis + 1)..], elementSize);
        OuterCount = layout.Shape[..axis].Count;
        InnerCount = layout.Shape[(axis + 1)..].Count;
        blocks = (InnerCount + Block - 1) / Block;
        Length = lengths[axis];
        Step = strides[axis];
    }

    /// <summary>Positions along the axes before.</summary>
    public long OuterCount { get; }

    /// <summary>Positions along the axes after: how far elements of a line lie apart in a contiguous result.</summary>
    public long InnerCount { get; }

    /// <summary>How many lines there are.</summary>
    public long Count => OuterCount * InnerCount;

    /// <summary>How many blocks of neighbouring lines there are.</summary>
    public long Blocks => OuterCount * blocks;

    /// <summary>Elements of a line.</summary>
    public int Length { get; }

    /// <summary>Elements of memory from one to the next of a line.</summary>
    public int Step { get; }

    /// <summary>Where a line begins in the operand and, as <paramref name="result"/>, in a contiguous result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Line(long line, out nint result)
    {
        (long o, long i) = Math.DivRem(line, InnerCount);
        result = (nint)((o * Length * InnerCount) + i);
        return outer.Position(o) + inner.Position(i);
    }

    /// <summary>A block of neighbouring lines: where it begins along the axes before and after, and how many lines it has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (long Outer, long Inner, int Width) BlockAt(long block)
    {
        (long o, long b) = Math.DivRem(block, blocks);
        long first = b * Block;
        return (o, first, (int)Math.Min(Block, InnerCount - first));
    }

    /// <summary>Where the lines of a position along the axes before begin.</summary>
    public nint Position(long outerIndex) => outer.Position(outerIndex);

    /// <summary>Elements of neighbouring lines, from one <paramref name="row"/> across all lines: in place where they lie next to each other, else copied to <paramref name="copy"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Read<T>(T* row, long first, int width, T* copy) where T : unmanaged
    {
        if (inner.IsContiguous) return row + first;
        inner.Read((byte*)row, first, width, (byte*)copy);
        return copy;
    }
}
