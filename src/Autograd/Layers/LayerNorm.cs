using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axes, with the population variance (Ba, Kiros and Hinton, "Layer Normalization", 2016):
/// [.., shape] to the same. Weights: <c>weight</c> and <c>bias</c>, of that shape, starting at 1 and 0.
/// </summary>
/// <remarks>
/// Norm: the largest absolute element of gain and of bias, which bounds the RMS they can change in the result. Sensitivity 1: removing the mean stretches by at
/// most 1, and so does dividing by the deviation where that is at least 1, the inputs for which the modular norm is stated. Mass: a tenth of a matrix layer's by
/// default, so that gains learn while the matrices keep most of the learning.
/// </remarks>
public sealed class LayerNorm : Module
{
    private readonly Shape shape;
    private readonly double eps;

    /// <summary>Normalization over the last axis.</summary>
    /// <param name="features">Length of the last axis.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">A length is below 1, eps is not positive, or the mass is negative.</exception>
    public LayerNorm(int features, double eps = 1e-5, double mass = 0.1)
        : this([Guard.Length("layerNorm", "the number of features", features)], eps, mass)
    {
    }

    /// <summary>Normalization over several last axes.</summary>
    /// <param name="shape">Lengths of these axes.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">There is no axis, a length is 0, eps is not positive, or the mass is negative.</exception>
    public LayerNorm(Shape shape, double eps = 1e-5, double mass = 0.1)
    {
        if (shape.Rank == 0 || shape.Count == 0) throw new ArgumentException($"layerNorm: the shape must have an axis and none of length 0, got {shape}.");
        this.shape = shape;
        this.eps = Guard.Epsilon("layerNorm", eps);
        Mass = Guard.Mass("layerNorm", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 2;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => LeafGeometry.Affine(shape);

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) =>
        new(["weight", "bias"], [Tensor.Ones(shape, dtype), Tensor.Zeros(shape, dtype)]);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axes of the input are not the layer's shape.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        int[] axes = Trailing.Axes("layerNorm", x, shape);
        Tensor centred = x - Ops.Mean(x, axes, keepDims: true);
        Tensor variance = Ops.Mean(Ops.Square(centred), axes, keepDims: true);
        return centred * Ops.Rsqrt(variance + eps) * weights["weight"] + weights["bias"];
    }
}

/// <summary>The last axes of an input, over which a layer normalizes.</summary>
internal static class Trailing
{
    /// <summary>The axes, counted from the end.</summary>
    public static int[] Axes(string layer, Tensor x, Shape shape)
    {
        if (x.Rank < shape.Rank || x.Shape[^shape.Rank..] != shape)
            throw new ShapeException($"{layer}: the input must end in {shape}, got {x.Shape}. These are the axes that are normalized.");
        return [.. Enumerable.Range(-shape.Rank, shape.Rank)];
    }
}
