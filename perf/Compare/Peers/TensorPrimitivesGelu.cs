using System.Numerics.Tensors;

namespace Engine.Perf.Compare.Peers;

/// <summary>GELU in its tanh form, one call of TensorPrimitives per operation: what a .NET user writes without an engine.</summary>
internal static class TensorPrimitivesGelu
{
    /// <summary>A call over this many elements.</summary>
    public static Action Of(int count)
    {
        float[] x = new float[count], y = new float[count];
        var random = new Random(1);
        for (int i = 0; i < count; i++) x[i] = (random.NextSingle() * 6) - 3;
        return () =>
        {
            TensorPrimitives.Multiply(x, x, y);
            TensorPrimitives.Multiply(y, 0.044715f, y);
            TensorPrimitives.Add(y, 1f, y);
            TensorPrimitives.Multiply(y, x, y);
            TensorPrimitives.Multiply(y, 0.79788456f, y);
            TensorPrimitives.Tanh(y, y);
            TensorPrimitives.Add(y, 1f, y);
            TensorPrimitives.Multiply(y, x, y);
            TensorPrimitives.Multiply(y, 0.5f, y);
        };
    }
}
