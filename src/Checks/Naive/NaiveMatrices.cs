using Engine.Tensors;

namespace Engine.Checks;

/// <content>Factorizations and equations, by other routes than the engine's.</content>
internal static partial class Naive
{
    /// <summary>A function of every matrix of a batch.</summary>
    public static Grid EachMatrix(Grid x, Func<double[,], double[,]> f, bool scalar = false) => EachMatrix(x, x, (a, _) => f(a), scalar);

    /// <summary>A function of every pair of matrices of two batches that broadcast; with <paramref name="scalar"/> its single element is the result.</summary>
    public static Grid EachMatrix(Grid x, Grid y, Func<double[,], double[,], double[,]> f, bool scalar = false)
    {
        Shape batch = Map([Zeros(x.Shape[..^2]), Zeros(y.Shape[..^2])], _ => 0).Shape;
        Grid left = BroadcastTo(x, batch.Concat(x.Shape[^2..])), right = BroadcastTo(y, batch.Concat(y.Shape[^2..]));
        // Of a batch of none, only the shape is asked.
        double[,] probe = batch.Count == 0 ? f(new double[x.Shape[^2], x.Shape[^1]], new double[y.Shape[^2], y.Shape[^1]]) : new double[0, 0];
        List<double> values = [];
        foreach (int[] index in Grid.Indices(batch))
        {
            probe = f(MatrixAt(left, index), MatrixAt(right, index));
            values.AddRange(probe.Cast<double>());
        }
        return new(scalar ? batch : batch.Concat([probe.GetLength(0), probe.GetLength(1)]), [.. values]);
    }

    /// <summary>Taking off one column's outer product after the other.</summary>
    public static double[,] Cholesky(double[,] a)
    {
        int n = a.GetLength(0);
        double[,] rest = (double[,])a.Clone(), l = new double[n, n];
        for (int j = 0; j < n; j++)
        {
            for (int i = j; i < n; i++) l[i, j] = rest[i, j] / Math.Sqrt(rest[j, j]);
            for (int r = j; r < n; r++)
                for (int c = j; c < n; c++) rest[r, c] -= l[r, j] * l[c, j];
        }
        return l;
    }

    /// <summary>x with a x = b, by elimination above and below with the greatest pivot of all.</summary>
    public static double[,] SolveEquations(double[,] a, double[,] b)
    {
        int n = a.GetLength(0), columns = b.GetLength(1);
        double[,] left = (double[,])a.Clone(), right = (double[,])b.Clone(), x = new double[n, columns];
        bool[] used = new bool[n];
        int[] rowOf = new int[n];
        bool[] solved = new bool[n];
        for (int step = 0; step < n; step++)
        {
            (int pivotRow, int pivotColumn) = (-1, -1);
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    if (!used[i] && !solved[j] && (pivotRow < 0 || Math.Abs(left[i, j]) > Math.Abs(left[pivotRow, pivotColumn]))) (pivotRow, pivotColumn) = (i, j);
            (used[pivotRow], solved[pivotColumn], rowOf[pivotColumn]) = (true, true, pivotRow);
            for (int i = 0; i < n; i++)
            {
                if (i == pivotRow) continue;
                double factor = left[i, pivotColumn] / left[pivotRow, pivotColumn];
                for (int j = 0; j < n; j++) left[i, j] -= factor * left[pivotRow, j];
                for (int c = 0; c < columns; c++) right[i, c] -= factor * right[pivotRow, c];
            }
        }
        for (int j = 0; j < n; j++)
            for (int c = 0; c < columns; c++) x[j, c] = right[rowOf[j], c] / left[rowOf[j], j];
        return x;
    }

    /// <summary>By expansion along the first row.</summary>
    public static double Determinant(double[,] a)
    {
        int n = a.GetLength(0);
        if (n == 0) return 1;
        double sum = 0;
        for (int j = 0; j < n; j++)
        {
            double[,] minor = Build(n - 1, n - 1, (r, c) => a[r + 1, c < j ? c : c + 1]);
            sum += (j % 2 == 0 ? 1 : -1) * a[0, j] * Determinant(minor);
        }
        return sum;
    }

    /// <summary>Elimination with whole rows exchanged: unit lower l, upper u and the order of rows as a column.</summary>
    public static (double[,] L, double[,] U, double[,] Order) Lu(double[,] a)
    {
        int m = a.GetLength(0), n = a.GetLength(1), k = Math.Min(m, n);
        List<int> order = [.. Enumerable.Range(0, m)];
        double[,] l = new double[m, m], rest = (double[,])a.Clone();
        for (int j = 0; j < k; j++)
        {
            int best = Enumerable.Range(j, m - j).MaxBy(i => Math.Abs(rest[i, j]));
            (order[j], order[best]) = (order[best], order[j]);
            for (int c = 0; c < n; c++) (rest[j, c], rest[best, c]) = (rest[best, c], rest[j, c]);
            for (int c = 0; c < j; c++) (l[j, c], l[best, c]) = (l[best, c], l[j, c]);
            for (int i = j + 1; i < m; i++)
            {
                l[i, j] = rest[i, j] / rest[j, j];
                for (int c = 0; c < n; c++) rest[i, c] -= l[i, j] * rest[j, c];
            }
        }
        return (Build(m, k, (r, c) => r == c ? 1 : l[r, c]), Build(k, n, (r, c) => r <= c ? rest[r, c] : 0), Build(m, 1, (r, _) => order[r]));
    }

    /// <summary>Gram-Schmidt, every column twice.</summary>
    public static (double[,] Q, double[,] R) Qr(double[,] a)
    {
        int m = a.GetLength(0), n = a.GetLength(1), k = Math.Min(m, n);
        double[,] q = new double[m, k];
        for (int j = 0; j < k; j++)
        {
            double[] column = [.. Enumerable.Range(0, m).Select(i => a[i, j])];
            for (int pass = 0; pass < 2; pass++)
            {
                for (int before = 0; before < j; before++)
                {
                    double share = Enumerable.Range(0, m).Sum(i => q[i, before] * column[i]);
                    for (int i = 0; i < m; i++) column[i] -= share * q[i, before];
                }
            }
            double norm = Math.Sqrt(column.Sum(v => v * v));
            for (int i = 0; i < m; i++) q[i, j] = column[i] / norm;
        }
        double[,] r = Product(Turned(q), a);
        return (q, Build(k, n, (i, j) => i <= j ? r[i, j] : 0));
    }

    /// <summary>The normal equations; of the least norm when there are more columns than rows.</summary>
    public static double[,] LeastSquares(double[,] a, double[,] b)
    {
        double[,] turned = Turned(a);
        return a.GetLength(0) >= a.GetLength(1)
            ? SolveEquations(Product(turned, a), Product(turned, b))
            : Product(turned, SolveEquations(Product(a, turned), b));
    }

    public static double[,] Product(double[,] a, double[,] b) =>
        Build(a.GetLength(0), b.GetLength(1), (i, j) => Enumerable.Range(0, a.GetLength(1)).Sum(k => a[i, k] * b[k, j]));

    public static double[,] Turned(double[,] a) => Build(a.GetLength(1), a.GetLength(0), (i, j) => a[j, i]);

    public static double[,] Build(int rows, int columns, Func<int, int, double> element)
    {
        double[,] result = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) result[i, j] = element(i, j);
        return result;
    }

    private static double[,] MatrixAt(Grid grid, int[] batch) => Build(grid.Shape[^2], grid.Shape[^1], (i, j) => grid[[.. batch, i, j]]);
}
