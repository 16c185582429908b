using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Automatic gradient descent (Bernstein, Mingard, Huang, Azizan and Yue, 2023, algorithm 1), without a rate: for L matrices [out, in] with gradients g,
/// G = mean(sqrt(out / in) |g|), eta = log((1 + sqrt(1 + 4 G)) / 2), update -(eta / L) sqrt(out / in) g / |g|. Kernels [out, in, window..] move tap by tap, by sqrt(out / in / taps).
/// </summary>
/// <remarks>
/// For networks without biases and gains, with weights from <see cref="Autograd.Layers.Module.InitializeDualized"/>, inputs of length sqrt(in) and losses of the size of
/// |f - y|^2 / (2 out) with targets of length sqrt(out). No state.
/// </remarks>
/// <param name="spectral">True for the update that minimizes the bound for gradients of any rank: polar factors and nuclear norms in the place of g / |g| and |g|.</param>
/// <param name="gain">Multiplies eta, positive.</param>
/// <param name="accuracy">How exact polar factors are.</param>
/// <exception cref="ArgumentException">The gain is not positive.</exception>
public sealed class AutomaticGradientDescent(bool spectral = false, double gain = 1, PolarAccuracy accuracy = PolarAccuracy.Default) : Optimizer
{
    private readonly Norm norm = new LargestNorm(
        (name, shape) =>
        {
            Rules.Matrix("automaticGradientDescent", name, shape);
            TensorNorm own = spectral ? MatrixNorms.RmsToRms : MatrixNorms.Frobenius.Scale(s => Math.Sqrt((double)s[^1] / s[^2]));
            return shape.Rank == 2 ? own : MatrixViews.Axes([0], [1], own).Scale(Math.Sqrt(shape[2..].Count));
        },
        accuracy);

    private readonly double gain = Rules.Positive("automaticGradientDescent", "the gain", gain);

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => OptimizerState.Empty;

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor size = norm.DualNorm(gradient) * (1.0 / gradient.LeafCount);
        // log((1 + sqrt(1 + 4 G)) / 2) = log1p(2 G / (1 + sqrt(1 + 4 G))), which keeps its digits where G is small.
        Tensor rate = Ops.Log1p(size * 2 / (Ops.Sqrt(size * 4 + 1) + 1)) * (-gain / gradient.LeafCount);
        return (norm.Dualize(gradient).Map(u => u * rate.Cast(u.DType)), state);
    }
}
