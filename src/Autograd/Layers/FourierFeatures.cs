using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// Random Fourier features: x to (cos(2 pi B x), sin(2 pi B x)) with a fixed B [features, inputs] of normal entries with a deviation (Rahimi and Recht, 2007;
/// Tancik et al., "Fourier Features Let Networks Learn High Frequency Functions", 2020). [.., inputs] to [.., 2 features]. B is a function of the key alone, and no weight.
/// </summary>
/// <remarks>Sensitivity 2 pi sqrt(inputs / (2 features)) times the Frobenius norm of B, from RMS to RMS: the slopes of a pair have length 1.</remarks>
public sealed class FourierFeatures : Bond
{
    private readonly int inputs;
    private readonly Tensor directions;

    /// <summary>Random Fourier features.</summary>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="features">Number of directions; the result is twice as long.</param>
    /// <param name="key">The random key, used up by the call.</param>
    /// <param name="deviation">Standard deviation of the frequencies, in turns per unit.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the deviation is not finite and positive.</exception>
    public FourierFeatures(int inputs, int features, RandomKey key, double deviation = 1)
    {
        this.inputs = Guard.Length("fourierFeatures", "the number of inputs", inputs);
        Guard.Length("fourierFeatures", "the number of features", features);
        if (!(deviation > 0 && double.IsFinite(deviation))) throw new ArgumentException($"fourierFeatures: the deviation must be finite and positive, got {deviation}.");
        directions = Ops.RandomNormal(key, [features, inputs], DType.F64) * (2 * Math.PI * deviation);
        Sensitivity = Math.Sqrt(inputs / (2.0 * features) * Ops.Sum(Ops.Square(directions)).ToScalar<double>());
    }

    /// <inheritdoc/>
    public override double Sensitivity { get; }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of the input is not the number of inputs.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank == 0 || x.Shape[^1] != inputs)
            throw new ShapeException($"fourierFeatures: the input must be [.., {inputs}], got {x.Shape}. Its last axis is the layer's number of inputs.");
        Tensor phases = x.MatMul(directions.Cast(x.DType).T);
        return Ops.Concat([Ops.Cos(phases), Ops.Sin(phases)], -1);
    }
}
