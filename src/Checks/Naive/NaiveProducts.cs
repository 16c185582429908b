using Engine.Tensors;

namespace Engine.Checks;

/// <content>Products, convolutions, indexing and sorting.</content>
internal static partial class Naive
{
    /// <summary>[..., m, k] x [..., k, n] with leading axes broadcast; vectors are a row on the left and a column on the right.</summary>
    public static Grid MatMul(Grid a, Grid b)
    {
        Grid left = a.Rank == 1 ? Reshape(a, [1, a.Shape[0]]) : a, right = b.Rank == 1 ? Reshape(b, [b.Shape[0], 1]) : b;
        int inner = left.Shape[^1];
        Shape batch = Map([Zeros(left.Shape[..^2]), Zeros(right.Shape[..^2])], _ => 0).Shape;
        Grid leftBatch = BroadcastTo(left, batch.Concat(left.Shape[^2..])), rightBatch = BroadcastTo(right, batch.Concat(right.Shape[^2..]));
        Grid product = Grid.Build(batch.Concat([left.Shape[^2], right.Shape[^1]]), index =>
        {
            double sum = 0;
            for (int k = 0; k < inner; k++) sum += leftBatch[[.. index[..^1], k]] * rightBatch[[.. index[..^2], k, index[^1]]];
            return sum;
        });
        Shape shape = product.Shape;
        if (a.Rank == 1) shape = shape.Remove(shape.Rank - 2);
        if (b.Rank == 1) shape = shape.Remove(shape.Rank - 1);
        return Reshape(product, shape);
    }

    /// <summary>Cross-correlation of images [N, C, H, W] with kernels [O, C / groups, KH, KW]; positions outside the image count as zeros.</summary>
    public static Grid Convolution(Grid x, Grid w, ConvolutionWindow window) =>
        Grid.Build([x.Shape[0], w.Shape[0], window.Output.Height, window.Output.Width],
            y => Taps(window, w.Shape[1], w.Shape[0], y[1]).Sum(t => At(x, y[0], t, y, window) * w[y[1], t.Kernel, t.Ky, t.Kx]));

    /// <summary>The derivative of sum(dy * convolution(x, w)) in x, read off the definition.</summary>
    public static Grid ConvolutionInputGradient(Grid dy, Grid w, ConvolutionWindow window)
    {
        Shape shape = [dy.Shape[0], w.Shape[1] * window.Groups, window.Input.Height, window.Input.Width];
        double[] sums = new double[shape.Count];
        Contributions(dy.Shape, w.Shape, window, (y, place, t) => sums[Flat(shape, place)] += dy[y] * w[y[1], t.Kernel, t.Ky, t.Kx]);
        return new(shape, sums);
    }

    /// <summary>The derivative of sum(dy * convolution(x, w)) in w, read off the definition.</summary>
    public static Grid ConvolutionWeightGradient(Grid x, Grid dy, ConvolutionWindow window)
    {
        Shape shape = [dy.Shape[1], x.Shape[1] / window.Groups, window.Kernel.Height, window.Kernel.Width];
        double[] sums = new double[shape.Count];
        Contributions(dy.Shape, shape, window, (y, place, t) => sums[Flat(shape, [y[1], t.Kernel, t.Ky, t.Kx])] += dy[y] * x[place]);
        return new(shape, sums);
    }

    /// <summary>Elements along an axis at given places; the axis is replaced by the shape of the indices.</summary>
    public static Grid Take(Grid x, Grid indices, int axis)
    {
        Shape shape = x.Shape[..axis].Concat(indices.Shape).Concat(x.Shape[(axis + 1)..]);
        return Grid.Build(shape, index => x[[.. index[..axis], (int)indices[index.AsSpan(axis, indices.Rank)], .. index[(axis + indices.Rank)..]]]);
    }

    /// <summary>Elements along an axis, chosen in every line.</summary>
    public static Grid Gather(Grid x, Grid indices, int axis) =>
        Grid.Build(indices.Shape, index => x[[.. index[..axis], (int)indices[index], .. index[(axis + 1)..]]]);

    /// <summary>x with updates added at given places of an axis.</summary>
    public static Grid ScatterAdd(Grid x, Grid indices, Grid updates, int axis)
    {
        double[] sums = x.Values.ToArray();
        foreach (int[] u in Grid.Indices(updates.Shape))
        {
            int place = (int)indices[u.AsSpan(axis, indices.Rank)];
            sums[Flat(x.Shape, [.. u[..axis], place, .. u[(axis + indices.Rank)..]])] += updates[u];
        }
        return new(x.Shape, sums);
    }

    public static double[] CumSum(double[] line, bool reverse)
    {
        double[] sums = [.. line];
        if (reverse) Array.Reverse(sums);
        for (int i = 1; i < sums.Length; i++) sums[i] += sums[i - 1];
        if (reverse) Array.Reverse(sums);
        return sums;
    }

    private static Grid Zeros(Shape shape) => new(shape, new double[shape.Count]);

    private static IEnumerable<(int Channel, int Kernel, int Ky, int Kx)> Taps(ConvolutionWindow window, int perGroup, int outputs, int output)
    {
        int group = output / (outputs / window.Groups);
        for (int c = 0; c < perGroup; c++)
        {
            for (int ky = 0; ky < window.Kernel.Height; ky++)
            {
                for (int kx = 0; kx < window.Kernel.Width; kx++) yield return ((group * perGroup) + c, c, ky, kx);
            }
        }
    }

    private static (int Y, int X) Position(int[] y, (int Channel, int Kernel, int Ky, int Kx) tap, ConvolutionWindow window) => (
        (y[2] * window.Stride.Height) + (tap.Ky * window.Dilation.Height) - window.Padding.Height,
        (y[3] * window.Stride.Width) + (tap.Kx * window.Dilation.Width) - window.Padding.Width);

    private static double At(Grid x, int image, (int Channel, int Kernel, int Ky, int Kx) tap, int[] y, ConvolutionWindow window)
    {
        (int row, int column) = Position(y, tap, window);
        bool inside = row >= 0 && column >= 0 && row < window.Input.Height && column < window.Input.Width;
        return inside ? x[image, tap.Channel, row, column] : 0;
    }

    private static void Contributions(
        Shape result, Shape kernels, ConvolutionWindow window, Action<int[], int[], (int Channel, int Kernel, int Ky, int Kx)> add)
    {
        foreach (int[] y in Grid.Indices(result))
        {
            foreach (var tap in Taps(window, kernels[1], kernels[0], y[1]))
            {
                (int row, int column) = Position(y, tap, window);
                if (row >= 0 && column >= 0 && row < window.Input.Height && column < window.Input.Width) add(y, [y[0], tap.Channel, row, column], tap);
            }
        }
    }
}
