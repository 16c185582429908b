using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// The polar factor U V^T of matrices U S V^T: the nearest matrices with orthonormal rows or columns, and the direction of steepest descent under the spectral norm.
/// </summary>
public static class Polar
{
    private const string Op = "polar";

    // The least singular values provided for, relative to the Schatten-4 norm.
    private const double HalleyLower = 1e-3;
    private const double HighLower = 1e-4;

    // So many bytes of matrices go through all steps at once: what a step leaves stays in the second-level cache for the next, and there is enough of it for several threads.
    private const int PartBytes = 1 << 19;

    // Beyond the interval that a step is made for its polynomial rises steeply: without room for rounding a matrix of rank 1, whose norm is its singular value, is lost in nine steps.
    private static readonly PolarSchedule High = PolarSchedule.Minimax(HighLower, 9, safety: 1.001);

    /// <summary>
    /// The polar factor of matrices [..., m, n], as close as <paramref name="accuracy"/> says: U V^T, the transpose for the transpose, 0 for 0. Independent of scale: matrices are divided by
    /// their greatest magnitude first. A matrix with a NaN or an infinity gives NaN, others of the batch do not mind. Floating types; f16 and bf16 are computed in f32 and rounded at the end.
    /// </summary>
    /// <remarks>
    /// Derivatives of <see cref="PolarAccuracy.Exact"/> are those of the polar factor, of every order, for matrices of full rank; of first order also for others, where they are those among
    /// matrices of the same rank. Those of other accuracies are derivatives of what is computed. Sources: Nakatsukasa, Bai and Gygi 2010 (Halley); Amsel, Persson, Musco and Gower 2025
    /// (quintic steps); Kenney and Laub 1991 (derivative).
    /// </remarks>
    /// <param name="g">Matrices.</param>
    /// <param name="accuracy">How close.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    /// <exception cref="DTypeException">The operand is not floating.</exception>
    public static Tensor Factor(Tensor g, PolarAccuracy accuracy = PolarAccuracy.Default) => accuracy switch
    {
        PolarAccuracy.Exact => Of(g, ExactPolar.Of),
        PolarAccuracy.High => Apply(g, High),
        _ => Iterated(g, PolarPrescale.Schatten4, (y, divisor, gram) => HalleyIteration.Run(y / divisor, gram, HalleyLower, HalleySteps(accuracy))),
    };

    /// <summary>
    /// Applies the polynomials of a schedule to matrices [..., m, n] that have been divided by a norm; the Schatten-4 norm when null. A matrix U S V^T becomes U p(S / norm) V^T. Checks,
    /// types and NaN as in <see cref="Factor"/>. Derivatives go through the steps.
    /// </summary>
    /// <param name="g">Matrices.</param>
    /// <param name="schedule">The polynomials.</param>
    /// <param name="prescale">What the matrices are divided by.</param>
    /// <exception cref="ShapeException">The operand has less than two axes.</exception>
    /// <exception cref="DTypeException">The operand is not floating.</exception>
    public static Tensor Apply(Tensor g, PolarSchedule schedule, PolarPrescale? prescale = null) => Apply(g, schedule, prescale, PolynomialForm.Best);

    /// <summary>
    /// The greatest distance from 1 of what becomes of singular values between <paramref name="lower"/> and 1 times the Schatten-4 norm of their matrix, without rounding; 0 for
    /// <see cref="PolarAccuracy.Exact"/>.
    /// </summary>
    /// <param name="accuracy">How close.</param>
    /// <param name="lower">A singular value relative to the norm, from 0 to 1.</param>
    public static double WorstError(PolarAccuracy accuracy, double lower) => accuracy switch
    {
        PolarAccuracy.Exact => 0,
        PolarAccuracy.High => High.WorstError(lower),
        _ => 1 - HalleyIteration.Least(lower, HalleyLower, HalleySteps(accuracy)),
    };

    /// <summary>Steps of the iteration; 0 for <see cref="PolarAccuracy.Exact"/>, which has none.</summary>
    /// <param name="accuracy">How close.</param>
    public static int Steps(PolarAccuracy accuracy) => accuracy switch
    {
        PolarAccuracy.Exact => 0,
        PolarAccuracy.High => High.Steps.Length,
        _ => HalleySteps(accuracy),
    };

