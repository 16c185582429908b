namespace Engine.Tensors;

/// <summary>What padding holds.</summary>
public enum PaddingMode : byte
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The axis goes round: before the first element comes the last. No more than the axis is long.</summary>
    Circular,

    /// <summary>A mirror at the edge elements, which are not repeated. Less than the axis is long.</summary>
    Reflect,

    /// <summary>The edge elements.</summary>
    Replicate,
}

public static partial class Ops
{
    /// <summary>x with elements put before and after, per axis, as a mode says.</summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="before">Elements before the first, one number per axis.</param>
    /// <param name="after">Elements after the last, one number per axis.</param>
    /// <param name="mode">What they are.</param>
    /// <exception cref="ShapeException">The numbers of axes differ, or an axis is too short for the mode.</exception>
    public static Tensor Pad(Tensor x, Shape before, Shape after, PaddingMode mode)
    {
        if (mode == PaddingMode.Zeros || before.Rank != x.Rank || after.Rank != x.Rank) return Pad(x, before, after);
        for (int axis = 0; axis < x.Rank; axis++) x = PadAxis(x, axis, before[axis], after[axis], mode);
        return x;
    }

    private static Tensor PadAxis(Tensor x, int axis, int before, int after, PaddingMode mode)
    {
        if (before == 0 && after == 0) return x;
        int length = x.Shape[axis], most = mode switch { PaddingMode.Circular => length, PaddingMode.Reflect => length - 1, _ => length > 0 ? int.MaxValue : 0 };
        if (before < 0 || after < 0 || Math.Max(before, after) > most)
        {
            string name = mode == PaddingMode.Circular ? "circular" : mode == PaddingMode.Reflect ? "reflect" : "replicate";
            throw new ShapeException($"pad: axis {axis} of {x.Shape} is {length} and takes {name} padding from 0 to {most}, got {before} and {after}. Pad less.");
        }
        Tensor head = mode switch
        {
            PaddingMode.Circular => Narrow(x, axis, length - before, before),
            PaddingMode.Reflect => Flip(Narrow(x, axis, 1, before), axis),
            _ => Narrow(x, axis, 0, 1).BroadcastTo(x.Shape.With(axis, before)),
        };
        Tensor tail = mode switch
        {
            PaddingMode.Circular => Narrow(x, axis, 0, after),
            PaddingMode.Reflect => Flip(Narrow(x, axis, length - 1 - after, after), axis),
            _ => Narrow(x, axis, length - 1, 1).BroadcastTo(x.Shape.With(axis, after)),
        };
        return Concat([head, x, tail], axis);
    }
}
