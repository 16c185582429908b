using Engine.Tensors;

namespace Engine.Autograd;

public static partial class Transform
{
    /// <summary>The value and the gradient in the weights of a function of weights.</summary>
    /// <exception cref="GradientException">The result is not one floating element.</exception>
    public static Func<Weights, (Tensor Value, Gradient Gradient)> ValueAndGrad(Func<Weights, Tensor> f) => weights =>
    {
        var (y, _, g) = Leaves.Vjp("grad", xs => new([f(weights.WithLeaves(xs))], []), Tree.Leaves(weights), One);
        return (y[0], new Gradient(weights.Names, g));
    };

    /// <summary>The value and the gradient in the weights of a function of weights and one more argument, such as a batch, which is held.</summary>
    /// <exception cref="GradientException">The result is not one floating element.</exception>
    public static Func<Weights, TArgument, (Tensor Value, Gradient Gradient)> ValueAndGrad<TArgument>(Func<Weights, TArgument, Tensor> f) =>
        (weights, argument) => ValueAndGrad(w => f(w, argument))(weights);

    /// <summary>As <see cref="ValueAndGrad{TArgument}(Func{Weights, TArgument, Tensor})"/> for a function that also returns auxiliary tensors.</summary>
    /// <exception cref="GradientException">The result is not one floating element.</exception>
    public static Func<Weights, TArgument, (Tensor Value, TAux Aux, Gradient Gradient)> ValueAndGrad<TArgument, TAux>(
        Func<Weights, TArgument, (Tensor Value, TAux Aux)> f)
        where TAux : ITree<TAux> => (weights, argument) =>
    {
        TAux? form = default;
        var (y, aux, g) = Leaves.Vjp("grad", xs =>
        {
            (Tensor value, TAux extra) = f(weights.WithLeaves(xs), argument);
            form = extra;
            return new([value], Tree.Leaves(extra));
        }, Tree.Leaves(weights), One);
        return (y[0], form!.WithLeaves(aux), new Gradient(weights.Names, g));
    };

    /// <summary>The gradient in the weights of a function of weights.</summary>
    /// <exception cref="GradientException">The result is not one floating element.</exception>
    public static Func<Weights, Gradient> Grad(Func<Weights, Tensor> f) => weights => ValueAndGrad(f)(weights).Gradient;

    /// <summary>Vector-Jacobian product in the weights: the value, and the gradient for a cotangent of the value.</summary>
    /// <exception cref="ShapeException">The cotangent differs from the value in element type or shape.</exception>
    public static (Tensor Value, Gradient Cotangent) Vjp(Func<Weights, Tensor> f, Weights weights, Tensor cotangent)
    {
        var (y, _, g) = Leaves.Vjp("vjp", xs => new([f(weights.WithLeaves(xs))], []), Tree.Leaves(weights),
            outputs => [RequireLike("vjp", "cotangent", cotangent, "the function's value", outputs[0].Spec)]);
        return (y[0], new Gradient(weights.Names, g));
    }

    /// <summary>Jacobian-vector product in the weights: the value, and its tangent along an update.</summary>
    /// <exception cref="ShapeException">A leaf of the update differs from the weights' in element type or shape.</exception>
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Weights, Tensor> f, Weights weights, Update direction)
    {
        for (int i = 0; i < weights.LeafCount; i++) RequireLike("jvp", $"direction's '{weights.Names[i]}'", direction[i], "the weight", weights[i].Spec);
        var (y, dy) = Leaves.Jvp("jvp", xs => [f(weights.WithLeaves(xs))], Tree.Leaves(weights), Tree.Leaves(direction));
        return (y[0], dy[0]);
    }

    /// <summary>Hessian-vector product in the weights: the derivative of the gradient along an update, by forward over reverse mode.</summary>
    public static Gradient Hvp(Func<Weights, Tensor> f, Weights weights, Update direction)
    {
        Func<Weights, Gradient> gradient = Grad(f);
        var (_, dy) = Leaves.Jvp("hvp", xs => Tree.Leaves(gradient(weights.WithLeaves(xs))), Tree.Leaves(weights), Tree.Leaves(direction));
        return new Gradient(weights.Names, dy);
    }
}
