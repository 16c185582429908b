using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Collects what the layers of a module do in one traced pass.</summary>
internal sealed class ModuleSummary : PassWatcher
{
    private static readonly string[] Header = ["layer", "", "result", "parameters", "multiply-adds", "result bytes"];

    private readonly Trace trace;
    private readonly List<Row> rows = [];

    private ModuleSummary(Trace trace) => this.trace = trace;

    public static string Of(Module module, Shape input, DType dtype)
    {
        DType floating = dtype.IsFloating() ? dtype : DType.F32;
        using var trace = new Trace("summary", readable: false);
        var summary = new ModuleSummary(trace);
        Weights weights = module.Initialize(RandomKey.FromSeed(0), floating).Map(t => trace.Input(t.Spec));
        Buffers buffers = module.InitializeBuffers(floating).Map(t => trace.Input(t.Spec));
        Tensor x = trace.Input(new(dtype, input));
        Tensor y = module.Forward(weights, x, Pass.ForPrediction(buffers).WithWatcher(summary));
        summary.Ran(module, weights, null, x, y);
        return summary.Text(weights.ElementCount);
    }

    /// <summary>A module has run: its own work is what its children, noted before it, have not done.</summary>
    public override Tensor Ran(Module module, Weights weights, string? path, Tensor x, Tensor y)
    {
        long total = MultiplyAdds.Of(Graph.Close(trace, [x], [y]));
        long own = total;
        string within = path ?? "";
        foreach (Row row in rows)
        {
            if (row.Path.StartsWith(within, StringComparison.Ordinal)) own -= row.Own;
        }
        // A compound only appears for what it does itself, such as attention between its maps.
        if (module is Compound && own <= 0) return y;
        rows.Add(new(within, module.GetType().Name, y.Spec, module is Compound ? 0 : weights.ElementCount, own));
        return y;
    }

    private string Text(long parameters)
    {
        List<string[]> lines = [Header];
        foreach (Row row in rows)
            lines.Add([row.Path.TrimEnd('.'), row.Name, $"{row.Result}", TextTable.Number(row.Parameters), TextTable.Number(row.Own), TextTable.Number(row.Bytes)]);
        lines.Add(["total", "", "", TextTable.Number(parameters), TextTable.Number(rows.Sum(r => r.Own)), TextTable.Number(rows.Sum(r => r.Bytes))]);
        return TextTable.Of(lines, texts: 3);
    }

    private sealed record Row(string Path, string Name, TensorSpec Result, long Parameters, long Own)
    {
        public long Bytes => (long)Result.Shape.Count * Result.DType.Size();
    }
}

/// <summary>Multiplications with an addition in the products, convolutions and attentions of a graph; a loop counts as often as it runs, one that ends by itself once, of a branch the dearer.</summary>
internal static class MultiplyAdds
{
    public static long Of(Graph graph)
    {
        long sum = 0;
        foreach (Node node in graph.Nodes)
        {
            sum += node.Primitive switch
            {
                null or ViewPrimitive => 0,
                LoopOp loop => loop.Count * Of(loop.Body),
                WhileOp loop => Of(loop.Body),
                CondOp branch => Math.Max(Of(branch.Then), Of(branch.Otherwise)),
                IRegion region => Of(region.Body),
                { } primitive => Of(primitive.Lower(Specs(node.Inputs), Specs(node.Outputs)), node),
            };
        }
        return sum;
    }

    private static long Of(Kernel kernel, Node node)
    {
        Shape result = node.Outputs[0].Shape;
        switch (kernel)
        {
            case MatMulKernel:
                return (long)result.Count * node.Inputs[0].Shape[^1];
            case ConvolutionKernel { Pass: ConvolutionPass.Forward }:
                Shape w = node.Inputs[1].Shape;
                return (long)result.Count * w[1] * w[2] * w[3];
            case AttentionKernel:
                Shape q = node.Inputs[0].Shape, v = node.Inputs[2].Shape;
                return (long)q[..^1].Count * v[^2] * (q[^1] + v[^1]);
            default:
                return 0;
        }
    }

    private static TensorSpec[] Specs(IReadOnlyList<Tensor> tensors) => [.. tensors.Select(t => t.Spec)];
}
