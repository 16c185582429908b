using System.Collections.Concurrent;

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

    internal Compiled(Func<TIn, TOut> function) => this.function = function;

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
            Executable executable = entry.Pool.TryTake(out Executable? idle) ? idle : Function.DeviceOf(entry.Graph, leaves).Build(entry.Plan.Value);
            results = executable.Run(leaves);
            entry.Pool.Add(executable);
        }
        return entry.Output.WithLeaves(results);
    }

    /// <summary>The plan for an input, as text.</summary>
    public string Explain(TIn input) => Find(input, Tree.Leaves(input)).Plan.Value.Explain();

    private Entry Find(TIn input, Tensor[] leaves)
    {
        var key = new PlanKey(input.StructureKey, leaves);
        if (plans.TryGetValue(key, out Entry? entry)) return entry;
        entry = Trace(input, leaves);
        // A graph that captures tensors of an outer trace means nothing once that trace has ended.
        return entry.IsOpen ? entry : plans.GetOrAdd(key, entry);
    }

    private Entry Trace(TIn input, Tensor[] leaves)
    {
        TOut? output = default;
        Graph graph = Graph.Of("compile", Array.ConvertAll(leaves, l => l.Spec), symbols =>
        {
            output = function(input.WithLeaves(symbols));
            return Tree.Leaves(output);
        });
        return new(graph, output!);
    }

    private sealed class Entry(Graph graph, TOut output)
    {
        public Graph Graph { get; } = graph;

        public TOut Output { get; } = output;

        /// <summary>True when the graph captures tensors of an outer trace, so that it can only join that trace.</summary>
        public bool IsOpen { get; } = Function.HasSymbolic([.. graph.Captures]);

        public Lazy<Plan> Plan { get; } = new(() => Planner.Make(graph));

        public ConcurrentBag<Executable> Pool { get; } = [];
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
