using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Draws the first value of a weight: a function of key, shape and element type alone.</summary>
/// <param name="key">The random key, used up by the call.</param>
/// <param name="shape">Shape of the weight.</param>
/// <param name="dtype">A floating type.</param>
public delegate Tensor Initializer(RandomKey key, Shape shape, DType dtype);

/// <summary>
/// Ways to draw first weights. The fans of a weight [out, in, window..] are fan-in = in * window and fan-out = out * window:
/// how many inputs meet in one output, and how many outputs one input reaches. For grouped kernels [O, I / groups, KH, KW] the in of one group counts.
/// </summary>
public static class Initializers
{
    /// <summary>Uniform in ±sqrt(6 / fan-in): variance 2 / fan-in, which relu layers keep (He et al., ICCV 2015, eq. 10).</summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor HeUniform(RandomKey key, Shape shape, DType dtype = DType.F32) => HeUniform(key, shape, dtype, 0);

    /// <summary>Uniform with variance 2 / ((1 + slope^2) fan-in), which leaky relu layers with this slope keep (He et al., ICCV 2015, eq. 15).</summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor HeUniform(RandomKey key, Shape shape, DType dtype, double slope) =>
        Symmetric(key, shape, dtype, Math.Sqrt(6 / ((1 + (slope * slope)) * Fans("heUniform", shape).In)));

    /// <summary>Normal with variance 2 / fan-in, which relu layers keep (He et al., ICCV 2015, eq. 10).</summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor HeNormal(RandomKey key, Shape shape, DType dtype = DType.F32) => HeNormal(key, shape, dtype, 0);

    /// <summary>Normal with variance 2 / ((1 + slope^2) fan-in), which leaky relu layers with this slope keep (He et al., ICCV 2015, eq. 15).</summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor HeNormal(RandomKey key, Shape shape, DType dtype, double slope) =>
        Ops.RandomNormal(key, shape, dtype) * Math.Sqrt(2 / ((1 + (slope * slope)) * Fans("heNormal", shape).In));

    /// <summary>Uniform in ±sqrt(6 / (fan-in + fan-out)), between keeping activations and keeping gradients (Glorot and Bengio, AISTATS 2010, eq. 16).</summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor XavierUniform(RandomKey key, Shape shape, DType dtype = DType.F32)
    {
        (double fanIn, double fanOut) = Fans("xavierUniform", shape);
        return Symmetric(key, shape, dtype, Math.Sqrt(6 / (fanIn + fanOut)));
    }

    /// <summary>Normal with variance 2 / (fan-in + fan-out) (Glorot and Bengio, AISTATS 2010, eq. 12).</summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor XavierNormal(RandomKey key, Shape shape, DType dtype = DType.F32)
    {
        (double fanIn, double fanOut) = Fans("xavierNormal", shape);
        return Ops.RandomNormal(key, shape, dtype) * Math.Sqrt(2 / (fanIn + fanOut));
    }

    /// <summary>
    /// Uniform in ±1 / sqrt(fan-in): He's uniform form at slope sqrt(5). What common libraries draw for linear and convolution layers, and the default here:
    /// small enough that fresh logits are near 0 whatever activation follows.
    /// </summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes, so it has no fans.</exception>
    public static Tensor FanInUniform(RandomKey key, Shape shape, DType dtype = DType.F32) =>
        Symmetric(key, shape, dtype, 1 / Math.Sqrt(Fans("fanInUniform", shape).In));

    /// <summary>Uniform in [low, high).</summary>
    /// <exception cref="ArgumentException">low is not below high.</exception>
    public static Tensor Uniform(RandomKey key, Shape shape, double low, double high, DType dtype = DType.F32) =>
        Ops.RandomUniform(key, shape, low, high, dtype);

    /// <summary>Normal with a mean and a standard deviation.</summary>
    /// <exception cref="ArgumentException">The deviation is negative.</exception>
    public static Tensor Normal(RandomKey key, Shape shape, double mean, double deviation, DType dtype = DType.F32)
    {
        if (!(deviation >= 0)) throw new ArgumentException($"normal: the standard deviation must not be negative, got {deviation}.");
        return Ops.RandomNormal(key, shape, dtype) * deviation + mean;
    }

    /// <summary>Standard normal.</summary>
    public static Tensor Normal(RandomKey key, Shape shape, DType dtype = DType.F32) => Ops.RandomNormal(key, shape, dtype);

    /// <summary>Zeros. The key is not used; it makes this an <see cref="Initializer"/>.</summary>
    public static Tensor Zeros(RandomKey key, Shape shape, DType dtype = DType.F32) => Tensor.Zeros(shape, dtype);

    /// <summary>Ones. The key is not used; it makes this an <see cref="Initializer"/>.</summary>
    public static Tensor Ones(RandomKey key, Shape shape, DType dtype = DType.F32) => Tensor.Ones(shape, dtype);

    private static Tensor Symmetric(RandomKey key, Shape shape, DType dtype, double bound) => Ops.RandomUniform(key, shape, -bound, bound, dtype);

    private static (double In, double Out) Fans(string initializer, Shape shape)
    {
        if (shape.Rank < 2)
            throw new ShapeException($"{initializer}: fans need a weight [out, in, ..], got {shape} of rank {shape.Rank}. Use Initializers.Uniform or Normal.");
        double window = 1;
        foreach (int length in shape[2..]) window *= length;
        return (shape[1] * window, shape[0] * window);
    }
}
