using System.Collections.Immutable;

namespace Engine.Tensors;

/// <summary>
/// Turns a closed graph into a plan: views become layouts, every other node one kernel, and intermediate buffers share an arena by liveness.
/// </summary>
internal sealed class Planner
{
    private readonly List<PlanBuffer> buffers = [];
    private readonly List<PlanStep> steps = [];
    private readonly List<Tensor> constants = [];
    private readonly Dictionary<Tensor, Operand> places = new(ReferenceEqualityComparer.Instance);

    private Planner()
    {
    }

    /// <summary>The plan of a graph whose captures are all concrete.</summary>
    public static Plan Make(Graph graph)
    {
        var planner = new Planner();
        var inputs = ImmutableArray.CreateBuilder<TensorSpec>(graph.Inputs.Count);
        foreach (Tensor input in graph.Inputs)
        {
            planner.places[input] = planner.NewBuffer(BufferKind.Input, input.Spec, inputs.Count);
            inputs.Add(input.Spec);
        }
        foreach (Tensor capture in graph.Captures) planner.places[capture] = planner.Constant(capture);
        planner.Add(graph);
        ImmutableArray<Operand> results = [.. graph.Outputs.Select(o => planner.places[o])];
        long arena = MemoryPlanner.Assign(planner.buffers, planner.steps, results);
        return new(inputs.ToImmutable(), [.. planner.constants], [.. planner.buffers], [.. planner.steps], results, arena);
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
                    AddStep(node.Primitive!, [.. node.Inputs.Select(t => places[t])], node);
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

    private Operand Copy(Operand operand)
    {
        TensorSpec spec = new(operand.DType, operand.Layout.Shape);
        Operand copy = NewBuffer(BufferKind.Arena, spec, 0);
        steps.Add(new(CopyOp.Instance.Name, CopyOp.Instance.Lower([spec], [spec]), [operand], [copy]));
        return copy;
    }

    private void AddStep(Primitive primitive, ImmutableArray<Operand> inputs, Node node)
    {
        TensorSpec[] inputSpecs = [.. inputs.Select(o => new TensorSpec(o.DType, o.Layout.Shape))];
        TensorSpec[] outputSpecs = [.. node.Outputs.Select(t => t.Spec)];
        ImmutableArray<Operand> outputs = [.. outputSpecs.Select(s => NewBuffer(BufferKind.Arena, s, 0))];
        for (int i = 0; i < outputs.Length; i++) places[node.Outputs[i]] = outputs[i];
        if (outputSpecs.Any(s => s.Shape.Count > 0)) steps.Add(new(primitive.Name, primitive.Lower(inputSpecs, outputSpecs), inputs, outputs));
    }

    private Operand NewBuffer(BufferKind kind, TensorSpec spec, int slot)
    {
        buffers.Add(new(kind, spec.DType, spec.Shape.Count, slot));
        return new(buffers.Count - 1, spec.DType, Layout.Contiguous(spec.Shape));
    }

    /// <summary>Repeated axes of a captured tensor are stored once and broadcast again in its layout.</summary>
    private Operand Constant(Tensor capture)
    {
        Layout layout = capture.Layout;
        int[] lengths = capture.Shape.Lengths.ToArray();
        for (int i = 0; i < lengths.Length; i++)
        {
            if (layout.Strides[i] == 0 && lengths[i] > 1) lengths[i] = 1;
        }
        var stored = new Tensor(capture.Storage, new Layout(Shape.Create(lengths), layout.Strides, layout.Offset), capture.PreferredDevice);
        Operand operand = NewBuffer(BufferKind.Constant, stored.Spec, constants.Count);
        constants.Add(stored);
        return operand with { Layout = operand.Layout.BroadcastTo(capture.Shape) };
    }
}
