using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// y = (x - mean) / sqrt(variance + eps) * weight + bias, with mean and population variance over each group of channels of each example
/// (Wu and He, "Group Normalization", ECCV 2018): [N, C, ..] to the same. Weights: <c>weight</c> and <c>bias</c> [C], starting at 1 and 0.
/// </summary>
/// <remarks>
/// Norm: the largest absolute element of gain and of bias. Sensitivity 1, as for <see cref="LayerNorm"/>: where the deviation of a group is at least 1 nothing is
/// stretched. Mass: a tenth of a matrix layer's by default, so that gains learn while the matrices keep most of the learning.
/// </remarks>
public sealed class GroupNorm : Module
{
    private readonly int groups;
    private readonly int channels;
    private readonly double eps;

    /// <summary>Normalization of groups of channels.</summary>
    /// <param name="groups">Number of groups: 1 normalizes all channels together, as many as channels each alone.</param>
    /// <param name="channels">Length of axis 1.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">A number is below 1, the groups do not divide the channels, eps is not positive, or the mass is negative.</exception>
    public GroupNorm(int groups, int channels, double eps = 1e-5, double mass = 0.1)
    {
        this.groups = Guard.Length("groupNorm", "the number of groups", groups);
        this.channels = Guard.Length("groupNorm", "the number of channels", channels);
        if (channels % groups != 0) throw new ArgumentException($"groupNorm: {groups} groups must divide the channels, got {channels} channels.");
        this.eps = Guard.Epsilon("groupNorm", eps);
        Mass = Guard.Mass("groupNorm", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 2;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => LeafGeometry.Affine([channels]);

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => ChannelGroups.Initialize(channels, dtype);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [N, C, ..].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) =>
        ChannelGroups.Affine(weights, ChannelGroups.Normalize("groupNorm", x, groups, channels, eps), channels);
}

/// <summary>Normalization over groups of channels.</summary>
internal static class ChannelGroups
{
    public static Weights Initialize(int channels, DType dtype) => new(["weight", "bias"], [Tensor.Ones([channels], dtype), Tensor.Zeros([channels], dtype)]);

    public static Tensor Normalize(string layer, Tensor x, int groups, int channels, double eps)
    {
        if (x.Rank < 2 || x.Shape[1] != channels)
            throw new ShapeException($"{layer}: the input must be [N, {channels}, ..], got {x.Shape}. Its second axis is the layer's number of channels.");
        int length = channels / groups;
        foreach (int side in x.Shape[2..]) length *= side;
        Tensor lines = x.Reshape(x.Shape[0], groups, length);
        Tensor centred = lines - Ops.Mean(lines, [-1], keepDims: true);
        Tensor variance = Ops.Mean(Ops.Square(centred), [-1], keepDims: true);
        return (centred * Ops.Rsqrt(variance + eps)).Reshape(x.Shape.Lengths);
    }

    public static Tensor Affine(Weights weights, Tensor y, int channels)
    {
        int[] aligned = new int[y.Rank - 1];
        Array.Fill(aligned, 1);
        aligned[0] = channels;
        return y * weights["weight"].Reshape(aligned) + weights["bias"].Reshape(aligned);
    }
}
