using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A module one of whose weights is w = g v / |v|, direction and length learned apart, with |v| the Euclidean norm over all axes but the first
/// (Salimans and Kingma, "Weight Normalization", NeurIPS 2016). Weights: the module's, with <c>weight_g</c> [out, 1..] and <c>weight_v</c> in place of <c>weight</c>;
/// fresh ones give the module its own fresh weights.
/// </summary>
/// <remarks>
/// Norm, sensitivity and mass are the module's, at the weight that is put together. Derivatives flow through |v|, so that the one in v is orthogonal to v.
/// </remarks>
public sealed class WeightNorm : Module
{
    private readonly Module module;
    private readonly string weight;

    /// <summary>A module with a normalized weight.</summary>
    /// <param name="module">The module.</param>
    /// <param name="weight">The name of the weight.</param>
    public WeightNorm(Module module, string weight = "weight") => (this.module, this.weight) = (module, weight);

    /// <inheritdoc/>
    public override double Mass => module.Mass;

    /// <inheritdoc/>
    public override double Sensitivity => module.Sensitivity;

    /// <inheritdoc/>
    public override int WeightCount => module.WeightCount + 1;

    /// <inheritdoc/>
    /// <remarks>
    /// Directions by the weight's own norm, as if they were as long as they are used; lengths by the root of their sum of squares over that of the rows, which bounds the
    /// RMS to RMS norm of what they move. Both share what the weight has.
    /// </remarks>
    protected override IReadOnlyList<LeafGeometry> Leaves() => [.. module.Geometry.SelectMany(g => g.Name == weight ? Parts(g) : [g])];

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">The module has no weight of the name.</exception>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Weights inner = module.Initialize(key, dtype);
        Tensor v = inner[weight];
        return new(
            inner.Names.SelectMany(n => n == weight ? [$"{n}_g", $"{n}_v"] : new[] { n }),
            inner.Names.SelectMany((n, i) => n == weight ? [Length(v), v] : new[] { inner[i] }));
    }

    /// <inheritdoc/>
    public override Buffers InitializeBuffers(DType dtype = DType.F32) => module.InitializeBuffers(dtype);

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        Tensor v = weights[$"{weight}_v"], w = v * (weights[$"{weight}_g"] / Length(v));
        string[] names = [.. weights.Names.Where(n => n != $"{weight}_g").Select(n => n == $"{weight}_v" ? weight : n)];
        return module.Forward(new(names, names.Select(n => n == weight ? w : weights[n])), x, pass);
    }

    internal override double Reach(object owner) => module.Reach(owner);

    private LeafGeometry[] Parts(LeafGeometry whole)
    {
        int rows = whole.Shape[0];
        Shape lengths = Shape.Create([rows, .. Enumerable.Repeat(1, Math.Max(0, whole.Shape.Rank - 1))]);
        return
        [
            new($"{weight}_g", lengths, VectorNorms.Rms.Scale(Math.Sqrt((double)whole.Shape.Count / rows)), whole.Size / 2, Drawn: false),
            whole with { Name = $"{weight}_v", Size = whole.Size / 2 },
        ];
    }

    /// <summary>Norms over all axes but the first.</summary>
    private static Tensor Length(Tensor v) =>
        v.Rank < 2 ? Ops.Abs(v) : Ops.Sqrt(Ops.Sum(Ops.Square(v), [.. Enumerable.Range(1, v.Rank - 1)], keepDims: true));
}
