namespace Engine.Tensors.Tests.Factorizations;

/// <summary>
/// Backward errors in units of what the theory allows, as LAPACK's test programs measure them (Anderson and others, "LAPACK Users' Guide"; working notes 41 and 18), on matrices of
/// its types. Ratios below 30 pass there.
/// </summary>
public sealed class FactorStabilityTests
{
    private const double Threshold = 30;

    private static readonly int[] Sides = [0, 1, 2, 15, 16, 17, 31, 32, 33, 65, 100];

    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void Cholesky(DType type)
    {
        foreach (int n in Sides)
        {
            foreach ((string name, double[,] a) in Definite(n, type))
            {
                Matrix x = new(a, type);
                Matrix l = new(Ops.Cholesky(x.Tensor));
                Passes($"cholesky, {name}, {n}", Matrix.Distance(x, l * l.Turned), n * x.Norm * Epsilon(type));
                if (name.StartsWith("Hilbert", StringComparison.Ordinal) || n == 0) continue;
                Matrix b = new(Random(n, 3, 5), type), s = new(Ops.CholeskySolve(l.Tensor, b.Tensor));
                Passes($"choleskySolve, {name}, {n}", Matrix.Distance(x * s, b), n * x.Norm * s.Norm * Epsilon(type));
            }
        }
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void LuAndSolutions(DType type)
    {
        foreach ((int m, int n) in Sides.SelectMany(s => ((int, int)[])[(s, s), (s + 3, s), (s, (2 * s) + 1)]))
        {
            foreach ((string name, double[,] a) in General(m, n, type))
            {
                Matrix x = new(a, type);
                (Tensor lower, Tensor upper, Tensor order) = Ops.Lu(x.Tensor);
                Matrix l = new(lower), u = new(upper), permuted = new(Ops.Take(x.Tensor, order));
                string what = $"{name}, {m} x {n}";
                Passes($"lu, {what}", Matrix.Distance(permuted, l * u), Math.Max(m, n) * x.Norm * Math.Max(1, u.Norm / x.Norm) * Epsilon(type));
                Assert.True(l.Largest <= 1 || m == 0 || n == 0, $"lu, {what}: an element of l is {l.Largest}.");
                if (m != n || n == 0 || name is "rank deficient" or "zero") continue;
                Matrix b = new(Random(n, 3, 5), type), s = new(Ops.Solve(x.Tensor, b.Tensor));
                Passes($"solve, {what}", Matrix.Distance(x * s, b), n * x.Norm * s.Norm * Epsilon(type));
                Matrix t = new(Ops.TriangularSolve(u.Tensor, b.Tensor, lower: false, transpose: true));
                Passes($"triangularSolve, {what}", Matrix.Distance(u.Turned * t, b), n * u.Turned.Norm * t.Norm * Epsilon(type));
            }
        }
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void QrAndLeastSquares(DType type)
    {
        foreach ((int m, int n) in Sides.SelectMany(s => ((int, int)[])[(s, s), ((2 * s) + 3, s), (s, s + 5)]))
        {
            foreach ((string name, double[,] a) in General(m, n, type))
            {
                Matrix x = new(a, type);
                (Tensor orthogonal, Tensor upper) = Ops.Qr(x.Tensor);
                Matrix q = new(orthogonal), r = new(upper);
                string what = $"{name}, {m} x {n}";
                int k = Math.Min(m, n);
                Passes($"qr, {what}", Matrix.Distance(x, q * r), Math.Max(m, n) * x.Norm * Epsilon(type));
                Passes($"orthogonality, {what}", Matrix.Distance(q.Turned * q, new(Build(k, k, (i, j) => i == j ? 1 : 0), DType.F64)), Math.Max(1, m) * Epsilon(type));
                for (int i = 0; i < k; i++)
                {
                    Assert.True(r[i, i] >= 0, $"qr, {what}: diagonal element {i} is {r[i, i]}.");
                    for (int j = 0; j < i; j++) Assert.Equal(0, r[i, j]);
                }
                if (k == 0 || name is "rank deficient" or "zero") continue;
                Matrix b = new(Random(m, 2, 6), type), s = new(Ops.LeastSquares(x.Tensor, b.Tensor));
                Matrix residual = (x * s) - b;
                if (m > n) Passes($"leastSquares, {what}", (x.Turned * residual).Norm, Math.Max(m, n) * x.Norm * ((x.Norm * s.Norm) + b.Norm) * Epsilon(type));
                else Passes($"leastSquares, {what}", residual.Norm, Math.Max(m, n) * ((x.Norm * s.Norm) + b.Norm) * Epsilon(type));
            }
        }
    }

    [Fact]
    public void BatchesAreTheirMatrices()
    {
        Tensor a = Tensor.Of([.. Random(12, 25, 9).Cast<double>()], [3, 4, 5, 5]) + (Ops.Eye(5, dtype: DType.F64) * 2), b = Tensor.Of([.. Random(4, 10, 8).Cast<double>()], [4, 5, 2]);
        Tensor solved = Ops.Solve(a, b), upper = Ops.Qr(a).R, determinants = Ops.Det(a);
        for (int i = 0; i < 12; i++)
        {
            Tensor one = Ops.Narrow(a.Reshape(12, 5, 5), 0, i, 1).Reshape(5, 5), right = Ops.Narrow(b, 0, i % 4, 1).Reshape(5, 2);
            Assert.Equal(Ops.Solve(one, right).ToArray<double>(), Ops.Narrow(solved.Reshape(12, 5, 2), 0, i, 1).ToArray<double>());
            Assert.Equal(Ops.Qr(one).R.ToArray<double>(), Ops.Narrow(upper.Reshape(12, 5, 5), 0, i, 1).ToArray<double>());
            Assert.Equal(Ops.Det(one).ToScalar<double>(), determinants.ToArray<double>()[i]);
        }
    }

    private static double Epsilon(DType type) => type == DType.F32 ? Math.Pow(2, -23) : Math.Pow(2, -52);

    private static void Passes(string what, double error, double unit)
    {
        if (error == 0) return;
        double ratio = error / unit;
        Assert.True(ratio < Threshold, $"{what}: the error is {ratio:g3} units.");
    }

    private static IEnumerable<(string Name, double[,] Values)> General(int m, int n, DType type)
    {
        double large = type == DType.F32 ? 1e30 : 1e290;
        double[,] random = Random(m, n, (m * 1000) + n), thin = Random(m, 2, 3), flat = Random(2, n, 4);
        yield return ("random", random);
        yield return ("diagonal", Build(m, n, (i, j) => i == j ? 1 + i : 0));
        yield return ("upper triangular", Build(m, n, (i, j) => i <= j ? random[i, j] + (i == j ? 2 : 0) : 0));
        yield return ("near overflow", Build(m, n, (i, j) => random[i, j] * large));
        yield return ("near underflow", Build(m, n, (i, j) => random[i, j] / large));
        yield return ("graded rows", Build(m, n, (i, j) => random[i, j] * Math.Pow(10, -5.0 * i / Math.Max(1, m))));
        yield return ("graded columns", Build(m, n, (i, j) => random[i, j] * Math.Pow(10, -30.0 * j / Math.Max(1, n))));
        yield return ("Hilbert", Build(m, n, (i, j) => i == j && i > 4 ? 1 : 1.0 / (i + j + 1)));
        yield return ("permutation", Build(m, n, (i, j) => ((i * 7) + 3) % Math.Max(1, n) == j ? 1 : i == j ? 0.25 : 0));
        yield return ("rank deficient", Build(m, n, (i, j) => (thin[i, 0] * flat[0, j]) + (thin[i, 1] * flat[1, j])));
        yield return ("zero", new double[m, n]);
    }

    private static IEnumerable<(string Name, double[,] Values)> Definite(int n, DType type)
    {
        double large = type == DType.F32 ? 1e30 : 1e290;
        double[,] x = Random(n, n, n + 1), random = Build(n, n, (i, j) => Enumerable.Range(0, n).Sum(k => x[i, k] * x[j, k]) + (i == j ? 0.1 * n : 0));
        yield return ("random", random);
        yield return ("diagonal", Build(n, n, (i, j) => i == j ? 1 + i : 0));
        yield return ("near overflow", Build(n, n, (i, j) => random[i, j] * large));
        yield return ("near underflow", Build(n, n, (i, j) => random[i, j] / large));
        yield return ("graded", Build(n, n, (i, j) => random[i, j] * Math.Pow(10, -10.0 * (i + j) / Math.Max(1, n))));
        if (n <= 2 || (n <= 15 && type == DType.F64)) yield return ("Hilbert", Build(Math.Min(n, 10), Math.Min(n, 10), (i, j) => 1.0 / (i + j + 1)));
    }

    private static double[,] Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return Build(rows, columns, (_, _) => (random.NextDouble() * 2) - 1);
    }

    private static double[,] Build(int rows, int columns, Func<int, int, double> element)
    {
        double[,] result = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) result[i, j] = element(i, j);
        return result;
    }

