using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Inputs of the layer tests, and comparisons of what comes out.</summary>
internal static class Given
{
    public static RandomKey Key(long seed = 7) => RandomKey.FromSeed(seed);

    /// <summary>An f64 tensor of numbers.</summary>
    public static Tensor Of(Shape shape, params double[] values) => Tensor.Of(values, shape);

    /// <summary>Smooth, irregular values in (-1, 1), no two alike.</summary>
    public static Tensor Values(Shape shape, int seed = 0)
    {
        double[] values = new double[shape.Count];
        for (int i = 0; i < values.Length; i++) values[i] = 0.97 * Math.Sin((1.7 * i) + (0.3 * i * i) + seed + 0.4);
        return Tensor.Of(values, shape);
    }

    public static Tensor Classes(Shape shape, params long[] values) => Tensor.Of(values, shape);

    /// <summary>Fails unless the tensor has the numbers, to a distance relative to 1 or to the number, whichever is larger.</summary>
    public static void Near(ReadOnlySpan<double> expected, Tensor actual, double tolerance = 1e-12)
    {
        double[] got = actual.ToArray<double>();
        Assert.Equal(expected.Length, got.Length);
        for (int i = 0; i < got.Length; i++)
        {
            double distance = Math.Abs(got[i] - expected[i]);
            Assert.True(distance <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"element {i} of {actual.Spec}: expected {expected[i]:R}, got {got[i]:R}.");
        }
    }

    public static void Near(Shape shape, ReadOnlySpan<double> expected, Tensor actual, double tolerance = 1e-12)
    {
        Assert.Equal(shape, actual.Shape);
        Near(expected, actual, tolerance);
    }

    /// <summary>The message of the exception an action throws.</summary>
    public static string Message<TException>(Action action) where TException : Exception => Assert.Throws<TException>(action).Message;
}
