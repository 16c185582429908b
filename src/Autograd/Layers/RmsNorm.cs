using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// y = x / sqrt(mean(x^2) + eps) * weight over the last axis (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019): [.., features] to the same.
/// Weight: <c>weight</c> [features], starting at 1.
/// </summary>
/// <remarks>
/// Norm: the largest absolute element of the gain, which bounds the RMS it can change in the result. Sensitivity 1: dividing by an RMS of at least 1 stretches
/// by at most 1. Mass: a tenth of a matrix layer's by default, so that gains learn while the matrices keep most of the learning.
/// </remarks>
public sealed class RmsNorm : Module
{
    private readonly Shape shape;
    private readonly double eps;

    /// <summary>Normalization over the last axis.</summary>
    /// <param name="features">Length of the last axis.</param>
    /// <param name="eps">Added to the mean square.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">The length is below 1, eps is not positive, or the mass is negative.</exception>
    public RmsNorm(int features, double eps = 1e-5, double mass = 0.1)
    {
        shape = [Guard.Length("rmsNorm", "the number of features", features)];
        this.eps = Guard.Epsilon("rmsNorm", eps);
        Mass = Guard.Mass("rmsNorm", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 1;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => [new("weight", shape, VectorNorms.MaxEntry, Drawn: false)];

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => new(["weight"], [Tensor.Ones(shape, dtype)]);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of the input is not the number of features.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        int[] axes = Trailing.Axes("rmsNorm", x, shape);
        return x * Ops.Rsqrt(Ops.Mean(Ops.Square(x), axes, keepDims: true) + eps) * weights["weight"];
    }
}
