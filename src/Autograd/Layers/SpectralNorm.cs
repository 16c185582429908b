using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A module one of whose weights is divided by an estimate of its largest singular value, sigma = u^T W v, where W is the weight as a matrix [out, rest]
/// (Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018). Weights: the module's, with <c>weight_orig</c> in place of <c>weight</c>.
/// Buffers: the module's, and the singular vectors <c>weight_u</c> [out] and <c>weight_v</c> [rest].
/// </summary>
/// <remarks>
/// A training pass first improves u and v by power iteration, v = W^T u / |W^T u|, u = W v / |W v|; a prediction takes them as they are. Derivatives hold u and v, as in
/// the paper: d sigma = u^T dW v, exact once they are singular vectors. Sensitivity is the module's; mass too, though the size of the weight is of no effect.
/// </remarks>
public sealed class SpectralNorm : Module
{
    private const double Least = 1e-24;

    private readonly Module module;
    private readonly string weight;
    private readonly int iterations;

    /// <summary>A module with a spectrally normalized weight.</summary>
    /// <param name="module">The module.</param>
    /// <param name="weight">The name of the weight.</param>
    /// <param name="iterations">Power iterations in a training pass.</param>
    /// <exception cref="ArgumentException">The number of iterations is below 1.</exception>
    public SpectralNorm(Module module, string weight = "weight", int iterations = 1)
    {
        this.module = module;
        this.weight = weight;
        this.iterations = Guard.Length("spectralNorm", "the number of iterations", iterations);
    }

    /// <inheritdoc/>
    public override double Mass => module.Mass;

    /// <inheritdoc/>
    public override double Sensitivity => module.Sensitivity;

    /// <inheritdoc/>
    public override int WeightCount => module.WeightCount;

    /// <inheritdoc/>
    /// <remarks>The module's, as if the weight were as long as it is used.</remarks>
    protected override IReadOnlyList<LeafGeometry> Leaves() => [.. module.Geometry.Select(g => g.Name == weight ? g with { Name = $"{weight}_orig" } : g)];

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Weights inner = module.Initialize(key, dtype);
        return new(inner.Names.Select(n => n == weight ? $"{n}_orig" : n), inner.Tensors);
    }

    internal override double Reach(object owner) => module.Reach(owner);

    /// <inheritdoc/>
    /// <remarks>The vectors start in fixed pseudo-random directions.</remarks>
    /// <exception cref="KeyNotFoundException">The module has no weight of the name.</exception>
    public override Buffers InitializeBuffers(DType dtype = DType.F32)
    {
        Buffers inner = module.InitializeBuffers(dtype);
        RandomKey key = RandomKey.FromSeed(0);
        Shape shape = module.Initialize(key, dtype)[weight].Shape;
        Tensor vector(int number, int length) => Direction(Ops.RandomNormal(key.Fold(number), [length], dtype));
        return new([.. inner.Names, $"{weight}_u", $"{weight}_v"], [.. inner.Tensors, vector(0, shape[0]), vector(1, shape.Count / shape[0])]);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The pass has no buffers.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        Tensor w = weights[$"{weight}_orig"], u = pass.Buffer($"{weight}_u"), v = pass.Buffer($"{weight}_v");
        if (w.Rank == 0 || u.Shape != w.Shape[..1] || v.Rank != 1)
            throw new ShapeException($"spectralNorm: the weight {w.Shape} needs vectors of its first axis and of the rest, got {u.Shape} and {v.Shape}.");
        Tensor matrix = w.Reshape(u.Count, v.Count);
        if (pass.Training)
        {
            Tensor held = Ops.StopGradient(matrix);
            (u, v) = (Ops.StopGradient(u), Ops.StopGradient(v));
            for (int i = 0; i < iterations; i++)
            {
                v = Direction(held.T.MatMul(u));
                u = Direction(held.MatMul(v));
            }
            pass.SetBuffer($"{weight}_u", u);
            pass.SetBuffer($"{weight}_v", v);
        }
        Tensor sigma = Ops.Sum(u * matrix.MatMul(v));
        string[] names = [.. weights.Names.Select(n => n == $"{weight}_orig" ? weight : n)];
        return module.Forward(new(names, weights.Names.Select((n, i) => names[i] == weight ? w / sigma : weights[i])), x, pass);
    }

    private static Tensor Direction(Tensor x) => x * Ops.Rsqrt(Ops.Sum(Ops.Square(x)) + Least);
}
