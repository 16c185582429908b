using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// x + f(x), or in a stack of N residual modules (1 - 1/N) x + (1/N) f(x), whose sensitivity and share of the learning do not grow with depth
/// (Large et al., "Scalable Optimization in the Modular Norm", 2024). Weights: those of f, under 0.
/// </summary>
/// <remarks>Sensitivity 1 + that of f, or (1 - 1/N) + 1/N times that of f. The mass is that of f.</remarks>
public sealed class Residual : Compound
{
    private readonly double share;

    /// <summary>A residual connection.</summary>
    /// <param name="body">f, which keeps the shape.</param>
    /// <param name="depth">N, the number of residual modules in the stack; none when omitted, for x + f(x).</param>
    /// <exception cref="ArgumentException">The depth is below 1.</exception>
    public Residual(Module body, int? depth = null)
        : base([body]) => share = Share("residual", depth);

    /// <inheritdoc/>
    public override double Sensitivity => Stretch(share, Children[0].Sensitivity);

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => share == 0 ? 1 : share;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The result of f has another shape.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Join("residual", share, x, Child(0, weights, x, pass));

    /// <summary>1/N, or 0 for a plain sum.</summary>
    internal static double Share(string layer, int? depth) => depth is { } n ? 1.0 / Guard.Length(layer, "the depth", n) : 0;

    internal static double Stretch(double share, double body) => share == 0 ? 1 + body : 1 - share + (share * body);

    // Broadcasting would turn a body that loses an axis into something else without a word.
    internal static Tensor Join(string layer, double share, Tensor x, Tensor y)
    {
        if (y.Shape != x.Shape) throw new ShapeException($"{layer}: the inner module must keep the shape, got {x.Shape} and {y.Shape}.");
        return share == 0 ? x + y : x * (1 - share) + y * share;
    }
}
