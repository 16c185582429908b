using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>max(x, 0). Any shape. The derivative at 0 is 0.</summary>
/// <remarks>Sensitivity 1, the greatest slope.</remarks>
public sealed class Relu : Bond
{
    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Relu(x);
}

/// <summary>x where positive, slope * x elsewhere. Any shape. The derivative at 0 is the slope.</summary>
/// <remarks>Sensitivity max(1, |slope|), the greatest slope.</remarks>
public sealed class LeakyRelu : Bond
{
    private readonly double slope;

    /// <summary>A leaky relu.</summary>
    /// <param name="slope">Slope where x is negative.</param>
    /// <exception cref="ArgumentException">The slope is not finite.</exception>
    public LeakyRelu(double slope = 0.01) =>
        this.slope = double.IsFinite(slope) ? slope : throw new ArgumentException($"leakyRelu: the slope must be finite, got {slope}.");

    /// <inheritdoc/>
    public override double Sensitivity => Math.Max(1, Math.Abs(slope));

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.LeakyRelu(x, slope);
}

/// <summary>x Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel, 2016). Any shape.</summary>
/// <remarks>Sensitivity 1.1289, the greatest slope: Phi(x) + x phi(x) at x = sqrt(2), where its derivative (2 - x^2) phi(x) is 0.</remarks>
public sealed class Gelu : Bond
{
    /// <inheritdoc/>
    public override double Sensitivity => 1.1289041451851548;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Gelu(x);
}

/// <summary>The tanh form of GELU: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel, 2016). Any shape.</summary>
/// <remarks>Sensitivity 1.1290, the greatest slope, at x = 1.4185.</remarks>
public sealed class GeluTanh : Bond
{
    /// <inheritdoc/>
    public override double Sensitivity => 1.1289930686587716;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.GeluTanh(x);
}

/// <summary>x sigmoid(x), also called swish. Any shape.</summary>
/// <remarks>Sensitivity 1.0998, the greatest slope, at x = 2.3994.</remarks>
public sealed class Silu : Bond
{
    /// <inheritdoc/>
    public override double Sensitivity => 1.0998393201288669;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Silu(x);
}

/// <summary>The hyperbolic tangent. Any shape.</summary>
/// <remarks>Sensitivity 1, the slope at 0.</remarks>
public sealed class Tanh : Bond
{
    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Tanh(x);
}

/// <summary>1 / (1 + exp(-x)). Any shape.</summary>
/// <remarks>Sensitivity 1/4, the slope at 0.</remarks>
public sealed class Sigmoid : Bond
{
    /// <inheritdoc/>
    public override double Sensitivity => 0.25;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Sigmoid(x);
}

/// <summary>log(1 + exp(x)). Any shape.</summary>
/// <remarks>Sensitivity 1, which the slope sigmoid(x) approaches.</remarks>
public sealed class Softplus : Bond
{
    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Softplus(x);
}

/// <summary>exp(x) / sum(exp(x)) along an axis. Any shape.</summary>
/// <param name="axis">The axis; the last when omitted.</param>
/// <remarks>
/// Sensitivity 1, from the largest change of a logit to the sum of the changes: sum p_i |v_i - p.v| is at most half the range of v
/// (Large et al., "Scalable Optimization in the Modular Norm", 2024).
/// </remarks>
public sealed class Softmax(int axis = -1) : Bond
{
    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.Softmax(x, axis);
}

/// <summary>The logarithm of softmax along an axis. Any shape.</summary>
/// <param name="axis">The axis; the last when omitted.</param>
/// <remarks>Sensitivity 2, in the largest change: v_i - p.v is at most the range of v.</remarks>
public sealed class LogSoftmax(int axis = -1) : Bond
{
    /// <inheritdoc/>
    public override double Sensitivity => 2;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Ops.LogSoftmax(x, axis);
}
