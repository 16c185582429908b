using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// y = (x - mean) / sqrt(variance + eps) * weight + bias per feature (Ioffe and Szegedy, ICML 2015): [N, C] or [N, C, H, W] to the same.
/// Weights: <c>weight</c> and <c>bias</c> [C], starting at 1 and 0. Buffers: <c>running_mean</c> and <c>running_var</c> [C], starting at 0 and 1.
/// </summary>
/// <remarks>
/// While training, mean and population variance of the batch normalize, and the buffers move: running = (1 - momentum) running + momentum batch, where the running
/// variance takes the unbiased estimate, with n - 1 in the divisor. Otherwise the buffers normalize.
/// Norm: the largest absolute element of gain and of bias. Sensitivity 1: at running variances of 1 the layer stretches by at most 1. Mass: a tenth of a matrix
/// layer's by default, so that gains learn while the matrices keep most of the learning.
/// </remarks>
public sealed class BatchNorm : Module
{
    private const string RunningMean = "running_mean", RunningVariance = "running_var";

    private readonly int features;
    private readonly double eps;
    private readonly double momentum;

    /// <summary>Normalization per feature over the batch.</summary>
    /// <param name="features">Length of axis 1.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="momentum">Weight of a batch in the running statistics, in [0, 1].</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">The length is below 1, eps is not positive, the momentum is outside [0, 1], or the mass is negative.</exception>
    public BatchNorm(int features, double eps = 1e-5, double momentum = 0.1, double mass = 0.1)
    {
        this.features = Guard.Length("batchNorm", "the number of features", features);
        this.eps = Guard.Epsilon("batchNorm", eps);
        this.momentum = momentum is >= 0 and <= 1
            ? momentum : throw new ArgumentException($"batchNorm: the momentum must lie in [0, 1], got {momentum}.");
        Mass = Guard.Mass("batchNorm", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 2;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => LeafGeometry.Affine([features]);

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) =>
        new(["weight", "bias"], [Tensor.Ones([features], dtype), Tensor.Zeros([features], dtype)]);

    /// <inheritdoc/>
    public override Buffers InitializeBuffers(DType dtype = DType.F32) =>
        new([RunningMean, RunningVariance], [Tensor.Zeros([features], dtype), Tensor.Ones([features], dtype)]);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is neither [N, C] nor [N, C, H, W], or a training batch has one value per feature, which has no variance.</exception>
    /// <exception cref="InvalidOperationException">The pass has no buffers.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank is not (2 or 4) || x.Shape[1] != features)
            throw new ShapeException($"batchNorm: the input must be [N, {features}] or [N, {features}, H, W], got {x.Shape}. Its second axis is the layer's number of features.");
        // Statistics are [C]; an image lies across two more axes.
        Shape aligned = x.Rank == 2 ? [features] : [features, 1, 1];
        Tensor mean = pass.Buffer(RunningMean), variance = pass.Buffer(RunningVariance), centred;
        if (pass.Training)
        {
            int count = x.Count / features;
            if (count < 2)
                throw new ShapeException($"batchNorm: training needs at least 2 values per feature, got {count} in {x.Shape}. Use a larger batch.");
            int[] axes = x.Rank == 2 ? [0] : [0, 2, 3];
            Tensor batchMean = Ops.Mean(x, axes);
            centred = x - batchMean.Reshape(aligned.Lengths);
            Tensor batchVariance = Ops.Mean(Ops.Square(centred), axes);
            pass.SetBuffer(RunningMean, mean * (1 - momentum) + batchMean * momentum);
            pass.SetBuffer(RunningVariance, variance * (1 - momentum) + batchVariance * (momentum * count / (count - 1)));
            variance = batchVariance;
        }
        else
        {
            centred = x - mean.Reshape(aligned.Lengths);
        }
        Tensor scale = weights["weight"] * Ops.Rsqrt(variance + eps);
        return centred * scale.Reshape(aligned.Lengths) + weights["bias"].Reshape(aligned.Lengths);
    }
}
