namespace Engine.Tensors;

/// <summary>How values between samples are found.</summary>
public enum InterpolationMode : byte
{
    /// <summary>The sample at floor(i * in / out).</summary>
    Nearest,

    /// <summary>A line between the two neighbouring samples, axis by axis: bilinear for images.</summary>
    Linear,
}

public static partial class Ops
{
    /// <summary>
    /// The last axes of x at another resolution. Linear: place i of the result lies at (i + 1/2) in / out - 1/2 of the samples, clamped to the first and last; with
    /// <paramref name="alignCorners"/> at i (in - 1) / (out - 1), so that the corners stay where they are. Floating types.
    /// </summary>
    /// <param name="x">Samples; the last axes, as many as <paramref name="size"/> has, are resampled.</param>
    /// <param name="size">New lengths.</param>
    /// <param name="mode">Nearest or linear.</param>
    /// <param name="alignCorners">Whether first and last samples stay at the ends; linear only.</param>
    /// <exception cref="ShapeException">x has fewer axes, or a length is 0.</exception>
    public static Tensor Interpolate(Tensor x, Shape size, InterpolationMode mode = InterpolationMode.Linear, bool alignCorners = false)
    {
        TypeRules.Require("interpolate", Accepts.Floating, x.DType is DType.F16 or DType.BF16 ? DType.F32 : x.DType);
        if (size.Rank > x.Rank) throw new ShapeException($"interpolate: {size} names more axes than {x.Shape} has. Lengths are those of the last axes.");
        for (int i = 0; i < size.Rank; i++)
        {
            int axis = x.Rank - size.Rank + i;
            if (size[i] < 1 || x.Shape[axis] < 1) throw new ShapeException($"interpolate: axis {axis} goes from {x.Shape[axis]} to {size[i]}, and neither may be 0.");
            if (mode == InterpolationMode.Nearest) x = Take(x, Tensor.Of(Nearest(x.Shape[axis], size[i])), axis);
            else if (size[i] != x.Shape[axis]) x = Between(x, axis, size[i], alignCorners);
        }
        return x;
    }

    private static long[] Nearest(int from, int to)
    {
        long[] places = new long[to];
        for (int i = 0; i < to; i++) places[i] = (long)i * from / to;
        return places;
    }

    private static Tensor Between(Tensor x, int axis, int to, bool alignCorners)
    {
        int from = x.Shape[axis];
        long[] left = new long[to], right = new long[to];
        double[] part = new double[to];
        for (int i = 0; i < to; i++)
        {
            double place = alignCorners ? (to == 1 ? 0 : i * (double)(from - 1) / (to - 1)) : Math.Max(0, ((i + 0.5) * from / to) - 0.5);
            left[i] = Math.Min((long)place, from - 1);
            right[i] = Math.Min(left[i] + 1, from - 1);
            part[i] = place - left[i];
        }
        int[] lengths = new int[x.Rank];
        Array.Fill(lengths, 1);
        lengths[axis] = to;
        Tensor weight = Tensor.Of(part).Cast(x.DType).Reshape(lengths), low = Take(x, Tensor.Of(left), axis), high = Take(x, Tensor.Of(right), axis);
        return low * (1 - weight) + high * weight;
    }
}
