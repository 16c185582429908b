namespace Engine.Tensors.Reference;

/// <summary>Reductions over rows and maps of their values: every stage is a map, then a reduction, of whole arrays.</summary>
internal static class RowMapping
{
    public static void Run(RowsKernel kernel, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        Shape shape = [kernel.Rows, kernel.Length];
        var known = new List<ReferenceArray>(inputs);
        foreach (RowStage stage in kernel.Stages)
        {
            var mapped = new ReferenceArray(stage.Body.Type, shape);
            Mapping.Run(stage.Body, [.. known], mapped);
            var reduced = new ReferenceArray(stage.Body.Type, [shape[0]]);
            Reduction.Run(new ReduceKernel(stage.Op, Axes.Of([1], shape, "rows")), mapped, reduced);
            known.Add(ReferenceArray.Read(reduced.Bits, reduced.DType, new Layout(shape, [1, 0])));
        }
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i].Shape.Rank == 2)
            {
                Mapping.Run(kernel.Bodies[i], [.. known], outputs[i]);
                continue;
            }
            var everywhere = new ReferenceArray(outputs[i].DType, shape);
            Mapping.Run(kernel.Bodies[i], [.. known], everywhere);
            for (int row = 0; row < shape[0]; row++) outputs[i].Bits[row] = everywhere.Bits[row * shape[1]];
        }
    }
}
