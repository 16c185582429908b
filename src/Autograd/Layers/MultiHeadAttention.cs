using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>By what the products of queries and keys are divided, for heads of depth d.</summary>
public enum AttentionScale : byte
{
    /// <summary>sqrt(d): products of independent entries of variance 1 keep it (Vaswani et al., "Attention Is All You Need", 2017).</summary>
    InverseRoot,

    /// <summary>d: products of aligned entries of RMS 1 keep it, so that the sensitivity does not grow with d (Large et al., 2024; Yang et al., 2022).</summary>
    Inverse,
}

/// <summary>
/// Attention of several heads: softmax(q k^T * scale + mask) v per head, with q = x Wq^T, k = m Wk^T, v = m Wv^T split into heads of depth width / heads, the heads'
/// results joined and mapped by Wo (Vaswani et al., "Attention Is All You Need", 2017). The memory m is x itself unless one is given. [.., T, width] to the same.
/// Weights: those of four <see cref="Linear"/> layers, <c>0</c> queries, <c>1</c> keys, <c>2</c> values, <c>3</c> results.
/// </summary>
/// <remarks>
/// With fewer heads for keys and values, consecutive query heads share one (Ainslie et al., "GQA", 2023; a single one: Shazeer, 2019).
/// Norms and masses are the four linear layers'. Sensitivity 1 + 2 s d for a scale s, from the largest RMS of a token to the same, for inputs whose tokens have RMS at
/// most 1: values pass with 1, and queries and keys move each score by at most s d and the softmax by no more (Large et al., "Scalable Optimization in the Modular
/// Norm", 2024). That is 3 with <see cref="AttentionScale.Inverse"/>, for which 1/3 times the layer stretches by at most 1, and 1 + 2 sqrt(d) otherwise.
/// </remarks>
public sealed class MultiHeadAttention : Compound
{
    private const int Queries = 0, Keys = 1, Values = 2, Results = 3;

    private readonly int width;
    private readonly int heads;
    private readonly int sharedHeads;
    private readonly bool causal;
    private readonly double scale;
    private readonly RotaryPositions? rotary;

    /// <summary>An attention layer.</summary>
    /// <param name="width">Length of the last axis, of input and result.</param>
    /// <param name="heads">Number of heads; divides the width.</param>
    /// <param name="keyValueHeads">Number of heads of keys and values; divides the heads, and is equal to them when omitted.</param>
    /// <param name="causal">Token i sees token j only when j &lt;= i, counted from the ends where the numbers of tokens differ.</param>
    /// <param name="bias">Whether the four maps add a bias.</param>
    /// <param name="scale">By what scores are divided.</param>
    /// <param name="rotary">Turns queries and keys by their positions; no positions when omitted.</param>
    /// <param name="memoryWidth">Length of the last axis of the memory; the width when omitted.</param>
    /// <param name="mass">Share of the learning of each of the four maps.</param>
    /// <param name="initializer">Draws the four weights; <see cref="Initializers.FanInUniform"/> when omitted.</param>
    /// <exception cref="ArgumentException">A length is below 1, the heads do not divide the width or the heads of keys the heads, or the mass is negative.</exception>
    public MultiHeadAttention(
        int width, int heads, int? keyValueHeads = null, bool causal = false, bool bias = true, AttentionScale scale = AttentionScale.InverseRoot,
        RotaryPositions? rotary = null, int? memoryWidth = null, double mass = 1, Initializer? initializer = null)
        : base(Maps(width, heads, keyValueHeads ?? heads, memoryWidth ?? width, bias, mass, initializer))
    {
        this.width = width;
        this.heads = heads;
        sharedHeads = keyValueHeads ?? heads;
        this.causal = causal;
        this.rotary = rotary;
        double depth = width / heads;
        this.scale = scale == AttentionScale.Inverse ? 1 / depth : 1 / Math.Sqrt(depth);
    }

