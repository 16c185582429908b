using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Composable transforms of functions of tensors. Each traces the function into a closed graph, rewrites the graph by the rules of its primitives and runs the result,
/// so transforms nest in any order. Meant for <c>using static Engine.Autograd.Transform</c>.
/// </summary>
public static partial class Transform
{
    /// <summary>The gradient of a function with one result element: a function from x to a tensor of x's shape.</summary>
    /// <exception cref="GradientException">The result is not one floating element, or x is no floating tensor.</exception>
    public static Func<Tensor, Tensor> Grad(Func<Tensor, Tensor> f) => x => ValueAndGrad(f)(x).Gradient;

    /// <summary>The value and the gradient of a function with one result element.</summary>
    /// <exception cref="GradientException">The result is not one floating element, or x is no floating tensor.</exception>
    public static Func<Tensor, (Tensor Value, Tensor Gradient)> ValueAndGrad(Func<Tensor, Tensor> f) => x =>
    {
        RequireFloating("grad", x);
        var (y, _, g) = Leaves.Vjp("grad", xs => new([f(xs[0])], []), [x], One);
        return (y[0], g[0]);
    };

    /// <summary>
    /// The value and the gradient in the first argument of a function of two; the second, such as a batch, is held.
    /// </summary>
    public static Func<Tensor, TArgument, (Tensor Value, Tensor Gradient)> ValueAndGrad<TArgument>(Func<Tensor, TArgument, Tensor> f) =>
        (x, argument) => ValueAndGrad(t => f(t, argument))(x);

    /// <summary>As <see cref="ValueAndGrad(Func{Tensor, Tensor})"/> for a function that also returns auxiliary tensors, which are passed on undifferentiated.</summary>
    public static Func<Tensor, (Tensor Value, TAux Aux, Tensor Gradient)> ValueAndGrad<TAux>(Func<Tensor, (Tensor Value, TAux Aux)> f)
        where TAux : ITree<TAux> => x =>
    {
        RequireFloating("grad", x);
        TAux? form = default;
        var (y, aux, g) = Leaves.Vjp("grad", xs =>
        {
            (Tensor value, TAux extra) = f(xs[0]);
            form = extra;
            return new([value], Tree.Leaves(extra));
        }, [x], One);
        return (y[0], form!.WithLeaves(aux), g[0]);
    };

    /// <summary>Vector-Jacobian product: the value f(x), and the cotangent of x for a cotangent of the value.</summary>
    /// <exception cref="ShapeException">The cotangent differs from the value in element type or shape.</exception>
    public static (Tensor Value, Tensor Cotangent) Vjp(Func<Tensor, Tensor> f, Tensor x, Tensor cotangent)
    {
        RequireFloating("vjp", x);
        var (y, _, g) = Leaves.Vjp("vjp", xs => new([f(xs[0])], []), [x], outputs => [RequireLike("vjp", "cotangent", cotangent, "the function's value", outputs[0].Spec)]);
        return (y[0], g[0]);
    }

