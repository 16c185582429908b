using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Engine.Tensors;

/// <summary>
/// A function that runs as a plan. Safe for concurrent callers: each run takes an executable of its own from a pool.
/// </summary>
public sealed class Compiled<TIn, TOut>
    where TIn : ITree<TIn>
    where TOut : ITree<TOut>
{
    private readonly Func<TIn, TOut> function;
    private readonly ConcurrentDictionary<PlanKey, Entry> plans = new();
    private Entry? latest;

    private readonly TraceOptions? options;

    internal Compiled(Func<TIn, TOut> function, TraceOptions? options)
    {
        this.function = function;
        this.options = options;
    }

    /// <summary>How many plans have been made: one per set of input element types, shapes, structure and device.</summary>
    public int PlanCount => plans.Count;

    /// <summary>Runs the function. With symbolic inputs its ops join their trace, so compiled functions can be differentiated and mapped.</summary>
    public TOut Invoke(TIn input)
    {
        Tensor[] leaves = Tree.Leaves(input);
        Entry entry = Find(input, leaves);
        Tensor[] results;
        if (entry.IsOpen || Function.HasSymbolic(leaves))
        {
            results = entry.Graph.Replay(leaves);
        }
        else
        {
            entry.Device ??= Function.DeviceOf(entry.Graph, leaves);
            Executable executable = entry.Pool.TryTake(out Executable? idle) ? idle : Build(entry, entry.Device);
            results = executable.Run(leaves);
            entry.Pool.Add(executable);
            latest = entry;
        }
        return entry.Output.WithLeaves(results);
    }

    /// <summary>
    /// Runs the function from memory to memory, for inference without a tensor: the plan is that of the input that <see cref="Invoke(TIn)"/> saw last. Concurrent callers
    /// are safe; after a caller's first run nothing is allocated.
    /// </summary>
    /// <param name="input">The elements of the only input, f32, row-major.</param>
    /// <param name="output">Gets the elements of the only result, f32.</param>
    /// <exception cref="InvalidOperationException">There is no plan yet.</exception>
    /// <exception cref="ShapeException">The function has other than one input and one result, or their sizes differ from the spans'.</exception>
    /// <exception cref="DTypeException">Input or result is not f32.</exception>
    public void Invoke(ReadOnlySpan<float> input, Span<float> output)
    {
        Entry entry = latest ?? throw new InvalidOperationException("compile: there is no plan yet. Call Invoke with a tensor of the input's shape once.");
        if (!entry.Calls.TryTake(out DirectCall? call)) call = Direct(entry);
        if (input.Length != call.Input.Count || output.Length != call.Result.Count)
            throw new ShapeException($"compile: the plan maps {call.Input.Count} elements to {call.Result.Count}, got spans of {input.Length} and {output.Length}. Call Invoke with a tensor of the input's shape once.");
        call.Input.CopyFrom(0, MemoryMarshal.AsBytes(input));
        call.Executable.Run(new ReadOnlySpan<Storage>(in call.Input), new ReadOnlySpan<Storage>(in call.Result));
        call.Result.CopyTo(0, MemoryMarshal.AsBytes(output));
        entry.Calls.Add(call);
    }

    /// <summary>The plan for an input, as text, and how many plans the function has by now.</summary>
    public string Explain(TIn input)
    {
        string plan = Find(input, Tree.Leaves(input)).Plan.Value.Explain();
        return $"{plan}plans of this function: {PlanCount}{Environment.NewLine}";
    }

    private Entry Find(TIn input, Tensor[] leaves)
    {
        var key = new PlanKey(input.StructureKey, leaves);
        if (plans.TryGetValue(key, out Entry? entry)) return entry;
        entry = Trace(input, leaves);
        // A graph that captures tensors of an outer trace means nothing once that trace has ended.
        if (entry.IsOpen) return entry;
        PlanEvents.PlansMade.Add(1);
        return plans.GetOrAdd(key, entry);
    }

    private Executable Build(Entry entry, Device device) =>
        options is { Anomalies: true } ? new WatchedRun(entry.Graph, entry.Plan.Value, device) : device.Build(entry.Plan.Value);

    private DirectCall Direct(Entry entry)
    {
        Plan plan = entry.Plan.Value;
        if (plan.Inputs.Length != 1 || plan.Results.Length != 1)
            throw new ShapeException($"compile: spans stand for one input and one result, the function has {plan.Inputs.Length} and {plan.Results.Length}. Call Invoke with tensors.");
        TensorSpec input = plan.Inputs[0];
        Operand result = plan.Results[0];
        if (input.DType != DType.F32 || result.DType != DType.F32)
            throw new DTypeException($"compile: spans hold f32, the function maps {input.DType.Name()} to {result.DType.Name()}. Call Invoke with tensors.");
        Device device = entry.Device!;
        return new(Build(entry, device), device.Allocate(input.DType, input.Shape.Count), device.Allocate(result.DType, result.Layout.Shape.Count));
    }

    private Entry Trace(TIn input, Tensor[] leaves)
    {
        TOut? output = default;
        Graph graph = Graph.Of("compile", Array.ConvertAll(leaves, l => l.Spec), symbols =>
        {
            output = function(input.WithLeaves(symbols));
            return Tree.Leaves(output);
        }, options);
        return new(graph, output!);
    }

    private sealed class Entry(Graph graph, TOut output)
    {
        public Graph Graph { get; } = graph;

        public TOut Output { get; } = output;

        /// <summary>True when the graph captures tensors of an outer trace, so that it can only join that trace.</summary>
        public bool IsOpen { get; } = Function.HasSymbolic([.. graph.Captures]);

        public Lazy<Plan> Plan { get; } = new(() => Planner.Make(graph));

        /// <summary>Where the plan runs; known from the first run on.</summary>
        public Device? Device { get; set; }

        public ConcurrentBag<Executable> Pool { get; } = [];

        public ConcurrentBag<DirectCall> Calls { get; } = [];
    }

    /// <summary>An executable with memory for its input and result.</summary>
    private sealed class DirectCall(Executable executable, Storage input, Storage result)
    {
        public readonly Executable Executable = executable;
        public readonly Storage Input = input;
        public readonly Storage Result = result;
    }
}

/// <summary>What a compiled plan is kept under: structure, element types and shapes of the inputs, and the device.</summary>
internal readonly struct PlanKey : IEquatable<PlanKey>
{
    private readonly object structure;
    private readonly TensorSpec[] specs;
    private readonly Device? device;

    public PlanKey(object structure, ReadOnlySpan<Tensor> leaves)
    {
        this.structure = structure;
        specs = new TensorSpec[leaves.Length];
        for (int i = 0; i < specs.Length; i++)
        {
            specs[i] = leaves[i].Spec;
            device ??= leaves[i].PreferredDevice;
        }
    }

    public bool Equals(PlanKey other) =>
        ReferenceEquals(device, other.device) && structure.Equals(other.structure) && specs.AsSpan().SequenceEqual(other.specs);

    public override bool Equals(object? obj) => obj is PlanKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(structure);
        foreach (TensorSpec spec in specs) hash.Add(spec);
        return hash.ToHashCode();
    }
}
