using Engine.Tensors;

namespace Engine.Checks;

/// <content>Attention, query by query.</content>
internal static partial class Naive
{
    /// <summary>softmax(q k^T * scale + mask) v; operands have equal leading axes, the mask broadcasts and hides a key where it is -inf.</summary>
    public static Grid Attention(Grid q, Grid k, Grid v, Grid? mask, double scale, bool causal)
    {
        Shape shape = q.Shape[..^1].Concat([v.Shape[^1]]);
        return Grid.Build(shape, at =>
        {
            double[] weights = AttentionWeights(q, k, mask, at, scale, causal);
            double sum = 0;
            for (int j = 0; j < weights.Length; j++) sum += weights[j] * v[[.. at[..^2], j, at[^1]]];
            return sum;
        });
    }

    /// <summary>The derivative of sum(given * attention(q, k, v)) in q, k or v, read off the formulas for one query.</summary>
    /// <param name="operand">0, 1 or 2.</param>
    /// <param name="given">The cotangent.</param>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="scale">Factor of the products.</param>
    /// <param name="causal">Whether later keys are hidden.</param>
    public static Grid AttentionGradient(int operand, Grid given, Grid q, Grid k, Grid v, double scale, bool causal)
    {
        Shape shape = operand == 0 ? q.Shape : operand == 1 ? k.Shape : v.Shape;
        double[] sums = new double[shape.Count];
        int keys = k.Shape[^2];
        foreach (int[] row in Grid.Indices(q.Shape[..^1]))
        {
            int[] head = row[..^1];
            double[] weights = AttentionWeights(q, k, null, [.. row, 0], scale, causal), slopes = new double[keys];
            for (int j = 0; j < keys; j++)
                for (int e = 0; e < v.Shape[^1]; e++) slopes[j] += given[[.. row, e]] * v[[.. head, j, e]];
            double mean = weights.Zip(slopes, (w, s) => w * s).Sum();
            for (int j = 0; j < keys; j++)
            {
                int[] key = [.. head, j];
                double slope = scale * weights[j] * (slopes[j] - mean);
                for (int c = 0; c < shape[^1]; c++)
                {
                    int[] place = operand == 0 ? [.. row, c] : [.. key, c];
                    sums[Flat(shape, place)] += operand switch
                    {
                        0 => slope * k[[.. key, c]],
                        1 => slope * q[[.. row, c]],
                        _ => weights[j] * given[[.. row, c]],
                    };
                }
            }
        }
        return new(shape, sums);
    }

    /// <summary>The weights of all keys for the query at an index whose last place does not matter.</summary>
    private static double[] AttentionWeights(Grid q, Grid k, Grid? mask, int[] at, double scale, bool causal)
    {
        int[] head = at[..^2];
        int query = at[^2], queries = q.Shape[^2], keys = k.Shape[^2];
        double[] scores = new double[keys];
        for (int j = 0; j < keys; j++)
        {
            double added = mask is null ? 0 : BroadcastElement(mask, [.. head, query, j]);
            for (int d = 0; d < q.Shape[^1]; d++) scores[j] += q[[.. head, query, d]] * k[[.. head, j, d]];
            scores[j] = (causal && j > query + keys - queries) || double.IsNegativeInfinity(added) ? double.NegativeInfinity : (scores[j] * scale) + added;
        }
        double greatest = scores.Where(s => !double.IsNaN(s)).DefaultIfEmpty(0).Max();
        if (double.IsNegativeInfinity(greatest) && !scores.Any(double.IsNaN)) return new double[keys];
        double[] powers = Array.ConvertAll(scores, s => double.IsNegativeInfinity(s) ? 0 : Math.Exp(s - greatest));
        double sum = powers.Sum();
        return Array.ConvertAll(powers, p => p / sum);
    }
}
