using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <content>Distributions, margins and distances.</content>
public static partial class Losses
{
    // Keeps the length of a vector of zeros away from 0, so that its direction has a derivative.
    private const double Least = 1e-12;

    /// <summary>
    /// Mean over the examples of the Kullback-Leibler divergence sum_c p_c (log p_c - log softmax(logits)_c), where 0 log 0 is 0: cross-entropy less the targets' entropy.
    /// </summary>
    /// <param name="logits">[N, C], or [.., C] with any number of leading axes.</param>
    /// <param name="targets">p, of the same shape and type, not negative, summing to 1 in every row. The derivative in a target of 0 is that of cross-entropy alone.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    public static Tensor KlDivergence(Tensor logits, Tensor targets)
    {
        if (logits.Rank < 1) throw new ShapeException($"klDivergence: logits must be [N, C], got {logits.Shape}.");
        RequireSame("klDivergence", "logits", logits, "targets", targets);
        Tensor logs = Ops.Log(Ops.Where(targets > 0, targets, targets.Like(1)));
        return Ops.Mean(Ops.Sum(targets * (logs - Ops.LogSoftmax(logits)), [-1]));
    }

    /// <summary>
    /// Binary cross-entropy whose easy elements count less: mean of -a t (1 - p)^g log p - (1 - a) (1 - t) p^g log(1 - p) with p = sigmoid(x)
    /// (Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017). Without a weight a both sides count 1.
    /// </summary>
    /// <param name="logits">x, any shape.</param>
    /// <param name="targets">t in [0, 1], the same shape and type.</param>
    /// <param name="focus">g, at least 0; 0 is cross-entropy.</param>
    /// <param name="weight">a in [0, 1], the weight of positive targets.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    /// <exception cref="ArgumentException">The focus is negative or the weight outside [0, 1].</exception>
    public static Tensor Focal(Tensor logits, Tensor targets, double focus = 2, double? weight = null)
    {
        if (!(focus >= 0 && double.IsFinite(focus))) throw new ArgumentException($"focal: the focus must be finite and not negative, got {focus}.");
        if (weight is not (null or (>= 0 and <= 1))) throw new ArgumentException($"focal: the weight must lie in [0, 1], got {weight}.");
        RequireSame("focal", "logits", logits, "targets", targets);
        // log p = -softplus(-x) and log(1 - p) = -softplus(x), powers of which are exponentials.
        Tensor missed = Ops.Softplus(-logits), wrong = Ops.Softplus(logits);
        Tensor positive = targets * (Ops.Exp(wrong * -focus) * missed), negative = (1 - targets) * (Ops.Exp(missed * -focus) * wrong);
        return Ops.Mean(weight is { } a ? positive * a + negative * (1 - a) : positive + negative);
    }

    /// <summary>
    /// Mean over the pairs of 1 - cos(a, b) where they are alike and max(0, cos(a, b) - margin) where not; squared lengths are taken 1e-12 larger.
    /// </summary>
    /// <param name="a">[N, D], or [.., D] with any number of leading axes.</param>
    /// <param name="b">The same shape and type.</param>
    /// <param name="alike">Bool [N]: whether a pair belongs together.</param>
    /// <param name="margin">In [-1, 1].</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The element types differ, or alike is not bool.</exception>
    /// <exception cref="ArgumentException">The margin is outside [-1, 1].</exception>
    public static Tensor CosineEmbedding(Tensor a, Tensor b, Tensor alike, double margin = 0)
    {
        if (margin is not (>= -1 and <= 1)) throw new ArgumentException($"cosineEmbedding: the margin must lie in [-1, 1], got {margin}.");
        RequireSame("cosineEmbedding", "a", a, "b", b);
        if (alike.DType != DType.Bool) throw new DTypeException($"cosineEmbedding: alike must be bool, got {alike.Spec}. Compare: labels > 0.");
        if (a.Rank < 1 || alike.Shape != a.Shape[..^1])
            throw new ShapeException($"cosineEmbedding: vectors {a.Shape} need alike of their shape without the last axis, got {alike.Shape}.");
        Tensor cosine = Ops.Sum(Directed(a) * Directed(b), [-1]);
        return Ops.Mean(Ops.Where(alike, 1 - cosine, Ops.Relu(cosine - margin)));
    }

