using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <content>
/// The modular norm (Large et al., "Scalable Optimization in the Modular Norm", 2024; duality maps: Bernstein and Newhouse, "Modular Duality in Deep Learning", 2024).
/// N(u) is the largest over all weights of their own norm over their size in a unit update, so the dual norm is the sum of sizes times dual norms, and the
/// duality map is that of every weight at its size.
/// </content>
public abstract partial class Module
{
    /// <summary>
    /// Names, shapes, norms and sizes of the weights, in leaf order. The sizes say how far each goes in an update of modular norm 1: a composite hands its target on
    /// by the children's shares of the mass, over how much what follows them can stretch. Without mass nothing moves.
    /// </summary>
    public IReadOnlyList<LeafGeometry> Geometry => Mass > 0 ? Leaves() : [.. Leaves().Select(g => g with { Size = 0 })];

    /// <summary>
    /// The update of a modular norm along which a loss with this gradient rises most: steepest descent subtracts it. Zero for a zero gradient, and for a module of mass 0.
    /// </summary>
    /// <param name="gradient">A gradient in weights of this module's form.</param>
    /// <param name="size">Modular norm of the update; not negative.</param>
    /// <param name="accuracy">How exact polar factors are.</param>
    /// <exception cref="ArgumentException">The gradient has other leaves, or the size is negative or not finite.</exception>
    /// <exception cref="ShapeException">A leaf has another shape.</exception>
    public Update Dualize(Gradient gradient, double size = 1, PolarAccuracy accuracy = PolarAccuracy.Default)
    {
        if (!(size >= 0 && double.IsFinite(size))) throw new ArgumentException($"dualize: the size must be finite and not negative, got {size}.");
        IReadOnlyList<LeafGeometry> geometry = Fitting("dualize", gradient.Names, gradient.Tensors);
        return gradient.Dual(gradient.Tensors.Select((g, i) => geometry[i].Size * size is > 0 and double own ? geometry[i].Norm.Dualize(g, accuracy) * own : Tensor.Zeros(g.Shape, g.DType)));
    }

    /// <summary>The modular norm of an update, as a scalar; infinite where a weight moves that has no share of the learning.</summary>
    /// <exception cref="ArgumentException">The update has other leaves.</exception>
    /// <exception cref="ShapeException">A leaf has another shape.</exception>
    public Tensor ModularNorm(Update update)
    {
        IReadOnlyList<LeafGeometry> geometry = Fitting("modularNorm", update.Names, update.Tensors);
        return Combine(update.Tensors, (u, i) =>
        {
            Tensor own = geometry[i].Norm.Of(u);
            return geometry[i].Size > 0 ? own / geometry[i].Size : Ops.Where(own > 0, own.Like(double.PositiveInfinity), own);
        }, Ops.Maximum);
    }

    /// <summary>The dual of the modular norm, as a scalar: the most a gradient pairs to with an update of modular norm 1.</summary>
    /// <exception cref="ArgumentException">The gradient has other leaves.</exception>
    /// <exception cref="ShapeException">A leaf has another shape.</exception>
    public Tensor DualNorm(Gradient gradient)
    {
        IReadOnlyList<LeafGeometry> geometry = Fitting("dualNorm", gradient.Names, gradient.Tensors);
        return Combine(gradient.Tensors, (g, i) => geometry[i].Norm.DualNorm(g) * geometry[i].Size, (a, b) => a + b);
    }

    /// <summary>Every weight at norm 1 of its own: matrices with all singular values equal, biases and gains in the unit ball. See <see cref="TensorNorm.Project"/>.</summary>
    /// <exception cref="ArgumentException">The weights have other leaves.</exception>
    /// <exception cref="ShapeException">A leaf has another shape.</exception>
    public Weights Project(Weights weights)
    {
        IReadOnlyList<LeafGeometry> geometry = Fitting("project", weights.Names, weights.Tensors);
        return weights.WithLeaves([.. weights.Tensors.Select((w, i) => geometry[i].Norm.Project(w))]);
    }

