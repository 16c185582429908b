using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace Engine.Perf.Compare.Peers;

/// <summary>Matrix products of Math.NET Numerics, the managed library that .NET users find first.</summary>
internal static class MathNetProduct
{
    /// <summary>A call that multiplies two square matrices.</summary>
    public static Action Of(int size)
    {
        Control.UseManaged();
        Control.UseSingleThread();
        Matrix<float> a = Matrix<float>.Build.Random(size, size, 1), b = Matrix<float>.Build.Random(size, size, 2), c = Matrix<float>.Build.Dense(size, size);
        return () => a.Multiply(b, c);
    }
}
