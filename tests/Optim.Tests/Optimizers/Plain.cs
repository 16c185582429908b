using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <summary>Small matrices by plain loops in double precision: what optimizers of matrices are compared with.</summary>
internal static class Plain
{
    public static double[,] Build(int m, int n, Func<int, int, double> at)
    {
        double[,] x = new double[m, n];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) x[i, j] = at(i, j);
        return x;
    }

    public static double[,] Identity(int n, double scale = 1) => Build(n, n, (i, j) => i == j ? scale : 0);

    public static double[,] Turned(double[,] a) => Build(a.GetLength(1), a.GetLength(0), (i, j) => a[j, i]);

    public static double[,] Mix(double u, double[,] a, double v, double[,] b) => Build(a.GetLength(0), a.GetLength(1), (i, j) => (u * a[i, j]) + (v * b[i, j]));

    public static double[,] Each(double[,] a, double[,] b, Func<double, double, double> f) => Build(a.GetLength(0), a.GetLength(1), (i, j) => f(a[i, j], b[i, j]));

    public static double[,] Times(params double[][,] factors) => factors.Aggregate((a, b) => Build(a.GetLength(0), b.GetLength(1), (i, j) =>
    {
        double sum = 0;
        for (int k = 0; k < a.GetLength(1); k++) sum += a[i, k] * b[k, j];
        return sum;
    }));

    public static double Length(double[,] a) => Math.Sqrt(a.Cast<double>().Sum(x => x * x));

    /// <summary>Eigenvalues and vectors, as columns by falling eigenvalue, by Jacobi rotations.</summary>
    public static (double[] Values, double[,] Vectors) Eigen(double[,] symmetric)
    {
        int n = symmetric.GetLength(0);
        double[,] a = (double[,])symmetric.Clone(), v = Identity(n);
        for (int sweep = 0; sweep < 60; sweep++)
        {
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    if (a[p, q] == 0) continue;
                    double angle = Math.Atan2(2 * a[p, q], a[q, q] - a[p, p]) / 2, c = Math.Cos(angle), s = Math.Sin(angle);
                    double[,] turn = Identity(n);
                    (turn[p, p], turn[q, q], turn[p, q], turn[q, p]) = (c, c, s, -s);
                    (a, v) = (Times(Turned(turn), a, turn), Times(v, turn));
                }
            }
        }
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => a[i, i])];
        return ([.. order.Select(i => a[i, i])], Build(n, n, (i, j) => v[i, order[j]]));
    }

    /// <summary>(S + ridge lambda I)^-power.</summary>
    public static double[,] Root(double[,] s, double power, double ridge = 1e-12)
    {
        (double[] values, double[,] v) = Eigen(s);
        double[,] scaled = Build(values.Length, values.Length, (i, j) => v[i, j] * Math.Pow(Math.Max(values[j], 0) + (ridge * values[0]), -power));
        return Times(scaled, Turned(v));
    }

    /// <summary>The first factor of a QR decomposition, by Gram and Schmidt.</summary>
    public static double[,] Orthonormal(double[,] a)
    {
        double[,] q = (double[,])a.Clone();
        int m = a.GetLength(0);
        for (int j = 0; j < a.GetLength(1); j++)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                for (int k = 0; k < j; k++)
                {
                    double dot = 0;
                    for (int i = 0; i < m; i++) dot += q[i, k] * q[i, j];
                    for (int i = 0; i < m; i++) q[i, j] -= dot * q[i, k];
                }
            }
            double length = Math.Sqrt(Enumerable.Range(0, m).Sum(i => q[i, j] * q[i, j]));
            for (int i = 0; i < m; i++) q[i, j] /= length;
        }
        return q;
    }

    public static double[,] Matrix(Tensor x) => Build(x.Shape[0], x.Shape[1], (i, j) => x.ToArray<double>()[(i * x.Shape[1]) + j]);

    public static Tensor Tensor(double[,] x) => Tensors.Tensor.Of([.. x.Cast<double>()], [x.GetLength(0), x.GetLength(1)]);
}
