using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Factorizations;

/// <summary>What tests of spectra assert.</summary>
internal static class MatrixAsserts
{
    public static void Near(double[] expected, Tensor actual)
    {
        double[] values = actual.ToArray<double>();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], values[i], 1e-12);
    }

    /// <summary>One, two and three threads, and an operand whose columns are contiguous, give the same results.</summary>
    public static void SameBits(Shape shape, Func<Tensor, float[]> results)
    {
        float[] values = [.. Enumerable.Range(0, shape.Count).Select(i => (float)Math.Sin(i * 0.7 * (1 + (i % 13))))];
        float[] expected = results(Tensor.Of(values, shape, new CpuDevice(1)));
        Assert.Equal(expected, results(Tensor.Of(values, shape, new CpuDevice(2))));
        Assert.Equal(expected, results(Tensor.Of(values, shape, new CpuDevice(3))));
        Assert.Equal(expected, results(Tensor.Of(Tensor.Of(values, shape).T.ToArray<float>(), shape[..^2].Concat([shape[^1], shape[^2]])).T));
    }
}
