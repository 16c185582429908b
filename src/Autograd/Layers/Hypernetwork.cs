using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A module whose weights another one makes of a learned context: target(generator(context), x) (Ha, Dai and Le, "HyperNetworks", ICLR 2017).
/// Weights: <c>context</c>, drawn standard normal, and those of the generator, under <c>0</c>; the target has none of its own.
/// </summary>
/// <remarks>
/// Norm: the largest of the RMS of the context and the generator's. Sensitivity is the target's, at generated weights of unit norm. The masses of context and generator add.
/// Generator and target are modules without buffers.
/// </remarks>
public sealed class Hypernetwork : Module
{
    private readonly Module generator;
    private readonly Module target;
    private readonly int context;
    private readonly WeightForm form;
    private readonly double contextMass;

    /// <summary>A module with generated weights.</summary>
    /// <param name="context">Length of the context.</param>
    /// <param name="generator">From a context [context] to as many elements as the target has weights: <see cref="WeightForm.Count"/>.</param>
    /// <param name="target">The module that is run.</param>
    /// <param name="contextMass">Share of the learning of the context.</param>
    /// <exception cref="ArgumentException">The length is below 1, or the mass is negative.</exception>
    public Hypernetwork(int context, Module generator, Module target, double contextMass = 1)
    {
        this.context = Guard.Length("hypernetwork", "the length of the context", context);
        this.contextMass = Guard.Mass("hypernetwork", contextMass);
        (this.generator, this.target) = (generator, target);
        form = WeightForm.Of(target);
    }

    /// <inheritdoc/>
    public override double Mass => contextMass + generator.Mass;

    /// <inheritdoc/>
    public override double Sensitivity => target.Sensitivity;

    /// <inheritdoc/>
    public override int WeightCount => 1 + generator.WeightCount;

    /// <inheritdoc/>
    /// <remarks>By masses; the target is taken to stretch a change of its weights by at most 1.</remarks>
    protected override IReadOnlyList<LeafGeometry> Leaves()
    {
        double share = Mass > 0 ? contextMass / Mass : 0;
        return
        [
            new("context", [context], VectorNorms.Rms, share),
            .. generator.Geometry.Select(g => g with { Name = $"0.{g.Name}", Size = g.Size * (1 - share) }),
        ];
    }

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Weights inner = generator.Initialize(key.Fold(0), dtype);
        return new(["context", .. inner.Names.Select(n => $"0.{n}")], [Initializers.Normal(key.Fold(1), [context], dtype), .. inner.Tensors]);
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The generator does not give the target's number of weights.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Forward(weights, weights["context"], x, pass);

    /// <summary>The module with a context from elsewhere, such as a task's description.</summary>
    /// <param name="weights">Weights of this module's form.</param>
    /// <param name="given">The context.</param>
    /// <param name="x">The target's input.</param>
    /// <param name="pass">Training or prediction.</param>
    /// <exception cref="ShapeException">The generator does not give the target's number of weights.</exception>
    public Tensor Forward(Weights weights, Tensor given, Tensor x, in Pass pass)
    {
        Tensor vector = generator.Forward(weights.Part(1, generator.WeightCount, "0."), given, pass.ForChild(0));
        if (vector.Count != form.Count)
            throw new ShapeException($"hypernetwork: the generator must give the target's {form.Count} weights, got {vector.Shape}.");
        return target.Forward(form.Unpack(vector.Reshape(form.Count)), x, pass.ForChild(1));
    }
}
