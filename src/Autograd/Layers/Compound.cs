using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// A module made of others. Its weights and buffers are its children's, one after another, under the child's number: <c>0.weight</c>, <c>2.0.bias</c>.
/// Using one module value twice makes two sets of weights; <see cref="Tied"/> shares one.
/// </summary>
public abstract class Compound : Module
{
    private readonly Module[] children;

    /// <summary>A compound of children in the order of their weights.</summary>
    protected Compound(IEnumerable<Module> children) => this.children = [.. children];

    /// <summary>The children.</summary>
    public IReadOnlyList<Module> Children => children;

    /// <summary>The children's masses added.</summary>
    public override double Mass => children.Sum(c => c.Mass);

    /// <inheritdoc/>
    public sealed override int WeightCount => children.Sum(c => c.WeightCount);

    /// <inheritdoc/>
    /// <remarks>A child has its share of the mass, over how much what follows it can stretch (Bernstein and Newhouse, 2024, definition 5 and after).</remarks>
    protected sealed override IReadOnlyList<LeafGeometry> Leaves()
    {
        List<LeafGeometry> leaves = [];
        for (int i = 0; i < children.Length; i++)
        {
            double stretch = StretchAfter(i), share = children[i].Mass > 0 && stretch > 0 ? children[i].Mass / Mass / stretch : 0;
            leaves.AddRange(children[i].Geometry.Select(g => g with { Name = $"{i}.{g.Name}", Size = g.Size * share }));
        }
        return leaves;
    }

    /// <summary>Bound on the stretch from a child's result to this module's at unit-norm weights: the sensitivity of what follows it.</summary>
    /// <param name="child">The child's number.</param>
    protected abstract double StretchAfter(int child);

    /// <inheritdoc/>
    public sealed override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Weights[] parts = [.. children.Select((c, i) => c.Initialize(key.Fold(i), dtype))];
        return new(parts.SelectMany((p, i) => p.Names.Select(n => $"{i}.{n}")), parts.SelectMany(p => p.Tensors));
    }

    /// <inheritdoc/>
    public sealed override Buffers InitializeBuffers(DType dtype = DType.F32)
    {
        Buffers[] parts = [.. children.Select(c => c.InitializeBuffers(dtype))];
        return new(parts.SelectMany((p, i) => p.Names.Select(n => $"{i}.{n}")), parts.SelectMany(p => p.Tensors));
    }

    internal sealed override double Reach(object owner) => children.Select((c, i) => c.Reach(owner) is > 0 and double reach ? reach * StretchAfter(i) : 0).Sum();

    /// <summary>One child at an input, with its part of the weights, its key and its buffers.</summary>
    protected Tensor Child(int index, Weights weights, Tensor x, in Pass pass)
    {
        Weights own = PartOf(index, weights);
        Pass inner = pass.ForChild(index);
        Tensor y = children[index].Forward(own, x, inner);
        return inner.Ran(children[index], own, x, y);
    }

    /// <summary>The part of the weights that belongs to a child.</summary>
    protected Weights PartOf(int index, Weights weights)
    {
        int start = 0;
        for (int i = 0; i < index; i++) start += children[i].WeightCount;
        return weights.Part(start, children[index].WeightCount, $"{index}.");
    }
}

/// <summary>Modules one after another. Masses add, sensitivities multiply.</summary>
/// <param name="children">The modules, first to last.</param>
public sealed class Sequence(IEnumerable<Module> children) : Compound(children)
{
    /// <inheritdoc/>
    public override double Sensitivity => Children.Aggregate(1.0, (s, c) => s * c.Sensitivity);

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => Children.Skip(child + 1).Aggregate(1.0, (s, c) => s * c.Sensitivity);

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        for (int i = 0; i < Children.Count; i++) x = Child(i, weights, x, pass);
        return x;
    }

    internal static IEnumerable<Module> Flatten(Module module) => module is Sequence sequence ? sequence.Children : [module];
}

/// <summary>Two modules at the same input, results added. Masses and sensitivities add.</summary>
/// <param name="a">The first.</param>
/// <param name="b">The second.</param>
public sealed class Sum(Module a, Module b) : Compound([a, b])
{
    /// <inheritdoc/>
    public override double Sensitivity => Children.Sum(c => c.Sensitivity);

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => 1;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Child(0, weights, x, pass) + Child(1, weights, x, pass);
}

/// <summary>Several modules at the same input, results joined along an axis. Masses and sensitivities add.</summary>
/// <param name="axis">The axis of the results.</param>
/// <param name="children">The modules.</param>
public sealed class Concatenation(int axis, params IEnumerable<Module> children) : Compound(children)
{
    /// <inheritdoc/>
    public override double Sensitivity => Children.Sum(c => c.Sensitivity);

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => 1;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
    {
        Tensor[] parts = new Tensor[Children.Count];
        for (int i = 0; i < parts.Length; i++) parts[i] = Child(i, weights, x, pass);
        return Ops.Concat(parts, axis);
    }
}

/// <summary>A module whose result is scaled. The mass stays, the sensitivity scales.</summary>
/// <param name="scale">The factor.</param>
/// <param name="module">The module.</param>
public sealed class Scaled(double scale, Module module) : Compound([module])
{
    /// <inheritdoc/>
    public override double Sensitivity => Math.Abs(scale) * Children[0].Sensitivity;

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => Math.Abs(scale);

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Child(0, weights, x, pass) * scale;
}

/// <summary>
/// One module used in several places with one set of weights: <c>new Tied(new Linear(8, 8), shared => shared >> new Relu() >> shared)</c>.
/// Its weights are the shared module's, under 0, then the others', under 1. Sharing does not change the sensitivity of the places; the shared mass counts once.
/// </summary>
public sealed class Tied : Compound
{
    private readonly object owner;

    /// <summary>A compound around a shared module.</summary>
    /// <param name="shared">The module with the shared weights.</param>
    /// <param name="body">Builds the compound from a stand-in that may be used any number of times.</param>
    public Tied(Module shared, Func<Module, Module> body)
        : this(shared, body, new object())
    {
    }

    private Tied(Module shared, Func<Module, Module> body, object owner)
        : base([shared, body(new StandIn(shared, owner))]) => this.owner = owner;

    /// <inheritdoc/>
    public override double Sensitivity => Children[1].Sensitivity;

    /// <inheritdoc/>
    /// <remarks>What the shared weights move is the sum over their places.</remarks>
    protected override double StretchAfter(int child) => child == 0 ? Children[1].Reach(owner) : 1;

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) =>
        Child(1, weights, x, pass.WithShared(owner, PartOf(0, weights)));

    private sealed class StandIn(Module shared, object owner) : Bond
    {
        public override double Sensitivity => shared.Sensitivity;

        internal override double Reach(object of) => ReferenceEquals(of, owner) ? 1 : 0;

        public override Tensor Forward(Weights weights, Tensor x, in Pass pass)
        {
            (Weights own, Pass inner) = pass.Shared(owner);
            return shared.Forward(own, x, inner);
        }
    }
}

/// <summary>The input itself.</summary>
public sealed class Identity : Bond
{
    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => x;
}
