using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Duality;

/// <summary>Matrices with known singular values, and what polar factors are measured by.</summary>
internal static class Matrices
{
    /// <summary>Independent normal numbers, f64.</summary>
    public static Tensor Gauss(int seed, params int[] shape)
    {
        var random = new Random(seed);
        double[] values = new double[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return Tensor.Of(values, Shape.Create(shape));
    }

    /// <summary>U diag(s) V^T [m, n] with random orthonormal U and V, f64, and U V^T over the values that are not 0.</summary>
    public static (Tensor Matrix, Tensor Polar) Build(int seed, int m, int n, double[] singular)
    {
        Tensor u = Ops.Qr(Gauss(seed, m, singular.Length)).Q, vt = Ops.Qr(Gauss(seed + 1, n, singular.Length)).Q.T;
        Tensor kept = Tensor.Of([.. singular.Select(s => s == 0 ? 0.0 : 1)]);
        return ((u * Tensor.Of(singular)).MatMul(vt), (u * kept).MatMul(vt));
    }

    /// <summary>From 1 down to 1 / condition, in equal ratios.</summary>
    public static double[] Logarithmic(int count, double condition) => [.. Enumerable.Range(0, count).Select(i => Math.Pow(condition, -i / Math.Max(1.0, count - 1)))];

    /// <summary>Root mean square over singular values: |x|_F / sqrt(min(m, n)).</summary>
    public static double Rms(Tensor x) => Math.Sqrt(Ops.Sum(Ops.Square(x.Cast(DType.F64))).ToScalar<double>() / Math.Min(x.Shape[0], x.Shape[1]));

    public static double Spectral(Tensor x) => Ops.SpectralNorm(x.Cast(DType.F64)).ToScalar<double>();

    /// <summary>Distance of the rows, or of the columns of a tall matrix, from orthonormal ones.</summary>
    public static double Skewness(Tensor o)
    {
        Tensor wide = o.Shape[0] > o.Shape[1] ? o.T.Cast(DType.F64) : o.Cast(DType.F64);
        return Rms(wide.MatMul(wide.T) - Ops.Eye(wide.Shape[0], dtype: DType.F64));
    }

    /// <summary>The factor of the f64 values of a matrix.</summary>
    public static Tensor Exact(Tensor x) => Polar.Factor(x.Cast(DType.F64), PolarAccuracy.Exact);
}
