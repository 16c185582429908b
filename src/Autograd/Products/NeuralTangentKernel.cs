using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd;

/// <summary>Ways to compute a neural tangent kernel. The results are equal up to rounding.</summary>
public enum TangentKernelMethod
{
    /// <summary>Both Jacobians are formed and multiplied: one product of matrices, memory for N O P numbers.</summary>
    Jacobians,

    /// <summary>
    /// Every unit cotangent at the second example goes back to the weights and from there forward to all first ones: no Jacobian is kept, but there is a forward pass
    /// over all first examples for each of the N2 O rows.
    /// </summary>
    Products,
}

/// <summary>
/// The empirical neural tangent kernel of a network at its weights, K(x, x') = J(x) J(x')^T with J the Jacobian of the outputs in all weights (Jacot, Gabriel and Hongler 2018;
/// ways to compute it: Novak, Sohl-Dickstein and Schoenholz 2022). The weights' space has the Euclidean metric here.
/// </summary>
public static class NeuralTangentKernel
{
    /// <summary>The kernel of every two examples: [N1, N2, O, O], O the number of outputs of one example. For x1 = x2 it is symmetric positive semidefinite as [N O, N O].</summary>
    /// <param name="model">From the weights and one example, without the batch axis, to outputs of any shape.</param>
    /// <param name="weights">Where.</param>
    /// <param name="x1">[N1, ...].</param>
    /// <param name="x2">[N2, ...].</param>
    /// <param name="method">How.</param>
    /// <exception cref="ShapeException">A batch is a scalar.</exception>
    public static Tensor Full(
        Func<Weights, Tensor, Tensor> model, Weights weights, Tensor x1, Tensor x2, TangentKernelMethod method = TangentKernelMethod.Jacobians)
    {
        if (method == TangentKernelMethod.Products)
        {
            Tensor columns = Vmap(x => Vmap(unit =>
            {
                Gradient back = Transform.Vjp(w => model(w, x), weights, unit).Cotangent;
                Tensor forth = Transform.Jvp(w => Vmap(other => model(w, other))(x1), weights, back.Dual(back.Tensors)).Tangent;
                return forth.Reshape(x1.Shape[0], unit.Count);
            })(Units(model, weights, x)))(x2);
            return Ops.Permute(columns, [2, 0, 3, 1]);
        }
        Tensor[] a = Jacobians(model, weights, x1), b = ReferenceEquals(x1, x2) ? a : Jacobians(model, weights, x2);
        int n1 = x1.Shape[0], n2 = x2.Shape[0], outputs = a[0].Shape[1];
        Tensor[] products = [.. a.Zip(b, (u, v) => Ops.MatMul(u.Reshape(n1 * outputs, u.Shape[2]), v.Reshape(n2 * outputs, v.Shape[2]).T))];
        return Ops.Permute(products.Aggregate((s, p) => s + p).Reshape(n1, outputs, n2, outputs), [0, 2, 1, 3]);
    }

    /// <summary>The mean of the kernel's diagonal over the outputs, trace(K(x, x')) / O: [N1, N2].</summary>
    /// <param name="model">From the weights and one example, without the batch axis, to outputs of any shape.</param>
    /// <param name="weights">Where.</param>
    /// <param name="x1">[N1, ...].</param>
    /// <param name="x2">[N2, ...].</param>
    /// <exception cref="ShapeException">A batch is a scalar.</exception>
    public static Tensor Trace(Func<Weights, Tensor, Tensor> model, Weights weights, Tensor x1, Tensor x2)
    {
        Tensor[] a = Jacobians(model, weights, x1), b = ReferenceEquals(x1, x2) ? a : Jacobians(model, weights, x2);
        int n1 = x1.Shape[0], n2 = x2.Shape[0], outputs = a[0].Shape[1];
        Tensor[] products = [.. a.Zip(b, (u, v) => Ops.MatMul(u.Reshape(n1, outputs * u.Shape[2]), v.Reshape(n2, outputs * v.Shape[2]).T))];
        return products.Aggregate((s, p) => s + p) / outputs;
    }

    /// <summary>For every weight leaf [N, O, elements]: reverse passes mapped over unit cotangents and over examples.</summary>
    private static Tensor[] Jacobians(Func<Weights, Tensor, Tensor> model, Weights weights, Tensor batch)
    {
        if (batch.Rank == 0) throw new ShapeException($"neuralTangentKernel: the examples need a batch axis, got {batch.Spec}.");
        return Leaves.Vmap(xs => Leaves.Vmap(
            units => [.. Transform.Vjp(w => model(w, xs[0]), weights, units[0]).Cotangent.Tensors.Select(t => t.Reshape(t.Count))],
            [Units(model, weights, xs[0])], [true]), [batch], [true]);
    }

    /// <summary>The unit cotangents of one example's outputs, [O, ...].</summary>
    private static Tensor Units(Func<Weights, Tensor, Tensor> model, Weights weights, Tensor x)
    {
        TensorSpec y = Graph.Of("neuralTangentKernel", [x.Spec], s => [model(weights, s[0])]).Outputs[0].Spec;
        return Basis(y);
    }
}
