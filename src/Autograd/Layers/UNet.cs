using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A U: encoders one after another, a bottleneck, and decoders in the opposite order, each of which sees the result below joined with that of the encoder at its height
/// (Ronneberger et al., "U-Net", MICCAI 2015). With s_1 = E_1(x), s_i = E_i(s_(i-1)): y_n = D_n(B(s_n), s_n), y_(i-1) = D_(i-1)(y_i, s_(i-1)), result y_1.
/// Weights: the encoders', the bottleneck's, the decoders' from the lowest up.
/// </summary>
/// <remarks>
/// What is joined must agree except on the axis: an encoder that halves sides is undone by <see cref="Upsample"/> at the end of the decoder below it.
/// Masses add. Sensitivity: that of a decoder times the sum of what it sees, from the bottom up.
/// </remarks>
public sealed class UNet : Compound
{
    private readonly int depth;
    private readonly int axis;

    /// <summary>A U of modules.</summary>
    /// <param name="encoders">From the top down.</param>
    /// <param name="bottleneck">At the bottom.</param>
    /// <param name="decoders">From the bottom up, as many as encoders.</param>
    /// <param name="axis">The axis along which results are joined: the channels of images when omitted.</param>
    /// <exception cref="ArgumentException">There is no encoder, or there is another number of decoders.</exception>
    public UNet(IReadOnlyList<Module> encoders, Module bottleneck, IReadOnlyList<Module> decoders, int axis = 1)
        : base([.. encoders, bottleneck, .. decoders])
    {
        depth = Guard.Length("uNet", "the number of encoders", encoders.Count);
        if (decoders.Count != depth) throw new ArgumentException($"uNet: every encoder needs a decoder, got {depth} encoders and {decoders.Count} decoders.");
        this.axis = axis;
    }

    /// <inheritdoc/>
    public override double Sensitivity
    {
        get
        {
            double[] skips = new double[depth];
            double stretch = 1;
            for (int i = 0; i < depth; i++) skips[i] = stretch *= Children[i].Sensitivity;
            stretch *= Children[depth].Sensitivity;
            for (int i = 0; i < depth; i++) stretch = Children[depth + 1 + i].Sensitivity * (stretch + skips[depth - 1 - i]);
            return stretch;
        }
    }

    /// <inheritdoc/>
    protected override double StretchAfter(int child)
    {
        // From the top down: what reaches the result from what a decoder sees, which is the result below it and an encoder's.
        double[] seen = new double[depth];
        double stretch = 1;
        for (int height = 0; height < depth; height++)
        {
            int decoder = Children.Count - 1 - height;
            if (child == decoder) return stretch;
            seen[height] = stretch *= Children[decoder].Sensitivity;
        }
        if (child == depth) return stretch;
        stretch *= Children[depth].Sensitivity;
        for (int height = depth - 1; ; stretch *= Children[height--].Sensitivity)
        {
            stretch += seen[height];
            if (child == height) return stretch;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">Two results that are joined differ in another axis.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        Tensor[] skips = new Tensor[depth];
        for (int i = 0; i < depth; i++) skips[i] = x = Child(i, weights, x, pass);
        x = Child(depth, weights, x, pass);
        for (int i = 0; i < depth; i++)
        {
            Tensor skip = skips[depth - 1 - i];
            if (x.Rank != skip.Rank) throw new ShapeException($"uNet: results that are joined must agree except on axis {axis}, got {x.Shape} and {skip.Shape}.");
            x = Child(depth + 1 + i, weights, Ops.Concat([x, skip], axis), pass);
        }
        return x;
    }
}