    /// <summary>
    /// Fresh weights at norm 1 of their own: matrices uniform among those whose singular values are all equal, which is the polar factor of normal entries; what starts
    /// at a constant as <see cref="Initialize"/> has it.
    /// </summary>
    /// <param name="key">The random key.</param>
    /// <param name="dtype">f32 or f64.</param>
    public Weights InitializeDualized(RandomKey key, DType dtype = DType.F32)
    {
        Weights plain = Initialize(key, dtype);
        IReadOnlyList<LeafGeometry> geometry = Geometry;
        return plain.WithLeaves([.. plain.Tensors.Select((w, i) =>
            geometry[i].Drawn ? geometry[i].Norm.Project(Ops.RandomNormal(key.Fold(i), w.Shape, w.DType)) : w)]);
    }

    /// <summary>The same module with another mass: its share of the learning beside its siblings; what is within keeps its proportions.</summary>
    /// <param name="mass">The mass, at least 0.</param>
    /// <exception cref="ArgumentException">The mass is negative or not finite.</exception>
    public Module Tare(double mass) => new Restated(this, Guard.Mass("tare", mass), null);

    /// <summary>The same module with another sensitivity: a bound that is known to be better, or is agreed on.</summary>
    /// <param name="sensitivity">The bound, positive.</param>
    /// <exception cref="ArgumentException">The sensitivity is not positive or not finite.</exception>
    public Module WithSensitivity(double sensitivity) => sensitivity > 0 && double.IsFinite(sensitivity)
        ? new Restated(this, null, sensitivity)
        : throw new ArgumentException($"withSensitivity: the sensitivity must be finite and positive, got {sensitivity}.");

    /// <summary>Copies of the module one after another, each with weights of its own.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <exception cref="ArgumentException">The count is below 1.</exception>
    public Module Power(int count) => new Sequence(Enumerable.Repeat(this, Guard.Length("power", "the number of copies", count)));

    /// <summary>The weights of the module as <see cref="Geometry"/> has them, for a module with mass.</summary>
    protected abstract IReadOnlyList<LeafGeometry> Leaves();

    /// <summary>How much the uses of a shared module can stretch on their way to this module's result, added. See <see cref="Tied"/>.</summary>
    internal virtual double Reach(object owner) => 0;

    private static Tensor Combine(IReadOnlyList<Tensor> tensors, Func<Tensor, int, Tensor> measure, Func<Tensor, Tensor, Tensor> join)
    {
        DType type = tensors.Any(t => t.DType == DType.F64) ? DType.F64 : DType.F32;
        return tensors.Count == 0 ? Tensor.Zeros([], type) : tensors.Select((t, i) => measure(t, i).Cast(type)).Aggregate(join);
    }

    private IReadOnlyList<LeafGeometry> Fitting(string op, IReadOnlyList<string> names, IReadOnlyList<Tensor> tensors)
    {
        IReadOnlyList<LeafGeometry> geometry = Geometry;
        for (int i = 0; i < Math.Max(names.Count, geometry.Count); i++)
        {
            if (i >= names.Count || i >= geometry.Count || names[i] != geometry[i].Name)
            {
                string given = i < names.Count ? $"'{names[i]}'" : "nothing", wanted = i < geometry.Count ? $"'{geometry[i].Name}'" : "nothing";
                throw new ArgumentException($"{op}: leaf {i} of the module is {wanted}, got {given}. Take leaves that come from weights of this module.");
            }
            if (tensors[i].Shape != geometry[i].Shape)
                throw new ShapeException($"{op}: '{names[i]}' is {geometry[i].Shape} in the module, got {tensors[i].Shape}. Take leaves that come from weights of this module.");
        }
        return geometry;
    }
}

/// <summary>A module with another mass or sensitivity, otherwise itself: its weights keep their names.</summary>
internal sealed class Restated(Module module, double? mass, double? sensitivity) : Module
{
    public override double Mass => mass ?? module.Mass;

    public override double Sensitivity => sensitivity ?? module.Sensitivity;

    public override int WeightCount => module.WeightCount;

    protected override IReadOnlyList<LeafGeometry> Leaves() => module.Geometry;

    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => module.Initialize(key, dtype);

    public override Buffers InitializeBuffers(DType dtype = DType.F32) => module.InitializeBuffers(dtype);

    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => module.Forward(weights, x, pass);

    internal override double Reach(object owner) => module.Reach(owner);
}
