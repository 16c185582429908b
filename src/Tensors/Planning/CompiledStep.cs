using System.Runtime.InteropServices;

namespace Engine.Tensors;

/// <summary>
/// A compiled step that owns its state. Batches are written into memory of the step, the state is updated there, and a run allocates nothing.
/// One caller at a time.
/// </summary>
public sealed class CompiledStep<TState, TBatch, TMetrics> : IDisposable
    where TState : ITree<TState>
    where TBatch : ITree<TBatch>
    where TMetrics : ITree<TMetrics>
{
    private readonly Func<TState, TBatch, (TState Next, TMetrics Metrics)> step;
    private readonly TraceOptions? options;
    private readonly Device device;
    private readonly TState structure;
    private readonly int stateCount;
    private readonly TensorSpec[] stateSpecs;

    // The first stateCount entries of inputs and results are the two halves of a double buffer, exchanged after every run; they are one where the plan updates in place.
    private Storage[] inputs;
    private Storage[] results = [];
    private TensorSpec[] metricSpecs = [];
    private TBatch? batchStructure;
    private TMetrics? metrics;
    private Executable? executable;

    internal CompiledStep(TState initialState, Func<TState, TBatch, (TState Next, TMetrics Metrics)> step, TraceOptions? options)
    {
        this.step = step;
        this.options = options;
        structure = initialState;
        stateCount = initialState.LeafCount;
        Tensor[] leaves = Tree.Leaves(initialState);
        stateSpecs = Array.ConvertAll(leaves, l => l.Spec);
        device = Placement.Of("compileStep", leaves);
        inputs = new Storage[stateCount];
        for (int i = 0; i < stateCount; i++) inputs[i] = device.Allocate(stateSpecs[i].DType, stateSpecs[i].Shape.Count);
        Load(initialState);
    }

    /// <summary>The tensors of the batch, to be written before <see cref="Run()"/>. Empty until a batch has given their shapes.</summary>
    public IReadOnlyList<StepInput> Inputs { get; private set; } = [];

    /// <summary>Number of plans made: 1, and one more for every change of the batch's shapes.</summary>
    public int PlanCount { get; private set; }

    /// <summary>
    /// Makes the plan for batches of this form and warms it by a run on zeros whose results are dropped, so that the first real run is as fast as later ones.
    /// A step with a <see cref="WhileRegion"/> is not run, because on zeros it might not end.
    /// </summary>
    public void Prepare(TBatch example)
    {
        if (!Plan(example) || Ready().Plan.HasWhile || options is { Anomalies: true }) return;
        Storage[] zeros = Array.ConvertAll(inputs, s => Zeros(s.DType, s.Count));
        Ready().Run(zeros, [.. results.Select((r, i) => Ready().Plan.InPlace.Contains(i) ? zeros[i] : r)]);
    }

    /// <summary>Makes the plan for batches of this form; false when there was one.</summary>
    private bool Plan(TBatch example)
    {
        Tensor[] leaves = Tree.Leaves(example);
        if (executable is not null && Fits(example, leaves)) return false;
        TensorSpec[] specs = [.. stateSpecs, .. leaves.Select(l => l.Spec)];
        Graph graph = Graph.Of("compileStep", specs, symbols =>
        {
            (TState next, metrics) = step(structure.WithLeaves(symbols.AsSpan(0, stateCount)), example.WithLeaves(symbols.AsSpan(stateCount)));
            return [.. Tree.Leaves(next), .. Tree.Leaves(metrics)];
        }, options);
        for (int i = 0; i < stateCount; i++)
        {
            if (graph.Outputs[i].Spec != stateSpecs[i])
                throw new ShapeException($"compileStep: leaf {i} of the state is {stateSpecs[i]}, the step returns {graph.Outputs[i].Spec}. A step must keep the form of its state.");
        }
        Plan plan = Planner.Make(graph, PlanUse.Steps, stateCount);
        executable = options is { Anomalies: true } ? new WatchedRun(graph, plan, device) : device.Build(plan);
        inputs = [.. inputs[..stateCount], .. leaves.Select(l => device.Allocate(l.DType, l.Count))];
        results = [.. graph.Outputs.Select((o, i) => executable.Plan.InPlace.Contains(i) ? inputs[i] : device.Allocate(o.DType, o.Count))];
        metricSpecs = [.. graph.Outputs.Skip(stateCount).Select(o => o.Spec)];
        Inputs = [.. leaves.Select((l, i) => new StepInput(inputs[stateCount + i], l.Spec))];
        batchStructure = example;
        PlanCount++;
        PlanEvents.PlansMade.Add(1);
        return true;
    }

    /// <summary>Copies a batch in and runs one step.</summary>
    public void Run(TBatch batch)
    {
        Plan(batch);
        Tensor[] leaves = Tree.Leaves(batch);
        for (int i = 0; i < leaves.Length; i++) Inputs[i].Write(leaves[i]);
        Run();
    }

    /// <summary>Runs one step on what was written to <see cref="Inputs"/>. Allocates nothing.</summary>
    /// <exception cref="InvalidOperationException">No batch has given the shapes yet.</exception>
    public void Run()
    {
        Ready().Run(inputs, results);
        for (int i = 0; i < stateCount; i++) (inputs[i], results[i]) = (results[i], inputs[i]);
    }

    /// <summary>The plan of the step, as text, and how many plans it has had by now.</summary>
    /// <exception cref="InvalidOperationException">No batch has given the shapes yet.</exception>
    public string Explain() => $"{Ready().Plan.Explain()}plans of this step: {PlanCount}{Environment.NewLine}";

    /// <summary>The metrics of the last step, copied out.</summary>
    public TMetrics Metrics()
    {
        if (metrics is null) throw new InvalidOperationException("compileStep: there are no metrics before the first run.");
        return metrics.WithLeaves([.. metricSpecs.Select((s, i) => CopyOut(results[stateCount + i], s))]);
    }

    /// <summary>One metric of the last step, without allocating.</summary>
    /// <param name="leaf">Which leaf of the metrics.</param>
    /// <param name="destination">As many elements as the metric has.</param>
    public void ReadMetric<T>(int leaf, Span<T> destination) where T : unmanaged =>
        results[stateCount + leaf].CopyTo(0, MemoryMarshal.AsBytes(destination));

    /// <summary>The state, copied out.</summary>
    public TState Snapshot() => structure.WithLeaves([.. stateSpecs.Select((s, i) => CopyOut(inputs[i], s))]);

    /// <summary>Replaces the state by a copy of another of the same form.</summary>
    /// <exception cref="ShapeException">A leaf has another element type or shape.</exception>
    public void Load(TState state)
    {
        Tensor[] leaves = Tree.Leaves(state);
        for (int i = 0; i < stateCount; i++)
        {
            if (leaves[i].Spec != stateSpecs[i])
                throw new ShapeException($"compileStep: leaf {i} of the state is {stateSpecs[i]}, got {leaves[i].Spec}. Load a state of the same form.");
            new StepInput(inputs[i], leaves[i].Spec).Write(leaves[i]);
        }
    }

    /// <summary>Lets go of the plan and its memory.</summary>
    public void Dispose() => executable = null;

    private Executable Ready() =>
        executable ?? throw new InvalidOperationException("compileStep: call Prepare or Run with a batch first, so that the shapes are known.");

    private bool Fits(TBatch batch, Tensor[] leaves)
    {
        if (!batch.StructureKey.Equals(batchStructure!.StructureKey)) return false;
        for (int i = 0; i < leaves.Length; i++)
        {
            if (leaves[i].Spec != Inputs[i].Spec) return false;
        }
        return true;
    }

    // Fresh memory holds anything, and anything is no index.
    private Storage Zeros(DType type, int count)
    {
        Storage storage = device.Allocate(type, count);
        storage.CopyFrom(0, new byte[(long)count * type.Size()]);
        return storage;
    }

    private Tensor CopyOut(Storage source, TensorSpec spec)
    {
        Storage copy = device.Allocate(spec.DType, spec.Shape.Count);
        byte[] bytes = new byte[spec.Shape.Count * spec.DType.Size()];
        source.CopyTo(0, bytes);
        copy.CopyFrom(0, bytes);
        return new(copy, Layout.Contiguous(spec.Shape), device);
    }
}

