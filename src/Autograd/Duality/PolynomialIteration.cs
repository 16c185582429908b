using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>
/// The steps of a schedule on wide matrices X [..., n, m]. Every product of n x n matrices is symmetric, because its factors are polynomials in the one matrix X X^T: half of it is
/// computed.
/// </summary>
internal static class PolynomialIteration
{
    // Of length to breadth, from which the Gram form does less work (Zhang, Amsel, Chen and Dao 2026).
    private const double GramAspect = 1.3;

    // In the Gram form rounding errors of X X^T grow from step to step, most where singular values are small: after so many steps it is computed again.
    private const int FirstGramSteps = 3;
    private const int MostGramSteps = 5;

    /// <summary>Applies the steps to matrices over a divisor, which leaves singular values of at most 1.</summary>
    /// <param name="x">Matrices.</param>
    /// <param name="divisor">[..., 1, 1], or for every row [..., n, 1].</param>
    /// <param name="gram">Of x over the divisor.</param>
    /// <param name="steps">The polynomials.</param>
    /// <param name="form">Which of two orders of the same products.</param>
    public static Tensor Run(Tensor x, Tensor divisor, Tensor gram, ReadOnlySpan<PolarStep> steps, PolynomialForm form = PolynomialForm.Best)
    {
        if (form == PolynomialForm.Plain || (form == PolynomialForm.Best && IsPlainBest(x.Shape[^2], x.Shape[^1], steps.Length)))
        {
            x /= divisor;
            for (int i = 0; i < steps.Length; i++) x = Step(x, i == 0 ? gram : Gram(x), steps[i]);
            return x;
        }
        for (int begin = 0, end = FirstEnd(steps.Length); begin < steps.Length; begin = end, end = Math.Min(begin + MostGramSteps, steps.Length))
        {
            Tensor q = Product(begin == 0 ? gram : Gram(x), steps[begin..end]);
            // The matrix in front is the smaller one.
            x = Ops.MatMul(begin == 0 ? q / divisor.T : q, x);
        }
        return x;
    }

    /// <summary>Additions and multiplications of quintic steps on a matrix n x m in the form with less work, half a product where it is symmetric.</summary>
    public static double Flops(double n, double m, int steps)
    {
        double gram = n * n * m, half = n * n * n, product = 2 * n * n * m;
        if (IsPlainBest(n, m, steps)) return steps * (gram + half + product);
        double sum = 0;
        for (int begin = 0, end = FirstEnd(steps); begin < steps; begin = end, end = Math.Min(begin + MostGramSteps, steps))
            sum += gram + half + (4 * half * (end - begin - 1)) + product;
        return sum;
    }

    /// <summary>x x^T.</summary>
    public static Tensor Gram(Tensor x) => Ops.MatMul(x, x.T);

    private static bool IsPlainBest(double n, double m, int steps) => m < GramAspect * n || steps < 2;

    private static int FirstEnd(int steps) => Math.Min(FirstGramSteps, Math.Max(1, steps / 2));

    private static Tensor Step(Tensor x, Tensor gram, PolarStep step) => (x * step.A) + Ops.MatMul(Even(gram, step), x);

    /// <summary>b R + c R^2.</summary>
    private static Tensor Even(Tensor r, PolarStep step) => step.C == 0 ? r * step.B : (r * step.B) + (Ops.SymmetricMatMul(r, r) * step.C);

    /// <summary>The Q with which the steps take X to Q X, from R = X X^T alone.</summary>
    private static Tensor Product(Tensor r, ReadOnlySpan<PolarStep> steps)
    {
        Tensor one = Ops.Eye(r.Shape[^1], dtype: r.DType), z = Even(r, steps[0]), q = z + (one * steps[0].A);
        for (int i = 1; i < steps.Length; i++)
        {
            // Of X to (Z + a) X: R to (Z + a) R (Z + a).
            double a = steps[i - 1].A;
            Tensor half = Ops.SymmetricMatMul(r, z) + (r * a);
            r = Ops.SymmetricMatMul(z, half) + (half * a);
            z = Even(r, steps[i]);
            q = Ops.SymmetricMatMul(q, z) + (q * steps[i].A);
        }
        return q;
    }
}

/// <summary>Two ways to apply the same polynomials.</summary>
internal enum PolynomialForm : byte
{
    /// <summary>The one with less work.</summary>
    Best,

    /// <summary>Every step on X.</summary>
    Plain,

    /// <summary>Several steps on X X^T, then one product with X.</summary>
    Gram,
}
