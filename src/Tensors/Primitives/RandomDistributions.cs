namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Proposals for one draw from a gamma distribution. Each is taken with probability above 0.951 (the least, at concentration 1), so that all fail with a
    /// probability below 4e-11; the result is then the distribution's concentration less one third.
    /// </summary>
    private const int GammaAttempts = 8;

    /// <summary>Exponential numbers of rate 1: -log(1 - u) of uniform ones.</summary>
    public static Tensor RandomExponential(RandomKey key, Shape shape, DType dtype = DType.F32) => -Log1p(-Unit(key, shape, dtype, 0));

    /// <summary>Standard Gumbel numbers, -log(e) of exponential ones; always finite. The place of the greatest of logits + Gumbel numbers is a draw from softmax(logits).</summary>
    public static Tensor RandomGumbel(RandomKey key, Shape shape, DType dtype = DType.F32)
    {
        Tensor u = Unit(key, shape, dtype, 0);
        // Half a step in place of 0 keeps the outer logarithm finite.
        return -Log(-Log1p(-Maximum(u, u.Like(dtype == DType.F64 ? Math.Pow(2, -54) : Math.Pow(2, -25)))));
    }

    /// <summary>
    /// Standard normal numbers between two bounds, which may be infinite, by inverting the distribution function (Wichura's AS 241, in f64) at uniform numbers. Where
    /// both bounds are positive their mirror image is drawn, so the tails are as accurate as the middle.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="low">Lower bound.</param>
    /// <param name="high">Upper bound.</param>
    /// <param name="dtype">A floating type.</param>
    /// <exception cref="ArgumentException">The bounds are not in order, or so far out that nothing lies between them in double precision.</exception>
    public static Tensor RandomTruncatedNormal(RandomKey key, Shape shape, double low = -2, double high = 2, DType dtype = DType.F32)
    {
        if (!(low < high)) throw new ArgumentException($"randomTruncatedNormal: low must be below high, got {low} and {high}.");
        if (!dtype.IsFloating()) throw new DTypeException($"random: takes a floating type, got {dtype.Name()}. Draw f32 and cast.");
        bool mirrored = low > 0;
        (double lower, double upper) = mirrored ? (-high, -low) : (low, high);
        static double below(double x) => 0.5 * Erfc(Tensor.Scalar(-x / Math.Sqrt(2), DType.F64)).ToScalar<double>();
        double first = below(lower), mass = below(upper) - first;
        if (!(mass > 0))
            throw new ArgumentException($"randomTruncatedNormal: nothing of the distribution lies between {low} and {high} in double precision. Widen the bounds.");
        Tensor u = Unit(key, shape, DType.F64, 0);
        Tensor x = NormalQuantileOp.Instance.Apply((Maximum(u, u.Like(Math.Pow(2, -54))) * mass) + first);
        return Clamp(mirrored ? -x : x, low, high).Cast(dtype);
    }

    /// <summary>
    /// Gamma numbers of scale 1, one for each concentration, by Marsaglia and Tsang (ACM TOMS 26, 2000): of a fixed number of proposals the first that passes is taken; all
    /// fail with probability below 4e-11. Below concentration 1, draws of concentration + 1 times u^(1 / concentration), which may underflow to 0.
    /// A concentration that is not positive gives NaN. Multiply by a scale for others, which differentiates; the concentration has no derivative.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="concentration">Floating; its shape and type are those of the result.</param>
    /// <exception cref="GradientException">The result is differentiated in the concentration.</exception>
    public static Tensor RandomGamma(RandomKey key, Tensor concentration)
    {
        (Tensor draw, Tensor boost) = Gamma(key, Parameter("randomGamma", concentration));
        return (draw * Exp(boost)).Cast(concentration.DType);
    }

    /// <summary>
    /// Beta numbers, one for each pair (a, b): G(a) / (G(a) + G(b)) of gamma numbers, formed from their logarithms, so that small parameters do not give 0 / 0. No derivative
    /// in the parameters.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="a">Floating.</param>
    /// <param name="b">Floating, of the same type; shapes broadcast.</param>
    /// <exception cref="GradientException">The result is differentiated in a parameter.</exception>
    public static Tensor RandomBeta(RandomKey key, Tensor a, Tensor b)
    {
        Shape shape = Broadcasting.Join("randomBeta", a.Shape, b.Shape);
        if (a.DType != b.DType)
            throw new DTypeException($"randomBeta: element types differ, got {a.DType.Name()} and {b.DType.Name()}. Cast one: x.Cast(DType.{a.DType}).");
        RandomKey[] keys = key.Split();
        Tensor first = LogGamma(keys[0], Parameter("randomBeta", a).BroadcastTo(shape)), second = LogGamma(keys[1], Parameter("randomBeta", b).BroadcastTo(shape));
        return Sigmoid(first - second).Cast(a.DType);
    }

    /// <summary>
    /// Points of the simplex, one for each line of concentrations along the last axis: gamma numbers divided by their sum, formed from their logarithms as a softmax. No
    /// derivative in the concentrations.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="concentration">Floating, [.., k].</param>
    /// <exception cref="ShapeException">The concentration is a scalar, or k is 0.</exception>
    /// <exception cref="GradientException">The result is differentiated in the concentration.</exception>
    public static Tensor RandomDirichlet(RandomKey key, Tensor concentration)
    {
        RequireClasses("randomDirichlet", concentration);
        return Softmax(LogGamma(key, Parameter("randomDirichlet", concentration))).Cast(concentration.DType);
    }

    /// <summary>
    /// Indices (i64) drawn with the probabilities softmax(logits) along the last axis: the place of the greatest of logits + Gumbel numbers. -inf is never drawn unless
    /// all are; a NaN is always.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="logits">Floating, [.., k].</param>
    /// <param name="sample">Shape of independent draws, in front: the result is sample + [..].</param>
    /// <exception cref="ShapeException">The logits are a scalar, or k is 0.</exception>
    public static Tensor RandomCategorical(RandomKey key, Tensor logits, Shape sample = default)
    {
        RequireClasses("randomCategorical", logits);
        return ArgMax(Perturbed(key, logits, sample.Concat(logits.Shape)));
    }

    /// <summary>A number of different ones among 0 .. population - 1 in random order, all orders equally likely, as i64[count]: the front of a <see cref="RandomPermutation"/>.</summary>
    /// <exception cref="ArgumentException">More are asked for than there are.</exception>
    public static Tensor RandomChoice(RandomKey key, int population, int count)
    {
        if (count < 0 || count > population)
            throw new ArgumentException($"randomChoice: {count} different ones cannot be drawn from {population}. Ask for 0 to {population}.");
        return Narrow(RandomPermutation(key, population), 0, 0, count);
    }

    /// <summary>
    /// A number of different indices along the last axis, drawn one after another with probabilities proportional to exp(logits) of those left: the places of the greatest of
    /// logits + Gumbel numbers, as i64[.., count].
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="logits">Floating, [.., k].</param>
    /// <param name="count">How many; at most k.</param>
    /// <exception cref="ArgumentException">More are asked for than there are.</exception>
    /// <exception cref="ShapeException">The logits are a scalar, or k is 0.</exception>
    public static Tensor RandomChoice(RandomKey key, Tensor logits, int count)
    {
        RequireClasses("randomChoice", logits);
        int population = logits.Shape[^1];
        if (count < 0 || count > population)
            throw new ArgumentException($"randomChoice: {count} different ones cannot be drawn from {population}. Ask for 0 to {population}.");
        return TopK(Perturbed(key, logits, logits.Shape), count).Indices;
    }

    /// <summary>
    /// An orthogonal matrix, all equally likely (Haar measure): the factor q of a matrix of normal numbers, whose r has a positive diagonal (Stewart, SIAM J. Numer. Anal. 17,
    /// 1980). Some of its columns are random orthonormal vectors.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="size">Rows and columns.</param>
    /// <param name="dtype">A floating type.</param>
    /// <exception cref="ShapeException">The size is negative.</exception>
    public static Tensor RandomOrthogonal(RandomKey key, int size, DType dtype = DType.F32) =>
        dtype.IsHalfWidth() ? RandomOrthogonal(key, size).Cast(dtype) : Qr(RandomNormal(key, [size, size], dtype)).Q;

    private static Tensor Perturbed(RandomKey key, Tensor logits, Shape shape)
    {
        Tensor wide = Wide(StopGradient(logits));
        return wide + RandomGumbel(key, shape, wide.DType);
    }

    /// <summary>Gamma numbers as a product of draws of concentration 1 or more and the exponential of a boost.</summary>
    private static (Tensor Draw, Tensor Boost) Gamma(RandomKey key, Tensor a)
    {
        Shape shape = a.Shape;
        Tensor small = a < 1, d = Where(small, a + 1, a) - (1.0 / 3), c = 1 / (Sqrt(d) * 3), draw = d;
        for (int attempt = GammaAttempts - 1; attempt >= 0; attempt--)
        {
            Tensor x = Normal(key, shape, a.DType, 2 * attempt), u = 1 - Unit(key, shape, a.DType, 0, (2 * attempt) + 1);
            Tensor step = x * c, inside = step > -1;
            // The cube of 1 + step less 1, and its logarithm: for large concentrations both are small and nearly equal.
            Tensor held = Where(inside, step, step.Like(0)), rise = held * (((held + 3) * held) + 3);
            Tensor accepted = And(inside, Log(u) < (Square(x) * 0.5) + (d * ((Log1p(held) * 3) - rise)));
            draw = Where(accepted, d * (rise + 1), draw);
        }
        Tensor v = 1 - Unit(key, shape, a.DType, 0, 2 * GammaAttempts);
        Tensor boost = Where(small, Log(v) / a, a.Like(0));
        return (Where(a > 0, draw, a.Like(double.NaN)), boost);
    }

    private static Tensor LogGamma(RandomKey key, Tensor concentration)
    {
        (Tensor draw, Tensor boost) = Gamma(key, concentration);
        return Log(draw) + boost;
    }

    private static Tensor Parameter(string op, Tensor x)
    {
        RequireFloating(op, x);
        return Wide(new ParameterOp(op).Apply(x));
    }

    private static Tensor Wide(Tensor x) => x.DType.IsHalfWidth() ? x.Cast(DType.F32) : x;

    private static void RequireClasses(string op, Tensor x)
    {
        RequireFloating(op, x);
        if (x.Rank == 0 || x.Shape[^1] == 0) throw new ShapeException($"{op}: needs a last axis with elements, got {x.Shape}.");
    }
}

