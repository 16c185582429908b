using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Gradients at weights that have gone uphill first, for any optimizer: they lead to where the loss is low all around. The value is the one at the weights themselves.
/// </summary>
public static class SharpnessAware
{
    /// <summary>SAM (Foret et al., "Sharpness-Aware Minimization", ICLR 2021, algorithm 1): the gradient at w + radius dualize(g), for the Euclidean norm radius g / |g|.</summary>
    /// <param name="f">The loss.</param>
    /// <param name="radius">How far uphill, not negative.</param>
    /// <param name="norm">The norm; the Euclidean one when omitted.</param>
    /// <exception cref="ArgumentException">The radius is negative.</exception>
    public static Func<Weights, (Tensor Value, Gradient Gradient)> ValueAndGrad(Func<Weights, Tensor> f, double radius = 0.05, Norm? norm = null)
    {
        Rules.NotNegative("sharpnessAware", "the radius", radius);
        Norm own = norm ?? Norm.Euclidean;
        return Uphill(f, (_, g) => radius * own.Dualize(g));
    }

    /// <summary>
    /// ASAM (Kwon et al., "ASAM", ICML 2021, algorithm 1), which does not mind how weights are scaled: the gradient at w + radius T T g / |T g| with T = |w| + eps entry by entry.
    /// </summary>
    /// <param name="f">The loss.</param>
    /// <param name="radius">How far uphill, not negative.</param>
    /// <param name="eps">Added to the size of a weight, not negative.</param>
    /// <exception cref="ArgumentException">The radius or eps is negative.</exception>
    public static Func<Weights, (Tensor Value, Gradient Gradient)> AdaptiveValueAndGrad(Func<Weights, Tensor> f, double radius = 0.5, double eps = 0.01)
    {
        Rules.NotNegative("sharpnessAware", "the radius", radius);
        Rules.NotNegative("sharpnessAware", "eps", eps);
        return Uphill(f, (w, g) =>
        {
            Tensor[] sizes = [.. w.Tensors.Select(t => Ops.Abs(t) + eps)];
            Update unit = Norm.Euclidean.Dualize(g.WithLeaves([.. g.Tensors.Select((t, i) => t * sizes[i])]));
            return radius * unit.WithLeaves([.. unit.Tensors.Select((t, i) => t * sizes[i])]);
        });
    }

    private static Func<Weights, (Tensor Value, Gradient Gradient)> Uphill(Func<Weights, Tensor> f, Func<Weights, Gradient, Update> way) => weights =>
    {
        (Tensor value, Gradient gradient) = Transform.ValueAndGrad(f)(weights);
        return (value, Transform.Grad(f)(weights + way(weights, gradient)));
    };
}
