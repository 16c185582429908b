namespace Engine.Tensors.Reference;

/// <summary>[.., O1, .., Ok, K1, .., Kk] to [.., S1, .., Sk]: window elements added to the places they were taken from.</summary>
internal static class Folding
{
    public static void Run(SlidingWindow window, ReferenceArray x, ReferenceArray result)
    {
        int axes = window.Size.Rank, lead = result.Shape.Rank - axes;
        var totals = new Totals(result.Count);
        for (int i = 0; i < x.Count; i++)
        {
            int[] from = RowMajorOrder.At(x.Shape, i);
            int[] to = from[..result.Shape.Rank];
            for (int axis = 0; axis < axes; axis++)
                to[lead + axis] = (from[lead + axis] * window.Stride[axis]) + (from[lead + axes + axis] * window.Dilation[axis]);
            totals.Add(RowMajorOrder.Position(result.Shape, to), x, i);
        }
        totals.Store(result);
    }
}
