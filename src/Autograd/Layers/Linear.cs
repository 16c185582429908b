using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// y = x W^T + b: inputs [.., in] to [.., out]. Weights: <c>weight</c> [out, in] and, with a bias, <c>bias</c> [out].
/// </summary>
/// <remarks>
/// Norm: sqrt(in / out) times the spectral norm of the weight, the operator norm from RMS to RMS; the bias counts by its RMS. At unit norm the layer stretches
/// by at most 1, which is its sensitivity (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024).
/// </remarks>
public sealed class Linear : Module
{
    private readonly int inputs;
    private readonly int outputs;
    private readonly bool bias;
    private readonly Initializer initializer;

    /// <summary>A linear layer.</summary>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="outputs">Length of the last axis of the result.</param>
    /// <param name="bias">Whether a bias, which starts at 0, is added.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <param name="initializer">Draws the weight; <see cref="Initializers.FanInUniform"/> when omitted.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public Linear(int inputs, int outputs, bool bias = true, double mass = 1, Initializer? initializer = null)
    {
        this.inputs = Guard.Length("linear", "the number of inputs", inputs);
        this.outputs = Guard.Length("linear", "the number of outputs", outputs);
        this.bias = bias;
        this.initializer = initializer ?? Initializers.FanInUniform;
        Mass = Guard.Mass("linear", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => bias ? 2 : 1;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => LeafGeometry.WithBias("weight", [outputs, inputs], MatrixNorms.RmsToRms, bias ? [outputs] : null);

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Tensor weight = initializer(key, [outputs, inputs], dtype);
        return bias ? new(["weight", "bias"], [weight, Tensor.Zeros([outputs], dtype)]) : new(["weight"], [weight]);
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of the input is not the number of inputs.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank == 0 || x.Shape[^1] != inputs)
            throw new ShapeException($"linear: the input must be [.., {inputs}], got {x.Shape}. Its last axis is the layer's number of inputs.");
        Tensor y = x.MatMul(weights["weight"].T);
        return bias ? y + weights["bias"] : y;
    }

    internal override Tensor? InputRows(Tensor x) => x.Reshape(1, -1, inputs);

    internal override Tensor OutputRows(Tensor y) => y.Reshape(1, -1, outputs);
}
