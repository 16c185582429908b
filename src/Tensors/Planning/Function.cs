namespace Engine.Tensors;

/// <summary>Ways to run a function as a plan.</summary>
public static class Function
{
    /// <summary>
    /// Compiles a function of a tree of tensors. It is traced once for every new set of input element types and shapes; the plan is kept.
    /// Concrete captured tensors are baked in. Reading a value inside the function throws <see cref="TraceException"/>.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="options">What the trace notes for <see cref="Compiled{TIn, TOut}.Explain"/>.</param>
    public static Compiled<TIn, TOut> Compile<TIn, TOut>(Func<TIn, TOut> function, TraceOptions? options = null)
        where TIn : ITree<TIn>
        where TOut : ITree<TOut> => new(function, options);

    /// <summary>Compiles a function of two trees; see <see cref="Compile{TIn, TOut}(Func{TIn, TOut}, TraceOptions?)"/>.</summary>
    public static Func<TFirst, TSecond, TOut> Compile<TFirst, TSecond, TOut>(Func<TFirst, TSecond, TOut> function)
        where TFirst : ITree<TFirst>
        where TSecond : ITree<TSecond>
        where TOut : ITree<TOut>
    {
        Compiled<Pair<TFirst, TSecond>, TOut> compiled = new(p => function(p.First, p.Second), null);
        return (a, b) => compiled.Invoke(new(a, b));
    }

    /// <summary>
    /// Compiles a step that owns its state: <paramref name="step"/> maps (state, batch) to (next state, metrics). The state lives in memory of the
    /// compiled step and is updated there; a run allocates nothing.
    /// </summary>
    /// <param name="initialState">The state before the first step.</param>
    /// <param name="step">One step.</param>
    /// <param name="options">What the trace notes for <see cref="CompiledStep{TState, TBatch, TMetrics}.Explain"/>.</param>
    public static CompiledStep<TState, TBatch, TMetrics> CompileStep<TState, TBatch, TMetrics>(
        TState initialState, Func<TState, TBatch, (TState Next, TMetrics Metrics)> step, TraceOptions? options = null)
        where TState : ITree<TState>
        where TBatch : ITree<TBatch>
        where TMetrics : ITree<TMetrics> => new(initialState, step, options);

    /// <summary>Runs a graph once: as a plan when all inputs and captures are concrete, else by putting its ops into the trace of the symbolic ones.</summary>
    public static Tensor[] Run(Graph graph, ReadOnlySpan<Tensor> inputs)
    {
        if (HasSymbolic(inputs) || HasSymbolic([.. graph.Captures])) return graph.Replay(inputs);
        return DeviceOf(graph, inputs).Build(Planner.Make(graph, PlanUse.Once)).Run(inputs);
    }

    /// <summary>The plan of a graph whose captures are all concrete, with its kernels fused.</summary>
    public static Plan Plan(Graph graph) => Planner.Make(graph);

    internal static bool HasSymbolic(ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            if (tensor.IsSymbolic) return true;
        }
        return false;
    }

    internal static Device DeviceOf(Graph graph, ReadOnlySpan<Tensor> inputs) =>
        Placement.Of(graph.Trace.Name, [.. inputs, .. graph.Captures]);
}

/// <summary>Two trees as one.</summary>
/// <param name="First">The first.</param>
/// <param name="Second">The second.</param>
public readonly record struct Pair<TFirst, TSecond>(TFirst First, TSecond Second) : ITree<Pair<TFirst, TSecond>>
    where TFirst : ITree<TFirst>
    where TSecond : ITree<TSecond>
{
    /// <inheritdoc/>
    public int LeafCount => First.LeafCount + Second.LeafCount;

    /// <inheritdoc/>
    public object StructureKey => (First.StructureKey, Second.StructureKey);

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves)
    {
        First.CopyLeaves(leaves[..First.LeafCount]);
        Second.CopyLeaves(leaves[First.LeafCount..]);
    }

    /// <inheritdoc/>
    public Pair<TFirst, TSecond> WithLeaves(ReadOnlySpan<Tensor> leaves) =>
        new(First.WithLeaves(leaves[..First.LeafCount]), Second.WithLeaves(leaves[First.LeafCount..]));
}