    /// <summary>Jacobian-vector product: the value f(x), and its tangent for a tangent of x.</summary>
    /// <exception cref="ShapeException">The tangent differs from x in element type or shape.</exception>
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor, Tensor> f, Tensor x, Tensor tangent)
    {
        RequireFloating("jvp", x);
        RequireLike("jvp", "tangent", tangent, "x", x.Spec);
        var (y, dy) = Leaves.Jvp("jvp", xs => [f(xs[0])], [x], [tangent]);
        return (y[0], dy[0]);
    }

    /// <summary>Hessian-vector product of a function with one result element: forward over reverse mode.</summary>
    public static Tensor Hvp(Func<Tensor, Tensor> f, Tensor x, Tensor vector) => Jvp(Grad(f), x, vector).Tangent;

    /// <summary>The Jacobian of f at x, shaped value.Shape + x.Shape, by one reverse pass mapped over the basis of the value (or a forward one when x is smaller).</summary>
    public static Func<Tensor, Tensor> Jacobian(Func<Tensor, Tensor> f) => x =>
    {
        RequireFloating("jacobian", x);
        TensorSpec y = Graph.Of("jacobian", [x.Spec], xs => [f(xs[0])]).Outputs[0].Spec;
        if (y.Shape.Count == 0 || x.Count == 0) return Tensor.Zeros(y.Shape.Concat(x.Shape), y.DType);
        if (y.Shape.Count <= x.Count)
        {
            Tensor rows = Vmap(ct => Vjp(f, x, ct).Cotangent)(Basis(y));
            return rows.Reshape(y.Shape.Concat(x.Shape).Lengths);
        }
        Tensor columns = Vmap(t => Jvp(f, x, t).Tangent)(Basis(x.Spec));
        return Ops.MoveAxis(columns.Reshape([x.Count, .. y.Shape]), 0, -1).Reshape(y.Shape.Concat(x.Shape).Lengths);
    };

    /// <summary>The Hessian of a function with one result element, shaped x.Shape + x.Shape: forward over reverse mode.</summary>
    public static Func<Tensor, Tensor> Hessian(Func<Tensor, Tensor> f) => Jacobian(Grad(f));

    /// <summary>The function over a batch: axis 0 of the argument and of the result runs over examples. Tensors that f captures are shared by all.</summary>
    /// <exception cref="ShapeException">The argument is a scalar.</exception>
    public static Func<Tensor, Tensor> Vmap(Func<Tensor, Tensor> f) => x => Leaves.Vmap(xs => [f(xs[0])], [x], [true])[0];

    /// <summary>The function of two arguments over a batch; an axis of null holds that argument, 0 maps it.</summary>
    /// <exception cref="ShapeException">Batch lengths differ, or nothing is mapped.</exception>
    public static Func<Tensor, Tensor, Tensor> Vmap(Func<Tensor, Tensor, Tensor> f, int? axisA = 0, int? axisB = 0) => (a, b) =>
        Leaves.Vmap(xs => [f(xs[0], xs[1])], [Front(a, axisA), Front(b, axisB)], [axisA is not null, axisB is not null])[0];

    /// <summary>The function over a batch of trees: axis 0 of every leaf, in and out, runs over examples.</summary>
    public static Func<TIn, TOut> Vmap<TIn, TOut>(Func<TIn, TOut> f)
        where TIn : ITree<TIn>
        where TOut : ITree<TOut> => input =>
    {
        TOut? form = default;
        Tensor[] leaves = Tree.Leaves(input);
        Tensor[] results = Leaves.Vmap(xs =>
        {
            form = f(input.WithLeaves(xs));
            return Tree.Leaves(form);
        }, leaves, Array.ConvertAll(leaves, _ => true));
        return form!.WithLeaves(results);
    };

    private static Tensor Front(Tensor x, int? axis) => axis is { } a && a != 0 ? Ops.MoveAxis(x, a, 0) : x;

    /// <summary>Every basis tensor of a spec, stacked along axis 0.</summary>
    internal static Tensor Basis(TensorSpec spec)
    {
        int n = spec.Shape.Count;
        return Ops.OneHot(Ops.Iota(n), n, spec.DType).Reshape([n, .. spec.Shape]);
    }

    internal static Tensor?[] One(Tensor[] outputs)
    {
        Tensor y = outputs[0];
        if (y.Count != 1) throw new GradientException($"grad: the function must return one element, got {y.Spec}. Add .Sum() or use Vjp with a cotangent.");
        if (!y.DType.IsFloating()) throw new GradientException($"grad: the function must return a floating element, got {y.Spec}. Cast it before any reduction.");
        return [Tensor.Ones(y.Shape, y.DType)];
    }

    private static void RequireFloating(string op, Tensor x)
    {
        if (!x.DType.IsFloating()) throw new GradientException($"{op}: derivatives need a floating argument, got {x.Spec}. Cast it: x.Cast(DType.F32).");
    }

    internal static Tensor RequireLike(string op, string what, Tensor tensor, string other, TensorSpec spec)
    {
        if (tensor.Spec != spec) throw new ShapeException($"{op}: the {what} must be like {other}, got {tensor.Spec} and {spec}.");
        return tensor;
    }
}
