using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <content>Sequences without alignment.</content>
public static partial class Losses
{
    // Stands for log 0: far below any sum of logarithms, and still finite, so that no derivative meets inf - inf.
    private const double Impossible = -1e30;

    /// <summary>
    /// Connectionist temporal classification: mean over the examples of -log of the probability that a path through the steps, each step independent with
    /// softmax(logits), gives the labels when repeats are merged and then blanks removed (Graves et al., ICML 2006). The forward recursion of the paper with logarithms, as
    /// one scan; derivatives of every order are the engine's. Half-width logits are taken in f32.
    /// </summary>
    /// <param name="logits">[N, T, C].</param>
    /// <param name="labels">i64 or i32 [N, S], classes other than the blank; what lies beyond an example's labels is ignored, but must be a class.</param>
    /// <param name="steps">i64 or i32 [N], how many steps of each example count; all when null.</param>
    /// <param name="lengths">i64 or i32 [N], how many labels each example has; all when null.</param>
    /// <param name="blank">The class that stands for no label.</param>
    /// <returns>One element. Labels that need more steps than there are make it +inf; such an example contributes nothing to the derivative.</returns>
    /// <exception cref="ShapeException">The shapes do not fit, or the blank is no class.</exception>
    /// <exception cref="DTypeException">The logits are not floating, or labels, steps or lengths are no integers.</exception>
    public static Tensor Ctc(Tensor logits, Tensor labels, Tensor? steps = null, Tensor? lengths = null, int blank = 0)
    {
        Check(logits, labels, steps, lengths, blank);
        (int examples, int count) = (logits.Shape[0], labels.Shape[1]);
        Tensor wide = logits.DType is DType.F16 or DType.BF16 ? logits.Cast(DType.F32) : logits;
        // Blanks before, between and after the labels: place 2 i + 1 is label i.
        Tensor classes = labels.Cast(DType.I64), none = Tensor.Full(blank, [examples, 1], DType.I64);
        Tensor interleaved = Ops.Stack([Tensor.Full(blank, [examples, count], DType.I64), classes], -1).Reshape(examples, 2 * count);
        Tensor places = Ops.Concat([interleaved, none], 1);
        Tensor twoBefore = Ops.Narrow(Ops.Concat([none, none, places], 1), 1, 0, (2 * count) + 1);
        // The blank between two labels may be left out unless they are equal.
        Tensor skips = Ops.And(Ops.LogicalNot(places.EqualTo(blank)), Ops.NotEqual(places, twoBefore));
        Tensor logs = Ops.LogSoftmax(wide);
        Shape all = [examples, logits.Shape[1], (2 * count) + 1];
        Tensor emissions = Ops.MoveAxis(Ops.Gather(logs, Ops.Unsqueeze(places, 1).BroadcastTo(all)), 1, 0);
        Tensor never = logs.Like(Impossible);
        Tensor start = Ops.Where(Ops.Iota([examples, all[2]], 1).EqualTo(0), logs.Like(0), never);
        Tensor number = Ops.Iota(all[1]), end = steps?.Cast(DType.I64) ?? Tensor.Full(all[1], [examples], DType.I64);
        (Tensor last, _) = ControlFlow.Scan(start, new TensorList(emissions, number), (Tensor a, TensorList now) =>
        {
            Tensor one = Later(a, 1), two = Ops.Where(skips, Later(a, 2), never);
            Tensor next = Ops.LogSumExp(Ops.Stack([a, one, two], -1), [-1]) + now.Items[0];
            return (Ops.Where(Ops.Unsqueeze(now.Items[1] < end, -1), next, a), new TensorList());
        });
        // A path ends in the last label or in the blank after it.
        Tensor final = Ops.Unsqueeze((lengths?.Cast(DType.I64) ?? Tensor.Full(count, [examples], DType.I64)) * 2, -1);
        Tensor before = Ops.Where(final > 0, Ops.Gather(last, Ops.Maximum(final - 1, final.Like(0))), never);
        Tensor likelihood = Ops.LogSumExp(Ops.Concat([Ops.Gather(last, final), before], -1), [-1]);
        Tensor loss = Ops.Where(likelihood < Impossible / 2, logs.Like(double.PositiveInfinity), -likelihood);
        return Ops.Mean(loss).Cast(logits.DType);
    }

    /// <summary>Logarithms moved along the last axis, behind impossible ones.</summary>
    private static Tensor Later(Tensor a, int places)
    {
        Tensor padded = Ops.Pad(a, [0, places], [0, 0], Impossible);
        return Ops.Narrow(padded, 1, 0, a.Shape[1]);
    }

    private static void Check(Tensor logits, Tensor labels, Tensor? steps, Tensor? lengths, int blank)
    {
        if (!logits.DType.IsFloating()) throw new DTypeException($"ctc: the logits must be floating, got {logits.Spec}. Cast first: x.Cast(DType.F32).");
        if (logits.Rank != 3 || labels.Rank != 2 || labels.Shape[0] != logits.Shape[0])
            throw new ShapeException($"ctc: logits must be [N, T, C] and labels [N, S], got {logits.Shape} and {labels.Shape}.");
        if (blank < 0 || blank >= logits.Shape[2])
            throw new ShapeException($"ctc: the blank must be a class, got {blank} for {logits.Shape[2]} classes. Use 0 to C - 1.");
        foreach ((string what, Tensor? given) in ((string, Tensor?)[])[("labels", labels), ("steps", steps), ("lengths", lengths)])
        {
            if (given is null) continue;
            if (given.DType is not (DType.I64 or DType.I32)) throw new DTypeException($"ctc: {what} must be i64 or i32, got {given.Spec}. Cast them: x.Cast(DType.I64).");
            if (!ReferenceEquals(given, labels) && given.Shape != logits.Shape[..1])
                throw new ShapeException($"ctc: {what} must be one number per example, {logits.Shape[..1]}, got {given.Shape}.");
        }
    }
}
