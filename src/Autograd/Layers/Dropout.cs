using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// While training, every element is 0 with probability rate and x / (1 - rate) otherwise, so that its expectation is x (Srivastava et al., JMLR 2014, inverted form);
/// otherwise x itself. Any shape. The elements dropped are a function of the pass's key and the shape alone.
/// </summary>
/// <remarks>Sensitivity 1: that of prediction and of the expectation. A single training pass may stretch by 1 / (1 - rate).</remarks>
public sealed class Dropout : Bond
{
    private readonly double rate;

    /// <summary>Dropout.</summary>
    /// <param name="rate">Probability that an element is dropped, in [0, 1).</param>
    /// <exception cref="ArgumentException">The rate is outside [0, 1).</exception>
    public Dropout(double rate) =>
        this.rate = rate is >= 0 and < 1 ? rate : throw new ArgumentException($"dropout: the rate must lie in [0, 1), got {rate}.");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A training pass has no key.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (!pass.Training || rate == 0) return x;
        Tensor kept = Ops.RandomBernoulli(pass.Key("dropout"), 1 - rate, x.Shape);
        return Ops.Where(kept, x * (1 / (1 - rate)), x.Like(0));
    }
}
