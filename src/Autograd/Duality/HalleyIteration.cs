using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// Dynamically weighted Halley iteration, x (a + b x^2) / (1 + c x^2) of singular values, whose weights make the least of them come closest to 1 (Nakatsukasa, Bai and Gygi 2010). Each
/// step is a Gram matrix, a Cholesky factor and two triangular systems: the price of a quintic step, and worth two to three of them.
/// </summary>
internal static class HalleyIteration
{
    /// <summary>Applies steps to wide matrices [..., n, m] with singular values of at most 1.</summary>
    /// <param name="x">The matrices.</param>
    /// <param name="gram">x x^T.</param>
    /// <param name="lower">The least singular value provided for.</param>
    /// <param name="steps">How many.</param>
    public static Tensor Run(Tensor x, Tensor gram, double lower, int steps)
    {
        Tensor one = Ops.Eye(x.Shape[^2], dtype: x.DType);
        for (int i = 0; i < steps; i++)
        {
            (double a, double b, double c) = Weights(lower);
            Tensor factor = Ops.Cholesky(one + ((i == 0 ? gram : PolynomialIteration.Gram(x)) * c));
            x = (x * (b / c)) + (Ops.CholeskySolve(factor, x) * (a - (b / c)));
            lower = Next(lower, (a, b, c));
        }
        return x;
    }

    /// <summary>Additions and multiplications of steps on a matrix n x m: half a product, a Cholesky factor and two triangular systems each.</summary>
    public static double Flops(double n, double m, int steps) => steps * ((3 * n * n * m) + (n * n * n / 3));

    /// <summary>The least that becomes of singular values between <paramref name="sigma"/> and 1. The greatest is 1.</summary>
    public static double Least(double sigma, double lower, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            (double A, double B, double C) weights = Weights(lower);
            // Above lower a step rises to 1 and falls back to what becomes of lower, which is why its weights are the best.
            lower = Next(lower, weights);
            sigma = Math.Min(Next(sigma, weights), lower);
        }
        return sigma;
    }

    private static double Next(double sigma, (double A, double B, double C) weights) =>
        Math.Min(1, sigma * (weights.A + (weights.B * sigma * sigma)) / (1 + (weights.C * sigma * sigma)));

    private static (double A, double B, double C) Weights(double lower)
    {
        double square = lower * lower, d = Math.Cbrt(4 * (1 - square) / (square * square)), root = Math.Sqrt(1 + d);
        double a = root + (0.5 * Math.Sqrt(8 - (4 * d) + (8 * (2 - square) / (square * root)))), b = (a - 1) * (a - 1) / 4;
        return (a, b, a + b - 1);
    }
}
