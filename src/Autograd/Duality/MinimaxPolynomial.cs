namespace Engine.Autograd.Duality;

/// <summary>
/// The odd quintic closest to 1 on an interval [l, u], by the Remez algorithm on its four extreme points. In decimal: near 1 the four equations are almost the same, and binary
/// double precision would lose nine digits.
/// </summary>
internal static class MinimaxPolynomial
{
    // From here on the interval is so short that the closest polynomial is that of Newton-Schulz.
    private const decimal Short = 5e-6m;
    private const int MostRounds = 30;

    /// <summary>Greedy steps from [<paramref name="lower"/>, 1] on, each rescaled so that its interval has 1 in the middle.</summary>
    public static PolarStep[] Steps(double lower, int count, double cushion)
    {
        var steps = new PolarStep[Math.Max(0, count)];
        decimal least = (decimal)lower, greatest = 1;
        for (int i = 0; i < steps.Length; i++)
        {
            (decimal a, decimal b, decimal c) = Closest(Math.Max(least, (decimal)cushion * greatest), greatest);
            decimal scale = 2 / (Value(a, b, c, least) + Value(a, b, c, greatest));
            (a, b, c) = (a * scale, b * scale, c * scale);
            steps[i] = new((double)a, (double)b, (double)c);
            least = Value(a, b, c, least);
            greatest = 2 - least;
        }
        return steps;
    }

    private static (decimal A, decimal B, decimal C) Closest(decimal l, decimal u)
    {
        if (l >= u * (1 - Short)) return (1.875m / u, -1.25m / (u * u * u), 0.375m / (u * u * u * u * u));
        decimal q = ((3 * l) + u) / 4, r = (l + (3 * u)) / 4, error = 1;
        for (int round = 0; ; round++)
        {
            decimal[] solution = Solve([Equation(l, 1), Equation(q, -1), Equation(r, 1), Equation(u, -1)]);
            (decimal a, decimal b, decimal c) = (solution[0], solution[1], solution[2]);
            if (Math.Abs(solution[3] - error) <= 1e-20m || round == MostRounds) return (a, b, c);
            error = solution[3];
            decimal root = SquareRoot((9 * b * b) - (20 * a * c));
            (q, r) = (SquareRoot(((-3 * b) - root) / (10 * c)), SquareRoot(((-3 * b) + root) / (10 * c)));
        }
    }

    /// <summary>a t + b t^3 + c t^5 + sign * error = 1.</summary>
    private static decimal[] Equation(decimal t, decimal sign) => [t, t * t * t, t * t * t * t * t, sign, 1];

    /// <summary>Elimination with row exchanges.</summary>
    private static decimal[] Solve(decimal[][] rows)
    {
        int n = rows.Length;
        for (int i = 0; i < n; i++)
        {
            int pivot = Enumerable.Range(i, n - i).MaxBy(k => Math.Abs(rows[k][i]));
            (rows[i], rows[pivot]) = (rows[pivot], rows[i]);
            for (int k = i + 1; k < n; k++)
            {
                decimal factor = rows[k][i] / rows[i][i];
                for (int j = i; j <= n; j++) rows[k][j] -= factor * rows[i][j];
            }
        }
        decimal[] solution = new decimal[n];
        for (int i = n - 1; i >= 0; i--)
        {
            decimal rest = rows[i][n];
            for (int j = i + 1; j < n; j++) rest -= rows[i][j] * solution[j];
            solution[i] = rest / rows[i][i];
        }
        return solution;
    }

    private static decimal SquareRoot(decimal x)
    {
        decimal root = (decimal)Math.Sqrt((double)x);
        // Newton: from 15 digits to 30 at once.
        return root == 0 ? 0 : (root + (x / root)) / 2;
    }

    private static decimal Value(decimal a, decimal b, decimal c, decimal t) => t * (a + (t * t * (b + (t * t * c))));
}
