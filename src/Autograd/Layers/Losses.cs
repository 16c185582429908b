using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Scalar losses, each the mean over all it compares. Floating types; sums are formed in the order fixed by the shape.</summary>
public static class Losses
{
    /// <summary>
    /// Mean of -sum_c p_c log softmax(logits)_c over the examples. Labels name the class that has p = 1; targets of the logits' shape give p themselves.
    /// </summary>
    /// <param name="logits">[N, C], or [.., C] with any number of leading axes.</param>
    /// <param name="labels">i64 or i32 classes [N], 0 to C - 1, or floating targets [N, C] that sum to 1 in every row.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The labels are neither integers nor of the logits' type.</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels)
    {
        if (logits.Rank < 1) throw new ShapeException($"crossEntropy: logits must be [N, C], got {logits.Shape}.");
        if (labels.DType.IsFloating())
        {
            RequireSame("crossEntropy", "logits", logits, "targets", labels);
            return -Ops.Mean(Ops.Sum(labels * Ops.LogSoftmax(logits), [-1]));
        }
        if (labels.DType is not (DType.I64 or DType.I32))
            throw new DTypeException($"crossEntropy: labels must be i64 or i32 classes, or targets like the logits, got {labels.Spec}. Cast them: labels.Cast(DType.I64).");
        if (labels.Shape != logits.Shape[..^1])
        {
            throw new ShapeException($"crossEntropy: logits {logits.Shape} need one label per row, {logits.Shape[..^1]}, got {labels.Shape}. "
                + "Labels are classes without the last axis of the logits.");
        }
        return -Ops.Mean(Ops.Gather(Ops.LogSoftmax(logits), Ops.Unsqueeze(labels, -1)));
    }

    /// <summary>Mean of (prediction - target)^2 over all elements.</summary>
    /// <param name="prediction">Any shape.</param>
    /// <param name="target">The same shape and type.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    public static Tensor MeanSquaredError(Tensor prediction, Tensor target)
    {
        RequireSame("meanSquaredError", "prediction", prediction, "target", target);
        return Ops.Mean(Ops.Square(prediction - target));
    }

    /// <summary>
    /// Mean of -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) over all elements, as t softplus(-x) + (1 - t) softplus(x), which keeps its digits for large |x|.
    /// </summary>
    /// <param name="logits">x, any shape.</param>
    /// <param name="targets">t in [0, 1], the same shape and type.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    public static Tensor BinaryCrossEntropy(Tensor logits, Tensor targets)
    {
        RequireSame("binaryCrossEntropy", "logits", logits, "targets", targets);
        return Ops.Mean(targets * Ops.Softplus(-logits) + (1 - targets) * Ops.Softplus(logits));
    }

    /// <summary>
    /// Mean over all elements of e^2 / 2 where |e| is at most delta and delta (|e| - delta / 2) beyond, with e = prediction - target (Huber, 1964).
    /// </summary>
    /// <param name="prediction">Any shape.</param>
    /// <param name="target">The same shape and type.</param>
    /// <param name="delta">Where the square turns into a line, positive.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The element types differ.</exception>
    /// <exception cref="ArgumentException">delta is not finite and positive.</exception>
    public static Tensor Huber(Tensor prediction, Tensor target, double delta = 1)
    {
        if (!(delta > 0 && double.IsFinite(delta))) throw new ArgumentException($"huber: delta must be finite and positive, got {delta}.");
        RequireSame("huber", "prediction", prediction, "target", target);
        Tensor error = prediction - target, size = Ops.Abs(error);
        return Ops.Mean(Ops.Where(size <= delta, Ops.Square(error) * 0.5, (size - delta / 2) * delta));
    }

    // Broadcasting here would turn [N] against [N, 1] into [N, N] comparisons without a word.
    private static void RequireSame(string loss, string whatA, Tensor a, string whatB, Tensor b)
    {
        if (!a.DType.IsFloating()) throw new DTypeException($"{loss}: the {whatA} must be floating, got {a.Spec}. Cast first: x.Cast(DType.F32).");
        if (a.Shape != b.Shape)
            throw new ShapeException($"{loss}: {whatA} and {whatB} must have one shape, got {a.Shape} and {b.Shape}. Reshape one of them.");
        if (a.DType != b.DType)
            throw new DTypeException($"{loss}: {whatA} and {whatB} must have one element type, got {a.DType.Name()} and {b.DType.Name()}. Cast one: x.Cast(DType.{a.DType}).");
    }
}
