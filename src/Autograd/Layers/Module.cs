using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A differentiable map with weights, as a pure function: the weights are an argument. Every module carries a mass, its share of the learning, and a sensitivity,
/// a bound on how much it stretches its input at unit-norm weights (Large et al., "Scalable Optimization in the Modular Norm", 2024); compounds derive theirs from their children.
/// </summary>
public abstract partial class Module
{
    /// <summary>Share of the learning: how much of a unit update goes to this module's weights. 0 for modules without weights.</summary>
    public abstract double Mass { get; }

    /// <summary>Bound on the stretch from input to output at unit-norm weights.</summary>
    public abstract double Sensitivity { get; }

    /// <summary>Number of weight tensors.</summary>
    public abstract int WeightCount { get; }

    /// <summary>Fresh weights, a function of the key alone.</summary>
    /// <param name="key">The random key.</param>
    /// <param name="dtype">f32 or f64.</param>
    public abstract Weights Initialize(RandomKey key, DType dtype = DType.F32);

    /// <summary>The buffers before training. Empty for most modules.</summary>
    public virtual Buffers InitializeBuffers(DType dtype = DType.F32) => Buffers.Empty;

    /// <summary>The module at an input.</summary>
    /// <param name="weights">Weights of this module's form.</param>
    /// <param name="x">The input; its first axis is the batch.</param>
    /// <param name="pass">Training or prediction, key and buffers.</param>
    public abstract Tensor Forward(Weights weights, Tensor x, in Pass pass);

    /// <summary>What the weight meets, as rows [groups, rows, in], for a layer that multiplies them with its weight as a matrix; null for others.</summary>
    internal virtual Tensor? InputRows(Tensor x) => null;

    /// <summary>The result of such a layer as rows [groups, rows, out].</summary>
    internal virtual Tensor OutputRows(Tensor y) => y;

    /// <summary>The module at an input, for prediction without buffers.</summary>
    public Tensor Forward(Weights weights, Tensor x) => Forward(weights, x, default);

    /// <summary>
    /// A table of what one prediction does, layer by layer: results, parameters, multiplications with an addition, and bytes of the results. Multiply-adds are those of the
    /// products, convolutions and attentions in the traced graph; a compound has a line of its own only for work beside its children's.
    /// </summary>
    /// <param name="input">Shape of the input.</param>
    /// <param name="dtype">Its element type; the weights', too, where it is floating, and else theirs is f32.</param>
    /// <exception cref="ShapeException">The module does not take this shape.</exception>
    public string Summary(Shape input, DType dtype = DType.F32) => ModuleSummary.Of(this, input, dtype);

    /// <summary>
    /// First a, then b. <c>>></c> binds weaker than <c>+</c>, so <c>a >> b + c</c> is <c>a >> (b + c)</c>.
    /// </summary>
    public static Module operator >>(Module first, Module second) => new Sequence([.. Sequence.Flatten(first), .. Sequence.Flatten(second)]);

    /// <summary>Both modules at the same input, results added: with <see cref="Identity"/>, a residual connection.</summary>
    public static Module operator +(Module a, Module b) => new Sum(a, b);

    /// <summary>The result scaled.</summary>
    public static Module operator *(double scale, Module module) => new Scaled(scale, module);
}

/// <summary>A module without weights: an activation, a reshaping, a pooling.</summary>
public abstract class Bond : Module
{
    /// <inheritdoc/>
    public sealed override double Mass => 0;

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public sealed override int WeightCount => 0;

    /// <inheritdoc/>
    protected sealed override IReadOnlyList<LeafGeometry> Leaves() => [];

    /// <inheritdoc/>
    public sealed override Weights Initialize(RandomKey key, DType dtype = DType.F32) => Weights.Empty;
}
