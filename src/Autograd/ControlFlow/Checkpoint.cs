using Engine.Tensors;

namespace Engine.Autograd;

public static partial class Transform
{
    /// <summary>
    /// The same function, whose intermediates are not kept for the reverse pass but computed again from its argument: less memory for one more forward pass
    /// (Griewank and Walther 2000).
    /// </summary>
    public static Func<Tensor, Tensor> Checkpoint(Func<Tensor, Tensor> f) => x => Call.Apply(Graph.Of("checkpoint", [x.Spec], xs => [f(xs[0])]), [x])[0];

    /// <summary>As <see cref="Checkpoint(Func{Tensor, Tensor})"/> for trees of tensors.</summary>
    public static Func<TIn, TOut> Checkpoint<TIn, TOut>(Func<TIn, TOut> f)
        where TIn : ITree<TIn>
        where TOut : ITree<TOut> => input =>
    {
        TOut? form = default;
        Tensor[] leaves = Tree.Leaves(input);
        Graph body = Graph.Of("checkpoint", Array.ConvertAll(leaves, l => l.Spec), xs =>
        {
            form = f(input.WithLeaves(xs));
            return Tree.Leaves(form);
        });
        return form!.WithLeaves(Call.Apply(body, leaves));
    };
}
