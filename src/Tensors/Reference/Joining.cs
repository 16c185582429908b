namespace Engine.Tensors.Reference;

/// <summary>Elements moved into a larger tensor.</summary>
internal static class Joining
{
    public static void Pad(Padding padding, ReferenceArray x, ReferenceArray result)
    {
        for (int i = 0; i < x.Count; i++)
        {
            int[] at = RowMajorOrder.At(x.Shape, i);
            for (int axis = 0; axis < at.Length; axis++) at[axis] = padding.Before[axis] + (at[axis] * (padding.Between[axis] + 1));
            result.Bits[RowMajorOrder.Position(result.Shape, at)] = x.Bits[i];
        }
    }

    public static void Concat(int axis, ReferenceArray[] parts, ReferenceArray result)
    {
        int start = 0;
        foreach (ReferenceArray part in parts)
        {
            for (int i = 0; i < part.Count; i++)
            {
                int[] at = RowMajorOrder.At(part.Shape, i);
                at[axis] += start;
                result.Bits[RowMajorOrder.Position(result.Shape, at)] = part.Bits[i];
            }
            start += part.Shape[axis];
        }
    }
}
