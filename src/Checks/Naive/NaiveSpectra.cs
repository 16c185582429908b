namespace Engine.Checks;

/// <content>Eigenvalues, found one after the other by repeated squaring.</content>
internal static partial class Naive
{
    private const int Squarings = 60;

    /// <summary>
    /// Eigenvalues in ascending order and vectors of a symmetric matrix with distinct eigenvalues: powers of a positive definite shift of it, from which what has been found is taken out.
    /// </summary>
    public static (double[,] Values, double[,] Vectors) SymmetricEigen(double[,] a)
    {
        int n = a.GetLength(0);
        double shift = 1;
        for (int i = 0; i < n; i++) shift = Math.Max(shift, 1 + Enumerable.Range(0, n).Sum(j => Math.Abs(a[i, j])));
        double[,] rest = Build(n, n, (i, j) => a[i, j] + (i == j ? shift : 0)), vectors = new double[n, n], values = new double[1, n];
        for (int found = n - 1; found >= 0; found--)
        {
            double[,] power = (double[,])rest.Clone();
            for (int step = 0; step < Squarings; step++)
            {
                double trace = Enumerable.Range(0, n).Sum(i => power[i, i]);
                power = Build(n, n, (i, j) => power[i, j] / trace);
                power = Product(power, power);
            }
            int column = Enumerable.Range(0, n).MaxBy(j => power[j, j]);
            double norm = Math.Sqrt(Enumerable.Range(0, n).Sum(i => power[i, column] * power[i, column]));
            double[] v = [.. Enumerable.Range(0, n).Select(i => power[i, column] / norm)];
            int greatest = Enumerable.Range(0, n).MaxBy(i => Math.Abs(v[i]));
            double sign = v[greatest] < 0 ? -1 : 1;
            double value = Enumerable.Range(0, n).Sum(i => v[i] * Enumerable.Range(0, n).Sum(j => rest[i, j] * v[j]));
            values[0, found] = value - shift;
            for (int i = 0; i < n; i++) vectors[i, found] = v[i] * sign;
            rest = Build(n, n, (i, j) => rest[i, j] - (value * v[i] * v[j]));
        }
        return (values, vectors);
    }

    /// <summary>Singular values in descending order and vectors of a matrix with distinct singular values above 0, from the eigenvectors of its smaller square.</summary>
    public static (double[,] U, double[,] S, double[,] Vt) Svd(double[,] a)
    {
        int m = a.GetLength(0), n = a.GetLength(1), k = Math.Min(m, n);
        (double[,] squares, double[,] w) = SymmetricEigen(m <= n ? Product(a, Turned(a)) : Product(Turned(a), a));
        double[,] s = Build(1, k, (_, j) => Math.Sqrt(squares[0, k - 1 - j])), own = Build(k, k, (i, j) => w[i, k - 1 - j]);
        double[,] other = Product(m <= n ? Turned(a) : a, own);
        other = Build(Math.Max(m, n), k, (i, j) => other[i, j] / s[0, j]);
        (double[,] u, double[,] v) = m <= n ? (own, other) : (other, own);
        double[,] longer = m < n ? v : u;
        double[] sign = [.. Enumerable.Range(0, k).Select(j => longer[Enumerable.Range(0, Math.Max(m, n)).MaxBy(i => Math.Abs(longer[i, j])), j] < 0 ? -1.0 : 1)];
        return (Build(m, k, (i, j) => u[i, j] * sign[j]), s, Build(k, n, (i, j) => v[j, i] * sign[i]));
    }

    /// <summary>The pseudo-inverse of a matrix of full rank.</summary>
    public static double[,] PseudoInverse(double[,] a)
    {
        int m = a.GetLength(0), n = a.GetLength(1);
        double[,] one = Build(Math.Min(m, n), Math.Min(m, n), (i, j) => i == j ? 1 : 0);
        return m >= n ? PseudoInverse(a, one) : PseudoInverse(one, a);
    }

    /// <summary>The pseudo-inverse of a product c f of full column and full row rank.</summary>
    public static double[,] PseudoInverse(double[,] c, double[,] f)
    {
        double[,] left = SolveEquations(Product(Turned(c), c), Turned(c));
        return Product(Turned(f), SolveEquations(Product(f, Turned(f)), left));
    }

    /// <summary>The polar factor of a matrix of full rank: Newton's iteration x = (x + x^-T) / 2 on the triangle of a QR factorization (Higham 1986).</summary>
    public static double[,] Polar(double[,] a)
    {
        if (a.GetLength(0) < a.GetLength(1)) return Turned(Polar(Turned(a)));
        (double[,] q, double[,] x) = Qr(a);
        int n = x.GetLength(0);
        double[,] one = Build(n, n, (i, j) => i == j ? 1 : 0);
        for (int step = 0; step < 40; step++)
        {
            double[,] inverse = SolveEquations(x, one);
            x = Build(n, n, (i, j) => (x[i, j] + inverse[j, i]) / 2);
        }
        return Product(q, x);
    }
}