    /// <summary>A matrix in double precision that holds values of an element type.</summary>
    private sealed class Matrix
    {
        private readonly double[,] values;

        private Matrix(double[,] values) => this.values = values;

        public Matrix(double[,] values, DType type)
        {
            Tensor = Tensor.Of(values).Cast(type);
            this.values = new Matrix(Tensor).values;
        }

        public Matrix(Tensor tensor)
        {
            Tensor = tensor;
            double[] flat = tensor.Cast(DType.F64).ToArray<double>();
            values = Build(tensor.Shape[0], tensor.Shape[1], (i, j) => flat[(i * tensor.Shape[1]) + j]);
        }

        public Tensor Tensor { get; } = Tensor.Scalar(0);

        public double this[int i, int j] => values[i, j];

        public int Rows => values.GetLength(0);

        public int Columns => values.GetLength(1);

        public Matrix Turned => new(Build(Columns, Rows, (i, j) => values[j, i]));

        /// <summary>The greatest sum of magnitudes in a column.</summary>
        public double Norm => Enumerable.Range(0, Columns).Select(j => Enumerable.Range(0, Rows).Sum(i => Math.Abs(values[i, j]))).DefaultIfEmpty(0).Max();

        public double Largest => values.Cast<double>().Select(Math.Abs).DefaultIfEmpty(0).Max();

        public static double Distance(Matrix a, Matrix b) => (a - b).Norm;

        public static Matrix operator -(Matrix a, Matrix b) => new(Build(a.Rows, a.Columns, (i, j) => a.values[i, j] - b.values[i, j]));

        public static Matrix operator *(Matrix a, Matrix b)
        {
            double[,] result = new double[a.Rows, b.Columns];
            for (int i = 0; i < a.Rows; i++)
                for (int k = 0; k < a.Columns; k++)
                    for (int j = 0; j < b.Columns; j++) result[i, j] += a.values[i, k] * b.values[k, j];
            return new(result);
        }
    }
}
