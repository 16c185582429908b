namespace Engine.Tensors.Reference;

/// <summary>Indices that sort along an axis: ascending, stable, NaN last, -0 equal to +0.</summary>
internal static class Sorting
{
    public static void Run(int axis, ReferenceArray x, ReferenceArray result)
    {
        AxisLines lines = AxisLines.Along(x.Shape, axis);
        for (int outer = 0; outer < lines.Outer; outer++)
        {
            for (int inner = 0; inner < lines.Inner; inner++)
            {
                int at(int i) => lines.Position(outer, i, inner);
                IEnumerable<int> places = Enumerable.Range(0, lines.Length);
                // OrderBy is stable; false comes before true.
                int[] order = x.IsFloating
                    ? [.. places.OrderBy(i => double.IsNaN(x.Float(at(i)))).ThenBy(i => x.Float(at(i)))]
                    : [.. places.OrderBy(i => x.Integer(at(i)))];
                for (int i = 0; i < order.Length; i++) result.Set(at(i), (long)order[i]);
            }
        }
    }
}