    /// <summary>
    /// Additions and multiplications of matrices [..., m, n] on the way to their factors, without what is proportional to the number of elements; null for
    /// <see cref="PolarAccuracy.Exact"/>, where they depend on the values.
    /// </summary>
    /// <param name="shape">Shape of the matrices.</param>
    /// <param name="accuracy">How close.</param>
    public static double? Flops(Shape shape, PolarAccuracy accuracy)
    {
        double n = Math.Min(shape[^2], shape[^1]), m = Math.Max(shape[^2], shape[^1]), count = shape[..^2].Count;
        return accuracy switch
        {
            PolarAccuracy.Exact => null,
            PolarAccuracy.High => count * PolynomialIteration.Flops(n, m, High.Steps.Length),
            _ => count * HalleyIteration.Flops(n, m, HalleySteps(accuracy)),
        };
    }

    internal static Tensor Apply(Tensor g, PolarSchedule schedule, PolarPrescale? prescale, PolynomialForm form) =>
        Iterated(g, prescale ?? PolarPrescale.Schatten4, (y, divisor, gram) => PolynomialIteration.Run(y, divisor, gram, schedule.Steps.AsSpan(), form));

    private static int HalleySteps(PolarAccuracy accuracy) => accuracy == PolarAccuracy.Fast ? 2 : 3;

    private static Tensor Iterated(Tensor g, PolarPrescale prescale, Func<Tensor, Tensor, Tensor, Tensor> iteration) =>
        Of(g, x => InParts(x, y => Scaled(y, prescale, iteration)));

    /// <summary>An iteration on wide matrices X, what they are to be divided by, and X X^T over its squares.</summary>
    private static Tensor Scaled(Tensor g, PolarPrescale prescale, Func<Tensor, Tensor, Tensor, Tensor> iteration)
    {
        if (prescale.Kind == PolarNorm.None) return iteration(g, Tensor.Ones([1, 1], g.DType), PolynomialIteration.Gram(g));
        Tensor magnitude = PolarPrescale.Magnitude(g), finite = magnitude < double.PositiveInfinity;
        // What is not finite would be an error of the Cholesky factor, which cannot be undone for one matrix of a batch.
        Tensor x = Ops.Where(finite, g / magnitude, g.Like(0));
        Tensor gram = PolynomialIteration.Gram(x), divisor = prescale.Divisor(gram, magnitude);
        Tensor result = iteration(x, divisor, gram / (divisor * divisor.T));
        return Ops.Where(finite, result, g.Like(double.NaN));
    }

    /// <summary>The same function of a few matrices of a large batch at a time.</summary>
    private static Tensor InParts(Tensor g, Func<Tensor, Tensor> factor)
    {
        int n = g.Shape[^2], m = g.Shape[^1], count = g.Shape[..^2].Count, part = (int)(PartBytes / ((long)n * m * g.DType.Size()));
        if (part < 2 || count < 2 * part) return factor(g);
        Tensor all = g.Reshape(count, n, m);
        int whole = count - (count % part);
        var parts = new TensorList(all[..whole].Reshape(whole / part, part, n, m));
        Tensor done = ControlFlow.Scan(new TensorList(), parts, (none, x) => (none, new TensorList(factor(x.Items[0])))).Results.Items[0].Reshape(whole, n, m);
        return (whole == count ? done : Ops.Concat([done, factor(all[whole..])], 0)).Reshape(g.Shape.Lengths);
    }

    /// <summary>Checks operands, and computes wide matrices in at least f32.</summary>
    private static Tensor Of(Tensor g, Func<Tensor, Tensor> factor)
    {
        if (g.Rank < 2) throw new ShapeException($"{Op}: takes matrices [..., m, n], got {g.Shape}. Add the axes that are missing: x.Reshape(m, n).");
        if (!g.DType.IsFloating()) throw new DTypeException($"{Op}: takes floating matrices, got {g.DType.Name()}. Cast them: x.Cast(DType.F32).");
        if (g.Count == 0) return g;
        if (g.DType is DType.F16 or DType.BF16) return Of(g.Cast(DType.F32), factor).Cast(g.DType);
        return g.Shape[^2] > g.Shape[^1] ? factor(g.T).T : factor(g);
    }
}
