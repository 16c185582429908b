using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A row of a table per token: i64 or i32 tokens of any shape [..] to [.., width]. Weight: <c>weight</c> [vocabulary, width], drawn standard normal.
/// </summary>
/// <remarks>
/// Norm: the largest RMS of a row. A token taken as a one-hot row of length 1 in the sum norm then gives a result of RMS at most 1, which is the sensitivity
/// (Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024). Nothing flows back into the tokens.
/// </remarks>
public sealed class Embed : Module
{
    private readonly int vocabulary;
    private readonly int width;
    private readonly Initializer initializer;

    /// <summary>An embedding table.</summary>
    /// <param name="vocabulary">Number of tokens: they are 0 to vocabulary - 1.</param>
    /// <param name="width">Length of a row.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <param name="initializer">Draws the table; standard normal when omitted.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public Embed(int vocabulary, int width, double mass = 1, Initializer? initializer = null)
    {
        this.vocabulary = Guard.Length("embed", "the vocabulary", vocabulary);
        this.width = Guard.Length("embed", "the width", width);
        this.initializer = initializer ?? Initializers.Normal;
        Mass = Guard.Mass("embed", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 1;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => [new("weight", [vocabulary, width], MatrixNorms.L1ToRms.Transposed(), Table: true)];

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => new(["weight"], [initializer(key, [vocabulary, width], dtype)]);

    /// <inheritdoc/>
    /// <exception cref="DTypeException">The tokens are no i64 or i32 tensor.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.DType is not (DType.I64 or DType.I32))
            throw new DTypeException($"embed: tokens must be i64 or i32, got {x.Spec}. Cast them: tokens.Cast(DType.I64).");
        return Ops.Take(weights["weight"], x);
    }
}
