using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>A reverse rule of the user's own: from the argument, the value and its cotangent to the argument's cotangent.</summary>
public delegate Tensor ReverseRule(Tensor x, Tensor y, Tensor cotangent);

public static partial class Transform
{
    /// <summary>
    /// The same function with a reverse rule of its own, used by every reverse-mode transform. The rule is traced once per call and may itself be differentiated;
    /// tensors that f captures are held constant. Forward mode differentiates f itself.
    /// </summary>
    /// <param name="f">The function.</param>
    /// <param name="rule">Returns a cotangent like x.</param>
    public static Func<Tensor, Tensor> CustomVjp(Func<Tensor, Tensor> f, ReverseRule rule) => x =>
    {
        Graph forward = Graph.Of("customVjp", [x.Spec], xs => [f(xs[0])]);
        Graph backward = Graph.Of("customVjp", [x.Spec, forward.Outputs[0].Spec, forward.Outputs[0].Spec], xs =>
            [RequireLike("customVjp", "rule's result", rule(xs[0], xs[1], xs[2]), "x", x.Spec)]);
        return new CustomVjpOp(forward, backward).Bind([x, .. forward.Captures])[0];
    };
}

/// <summary>A closed graph with a reverse rule of its own, which is a closed graph of (x, y, cotangent).</summary>
internal sealed record CustomVjpOp(Graph Body, Graph Backward) : RegionPrimitive(Body)
{
    public override string Name => "customVjp";

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Tensor?[] result = new Tensor?[inputs.Length];
        if (cotangents[0] is { } cotangent) result[0] = Call.Apply(Backward, [inputs[0], outputs[0], cotangent])[0];
        return result;
    }

    /// <summary>The rule is batched along with the function, so that it still governs reverse mode outside the map.</summary>
    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size)
    {
        if (!batched[0] || batched.AsSpan(1).Contains(true)) return base.Vmap(inputs, batched, size);
        Graph forward = Graph.Of(Name, Specs(inputs[..1]), xs => Mapped([xs[0], .. inputs[1..]], batched, size));
        TensorSpec x = inputs[0].Spec, y = forward.Outputs[0].Spec;
        Graph backward = Graph.Of(Name, [x, y, y], xs => Batching.Map(Backward, xs, [true, true, true], size));
        return new CustomVjpOp(forward, backward).Bind([inputs[0], .. forward.Captures]);
    }
}
