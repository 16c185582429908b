namespace Engine.Tensors;

/// <summary>A pair of numbers per image axis: height first, then width.</summary>
/// <param name="Height">Along the second axis from the end.</param>
/// <param name="Width">Along the last axis.</param>
public readonly record struct Extent(int Height, int Width)
{
    /// <summary>The same number for both axes.</summary>
    public static implicit operator Extent(int both) => new(both, both);

    /// <inheritdoc/>
    public override string ToString() => $"[{Height}, {Width}]";
}

/// <summary>The geometry of a two-dimensional convolution.</summary>
/// <param name="Stride">Step of the window, at least 1.</param>
/// <param name="Padding">Zeros on both sides of each axis.</param>
/// <param name="Dilation">Distance between neighbouring kernel elements, at least 1.</param>
/// <param name="Groups">Channels and outputs are split into this many independent groups.</param>
/// <param name="Input">Height and width of the input, needed to undo a stride.</param>
/// <param name="Kernel">Height and width of the kernel.</param>
public readonly record struct ConvolutionWindow(Extent Stride, Extent Padding, Extent Dilation, int Groups, Extent Input, Extent Kernel)
{
    /// <summary>Height and width of the result.</summary>
    public Extent Output => new(
        Positions(Input.Height, Kernel.Height, Stride.Height, Padding.Height, Dilation.Height),
        Positions(Input.Width, Kernel.Width, Stride.Width, Padding.Width, Dilation.Width));

    private static int Positions(int input, int kernel, int stride, int padding, int dilation) =>
        ((input + (2 * padding) - (dilation * (kernel - 1)) - 1) / stride) + 1;
}

/// <summary>
/// Windows that slide over the last axes of a tensor: one entry per windowed axis. As a view, [.., S1, .., Sk] becomes [.., O1, .., Ok, K1, .., Kk].
/// </summary>
/// <param name="Lengths">Lengths of the windowed axes.</param>
/// <param name="Size">Window size per axis.</param>
/// <param name="Stride">Step per axis.</param>
/// <param name="Dilation">Distance between window elements per axis.</param>
public readonly record struct SlidingWindow(Shape Lengths, Shape Size, Shape Stride, Shape Dilation)
{
    /// <summary>How many window positions there are per axis.</summary>
    public Shape Positions
    {
        get
        {
            int[] positions = new int[Size.Rank];
            for (int i = 0; i < positions.Length; i++)
                positions[i] = ((Lengths[i] - (Dilation[i] * (Size[i] - 1)) - 1) / Stride[i]) + 1;
            return Shape.Create(positions);
        }
    }
}

/// <summary>Padding per axis: elements before, after, and between neighbours.</summary>
/// <param name="Before">Elements put before the first, per axis.</param>
/// <param name="After">Elements put after the last, per axis.</param>
/// <param name="Between">Elements put between neighbours, per axis.</param>
public readonly record struct Padding(Shape Before, Shape After, Shape Between)
{
    /// <summary>The shape after padding.</summary>
    public Shape Apply(Shape shape)
    {
        int[] lengths = new int[shape.Rank];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = Before[i] + After[i] + shape[i] + (Between[i] * Math.Max(0, shape[i] - 1));
        return Shape.Create(lengths);
    }
}
