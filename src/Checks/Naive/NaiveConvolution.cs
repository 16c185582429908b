using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Convolutions over any number of axes, padding modes and interpolation, index by index.</summary>
internal static class NaiveConvolution
{
    /// <summary>Cross-correlation of [N, C, ..] with [O, C / groups, ..]; padding counts as zeros.</summary>
    public static Grid Forward(Grid x, Grid w, int[] stride, int[] padding, int[] dilation, int groups)
    {
        int axes = stride.Length, outputs = w.Shape[0], perGroup = w.Shape[1];
        int[] lengths = new int[axes];
        for (int i = 0; i < axes; i++) lengths[i] = ((x.Shape[2 + i] + (2 * padding[i]) - (dilation[i] * (w.Shape[2 + i] - 1)) - 1) / stride[i]) + 1;
        return Grid.Build(Shape.Create([x.Shape[0], outputs, .. lengths]), at =>
        {
            double sum = 0;
            int[] from = new int[axes + 2], tap = new int[axes + 2];
            (from[0], tap[0]) = (at[0], at[1]);
            foreach (int[] index in Grid.Indices(w.Shape[1..]))
            {
                index.CopyTo(tap, 1);
                from[1] = (at[1] / (outputs / groups) * perGroup) + index[0];
                bool inside = true;
                for (int i = 0; i < axes; i++)
                {
                    from[2 + i] = (at[2 + i] * stride[i]) - padding[i] + (dilation[i] * index[1 + i]);
                    inside &= from[2 + i] >= 0 && from[2 + i] < x.Shape[2 + i];
                }
                if (inside) sum += x[from] * w[tap];
            }
            return sum;
        });
    }

    /// <summary>The transpose of <see cref="Forward"/> for kernels [C, O / groups, ..], with the lengths of the result given.</summary>
    public static Grid Transposed(Grid x, Grid w, int[] lengths, int[] stride, int[] padding, int[] dilation, int groups)
    {
        int axes = stride.Length, channels = w.Shape[0], perGroup = w.Shape[1];
        return Grid.Build(Shape.Create([x.Shape[0], perGroup * groups, .. lengths]), at =>
        {
            double sum = 0;
            int group = at[1] / perGroup;
            int[] from = new int[axes + 2], tap = new int[axes + 2];
            (from[0], tap[1]) = (at[0], at[1] % perGroup);
            for (int c = group * (channels / groups); c < (group + 1) * (channels / groups); c++)
            {
                foreach (int[] index in Grid.Indices(w.Shape[2..]))
                {
                    (from[1], tap[0]) = (c, c);
                    bool inside = true;
                    for (int i = 0; i < axes; i++)
                    {
                        int place = at[2 + i] + padding[i] - (dilation[i] * index[i]);
                        (tap[2 + i], from[2 + i]) = (index[i], place / stride[i]);
                        inside &= place >= 0 && place % stride[i] == 0 && from[2 + i] < x.Shape[2 + i];
                    }
                    if (inside) sum += x[from] * w[tap];
                }
            }
            return sum;
        });
    }

    /// <summary>x with elements before and after every axis, by what index they are copies of.</summary>
    public static Grid Pad(Grid x, int[] before, int[] after, PaddingMode mode)
    {
        int[] lengths = [.. x.Shape.Lengths.ToArray().Select((n, i) => n + before[i] + after[i])];
        return Grid.Build(Shape.Create(lengths), at =>
        {
            int[] from = [.. at];
            for (int i = 0; i < from.Length; i++)
            {
                int n = x.Shape[i], place = at[i] - before[i];
                if (mode == PaddingMode.Zeros && (place < 0 || place >= n)) return 0;
                from[i] = mode switch
                {
                    PaddingMode.Circular => ((place % n) + n) % n,
                    PaddingMode.Reflect => place < 0 ? -place : place >= n ? (2 * (n - 1)) - place : place,
                    _ => Math.Clamp(place, 0, n - 1),
                };
            }
            return x[from];
        });
    }

    /// <summary>One axis at another resolution.</summary>
    public static Grid Interpolate(Grid x, int axis, int to, InterpolationMode mode, bool alignCorners)
    {
        int n = x.Shape[axis];
        return Grid.Build(x.Shape.With(axis, to), at =>
        {
            int[] from = [.. at];
            double sample(int place)
            {
                from[axis] = Math.Clamp(place, 0, n - 1);
                return x[from];
            }
            if (mode == InterpolationMode.Nearest) return sample((int)Math.Floor(at[axis] * (double)n / to));
            double place = alignCorners ? (to == 1 ? 0 : at[axis] * (n - 1.0) / (to - 1)) : Math.Max(0, ((at[axis] + 0.5) * n / to) - 0.5);
            int low = (int)Math.Floor(place);
            return (sample(low) * (1 - (place - low))) + (sample(low + 1) * (place - low));
        });
    }
}
