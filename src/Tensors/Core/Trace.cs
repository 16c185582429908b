namespace Engine.Tensors;

/// <summary>
/// One symbolic run of a function. Every trace has an increasing identity; a node belongs to the latest trace among its inputs,
/// so nested transforms never confuse their perturbations. Nothing about it is ambient: a trace is reached only through its tensors.
/// </summary>
public sealed class Trace : IDisposable
{
    private static long last;

    /// <summary>Starts a trace.</summary>
    /// <param name="name">The transform, for messages: grad, vmap, compile.</param>
    /// <param name="readable">True when the symbolic inputs stand for known values, so that values may be read while tracing.</param>
    /// <param name="options">What to note; nothing when omitted.</param>
    public Trace(string name, bool readable, TraceOptions? options = null)
    {
        Name = name;
        Readable = readable;
        NotesSource = options?.Source ?? false;
        Id = Interlocked.Increment(ref last);
    }

    /// <summary>Identity: later traces have larger ones.</summary>
    public long Id { get; }

    /// <summary>The transform that traces.</summary>
    public string Name { get; }

    /// <summary>Whether values may be read.</summary>
    public bool Readable { get; }

    /// <summary>Whether nodes note the line that made them.</summary>
    public bool NotesSource { get; private set; }

    /// <summary>True once the traced function has returned; its tensors are then unusable.</summary>
    public bool Ended { get; private set; }

    /// <summary>A symbolic input.</summary>
    /// <param name="spec">Element type and shape.</param>
    /// <param name="binding">The value it stands for, when there is one.</param>
    public Tensor Input(TensorSpec spec, Tensor? binding = null)
    {
        // What is differentiated inside a trace that notes lines is part of the same program.
        NotesSource |= binding?.Node?.Trace.NotesSource ?? false;
        return new Node(this, null, [], [spec], binding).Outputs[0];
    }

    /// <summary>Ends the trace.</summary>
    public void Dispose() => Ended = true;
}

/// <summary>One op application in a trace, or a symbolic input of it.</summary>
public sealed class Node
{
    private readonly Tensor? binding;
    private readonly Tensor[] outputs;
    private Tensor[]? values;

    internal Node(Trace trace, Primitive? primitive, Tensor[] inputs, TensorSpec[] specs, Tensor? binding = null)
    {
        Trace = trace;
        Primitive = primitive;
        Inputs = inputs;
        this.binding = binding;
        if (trace.NotesSource && primitive is not null) Source = TraceOptions.CallerLine();
        outputs = new Tensor[specs.Length];
        for (int i = 0; i < specs.Length; i++) outputs[i] = new Tensor(specs[i], this, i);
    }

    /// <summary>The trace it belongs to.</summary>
    public Trace Trace { get; }

    /// <summary>The op; null for a symbolic input.</summary>
    public Primitive? Primitive { get; }

    /// <summary>The operands: tensors of this trace, of outer traces, or concrete ones.</summary>
    public IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>The results.</summary>
    public IReadOnlyList<Tensor> Outputs => outputs;

    /// <summary>File and line of the call, where the trace notes them.</summary>
    public string? Source { get; internal set; }

    /// <summary>The value of a result, computed once from the values the trace's inputs stand for.</summary>
    /// <exception cref="TraceException">The trace has no values (vmap, compile) or has ended.</exception>
    internal Tensor Value(int index, string reader)
    {
        if (values is null)
        {
            if (Trace.Ended)
                throw new TraceException($"{reader}: the tensor belongs to a {Trace.Name} trace that has ended. Return it from the traced function instead of storing it.");
            if (!Trace.Readable)
                throw new TraceException($"{reader}: a tensor inside {Trace.Name} has no value yet. Return it, or use Where instead of an if on its value.");
            if (Primitive is null)
            {
                values = [binding!.Node is { } outer ? outer.Value(binding.OutputIndex, reader) : binding];
            }
            else
            {
                Tensor[] operands = new Tensor[Inputs.Count];
                for (int i = 0; i < operands.Length; i++)
                    operands[i] = Inputs[i].Node is { } node ? node.Value(Inputs[i].OutputIndex, reader) : Inputs[i];
                values = Primitive.Bind(operands);
            }
        }
        return values[index];
    }
}
