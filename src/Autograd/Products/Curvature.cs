using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd;

/// <summary>
/// Gradients of single examples, and products of curvature matrices with a direction in weight space. No matrix is formed: a product costs a forward and a reverse pass
/// along with the value. The matrices are symmetric and, for convex losses, positive semidefinite, and all map an <see cref="Update"/> to a <see cref="Gradient"/>.
/// </summary>
public static class Curvature
{
    /// <summary>The gradient of every example's loss: leaves [N, ...] for weights [...]. One reverse pass mapped over the batch.</summary>
    /// <param name="loss">From the weights and one example, without the batch axis, to one element.</param>
    /// <param name="weights">Where.</param>
    /// <param name="batch">Leaves [N, ...].</param>
    /// <exception cref="GradientException">The loss is not one floating element.</exception>
    public static Gradient PerExampleGradients<TExample>(Func<Weights, TExample, Tensor> loss, Weights weights, TExample batch)
        where TExample : ITree<TExample> => Vmap((TExample example) => Grad((Weights w) => loss(w, example))(weights))(batch);

    /// <summary>
    /// The generalized Gauss-Newton matrix times a direction, J^T H J v: J the Jacobian of the model in the weights, H the Hessian of the loss in the model's result
    /// (Schraudolph 2002, Fast curvature matrix-vector products for second-order gradient descent). It is the Hessian without the curvature of the model.
    /// </summary>
    /// <param name="model">From the weights to outputs of any shape.</param>
    /// <param name="loss">From the outputs to one element.</param>
    /// <param name="weights">Where.</param>
    /// <param name="direction">v.</param>
    public static Gradient GaussNewtonProduct(Func<Weights, Tensor> model, Func<Tensor, Tensor> loss, Weights weights, Update direction) =>
        Sandwich(model, (y, dy) => Hvp(loss, y, dy), weights, direction);

    /// <summary>
    /// The Fisher matrix of a classifier times a direction, exact over its labels: the mean over the examples of J^T (diag(p) - p p^T) J v with p = softmax(logits). It equals
    /// the Gauss-Newton matrix of the mean cross-entropy (Martens 2020, New insights and perspectives on the natural gradient method, section 9).
    /// </summary>
    /// <param name="logits">From the weights to [..., classes]; all axes but the last run over examples.</param>
    /// <param name="weights">Where.</param>
    /// <param name="direction">v.</param>
    /// <exception cref="ShapeException">The logits are a scalar.</exception>
    public static Gradient SoftmaxFisherProduct(Func<Weights, Tensor> logits, Weights weights, Update direction) => Sandwich(logits, (y, dy) =>
    {
        int examples = Examples("softmaxFisherProduct", y);
        Tensor p = Ops.Softmax(y);
        return ((p * dy) - (p * Ops.Sum(p * dy, [-1], keepDims: true))) / examples;
    }, weights, direction);

    /// <summary>The Fisher matrix of a model of means with independent Gaussian noise, times a direction: the mean over the examples of J^T J v / variance.</summary>
    /// <param name="means">From the weights to [..., outputs]; all axes but the last run over examples.</param>
    /// <param name="weights">Where.</param>
    /// <param name="direction">v.</param>
    /// <param name="variance">Of the noise, positive.</param>
    /// <exception cref="ShapeException">The means are a scalar.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The variance is not positive.</exception>
    public static Gradient GaussianFisherProduct(Func<Weights, Tensor> means, Weights weights, Update direction, double variance = 1)
    {
        if (!(variance > 0)) throw new ArgumentOutOfRangeException(nameof(variance), $"gaussianFisherProduct: the variance must be positive, got {variance}.");
        return Sandwich(means, (y, dy) => dy / (variance * Examples("gaussianFisherProduct", y)), weights, direction);
    }

    /// <summary>
    /// The empirical Fisher matrix times a direction: the mean over the examples of g g^T v, g the gradient of the example's loss with the label it has. It is not the Fisher
    /// matrix, which takes labels from the model (Kunstner, Balles and Hennig 2019).
    /// </summary>
    /// <param name="loss">From the weights and one example, without the batch axis, to one element.</param>
    /// <param name="weights">Where.</param>
    /// <param name="batch">Leaves [N, ...].</param>
    /// <param name="direction">v.</param>
    public static Gradient EmpiricalFisherProduct<TExample>(Func<Weights, TExample, Tensor> loss, Weights weights, TExample batch, Update direction)
        where TExample : ITree<TExample> =>
        Sandwich(w => Vmap((TExample example) => loss(w, example).Reshape([]))(batch), (y, dy) => dy / y.Count, weights, direction);

    /// <summary>J^T m(J v) for a symmetric m at the model's value.</summary>
    private static Gradient Sandwich(Func<Weights, Tensor> model, Func<Tensor, Tensor, Tensor> middle, Weights weights, Update direction)
    {
        (Tensor y, Tensor dy) = Jvp(model, weights, direction);
        return Vjp(model, weights, middle(y, dy)).Cotangent;
    }

    private static int Examples(string op, Tensor y)
    {
        if (y.Rank == 0) throw new ShapeException($"{op}: the outputs need a last axis, got {y.Spec}. Return [examples, outputs].");
        return Math.Max(1, y.Count / Math.Max(1, y.Shape[^1]));
    }
}