    /// <summary>
    /// Mean over the triples of max(0, |a - p|^2 - |a - n|^2 + margin): what belongs together shall be nearer than what does not
    /// (Schroff et al., "FaceNet", CVPR 2015, eq. 3).
    /// </summary>
    /// <param name="anchors">a, [N, D], or [.., D] with any number of leading axes.</param>
    /// <param name="positives">p, the same shape and type.</param>
    /// <param name="negatives">n, the same shape and type.</param>
    /// <param name="margin">By how much nearer, at least 0.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    /// <exception cref="ArgumentException">The margin is negative.</exception>
    public static Tensor Triplet(Tensor anchors, Tensor positives, Tensor negatives, double margin = 1)
    {
        if (!(margin >= 0 && double.IsFinite(margin))) throw new ArgumentException($"triplet: the margin must be finite and not negative, got {margin}.");
        RequireSame("triplet", "anchors", anchors, "positives", positives);
        RequireSame("triplet", "anchors", anchors, "negatives", negatives);
        if (anchors.Rank < 1) throw new ShapeException($"triplet: vectors must be [N, D], got {anchors.Shape}.");
        return Ops.Mean(Ops.Relu(Ops.Sum(Ops.Square(anchors - positives) - Ops.Square(anchors - negatives), [-1]) + margin));
    }

    /// <summary>
    /// Mean over i of -log of the softmax over j of cos(query i, key j) / temperature, at j = i: every query shall find its own key among all
    /// (van den Oord et al., "Contrastive Predictive Coding", 2018; with cosines as in Chen et al., "SimCLR", 2020). Squared lengths are taken 1e-12 larger.
    /// </summary>
    /// <param name="queries">[N, D].</param>
    /// <param name="keys">The same shape and type; key i belongs to query i.</param>
    /// <param name="temperature">Positive.</param>
    /// <exception cref="ShapeException">The shapes differ or are no matrices.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    /// <exception cref="ArgumentException">The temperature is not finite and positive.</exception>
    public static Tensor InfoNce(Tensor queries, Tensor keys, double temperature = 0.1)
    {
        Positive("infoNce", "the temperature", temperature);
        RequireSame("infoNce", "queries", queries, "keys", keys);
        if (queries.Rank != 2) throw new ShapeException($"infoNce: queries and keys must be [N, D], got {queries.Shape}. Reshape them.");
        return CrossEntropy(Directed(queries).MatMul(Directed(keys).T) / temperature, Ops.Iota(queries.Shape[0]));
    }

    /// <summary>
    /// Mean over all elements of max(q e, (q - 1) e) with e = target - prediction, which is least where the prediction is the q-quantile
    /// (Koenker and Bassett, "Regression Quantiles", Econometrica 1978). The derivative where e = 0 is the mean of both sides'.
    /// </summary>
    /// <param name="prediction">Any shape.</param>
    /// <param name="target">The same shape and type.</param>
    /// <param name="quantile">q, in (0, 1).</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    /// <exception cref="ArgumentException">The quantile is outside (0, 1).</exception>
    public static Tensor Quantile(Tensor prediction, Tensor target, double quantile)
    {
        if (quantile is not (> 0 and < 1)) throw new ArgumentException($"quantile: the quantile must lie in (0, 1), got {quantile}.");
        RequireSame("quantile", "prediction", prediction, "target", target);
        Tensor error = target - prediction;
        return Ops.Mean(Ops.Maximum(error * quantile, error * (quantile - 1)));
    }

    /// <summary>Mean over all elements of max(0, 1 - t x), the loss of support vector machines (Cortes and Vapnik, 1995). The derivative where t x = 1 is 0.</summary>
    /// <param name="scores">x, any shape.</param>
    /// <param name="targets">t, -1 or 1, the same shape and type.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    public static Tensor Hinge(Tensor scores, Tensor targets)
    {
        RequireSame("hinge", "scores", scores, "targets", targets);
        return Ops.Mean(Ops.Relu(1 - targets * scores));
    }

    /// <summary>Vectors along the last axis by their lengths.</summary>
    private static Tensor Directed(Tensor x) => x * Ops.Rsqrt(Ops.Sum(Ops.Square(x), [-1], keepDims: true) + Least);
}
