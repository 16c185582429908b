using System.Collections.Immutable;

namespace Engine.Tensors;

/// <summary>
/// Turns a closed graph into a plan: views become layouts, equal ops one kernel, chains of kernels fused ones (<see cref="Fuser"/>), and intermediate buffers share an
/// arena by liveness (<see cref="MemoryPlanner"/>).
/// </summary>
internal sealed class Planner
{
    private readonly PlanDraft draft = new();
    private readonly Dictionary<Tensor, Operand> places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Application, ImmutableArray<Operand>> known = [];
    private readonly Dictionary<(DType Type, ulong Bits), Operand> numbers = [];

    private Planner()
    {
    }

    /// <summary>The plan of a graph whose captures are all concrete.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="use">How often the plan will run. One that runs once is not fused: kernels of single ops are ready in no time.</param>
    /// <param name="states">How many of the first inputs and outputs are a state that the plan updates.</param>
    public static Plan Make(Graph graph, PlanUse use = PlanUse.Calls, int states = 0)
    {
        var planner = new Planner();
        PlanDraft draft = planner.draft;
        foreach (Tensor input in graph.Inputs)
        {
            planner.places[input] = draft.NewBuffer(BufferKind.Input, input.Spec, draft.Inputs.Count);
            draft.Inputs.Add(input.Spec);
        }
        foreach (Tensor capture in graph.Captures) planner.places[capture] = planner.Constant(capture);
        planner.Add(graph);
        draft.Results = [.. graph.Outputs.Select(o => planner.places[o])];
        if (use != PlanUse.Once)
        {
            ProductOrientation.Improve(draft);
            OuterProducts.Rewrite(draft);
            draft.Steps = Fuser.Fuse(draft, states);
        }
        ImmutableArray<int> inPlace = StateUpdates.Place(draft, states);
        Epilogues.ShareMemory(draft, inPlace);
        long arena = MemoryPlanner.Assign(draft.Buffers, draft.Steps, draft.Results);
        return new([.. draft.Inputs], [.. draft.Constants], [.. draft.Buffers], [.. draft.Steps], draft.Results, arena) { Use = use, InPlace = inPlace };
    }

    private void Add(Graph graph)
    {
        foreach (Node node in graph.Nodes)
        {
            switch (node.Primitive)
            {
                case IRegion region:
                    AddRegion(node, region.Body);
                    break;
                case ViewPrimitive view:
                    places[node.Outputs[0]] = View(view, places[node.Inputs[0]], node.Outputs[0].Shape);
                    break;
                default:
                    ImmutableArray<Operand> inputs = [.. node.Inputs.Select(t => places[t])];
                    if (node.Primitive is IControlFlow) inputs = [.. inputs.Select(RowMajor)];
                    ImmutableArray<Operand> outputs = Apply(node.Primitive!, inputs, [.. node.Outputs.Select(t => t.Spec)], node.Source);
                    for (int i = 0; i < outputs.Length; i++) places[node.Outputs[i]] = outputs[i];
                    break;
            }
        }
    }

    /// <remarks>A body can be run several times in one plan, so the places of its tensors are those of its latest run.</remarks>
    private void AddRegion(Node node, Graph body)
    {
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            Tensor inner = i < body.Inputs.Count ? body.Inputs[i] : body.Captures[i - body.Inputs.Count];
            places[inner] = places[node.Inputs[i]];
        }
        Add(body);
        for (int i = 0; i < node.Outputs.Count; i++) places[node.Outputs[i]] = places[body.Outputs[i]];
    }

    private Operand View(ViewPrimitive view, Operand operand, Shape result)
    {
        if (!view.TryView(operand.Layout, result, out Layout layout))
        {
            operand = Copy(operand);
            view.TryView(operand.Layout, result, out layout);
        }
        return operand with { Layout = layout };
    }

    private Operand Copy(Operand operand) => Apply(CopyOp.Instance, [operand], [new(operand.DType, operand.Layout.Shape)])[0];

    private Operand RowMajor(Operand operand) => operand.Layout.IsContiguous ? operand : Copy(operand);

    /// <summary>The results of an op: those of an equal one that was applied before to the same operands, else of a new step.</summary>
    private ImmutableArray<Operand> Apply(Primitive primitive, ImmutableArray<Operand> inputs, TensorSpec[] outputSpecs, string? source = null)
    {
        var application = new Application(primitive, inputs);
        if (known.TryGetValue(application, out ImmutableArray<Operand> outputs)) return outputs;
        TensorSpec[] inputSpecs = [.. inputs.Select(o => new TensorSpec(o.DType, o.Layout.Shape))];
        outputs = [.. outputSpecs.Select(s => draft.NewBuffer(BufferKind.Arena, s))];
        if (outputSpecs.Any(s => s.Shape.Count > 0)) draft.Steps.Add(new(primitive.Name, primitive.Lower(inputSpecs, outputSpecs), inputs, outputs) { Sources = source is null ? [] : [source] });
        return known[application] = outputs;
    }

    /// <summary>Repeated axes of a captured tensor are stored once and broadcast again in its layout; equal numbers are one constant.</summary>
    private Operand Constant(Tensor capture)
    {
        Layout layout = capture.Layout;
        int[] lengths = capture.Shape.Lengths.ToArray();
        for (int i = 0; i < lengths.Length; i++)
        {
            if (layout.Strides[i] == 0 && lengths[i] > 1) lengths[i] = 1;
        }
        var stored = new Tensor(capture.Storage, new Layout(Shape.Create(lengths), layout.Strides, layout.Offset), capture.PreferredDevice);
        if (stored.Count != 1) return Store(stored, capture.Shape);
        var number = (stored.DType, Scalars.Bits(stored));
        if (!numbers.TryGetValue(number, out Operand operand)) numbers[number] = operand = Store(stored.Reshape([]), Shape.Scalar);
        return operand with { Layout = operand.Layout.BroadcastTo(capture.Shape) };
    }

    private Operand Store(Tensor stored, Shape shape)
    {
        Operand operand = draft.NewBuffer(BufferKind.Constant, stored.Spec, draft.Constants.Count);
        draft.Constants.Add(stored);
        return operand with { Layout = operand.Layout.BroadcastTo(shape) };
    }

    /// <summary>An op and its operands: the same pair always has the same results.</summary>
    private readonly struct Application(Primitive primitive, ImmutableArray<Operand> inputs) : IEquatable<Application>
    {
        private readonly Primitive primitive = primitive;
        private readonly ImmutableArray<Operand> inputs = inputs;

        public bool Equals(Application other) => inputs.AsSpan().SequenceEqual(other.inputs.AsSpan()) && primitive.Equals(other.primitive);

        public override bool Equals(object? obj) => obj is Application other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(primitive);
            foreach (Operand input in inputs) hash.Add(input);
            return hash.ToHashCode();
        }
    }
}