/// <summary>A tensor of a compiled step's batch, written in place.</summary>
public sealed class StepInput
{
    private readonly Storage storage;

    internal StepInput(Storage storage, TensorSpec spec)
    {
        this.storage = storage;
        Spec = spec;
    }

    /// <summary>Element type and shape.</summary>
    public TensorSpec Spec { get; }

    /// <summary>Writes all elements in row-major order. Allocates nothing.</summary>
    /// <exception cref="ShapeException">The number of elements differs.</exception>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is not the element type's C# counterpart.</exception>
    public void Write<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        if (DTypes.Of<T>() != Spec.DType) throw new DTypeException($"stepInput: the input is {Spec.DType.Name()}, got {DTypes.Of<T>().Name()}.");
        if (values.Length != Spec.Shape.Count) throw new ShapeException($"stepInput: the input is {Spec} with {Spec.Shape.Count} elements, got {values.Length}.");
        storage.CopyFrom(0, MemoryMarshal.AsBytes(values));
    }

    /// <summary>Writes the elements of a tensor of the same element type and shape.</summary>
    /// <exception cref="ShapeException">Element type or shape differs.</exception>
    public void Write(Tensor tensor)
    {
        if (tensor.Spec != Spec) throw new ShapeException($"stepInput: the input is {Spec}, got {tensor.Spec}.");
        Tensor source = tensor.Resolve("stepInput");
        if (!source.Layout.IsContiguous) source = CopyOp.Instance.Apply(source);
        if (source.Storage is HostStorage host)
        {
            int size = Spec.DType.Size();
            storage.CopyFrom(0, host.Bytes.Slice(source.Layout.Offset * size, Spec.Shape.Count * size));
            return;
        }
        byte[] bytes = new byte[Spec.Shape.Count * Spec.DType.Size()];
        source.Storage.CopyTo(source.Layout.Offset, bytes);
        storage.CopyFrom(0, bytes);
    }
}
