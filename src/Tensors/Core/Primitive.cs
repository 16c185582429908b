namespace Engine.Tensors;

/// <summary>
/// One operation of the engine: its name, shape rule, derivative rules, batching rule and kernel, together in one record. Its attributes are value types
/// compared by structure, so that equal records are the same op. Users add ops by deriving a record, mostly from one of the families.
/// Rules are written with public ops, so every order of derivative works.
/// </summary>
public abstract record Primitive
{
    /// <summary>The op as the user writes it, lower case; begins its error messages.</summary>
    public abstract string Name { get; }

    /// <summary>True when f16 and bf16 operands are taken as they are; otherwise they are computed in f32 and the result is rounded back.</summary>
    public virtual bool TakesHalfWidth => false;

    /// <summary>Element types and shapes of the results.</summary>
    /// <exception cref="ShapeException">The shapes do not fit the op.</exception>
    /// <exception cref="DTypeException">The op does not take these element types.</exception>
    public abstract TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs);

    /// <summary>
    /// Reverse rule: cotangents of the inputs from those of the results. A null cotangent is zero, in and out;
    /// inputs that are no floating tensors get null.
    /// </summary>
    public abstract Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents);

    /// <summary>Forward rule: tangents of the results from those of the inputs. A null tangent is zero, in and out.</summary>
    public abstract Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents);

    /// <summary>
    /// Batching rule: the results for a whole batch. Batched inputs carry the batch as axis 0, the others none; every result carries it as axis 0.
    /// At least one input is batched.
    /// </summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="batched">Which inputs carry the batch axis.</param>
    /// <param name="size">Length of the batch axis.</param>
    public abstract Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size);

    /// <summary>The kernel for concrete specs. Asked only when the result has elements.</summary>
    public abstract Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs);

    /// <summary>Applies the op: at once to concrete tensors, as a new node when any input is symbolic.</summary>
    public Tensor[] Bind(params Tensor[] inputs)
    {
        inputs = Prepare(inputs);
        if (!TakesHalfWidth && HalfWidth.Find(inputs) is { } half) return HalfWidth.Bind(this, inputs, half);
        TensorSpec[] specs = new TensorSpec[inputs.Length];
        Trace? trace = null;
        for (int i = 0; i < inputs.Length; i++)
        {
            specs[i] = inputs[i].Spec;
            if (inputs[i].Node is not { } node) continue;
            if (node.Trace.Ended)
            {
                throw new TraceException($"{Name}: operand {i} ({inputs[i].Spec}) belongs to a {node.Trace.Name} trace that has ended. "
                    + "Return it from the traced function instead of storing it.");
            }
            if (trace is null || node.Trace.Id > trace.Id) trace = node.Trace;
        }
        TensorSpec[] results = Infer(specs);
        return trace is null ? Evaluate(inputs, results) : [.. new Node(trace, this, inputs, results).Outputs];
    }

    /// <summary>Applies an op that has one result.</summary>
    public Tensor Apply(params Tensor[] inputs) => Bind(inputs)[0];

    /// <summary>Brings operands into the form the op takes before anything is checked: elementwise ops broadcast here.</summary>
    protected virtual Tensor[] Prepare(Tensor[] inputs) => inputs;

    /// <summary>Computes the results of concrete inputs.</summary>
    protected virtual Tensor[] Evaluate(Tensor[] inputs, TensorSpec[] results)
    {
        Device? placed = Placement.Find(Name, inputs);
        Device device = placed ?? Device.Cpu;
        Tensor[] outputs = new Tensor[results.Length];
        int count = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            Shape shape = results[i].Shape;
            outputs[i] = new(device.Allocate(results[i].DType, shape.Count), Layout.Contiguous(shape), placed);
            count += shape.Count;
        }
        if (count > 0) device.Run(this, inputs, outputs);
        return outputs;
    }
}

/// <summary>Which device runs an op.</summary>
internal static class Placement
{
    /// <summary>The device of the first operand that has one; the default CPU when all are literals.</summary>
    /// <exception cref="DeviceException">Two operands live in different memory.</exception>
    public static Device Of(string op, ReadOnlySpan<Tensor> inputs) => Find(op, inputs) ?? Device.Cpu;

    /// <summary>The device of the first operand that has one; null when all are literals, whose results are literals again.</summary>
    /// <exception cref="DeviceException">Two operands live in different memory.</exception>
    public static Device? Find(string op, ReadOnlySpan<Tensor> inputs)
    {
        Device? device = null;
        foreach (Tensor input in inputs)
        {
            if (input.PreferredDevice is not { } own) continue;
            if (device is null) device = own;
            else if (!device.MemorySpace.Equals(own.MemorySpace))
                throw new DeviceException($"{op}: operands live on {device} and {own}. Move one: x.To(device).");
        }
        return device;
    }
}
