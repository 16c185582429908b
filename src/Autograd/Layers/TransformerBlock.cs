using Engine.Tensors;

namespace Engine.Autograd.Layers;

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
    protected override double StretchAfter(int child)
    {
        double branch = share == 0 ? 1 : share, then = child % 2 == 0 ? Children[child + 1].Sensitivity : 1;
        return branch * then * (child < 2 ? Residual.Stretch(share, Children[2].Sensitivity * Children[3].Sensitivity) : 1);
    }

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
        Tensor seen = inner.Ran(attention, own, normal, attention.Forward(own, normal, null, mask, inner));
        x = Residual.Join("transformerBlock", share, x, seen);
        return Residual.Join("transformerBlock", share, x, Child(3, weights, Child(2, weights, x, pass), pass));
    }

    private static Module Perceptron(int width, int? hidden, Module? activation)
    {
        int inner = Guard.Length("transformerBlock", "the hidden width", hidden ?? 4 * width);
        return new Linear(width, inner) >> (activation ?? new Gelu()) >> new Linear(inner, width);
    }
}
