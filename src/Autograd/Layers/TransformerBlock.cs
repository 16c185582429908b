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

/// <summary>
/// A pre-norm transformer block: x + attention(norm(x)), then x + mlp(norm(x)) with the two-layer perceptron Linear, activation, Linear
/// (Vaswani et al., 2017; norms before the branches: Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020). [.., T, width] to the same.
/// Weights: <c>0</c> first norm, <c>1</c> attention, <c>2</c> second norm, <c>3</c> perceptron.
/// </summary>
/// <remarks>
/// Norms and masses are the children's. Sensitivity: the product of the two residual connections', each as for <see cref="Residual"/>.
/// </remarks>
public sealed class TransformerBlock : Compound
{
    private readonly MultiHeadAttention attention;
    private readonly double share;

    /// <summary>A transformer block.</summary>
    /// <param name="attention">The attention layer.</param>
    /// <param name="width">Length of the last axis, the attention layer's.</param>
    /// <param name="hidden">Width of the perceptron between its two layers; four times the width when omitted.</param>
    /// <param name="norm">Makes the two norms from the width; <see cref="LayerNorm"/> when omitted.</param>
    /// <param name="activation">Between the two layers of the perceptron; <see cref="Gelu"/> when omitted.</param>
    /// <param name="depth">The number of residual connections in the stack, two for each block, to weigh them as <see cref="Residual"/> does; plain sums when omitted.</param>
    /// <exception cref="ArgumentException">A length is below 1.</exception>
    public TransformerBlock(
        MultiHeadAttention attention, int width, int? hidden = null, Func<int, Module>? norm = null, Module? activation = null, int? depth = null)
        : base([(norm ?? (n => new LayerNorm(n)))(Guard.Length("transformerBlock", "the width", width)), attention, (norm ?? (n => new LayerNorm(n)))(width), Perceptron(width, hidden, activation)])
    {
        this.attention = attention;
        share = Residual.Share("transformerBlock", depth);
    }

    /// <inheritdoc/>
    public override double Sensitivity =>
        Residual.Stretch(share, Children[0].Sensitivity * Children[1].Sensitivity) * Residual.Stretch(share, Children[2].Sensitivity * Children[3].Sensitivity);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, width].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Forward(weights, x, null, pass);

    /// <summary>The block with a mask.</summary>
    /// <param name="weights">Weights of this block's form.</param>
    /// <param name="x">[.., T, width].</param>
    /// <param name="mask">As for <see cref="MultiHeadAttention"/>.</param>
    /// <param name="pass">Training or prediction.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor Forward(Weights weights, Tensor x, Tensor? mask, in Pass pass)
    {
        Tensor normal = Child(0, weights, x, pass);
        Weights own = PartOf(1, weights);
        Pass inner = pass.ForChild(1);
        Tensor seen = attention.Forward(own, normal, null, mask, inner);
        inner.Ran(attention, own, normal, seen);
        x = Residual.Join("transformerBlock", share, x, seen);
        return Residual.Join("transformerBlock", share, x, Child(3, weights, Child(2, weights, x, pass), pass));
    }

    private static Module Perceptron(int width, int? hidden, Module? activation)
    {
        int inner = Guard.Length("transformerBlock", "the hidden width", hidden ?? 4 * width);
        return new Linear(width, inner) >> (activation ?? new Gelu()) >> new Linear(inner, width);
    }
}
