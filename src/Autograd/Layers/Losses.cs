using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Scalar losses, each the mean over all it compares. Floating types; sums are formed in the order fixed by the shape.</summary>
public static partial class Losses
{
    /// <summary>
    /// Mean of -sum_c p_c log softmax(logits)_c over the examples. Labels name the class that has p = 1; targets of the logits' shape give p themselves.
    /// With a smoothing s, p is (1 - s) of that and s / C for every class (Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7).
    /// </summary>
    /// <param name="logits">[N, C], or [.., C] with any number of leading axes.</param>
    /// <param name="labels">i64 or i32 classes [N], 0 to C - 1, or floating targets [N, C] that sum to 1 in every row.</param>
    /// <param name="smoothing">s, in [0, 1].</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The labels are neither integers nor of the logits' type.</exception>
    /// <exception cref="ArgumentException">The smoothing is outside [0, 1].</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, double smoothing = 0)
    {
        if (smoothing is not (>= 0 and <= 1)) throw new ArgumentException($"crossEntropy: the smoothing must lie in [0, 1], got {smoothing}.");
        if (logits.Rank < 1) throw new ShapeException($"crossEntropy: logits must be [N, C], got {logits.Shape}.");
        Tensor logs = Ops.LogSoftmax(logits), loss;
        if (labels.DType.IsFloating())
        {
            RequireSame("crossEntropy", "logits", logits, "targets", labels);
            loss = -Ops.Mean(Ops.Sum(labels * logs, [-1]));
        }
        else
        {
            RequireClasses("crossEntropy", logits, labels);
            loss = -Ops.Mean(Ops.Gather(logs, Ops.Unsqueeze(labels, -1)));
        }
        return smoothing == 0 ? loss : loss * (1 - smoothing) - Ops.Mean(logs) * smoothing;
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
        Positive("huber", "delta", delta);
        RequireSame("huber", "prediction", prediction, "target", target);
        Tensor error = prediction - target, size = Ops.Abs(error);
        return Ops.Mean(Ops.Where(size <= delta, Ops.Square(error) * 0.5, (size - delta / 2) * delta));
    }

    private static void RequireClasses(string loss, Tensor logits, Tensor labels)
    {
        if (labels.DType is not (DType.I64 or DType.I32))
            throw new DTypeException($"{loss}: labels must be i64 or i32 classes, or targets like the logits, got {labels.Spec}. Cast them: labels.Cast(DType.I64).");
        if (labels.Shape != logits.Shape[..^1])
        {
            throw new ShapeException($"{loss}: logits {logits.Shape} need one label per row, {logits.Shape[..^1]}, got {labels.Shape}. "
                + "Labels are classes without the last axis of the logits.");
        }
    }

    private static double Positive(string loss, string what, double value) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentException($"{loss}: {what} must be finite and positive, got {value}.");

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
