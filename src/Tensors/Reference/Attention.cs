namespace Engine.Tensors.Reference;

/// <summary>softmax(q k^T * scale + mask) v and its gradients by the plain formulas, one query at a time.</summary>
internal static class Attention
{
    private static readonly double Log2E = 1 / Math.Log(2);

    public static void Run(AttentionKernel kernel, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        ReferenceArray v = inputs[2];
        int keys = v.Shape[^2], width = v.Shape[^1], queries = inputs[0].Shape[^2];
        int rows = inputs[0].Shape[..^1].Count;
        ReferenceArray? mask = inputs.Length > 3 ? inputs[3] : null;
        for (int row = 0; row < rows; row++)
        {
            double[] scores = Scores(inputs[0], inputs[1], mask, row, kernel.Scale, kernel.Causal);
            (double[] weights, double logarithm) = Softmax(scores);
            int head = row / queries;
            for (int e = 0; e < width; e++)
            {
                double sum = 0;
                for (int j = 0; j < keys; j++) sum += Times(weights[j], v.Float((((head * keys) + j) * width) + e), scores[j]);
                outputs[0].Set((row * width) + e, sum);
            }
            outputs[1].Set(row, logarithm);
        }
    }

    public static void RunGradient(AttentionGradientKernel kernel, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        (ReferenceArray q, ReferenceArray k, ReferenceArray v, ReferenceArray cotangent) = (inputs[0], inputs[1], inputs[2], inputs[^1]);
        int keys = v.Shape[^2], width = v.Shape[^1], queries = q.Shape[^2], depth = q.Shape[^1];
        int rows = q.Shape[..^1].Count;
        ReferenceArray? mask = inputs.Length > 6 ? inputs[3] : null;
        double[] dq = new double[q.Count], dk = new double[k.Count], dv = new double[v.Count];
        for (int row = 0; row < rows; row++)
        {
            double[] scores = Scores(q, k, mask, row, kernel.Scale, kernel.Causal);
            double[] weights = Softmax(scores).Weights, slopes = new double[keys];
            int first = row / queries * keys;
            double mean = 0;
            for (int j = 0; j < keys; j++)
            {
                for (int e = 0; e < width; e++)
                {
                    double given = cotangent.Float((row * width) + e);
                    slopes[j] += given * v.Float(((first + j) * width) + e);
                    dv[((first + j) * width) + e] += Times(weights[j], given, scores[j]);
                }
                mean += Times(weights[j], slopes[j], scores[j]);
            }
            for (int j = 0; j < keys; j++)
            {
                double slope = kernel.Scale * Times(weights[j], slopes[j] - mean, scores[j]);
                for (int d = 0; d < depth; d++)
                {
                    dq[(row * depth) + d] += Times(slope, k.Float(((first + j) * depth) + d), scores[j]);
                    dk[((first + j) * depth) + d] += Times(slope, q.Float((row * depth) + d), scores[j]);
                }
            }
        }
        Store(dq, outputs[0]);
        Store(dk, outputs[1]);
        Store(dv, outputs[2]);
    }

    private static double[] Scores(ReferenceArray q, ReferenceArray k, ReferenceArray? mask, int row, double scale, bool causal)
    {
        int queries = q.Shape[^2], keys = k.Shape[^2], depth = q.Shape[^1];
        (int head, int i) = Math.DivRem(row, queries);
        double[] scores = new double[keys];
        for (int j = 0; j < keys; j++)
        {
            for (int d = 0; d < depth; d++) scores[j] += q.Float((row * depth) + d) * scale * k.Float((((head * keys) + j) * depth) + d);
            double added = mask is null ? 0 : mask.IsFloating ? mask.Float((row * keys) + j) : mask.Integer((row * keys) + j) != 0 ? 0 : double.NegativeInfinity;
            bool hidden = added == double.NegativeInfinity || (causal && j > i + keys - queries);
            scores[j] = hidden ? double.NegativeInfinity : scores[j] + added;
        }
        return scores;
    }

    private static (double[] Weights, double Logarithm) Softmax(double[] scores)
    {
        double greatest = double.NegativeInfinity;
        foreach (double score in scores) greatest = score > greatest ? score : greatest;
        double shift = double.IsInfinity(greatest) && greatest < 0 ? 0 : greatest;
        double[] weights = Array.ConvertAll(scores, s => Math.Exp(s - shift));
        double sum = 0;
        foreach (double weight in weights) sum += weight;
        if (sum == 0) return (weights, double.PositiveInfinity);
        return (Array.ConvertAll(weights, w => w / sum), (shift * Log2E) + Math.Log2(sum));
    }

    /// <summary>A product that leaves out hidden keys.</summary>
    private static double Times(double weight, double value, double score) => score == double.NegativeInfinity ? 0 : weight * value;

    private static void Store(double[] sums, ReferenceArray result)
    {
        for (int i = 0; i < sums.Length; i++) result.Set(i, sums[i]);
    }
}
