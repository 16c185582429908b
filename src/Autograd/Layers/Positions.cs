using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// Rotary positions: at position t, entries i and i + D/2 of the last axis are turned as a pair by the angle t * base^(-2i/D), so that products of two turned vectors
/// depend on the distance of their positions alone (Su et al., "RoFormer", 2021; the pairing of halves as in GPT-NeoX and LLaMA). [.., T, D] to the same, D even.
/// </summary>
/// <remarks>Sensitivity 1: turning keeps lengths.</remarks>
public sealed class RotaryPositions : Bond
{
    private readonly double wavelength;
    private readonly int first;

    /// <summary>Rotary positions.</summary>
    /// <param name="wavelength">The base; 2 pi times it is the longest wavelength that is approached.</param>
    /// <param name="first">Position of the first vector.</param>
    /// <exception cref="ArgumentException">The base is not finite and above 1.</exception>
    public RotaryPositions(double wavelength = 10_000, int first = 0)
    {
        if (!(wavelength > 1 && double.IsFinite(wavelength))) throw new ArgumentException($"rotaryPositions: the base must be finite and above 1, got {wavelength}.");
        this.wavelength = wavelength;
        this.first = first;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, D] with an even D.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Turn(x);

    internal Tensor Turn(Tensor x)
    {
        if (x.Rank < 2 || x.Shape[^1] % 2 != 0)
            throw new ShapeException($"rotaryPositions: the input must be [.., T, D] with an even D, got {x.Shape}. Choose heads of even depth.");
        int half = x.Shape[^1] / 2;
        Tensor angles = Waves.Angles(x.Shape[^2], half, wavelength, first), cos = Ops.Cos(angles).Cast(x.DType), sin = Ops.Sin(angles).Cast(x.DType);
        Tensor a = Ops.Narrow(x, -1, 0, half), b = Ops.Narrow(x, -1, half, half);
        return Ops.Concat([a * cos - b * sin, b * cos + a * sin], -1);
    }
}

/// <summary>
/// Adds sines and cosines of the position: entries 2i and 2i + 1 of the last axis get sin and cos of t * base^(-2i/D)
/// (Vaswani et al., "Attention Is All You Need", 2017). [.., T, D] to the same, D even.
/// </summary>
/// <remarks>Sensitivity 1: a constant is added.</remarks>
public sealed class SinusoidalPositions : Bond
{
    private readonly double wavelength;

    /// <summary>Sinusoidal positions.</summary>
    /// <param name="wavelength">The base; 2 pi times it is the longest wavelength that is approached.</param>
    /// <exception cref="ArgumentException">The base is not finite and above 1.</exception>
    public SinusoidalPositions(double wavelength = 10_000) =>
        this.wavelength = wavelength > 1 && double.IsFinite(wavelength)
            ? wavelength : throw new ArgumentException($"sinusoidalPositions: the base must be finite and above 1, got {wavelength}.");

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, D] with an even D.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank < 2 || x.Shape[^1] % 2 != 0)
            throw new ShapeException($"sinusoidalPositions: the input must be [.., T, D] with an even D, got {x.Shape}. Pad the last axis.");
        int count = x.Shape[^2], half = x.Shape[^1] / 2;
        Tensor angles = Waves.Angles(count, half, wavelength, 0);
        return x + Ops.Stack([Ops.Sin(angles), Ops.Cos(angles)], -1).Reshape(count, 2 * half).Cast(x.DType);
    }
}

/// <summary>Adds a learned vector per position: [.., T, width] to the same, T at most the length. Weight: <c>weight</c> [length, width], drawn normal with deviation 0.02.</summary>
/// <remarks>Norm: the largest RMS of a row, as for <see cref="Embed"/>. Sensitivity 1: the input itself passes.</remarks>
public sealed class LearnedPositions : Module
{
    private readonly int length;
    private readonly int width;
    private readonly Initializer initializer;

    /// <summary>Learned positions.</summary>
    /// <param name="length">Largest number of positions.</param>
    /// <param name="width">Length of the last axis.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <param name="initializer">Draws the table; normal with deviation 0.02 when omitted.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public LearnedPositions(int length, int width, double mass = 1, Initializer? initializer = null)
    {
        this.length = Guard.Length("learnedPositions", "the length", length);
        this.width = Guard.Length("learnedPositions", "the width", width);
        this.initializer = initializer ?? ((key, shape, dtype) => Initializers.Normal(key, shape, 0, 0.02, dtype));
        Mass = Guard.Mass("learnedPositions", mass);
    }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 1;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => [new("weight", [length, width], MatrixNorms.L1ToRms.Transposed(), Table: true)];

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => new(["weight"], [initializer(key, [length, width], dtype)]);

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, width], or T is above the length.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank < 2 || x.Shape[^1] != width || x.Shape[^2] > length)
            throw new ShapeException($"learnedPositions: the input must be [.., T, {width}] with T at most {length}, got {x.Shape}. Make the layer longer or the input shorter.");
        return x + Ops.Narrow(weights["weight"], 0, 0, x.Shape[^2]);
    }
}

/// <summary>Angles of positions.</summary>
internal static class Waves
{
    /// <summary>t * base^(-i/half) at [t, i], in double precision: large positions would lose their digits in single.</summary>
    public static Tensor Angles(int positions, int half, double wavelength, int first)
    {
        Tensor frequencies = Ops.Exp(Ops.Iota(half, DType.F64) * (-Math.Log(wavelength) / Math.Max(1, half)));
        return Ops.Unsqueeze(Ops.Iota(positions, DType.F64) + first, -1) * frequencies;
    }
}