/// <summary>The parameter of a distribution whose draws have no derivative in it: the operand itself.</summary>
internal sealed record ParameterOp(string Caller) : NonDifferentiablePrimitive
{
    public override string Name => Caller;

    public override bool TakesHalfWidth => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new MapKernel(Expr.Input(0, inputs[0].DType));
}

/// <summary>
/// The inverse of the standard normal distribution function: Wichura's AS 241 (Applied Statistics 37, 1988), rational functions in three ranges, to about 1e-16 of the value.
/// </summary>
internal sealed record NormalQuantileOp : UnaryPrimitive
{
    public static readonly NormalQuantileOp Instance = new();

    private static readonly double[] A =
    [
        3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
        4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
    ];

    private static readonly double[] B =
    [
        1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
        2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
    ];

    private static readonly double[] C =
    [
        1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
        1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ];

    private static readonly double[] D =
    [
        1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ];

    private static readonly double[] E =
    [
        6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ];

    private static readonly double[] F =
    [
        1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ];

    public override string Name => "normalQuantile";

    public override Expr Define(Expr x)
    {
        Expr q = x - 0.5, r = (-x.Min(1 - x).Log()).Sqrt();
        Expr centre = Ratio(A, B, 0.180625 - (q * q)) * q;
        Expr tail = (r <= 5).Select(Ratio(C, D, r - 1.6), Ratio(E, F, r - 5));
        return (q.Abs() <= 0.425).Select(centre, (q < 0).Select(-tail, tail));
    }

    public override Slope Derivative(Tensor x, Tensor y) => Ops.Exp(Ops.Square(y) * 0.5) * Math.Sqrt(2 * Math.PI);

    private static Expr Ratio(double[] above, double[] below, Expr r) => Polynomial(above, r) / Polynomial(below, r);

    private static Expr Polynomial(double[] coefficients, Expr r)
    {
        Expr sum = (r * coefficients[^1]) + coefficients[^2];
        for (int i = coefficients.Length - 3; i >= 0; i--) sum = (sum * r) + coefficients[i];
        return sum;
    }
}
