namespace Engine.Tensors.Reference;

/// <summary>Reading and adding at indexed places. Both walk the pairs (element of the table, element of the gathered tensor) in index order.</summary>
internal static class Indexing
{
    public static void Gather(string op, GatherKernel kernel, ReferenceArray x, ReferenceArray indices, ReferenceArray result)
    {
        foreach ((int place, int picked) in Pairs(op, x.Shape, kernel.Axis, kernel.BatchAxes, indices)) result.Bits[picked] = x.Bits[place];
    }

    public static void ScatterAdd(string op, ScatterAddKernel kernel, ReferenceArray updates, ReferenceArray indices, ReferenceArray result)
    {
        var totals = new Totals(result.Count);
        foreach ((int place, int picked) in Pairs(op, result.Shape, kernel.Axis, kernel.BatchAxes, indices)) totals.Add(place, updates, picked);
        totals.Store(result);
    }

    /// <summary>
    /// The table is [batch, before, length, after], the indices [batch, count], the gathered tensor [batch, before, count, after];
    /// position (b, p, i, q) of the last comes from (b, p, indices[b, i], q).
    /// </summary>
    private static IEnumerable<(int Place, int Picked)> Pairs(string op, Shape table, int axis, int batchAxes, ReferenceArray indices)
    {
        int batch = table[..batchAxes].Count, before = table[batchAxes..axis].Count, length = table[axis], after = table[(axis + 1)..].Count;
        int count = indices.Shape[batchAxes..].Count;
        for (int b = 0; b < batch; b++)
        {
            for (int p = 0; p < before; p++)
            {
                for (int i = 0; i < count; i++)
                {
                    long index = indices.Integer((b * count) + i);
                    if (index < 0 || index >= length) throw OutOfRange(op, index, axis, length);
                    for (int q = 0; q < after; q++)
                    {
                        int outer = (b * before) + p;
                        yield return ((((outer * length) + (int)index) * after) + q, (((outer * count) + i) * after) + q);
                    }
                }
            }
        }
    }

    private static ShapeException OutOfRange(string op, long index, int axis, int length) =>
        new($"{op}: index {index} is out of range for axis {axis} of length {length}. {(length == 0 ? "The axis is empty." : $"Use 0 to {length - 1}.")}");
}
