using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>How far a matrix [out, in] goes per step of rate 1: what its polar factor is multiplied by. Rates tuned under one rule are none under another.</summary>
public enum MuonScale : byte
{
    /// <summary>sqrt(max(1, out / in)), the first releases' (Jordan et al., "Muon", 2024).</summary>
    Original,

    /// <summary>0.2 sqrt(max(out, in)): entries of the update have the RMS of 0.2 that AdamW's have, so its rates and decays carry over (Liu et al., "Muon is Scalable", 2025).</summary>
    MatchRms,

    /// <summary>sqrt(out / in): steepest descent under the RMS to RMS norm (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024).</summary>
    Modular,
}

/// <summary>
/// Muon (Jordan et al., 2024) for matrices and kernels: m = m + (1 - momentum) (g - m), looking one step ahead as g + momentum (m - g) in Nesterov's form, and
/// update -rate (scale polar(m) + weightDecay w). Kernels [out, in, window..] are matrices [out, in window]. Embeddings, output heads and vectors are for another optimizer:
/// see <see cref="WeightGroups.Muon"/>. State: <c>0.average.name</c> per weight and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="momentum">What is kept of the mean per step, in [0, 1).</param>
/// <param name="nesterov">Nesterov's form.</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <param name="scale">How far matrices go by their shape.</param>
/// <param name="views">
/// How a weight is read as matrices, by its name and the norm of the matrices: <c>(name, norm) => name.EndsWith("qkv") ? MatrixViews.Split([64, 16, 16], norm) : norm</c>; heads by
/// <see cref="MatrixNorms.Blocks"/>, axes by name with <see cref="MatrixViews.Axes"/>. Whole matrices, and kernels laid flat, when omitted.
/// </param>
/// <param name="spectral">The spectral norm, which says how polar factors come about; <see cref="MatrixNorms.Spectral"/> when omitted.</param>
/// <param name="accuracy">How exact polar factors are.</param>
/// <param name="cautious">Leave out the decay of weights that the update takes away from 0.</param>
/// <exception cref="ArgumentException">The momentum is outside [0, 1), or the weight decay is negative.</exception>
public sealed class Muon(
    Schedule learningRate, double momentum = 0.95, bool nesterov = true, double weightDecay = 0, MuonScale scale = MuonScale.Original,
    Func<string, TensorNorm, TensorNorm>? views = null, TensorNorm? spectral = null, PolarAccuracy accuracy = PolarAccuracy.Default, bool cautious = false)
    : Chain(
        [new Average(Rules.Decay("muon", "the momentum", momentum), nesterov)],
        new Steepest(MuonNorms.Of("muon", scale, views, spectral), accuracy: accuracy),
        Presets.Decayed(learningRate, weightDecay, cautious))
{
    /// <summary>Muon as it was scaled up (Liu et al., "Muon is Scalable for LLM Training", 2025): rates and decays are AdamW's.</summary>
    /// <param name="learningRate">The rate: a number or a schedule.</param>
    /// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
    public static Muon Moonlight(Schedule learningRate, double weightDecay = 0.1) => new(learningRate, weightDecay: weightDecay, scale: MuonScale.MatchRms);
}

/// <summary>
/// NorMuon (Li et al., 2025): Muon whose polar factor O has its neurons brought to one size: v = b2 v + (1 - b2) mean(O^2) per row, or per column of a matrix with less rows than columns,
/// O / sqrt(v), and that times a number that gives it the Frobenius norm it had. State: that of Muon, and <c>2.neurons.name</c> per weight.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="momentum">What is kept of the mean per step, in [0, 1).</param>
/// <param name="b2">What is kept of the mean of squares per step, in [0, 1).</param>
/// <param name="nesterov">Nesterov's form.</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <param name="scale">How far matrices go by their shape.</param>
/// <param name="views">How a weight is read as matrices; see <see cref="Muon"/>.</param>
/// <param name="spectral">The spectral norm, which says how polar factors come about.</param>
/// <param name="accuracy">How exact polar factors are.</param>
/// <param name="cautious">Leave out the decay of weights that the update takes away from 0.</param>
/// <exception cref="ArgumentException">A decay is outside [0, 1), or the weight decay is negative.</exception>
public sealed class NorMuon(
    Schedule learningRate, double momentum = 0.95, double b2 = 0.95, bool nesterov = true, double weightDecay = 0, MuonScale scale = MuonScale.Original,
    Func<string, TensorNorm, TensorNorm>? views = null, TensorNorm? spectral = null, PolarAccuracy accuracy = PolarAccuracy.Default, bool cautious = false)
    : Chain(
        [new Average(Rules.Decay("norMuon", "the momentum", momentum), nesterov)],
        new Steepest(MuonNorms.Of("norMuon", scale, views, spectral), accuracy: accuracy),
        [new NormalizeNeurons(Rules.Decay("norMuon", "b2", b2)), .. Presets.Decayed(learningRate, weightDecay, cautious)]);

/// <summary>Norms whose duality map is the polar factor times a scale.</summary>
internal static class MuonNorms
{
    public static Func<string, Shape, TensorNorm> Of(string optimizer, MuonScale scale, Func<string, TensorNorm, TensorNorm>? views, TensorNorm? spectral)
    {
        TensorNorm norm = (spectral ?? MatrixNorms.Spectral).Scale(shape => 1 / Factor(scale, shape[^2], shape[^1])), flat = MatrixViews.Flattened(norm);
        return (name, shape) =>
        {
            Rules.Matrix(optimizer, name, shape);
            TensorNorm chosen = views?.Invoke(name, norm) ?? norm;
            return ReferenceEquals(chosen, norm) ? flat : chosen;
        };
    }

    private static double Factor(MuonScale scale, double rows, double columns) => scale switch
    {
        MuonScale.MatchRms => 0.2 * Math.Sqrt(Math.Max(rows, columns)),
        MuonScale.Modular => Math.Sqrt(rows / columns),
        _ => Math.Sqrt(Math.Max(1, rows / columns)),
    };
}
