using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>What is known of one weight of a module: how it is measured, and how far it goes in an update of modular norm 1.</summary>
/// <param name="Name">The weight.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Norm">Its own norm.</param>
/// <param name="Size">Its own norm in an update of modular norm 1; 0 for a weight that does not move.</param>
/// <param name="Drawn">True for a weight that is drawn at random at first, false for one that starts at a constant, such as a bias or a gain.</param>
/// <param name="Table">True for a table whose rows are looked up, such as an embedding.</param>
public sealed record LeafGeometry(string Name, Shape Shape, TensorNorm Norm, double Size = 1, bool Drawn = true, bool Table = false)
{
    // As gains beside matrices, so that the matrix keeps most of the learning.
    private const double BiasShare = 0.1;

    /// <summary>A weight and, where there is one, its bias, which counts by its RMS and takes a tenth of the learning.</summary>
    public static LeafGeometry[] WithBias(string weight, Shape shape, TensorNorm norm, Shape? bias) =>
        bias is { } own
            ? [new(weight, shape, norm, 1 - BiasShare), new("bias", own, VectorNorms.Rms, BiasShare, Drawn: false)]
            : [new(weight, shape, norm)];

    /// <summary>A gain and a bias, measured by their largest entry, which share the learning equally.</summary>
    public static LeafGeometry[] Affine(Shape shape) =>
        [new("weight", shape, VectorNorms.MaxEntry, 0.5, Drawn: false), new("bias", shape, VectorNorms.MaxEntry, 0.5, Drawn: false)];
}
