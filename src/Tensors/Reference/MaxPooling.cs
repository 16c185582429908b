namespace Engine.Tensors.Reference;

/// <summary>The greatest element of windows over the last two axes, and the gradient.</summary>
internal static class MaxPooling
{
    public static void Run(SlidingWindow window, ReferenceArray x, ReferenceArray result)
    {
        for (int i = 0; i < result.Count; i++) result.Set(i, Seen(window, x, RowMajorOrder.At(result.Shape, i)).Aggregate(Math.Max));
    }

    /// <param name="window">The windows.</param>
    /// <param name="inputs">Operand, greatest elements, their cotangent.</param>
    /// <param name="result">The operand's cotangent.</param>
    public static void RunGradient(SlidingWindow window, ReferenceArray[] inputs, ReferenceArray result)
    {
        (ReferenceArray x, ReferenceArray y, ReferenceArray cotangent) = (inputs[0], inputs[1], inputs[2]);
        var parts = new ReferenceArray(x.DType, y.Shape.Concat(window.Size));
        var share = new ReferenceArray(x.DType, []);
        int size = window.Size.Count;
        for (int i = 0; i < y.Count; i++)
        {
            double greatest = y.Float(i);
            double[] chosen = [.. Seen(window, x, RowMajorOrder.At(y.Shape, i)).Select(v => v == greatest ? 1.0 : 0)];
            for (int k = 0; k < size; k++)
            {
                share.Set(0, chosen[k] / chosen.Sum());
                parts.Set((i * size) + k, cotangent.Float(i) * share.Float(0));
            }
        }
        Folding.Run(window, parts, result);
    }

    private static IEnumerable<double> Seen(SlidingWindow window, ReferenceArray x, int[] position)
    {
        for (int k = 0; k < window.Size.Count; k++)
        {
            int[] element = RowMajorOrder.At(window.Size, k), at = [.. position];
            for (int axis = 0; axis < element.Length; axis++)
            {
                ref int place = ref at[at.Length - element.Length + axis];
                place = (place * window.Stride[axis]) + (element[axis] * window.Dilation[axis]);
            }
            yield return x.Float(RowMajorOrder.Position(x.Shape, at));
        }
    }
}
