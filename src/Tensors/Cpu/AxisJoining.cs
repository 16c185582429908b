namespace Engine.Tensors.Cpu;

/// <summary>Joins neighbouring axes over which every operand steps evenly, so that loops are long and few.</summary>
internal static class AxisJoining
{
    /// <summary>The fewest axes that give the same elements in the same order. Axes of length 1 disappear.</summary>
    public static (int[] Lengths, int[][] Strides) Join(ReadOnlySpan<int> lengths, int[][] strides)
    {
        int[] joined = new int[lengths.Length];
        int[][] steps = new int[strides.Length][];
        for (int o = 0; o < strides.Length; o++) steps[o] = new int[lengths.Length];
        int rank = 0;
        for (int axis = 0; axis < lengths.Length; axis++)
        {
            if (lengths[axis] == 1) continue;
            bool extends = rank > 0;
            for (int o = 0; extends && o < strides.Length; o++)
                extends = steps[o][rank - 1] == (long)strides[o][axis] * lengths[axis];
            if (extends) joined[rank - 1] *= lengths[axis];
            else joined[rank++] = lengths[axis];
            for (int o = 0; o < strides.Length; o++) steps[o][rank - 1] = strides[o][axis];
        }
        for (int o = 0; o < strides.Length; o++) steps[o] = steps[o][..rank];
        return (joined[..rank], steps);
    }
}
