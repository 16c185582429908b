using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// The parameters of a module: a point in weight space. Weights move only by an <see cref="Update"/>; a <see cref="Gradient"/> cannot be added to them,
/// because it is a dual vector, and which update it means is the choice of a norm.
/// </summary>
public sealed class Weights : NamedLeaves<Weights>
{
    /// <summary>Weights from names and tensors.</summary>
    /// <exception cref="ArgumentException">Names are repeated, or their number differs from the tensors'.</exception>
    public Weights(IEnumerable<string> names, IEnumerable<Tensor> tensors)
        : base(names, tensors)
    {
    }

    private Weights(NamedLeavesForm form, Tensor[] tensors)
        : base(form, tensors)
    {
    }

    /// <summary>No weights.</summary>
    public static Weights Empty { get; } = new([], []);

    /// <summary>The weights moved by an update.</summary>
    public static Weights operator +(Weights weights, Update update) => weights.With(weights.Zip(update, (w, u) => w + u));

    /// <summary>The weights moved against an update.</summary>
    public static Weights operator -(Weights weights, Update update) => weights.With(weights.Zip(update, (w, u) => w - u));

    /// <summary>The way from one point to another.</summary>
    public static Update operator -(Weights to, Weights from) => new(to.Form, to.Zip(from, (a, b) => a - b));

    /// <summary>The weights as a displacement from the origin: what weight decay is proportional to.</summary>
    public Update FromOrigin() => new(Form, [.. Tensors]);

    /// <summary>A run of the leaves: the weights of one child of a compound, with its prefix taken off the names.</summary>
    internal Weights Part(int start, int count, string prefix) =>
        new(Names.Skip(start).Take(count).Select(n => n[prefix.Length..]), Tensors.Skip(start).Take(count));

    private protected override Weights With(Tensor[] tensors) => new(Form, tensors);
}

/// <summary>
/// A derivative of a number in the weights: a dual vector. Gradients add and scale among themselves; only a duality map, which every optimizer contains,
/// turns one into an <see cref="Update"/>.
/// </summary>
public sealed class Gradient : NamedLeaves<Gradient>
{
    /// <summary>A gradient from names and tensors.</summary>
    /// <exception cref="ArgumentException">Names are repeated, or their number differs from the tensors'.</exception>
    public Gradient(IEnumerable<string> names, IEnumerable<Tensor> tensors)
        : base(names, tensors)
    {
    }

    internal Gradient(NamedLeavesForm form, Tensor[] tensors)
        : base(form, tensors)
    {
    }

    /// <summary>The sum of two gradients.</summary>
    public static Gradient operator +(Gradient a, Gradient b) => a.With(a.Zip(b, (x, y) => x + y));

    /// <summary>A gradient scaled.</summary>
    public static Gradient operator *(double scale, Gradient gradient) => gradient.Map(t => t * scale);

    /// <summary>A gradient scaled by a one-element tensor, such as a clipping factor.</summary>
    public static Gradient operator *(Tensor scale, Gradient gradient) => gradient.Map(t => t * scale);

    /// <summary>The pairing of a gradient with an update: the first-order change of the differentiated number, as a scalar.</summary>
    public static Tensor Dot(Gradient gradient, Update update) => gradient.Zip(update, (g, u) => Ops.Sum(g * u)).Aggregate((a, b) => a + b);

    /// <summary>An update made of tensors that a duality map chose for the leaves, in leaf order.</summary>
    public Update Dual(IEnumerable<Tensor> tensors) => new(Names, tensors);

    private protected override Gradient With(Tensor[] tensors) => new(Form, tensors);
}

/// <summary>A displacement of weights: a primal vector. Updates add, subtract and scale.</summary>
public sealed class Update : NamedLeaves<Update>
{
    /// <summary>An update from names and tensors.</summary>
    /// <exception cref="ArgumentException">Names are repeated, or their number differs from the tensors'.</exception>
    public Update(IEnumerable<string> names, IEnumerable<Tensor> tensors)
        : base(names, tensors)
    {
    }

    internal Update(NamedLeavesForm form, Tensor[] tensors)
        : base(form, tensors)
    {
    }

    /// <summary>The sum of two updates.</summary>
    public static Update operator +(Update a, Update b) => a.With(a.Zip(b, (x, y) => x + y));

    /// <summary>The difference of two updates.</summary>
    public static Update operator -(Update a, Update b) => a.With(a.Zip(b, (x, y) => x - y));

    /// <summary>The opposite update.</summary>
    public static Update operator -(Update update) => update.Map(t => -t);

    /// <summary>An update scaled.</summary>
    public static Update operator *(double scale, Update update) => update.Map(t => t * scale);

    /// <summary>An update scaled by a one-element tensor, such as a learning rate inside a compiled step.</summary>
    public static Update operator *(Tensor scale, Update update) => update.Map(t => t * scale);

    private protected override Update With(Tensor[] tensors) => new(Form, tensors);
}

/// <summary>State of a module that is no parameter, such as running statistics: named leaves without gradient and without mass, saved with the model.</summary>
public sealed class Buffers : NamedLeaves<Buffers>
{
    /// <summary>Buffers from names and tensors.</summary>
    /// <exception cref="ArgumentException">Names are repeated, or their number differs from the tensors'.</exception>
    public Buffers(IEnumerable<string> names, IEnumerable<Tensor> tensors)
        : base(names, tensors)
    {
    }

    private Buffers(NamedLeavesForm form, Tensor[] tensors)
        : base(form, tensors)
    {
    }

    /// <summary>No buffers.</summary>
    public static Buffers Empty { get; } = new([], []);

    private protected override Buffers With(Tensor[] tensors) => new(Form, tensors);
}
