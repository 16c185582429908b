namespace Engine.Autograd.Duality;

/// <summary>An odd polynomial a s + b s^3 + c s^5 of singular values; of a matrix X it is a X + b (X X^T) X + c (X X^T)^2 X.</summary>
/// <param name="A">Of s: the slope at 0.</param>
/// <param name="B">Of s^3.</param>
/// <param name="C">Of s^5; 0 saves a product.</param>
public readonly record struct PolarStep(double A, double B, double C = 0)
{
    /// <summary>The polynomial at a singular value.</summary>
    public double Evaluate(double sigma)
    {
        double square = sigma * sigma;
        return sigma * (A + (square * (B + (square * C))));
    }

    /// <summary>The polynomial of sigma / <paramref name="factor"/>.</summary>
    internal PolarStep Stretched(double factor) => new(A / factor, B / Math.Pow(factor, 3), C / Math.Pow(factor, 5));

    /// <summary>The least and the greatest value between two singular values: at the ends, or where the derivative a + 3 b s^2 + 5 c s^4 is 0.</summary>
    internal (double Least, double Greatest) Range(double from, double to)
    {
        double least = Math.Min(Evaluate(from), Evaluate(to)), greatest = Math.Max(Evaluate(from), Evaluate(to));
        double root = Math.Sqrt(Math.Max(0, (9 * B * B) - (20 * A * C)));
        foreach (double square in C == 0 ? [-A / (3 * B)] : (double[])[((-3 * B) - root) / (10 * C), ((-3 * B) + root) / (10 * C)])
        {
            double turn = Math.Sqrt(square);
            if (!(turn > from && turn < to)) continue;
            least = Math.Min(least, Evaluate(turn));
            greatest = Math.Max(greatest, Evaluate(turn));
        }
        return (least, greatest);
    }
}
