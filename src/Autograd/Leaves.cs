using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// The transforms over flat lists of leaves: trace, rewrite the graph, run it once. Every public overload packs and unpacks its types around these.
/// </summary>
internal static class Leaves
{
    /// <summary>What a traced function gives: the outputs that are differentiated, and auxiliary ones that are only passed on.</summary>
    public readonly record struct Traced(Tensor[] Outputs, Tensor[] Aux);

    /// <summary>Outputs, aux, and the pulled-back cotangents of the inputs.</summary>
    /// <param name="name">The transform, for messages.</param>
    /// <param name="function">The function.</param>
    /// <param name="inputs">Where it is differentiated.</param>
    /// <param name="cotangents">The cotangents for outputs of these specs; null is zero.</param>
    public static (Tensor[] Outputs, Tensor[] Aux, Tensor[] Cotangents) Vjp(
        string name, Func<Tensor[], Traced> function, Tensor[] inputs, Func<Tensor[], Tensor?[]> cotangents)
    {
        using var trace = new Trace(name, readable: true);
        Tensor[] symbols = Array.ConvertAll(inputs, x => trace.Input(x.Spec, x));
        Traced traced = function(symbols);
        Tensor?[] seeds = cotangents(traced.Outputs);
        Tensor?[] pulled = Reverse.Pull(Graph.Close(trace, symbols, traced.Outputs), seeds);
        Tensor[] gradients = OrZeros(pulled, symbols);
        Tensor[] all = Function.Run(Graph.Close(trace, symbols, [.. traced.Outputs, .. traced.Aux, .. gradients]), inputs);
        int n = traced.Outputs.Length, m = traced.Aux.Length;
        return (all[..n], all[n..(n + m)], all[(n + m)..]);
    }

    /// <summary>Outputs and their tangents.</summary>
    public static (Tensor[] Outputs, Tensor[] Tangents) Jvp(string name, Func<Tensor[], Tensor[]> function, Tensor[] inputs, Tensor[] tangents)
    {
        using var trace = new Trace(name, readable: true);
        Tensor[] symbols = Array.ConvertAll(inputs, x => trace.Input(x.Spec, x));
        Tensor[] directions = Array.ConvertAll(tangents, t => trace.Input(t.Spec, t));
        Tensor[] outputs = function(symbols);
        Tensor?[] seeds = new Tensor?[symbols.Length];
        for (int i = 0; i < seeds.Length; i++) seeds[i] = symbols[i].DType.IsFloating() ? directions[i] : null;
        Tensor[] pushed = OrZeros(Forward.Push(Graph.Close(trace, symbols, outputs), seeds), outputs);
        Tensor[] all = Function.Run(Graph.Close(trace, [.. symbols, .. directions], [.. outputs, .. pushed]), [.. inputs, .. tangents]);
        return (all[..outputs.Length], all[outputs.Length..]);
    }

    /// <summary>The function over a batch: axis 0 of every batched input runs over the examples.</summary>
    public static Tensor[] Vmap(Func<Tensor[], Tensor[]> function, Tensor[] inputs, bool[] batched)
    {
        int size = -1;
        TensorSpec[] specs = new TensorSpec[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            specs[i] = inputs[i].Spec;
            if (!batched[i]) continue;
            if (inputs[i].Rank == 0) throw new ShapeException($"vmap: argument {i} is the scalar {inputs[i].Spec}, it has no batch axis. Pass it with axis null.");
            if (size >= 0 && inputs[i].Shape[0] != size)
                throw new ShapeException($"vmap: argument {i} has a batch of {inputs[i].Shape[0]}, others {size}. Axis 0 must be equal in all mapped arguments.");
            size = inputs[i].Shape[0];
            specs[i] = new(inputs[i].DType, inputs[i].Shape[1..]);
        }
        if (size < 0) throw new ShapeException("vmap: no argument is mapped. Map at least one.");
        Graph graph = Graph.Of("vmap", specs, function);
        return Function.Run(Batched(graph, inputs, batched, size), inputs);
    }

    private static Graph Batched(Graph graph, Tensor[] inputs, bool[] batched, int size) =>
        Graph.Of("vmap", Array.ConvertAll(inputs, x => x.Spec), symbols => Batching.Map(graph, symbols, batched, size));

    /// <summary>Null, which is zero, as a tensor of zeros of the right spec.</summary>
    public static Tensor[] OrZeros(Tensor?[] values, Tensor[] like)
    {
        Tensor[] result = new Tensor[values.Length];
        for (int i = 0; i < result.Length; i++) result[i] = values[i] ?? Tensor.Zeros(like[i].Shape, like[i].DType);
        return result;
    }
}
