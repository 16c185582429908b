using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// y = (x - mean) / sqrt(variance + eps), with mean and population variance over each channel of each example (Ulyanov, Vedaldi and Lempitsky, "Instance
/// Normalization", 2016), then gain and bias per channel where wanted: [N, C, L..] to the same. Weights, when affine: <c>weight</c> and <c>bias</c> [C].
/// </summary>
/// <remarks>Norm, sensitivity and mass as for <see cref="GroupNorm"/>, whose case of one channel a group it is.</remarks>
public sealed class InstanceNorm : Module
{
    private readonly int channels;
    private readonly bool affine;
    private readonly double eps;

    /// <summary>Normalization of every channel alone.</summary>
    /// <param name="channels">Length of axis 1.</param>
    /// <param name="affine">Whether gain and bias, which start at 1 and 0, follow.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="mass">Share of the learning; 0 without gain and bias.</param>
    /// <exception cref="ArgumentException">The number of channels is below 1, eps is not positive, or the mass is negative.</exception>
    public InstanceNorm(int channels, bool affine = false, double eps = 1e-5, double mass = 0.1)
    {
        this.channels = Guard.Length("instanceNorm", "the number of channels", channels);
        this.affine = affine;
        this.eps = Guard.Epsilon("instanceNorm", eps);
        Mass = affine ? Guard.Mass("instanceNorm", mass) : 0;
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => affine ? 2 : 0;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => affine ? LeafGeometry.Affine([channels]) : [];

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => affine ? ChannelGroups.Initialize(channels, dtype) : Weights.Empty;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [N, C, L..], or a channel has no axis to normalize over.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank < 3)
            throw new ShapeException($"instanceNorm: the input must be [N, {channels}, L..], got {x.Shape}. A channel of one element has no deviation.");
        Tensor y = ChannelGroups.Normalize("instanceNorm", x, channels, channels, eps);
        return affine ? ChannelGroups.Affine(weights, y, channels) : y;
    }
}
