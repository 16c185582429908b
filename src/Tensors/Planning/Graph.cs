namespace Engine.Tensors;

/// <summary>
/// A closed trace: inputs, outputs, the nodes between them in topological order, and the captures, which are the tensors it uses that do not depend on its inputs.
/// </summary>
public sealed class Graph
{
    private Graph(Trace trace, Tensor[] inputs, Tensor[] outputs, Node[] nodes, Tensor[] captures)
    {
        Trace = trace;
        Inputs = inputs;
        Outputs = outputs;
        Nodes = nodes;
        Captures = captures;
    }

    /// <summary>The trace the nodes belong to.</summary>
    public Trace Trace { get; }

    /// <summary>The symbolic inputs.</summary>
    public IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>The results: nodes' outputs, inputs or captures.</summary>
    public IReadOnlyList<Tensor> Outputs { get; }

    /// <summary>The nodes the outputs need, each after its inputs.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Concrete tensors and tensors of outer traces, in the order they are first used.</summary>
    public IReadOnlyList<Tensor> Captures { get; }

    /// <summary>Collects what the outputs of a trace need. Nodes they do not need are left out.</summary>
    /// <exception cref="TraceException">An output belongs to a trace that has ended.</exception>
    public static Graph Close(Trace trace, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var nodes = new List<Node>();
        var captures = new List<Tensor>();
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (Tensor input in inputs) seen.Add(input.Node!);
        var pending = new Stack<(Node Node, int Next)>();

        void visit(Tensor tensor)
        {
            if (tensor.Node is { } node && ReferenceEquals(node.Trace, trace))
            {
                if (seen.Add(node)) pending.Push((node, 0));
                return;
            }
            if (tensor.Node is { Trace.Ended: true } ended)
                throw new TraceException($"{trace.Name}: the result uses a tensor of a {ended.Trace.Name} trace that has ended. Return it from that function instead of storing it.");
            if (seen.Add(tensor)) captures.Add(tensor);
        }

        foreach (Tensor output in outputs)
        {
            visit(output);
            while (pending.TryPop(out var top))
            {
                if (top.Next == top.Node.Inputs.Count)
                {
                    nodes.Add(top.Node);
                    continue;
                }
                pending.Push((top.Node, top.Next + 1));
                visit(top.Node.Inputs[top.Next]);
            }
        }
        return new(trace, inputs.ToArray(), outputs.ToArray(), [.. nodes], [.. captures]);
    }

    /// <summary>Traces a function of tensors without known values and closes it.</summary>
    /// <param name="name">The transform, for messages.</param>
    /// <param name="specs">Element types and shapes of the inputs.</param>
    /// <param name="function">The function.</param>
    /// <param name="options">What the trace notes.</param>
    public static Graph Of(string name, ReadOnlySpan<TensorSpec> specs, Func<Tensor[], Tensor[]> function, TraceOptions? options = null)
    {
        using var trace = new Trace(name, readable: false, options);
        Tensor[] inputs = new Tensor[specs.Length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = trace.Input(specs[i]);
        return Close(trace, inputs, function(inputs));
    }

    /// <summary>The same function with its symbolic captures, in order, as further inputs. What is captured then is concrete.</summary>
    /// <param name="captured">The symbolic captures.</param>
    public Graph Lift(out Tensor[] captured)
    {
        Tensor[] symbolic = [.. Captures.Where(c => c.IsSymbolic)];
        captured = symbolic;
        if (symbolic.Length == 0) return this;
        return Of(Trace.Name, [.. Inputs.Concat(symbolic).Select(t => t.Spec)], symbols =>
        {
            int next = Inputs.Count;
            return Replay(symbols.AsSpan(0, Inputs.Count), [.. Captures.Select(c => c.IsSymbolic ? symbols[next++] : c)]);
        });
    }

    /// <summary>Applies the same ops to other inputs: at once when they are concrete, as nodes of their trace when they are symbolic.</summary>
    /// <param name="inputs">One tensor per input, of the same specs.</param>
    /// <param name="captures">Replacements of the captures; the captures themselves when empty.</param>
    public Tensor[] Replay(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> captures = default)
    {
        var values = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < Inputs.Count; i++) values[Inputs[i]] = inputs[i];
        for (int i = 0; i < captures.Length; i++) values[Captures[i]] = captures[i];
        foreach (Node node in Nodes)
        {
            Tensor[] operands = new Tensor[node.Inputs.Count];
            for (int i = 0; i < operands.Length; i++) operands[i] = values.GetValueOrDefault(node.Inputs[i], node.Inputs[i]);
            Tensor[] results = node.Primitive!.Bind(operands);
            if (node.Source is not null && results.Length > 0 && results[0].Node is { } copy) copy.Source = node.Source;
            for (int i = 0; i < results.Length; i++) values[node.Outputs[i]] = results[i];
        }
        Tensor[] outputs = new Tensor[Outputs.Count];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = values.GetValueOrDefault(Outputs[i], Outputs[i]);
        return outputs;
    }
}

/// <summary>
/// An op whose meaning is a closed graph: the planner puts the graph's nodes in its place, in one run. Its operands are the graph's inputs followed by its captures.
/// </summary>
public interface IRegion
{
    /// <summary>The graph.</summary>
    Graph Body { get; }
}

/// <summary>An op that lowers to a <see cref="Region"/>: its operands reach it row-major.</summary>
public interface IControlFlow;