    /// <inheritdoc/>
    public override double Sensitivity => (1 + (2 * scale * (width / heads))) * Children[Results].Sensitivity;

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => child switch
    {
        Results => 1,
        Values => Children[Results].Sensitivity,
        _ => scale * (width / heads) * Children[Results].Sensitivity,
    };

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, width].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Forward(weights, x, null, null, pass);

    /// <summary>The layer with a memory and a mask.</summary>
    /// <param name="weights">Weights of this layer's form.</param>
    /// <param name="x">What asks, [.., T, width].</param>
    /// <param name="memory">What is looked at, [.., S, memoryWidth] with the same leading axes; x itself when null.</param>
    /// <param name="mask">
    /// Bool, whether a token may see another, or of x's type, added to the scaled products. [T, S], or [.., h, T, S] with an axis of heads before, h being 1 or the
    /// number of heads; every axis may be 1.
    /// </param>
    /// <param name="pass">Training or prediction.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    public Tensor Forward(Weights weights, Tensor x, Tensor? memory, Tensor? mask, in Pass pass)
    {
        Tensor seen = memory ?? x;
        if (x.Rank < 2 || x.Shape[^1] != width)
            throw new ShapeException($"multiHeadAttention: the input must be [.., T, {width}], got {x.Shape}. Its last axis is the layer's width.");
        if (seen.Rank != x.Rank || seen.Shape[..^2] != x.Shape[..^2])
            throw new ShapeException($"multiHeadAttention: the memory must have the leading axes of the input, got {seen.Shape} and {x.Shape}. Broadcast one of them.");
        Tensor q = Split(Child(Queries, weights, x, pass), heads), k = Split(Child(Keys, weights, seen, pass), sharedHeads);
        Tensor v = Split(Child(Values, weights, seen, pass), sharedHeads);
        if (rotary is not null) (q, k) = (rotary.Turn(q), rotary.Turn(k));
        Shape lead = x.Shape[..^2];
        // Query heads that share keys lie along an axis of their own, over which the keys broadcast.
        Tensor grouped = q.Reshape([.. lead, sharedHeads, heads / sharedHeads, .. q.Shape[^2..]]);
        Tensor y = Ops.Attention(grouped, Ops.Unsqueeze(k, -3), Ops.Unsqueeze(v, -3), scale, causal, mask is null ? null : Grouped(mask));
        Tensor joined = Ops.MoveAxis(y.Reshape(q.Shape.Lengths), -3, -2).Reshape(x.Shape.Lengths);
        return Child(Results, weights, joined, pass);
    }

    /// <summary>[.., T, heads * depth] to [.., heads, T, depth].</summary>
    private static Tensor Split(Tensor x, int heads) => Ops.MoveAxis(x.Reshape([.. x.Shape[..^1], heads, x.Shape[^1] / heads]), -2, -3);

    /// <summary>A mask whose axis of heads, where it has one, is split like that of the queries.</summary>
    private Tensor Grouped(Tensor mask)
    {
        if (mask.Rank < 3) return mask;
        int own = mask.Shape[^3];
        if (own != 1 && own != heads)
            throw new ShapeException($"multiHeadAttention: the mask must be [T, S] or [.., 1 or {heads}, T, S], got {mask.Shape}. Its third axis from the end is the heads.");
        int[] split = own == 1 ? [1, 1] : [sharedHeads, heads / sharedHeads];
        return mask.Reshape([.. mask.Shape[..^3], .. split, .. mask.Shape[^2..]]);
    }

    private static IEnumerable<Module> Maps(int width, int heads, int sharedHeads, int memoryWidth, bool bias, double mass, Initializer? initializer)
    {
        const string Layer = "multiHeadAttention";
        Guard.Length(Layer, "the width", width);
        Guard.Length(Layer, "the number of heads", heads);
        Guard.Length(Layer, "the number of key and value heads", sharedHeads);
        Guard.Length(Layer, "the width of the memory", memoryWidth);
        Guard.Mass(Layer, mass);
        if (width % heads != 0) throw new ArgumentException($"{Layer}: {heads} heads must divide the width, got {width}.");
        if (heads % sharedHeads != 0) throw new ArgumentException($"{Layer}: {sharedHeads} key and value heads must divide the heads, got {heads}.");
        int shared = width / heads * sharedHeads;
        return
        [
            new Linear(width, width, bias, mass, initializer), new Linear(memoryWidth, shared, bias, mass, initializer),
            new Linear(memoryWidth, shared, bias, mass, initializer), new Linear(width, width, bias, mass, initializer),
        ];
    }
}
