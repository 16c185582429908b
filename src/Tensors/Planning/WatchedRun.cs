using System.Globalization;

namespace Engine.Tensors;

/// <summary>
/// Runs a graph op by op and looks at every result: what <see cref="TraceOptions.Anomalies"/> asks for in the place of a fused plan. The bits are the same, because plans
/// never change rounding.
/// </summary>
internal sealed class WatchedRun(Graph graph, Plan plan, Device device) : Executable
{
    public override Plan Plan => plan;

    public override Tensor[] Run(ReadOnlySpan<Tensor> inputs) => Evaluate(graph, inputs.ToArray(), [.. graph.Captures]);

    public override void Run(ReadOnlySpan<Storage> inputs, ReadOnlySpan<Storage> results)
    {
        Tensor[] arguments = new Tensor[inputs.Length];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = new(inputs[i], Layout.Contiguous(plan.Inputs[i].Shape), device);
        // Copies, because a result may be a view of an input over which another result is written.
        Tensor[] values = Array.ConvertAll(Evaluate(graph, arguments, [.. graph.Captures]), t => CopyOp.Instance.Apply(t));
        for (int r = 0; r < values.Length; r++) new StepInput(results[r], values[r].Spec).Write(values[r]);
    }

    private static Tensor[] Evaluate(Graph graph, Tensor[] inputs, Tensor[] captures)
    {
        var values = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < inputs.Length; i++) values[graph.Inputs[i]] = inputs[i];
        for (int i = 0; i < captures.Length; i++) values[graph.Captures[i]] = captures[i];
        foreach (Node node in graph.Nodes)
        {
            Tensor[] operands = [.. node.Inputs.Select(t => values.GetValueOrDefault(t, t))];
            Tensor[] results;
            if (node.Primitive is IRegion { Body: var body })
            {
                results = Evaluate(body, operands[..body.Inputs.Count], operands[body.Inputs.Count..]);
            }
            else
            {
                results = node.Primitive!.Bind(operands);
                if (node.Primitive is not ViewPrimitive) Look(node, operands, results);
            }
            for (int i = 0; i < results.Length; i++) values[node.Outputs[i]] = results[i];
        }
        return [.. graph.Outputs.Select(t => values.GetValueOrDefault(t, t))];
    }

    /// <exception cref="AnomalyException">A result has a NaN and no operand has, or an infinity and every operand is finite.</exception>
    private static void Look(Node node, Tensor[] operands, Tensor[] results)
    {
        foreach (Tensor result in results)
        {
            if (Find(result, double.IsNaN) is { } nan && !operands.Any(o => Find(o, double.IsNaN) is not null)) throw Anomaly(node, result, nan, "no operand has one");
            if (Find(result, double.IsInfinity) is { } infinity && !operands.Any(o => Find(o, v => !double.IsFinite(v)) is not null))
                throw Anomaly(node, result, infinity, "every operand is finite");
        }
    }

    private static (int Place, double Value)? Find(Tensor tensor, Predicate<double> sought)
    {
        if (!tensor.DType.IsFloating()) return null;
        double[] values = tensor.Cast(DType.F64).ToArray<double>();
        int place = Array.FindIndex(values, sought);
        return place < 0 ? null : (place, values[place]);
    }

    private static AnomalyException Anomaly(Node node, Tensor result, (int Place, double Value) found, string though)
    {
        int[] index = new int[result.Rank];
        for (int axis = result.Rank - 1, rest = found.Place; axis >= 0; axis--) (rest, index[axis]) = Math.DivRem(rest, result.Shape[axis]);
        string line = node.Source is { } source ? $" ({source})" : "";
        return new(string.Create(CultureInfo.InvariantCulture,
            $"{node.Primitive!.Name}: element [{string.Join(", ", index)}] of its result {result.Spec} is {found.Value}, though {though}{line}. It is the first in the program."));
    }
}
