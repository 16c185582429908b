using Engine.Tensors;

namespace Engine.Checks;

/// <content>Sums of products over labelled axes.</content>
internal static partial class Naive
{
    /// <summary>Nested loops over every label, one number for each axis of each operand and of the result; an axis of length 1 is read again and again.</summary>
    public static Grid Einsum(Grid[] operands, int[][] terms, int[] output)
    {
        int[] labels = [.. terms.SelectMany(t => t).Distinct()];
        Shape lengths = Shape.Create([.. labels.Select(l => operands.SelectMany((x, i) => x.Shape.Where((_, axis) => terms[i][axis] == l)).Aggregate((a, b) => a == 1 ? b : a))]);
        Shape result = Shape.Create([.. output.Select(l => lengths[Array.IndexOf(labels, l)])]);
        double[] sums = new double[result.Count];
        foreach (int[] at in Grid.Indices(lengths))
        {
            double product = 1;
            for (int i = 0; i < operands.Length; i++)
            {
                Grid x = operands[i];
                product *= x[[.. terms[i].Select((l, axis) => x.Shape[axis] == 1 ? 0 : at[Array.IndexOf(labels, l)])]];
            }
            int place = 0;
            for (int axis = 0; axis < output.Length; axis++) place = (place * result[axis]) + at[Array.IndexOf(labels, output[axis])];
            sums[place] += product;
        }
        return new(result, sums);
    }
}
