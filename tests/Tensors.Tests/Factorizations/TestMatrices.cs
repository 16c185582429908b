namespace Engine.Tensors.Tests.Factorizations;

/// <summary>Matrices in double precision, and kinds of them on which spectra are hard to find.</summary>
internal static class TestMatrices
{
    /// <summary>Symmetric matrices that hold values of an element type.</summary>
    public static IEnumerable<(string Name, double[,] Values)> Symmetric(int n, DType type)
    {
        double large = type == DType.F32 ? 1e30 : 1e290, tiny = type == DType.F32 ? 1e-6 : 1e-13;
        double[,] random = Build(n, n, (i, j) => Noise(Math.Max(i, j), Math.Min(i, j))), axes = Orthogonal(n), thin = Build(n, 2, (i, j) => Noise(i, j + 50));
        yield return ("random", random);
        yield return ("diagonal", Build(n, n, (i, j) => i == j ? (((i * 7) + 3) % Math.Max(1, n)) - 2 : 0));
        yield return ("identity", Build(n, n, (i, j) => i == j ? 1 : 0));
        yield return ("repeated", With(axes, i => i < n / 3 ? 2 : i < n / 2 ? -1 : 3));
        yield return ("clustered", With(axes, i => 1 + (i * tiny)));
        yield return ("one apart", With(axes, i => i == 0 ? 1 : tiny));
        yield return ("near overflow", Build(n, n, (i, j) => random[i, j] * large));
        yield return ("near underflow", Build(n, n, (i, j) => random[i, j] / large));
        yield return ("graded down", Build(n, n, (i, j) => random[i, j] * Math.Pow(10, -5.0 * (i + j) / Math.Max(1, n))));
        yield return ("graded up", Build(n, n, (i, j) => random[i, j] * Math.Pow(10, -15.0 * (2 * n - i - j) / Math.Max(1, n))));
        yield return ("Hilbert", Build(n, n, (i, j) => 1.0 / (i + j + 1)));
        yield return ("rank deficient", Build(n, n, (i, j) => (thin[i, 0] * thin[j, 0]) - (thin[i, 1] * thin[j, 1])));
        yield return ("second difference", Build(n, n, (i, j) => i == j ? 2 : Math.Abs(i - j) == 1 ? -1 : 0));
        yield return ("Wilkinson", Build(n, n, (i, j) => i == j ? Math.Abs(i - (n / 2)) : Math.Abs(i - j) == 1 ? 1 : 0));
        yield return ("exchange", Build(n, n, (i, j) => i + j == n - 1 ? 1 : 0));
        yield return ("zero", new double[n, n]);
    }

    /// <summary>Matrices of any shape.</summary>
    public static IEnumerable<(string Name, double[,] Values)> General(int m, int n, DType type)
    {
        double large = type == DType.F32 ? 1e30 : 1e290, tiny = type == DType.F32 ? 1e-6 : 1e-13;
        int k = Math.Min(m, n);
        double[,] random = Build(m, n, (i, j) => Noise(i, j + 7)), left = Orthogonal(m), right = Orthogonal(n);
        double[,] with(Func<int, double> values) => Build(m, n, (i, j) => Enumerable.Range(0, k).Sum(p => left[i, p] * values(p) * right[j, p]));
        yield return ("random", random);
        yield return ("diagonal", Build(m, n, (i, j) => i == j ? (((i * 7) + 3) % Math.Max(1, n)) - 2 : 0));
        yield return ("orthonormal", with(_ => 1));
        yield return ("repeated", with(i => i < k / 3 ? 2 : 3));
        yield return ("clustered", with(i => 1 + (i * tiny)));
        yield return ("one apart", with(i => i == 0 ? 1 : tiny));
        yield return ("near overflow", Build(m, n, (i, j) => random[i, j] * large));
        yield return ("near underflow", Build(m, n, (i, j) => random[i, j] / large));
        yield return ("graded rows", Build(m, n, (i, j) => random[i, j] * Math.Pow(10, -10.0 * i / Math.Max(1, m))));
        yield return ("graded columns up", Build(m, n, (i, j) => random[i, j] * Math.Pow(10, 30.0 * (j - n) / Math.Max(1, n))));
        yield return ("Hilbert", Build(m, n, (i, j) => 1.0 / (i + j + 1)));
        yield return ("rank deficient", Build(m, n, (i, j) => (Noise(i, 50) * Noise(j, 51)) + (Noise(i, 52) * Noise(j, 53))));
        yield return ("Kahan", Build(m, n, (i, j) => Math.Pow(0.6, i) * (i == j ? 1 : i < j ? -0.8 : 0)));
        yield return ("zero", new double[m, n]);
    }

    public static double[,] Of(Tensor x)
    {
        double[] flat = x.Cast(DType.F64).ToArray<double>();
        return Build(x.Shape[0], x.Shape[1], (i, j) => flat[(i * x.Shape[1]) + j]);
    }

    public static double[,] Build(int rows, int columns, Func<int, int, double> element)
    {
        double[,] result = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) result[i, j] = element(i, j);
        return result;
    }

    public static double[,] Turned(double[,] a) => Build(a.GetLength(1), a.GetLength(0), (i, j) => a[j, i]);

    public static double[,] Times(double[,] a, double[,] b)
    {
        double[,] result = new double[a.GetLength(0), b.GetLength(1)];
        for (int i = 0; i < a.GetLength(0); i++)
            for (int k = 0; k < a.GetLength(1); k++)
                for (int j = 0; j < b.GetLength(1); j++) result[i, j] += a[i, k] * b[k, j];
        return result;
    }

    /// <summary>The greatest sum of magnitudes in a column.</summary>
    public static double Norm(double[,] a) =>
        Enumerable.Range(0, a.GetLength(1)).Select(j => Enumerable.Range(0, a.GetLength(0)).Sum(i => Math.Abs(a[i, j]))).DefaultIfEmpty(0).Max();

    public static double Distance(double[,] a, double[,] b) => Norm(Build(a.GetLength(0), a.GetLength(1), (i, j) => a[i, j] - b[i, j]));

    /// <summary>How far columns are from orthonormal.</summary>
    public static double Skewness(double[,] q) => Distance(Times(Turned(q), q), Build(q.GetLength(1), q.GetLength(1), (i, j) => i == j ? 1 : 0));

    public static double Epsilon(DType type) => type == DType.F32 ? Math.Pow(2, -23) : Math.Pow(2, -52);

    /// <summary>The eigenvectors of the second difference: sines.</summary>
    private static double[,] Orthogonal(int n) => Build(n, n, (i, j) => Math.Sqrt(2.0 / (n + 1)) * Math.Sin(Math.PI * (i + 1) * (j + 1) / (n + 1)));

    private static double[,] With(double[,] axes, Func<int, double> values)
    {
        int n = axes.GetLength(0);
        double[,] a = Build(n, n, (i, j) => Enumerable.Range(0, n).Sum(k => axes[i, k] * values(k) * axes[j, k]));
        return Build(n, n, (i, j) => a[Math.Max(i, j), Math.Min(i, j)]);
    }

    private static double Noise(int i, int j) => Math.IEEERemainder(Math.Sin((i * 12.9898) + (j * 78.233) + 1) * 43758.5453, 1) * 2;
}
