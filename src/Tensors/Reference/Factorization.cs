namespace Engine.Tensors.Reference;

/// <summary>Factorizations and triangular systems, element by element in double precision.</summary>
internal static class Factorization
{
    public static void Run(string op, Kernel kernel, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        Shape batch = inputs[0].Shape[..^2];
        for (int i = 0; i < batch.Count; i++)
        {
            MatrixFailure failure = MatrixFailure.None;
            switch (kernel)
            {
                case CholeskyKernel:
                    failure = Cholesky(Read(inputs[0], i), out double[,] l);
                    Write(l, outputs[0], i);
                    break;
                case TriangularSolveKernel solve:
                    double[,] x = Read(inputs[1], i);
                    failure = Substitute(solve.Lower, solve.Transpose, solve.UnitDiagonal, Read(inputs[0], i), x);
                    Write(x, outputs[0], i);
                    break;
                case LuKernel:
                    double[,] lu = Read(inputs[0], i);
                    int[] places = Eliminate(lu, out int sign);
                    Write(lu, outputs[0], i);
                    for (int p = 0; p < places.Length; p++) outputs[1].Set((i * places.Length) + p, (long)places[p]);
                    outputs[2].Set(i, (double)sign);
                    break;
                case LuSolveKernel solve:
                    failure = SolveFactored(solve.Transpose, Read(inputs[1], i), inputs[2], i, Read(inputs[3], i), out double[,] y);
                    Write(y, outputs[0], i);
                    break;
                default:
                    double[,] q = Read(inputs[0], i);
                    Orthogonalize(q, out double[,] r);
                    Write(q, outputs[0], i);
                    Write(r, outputs[1], i);
                    break;
            }
            failure = failure with { Matrix = i };
            if (failure.Happened) throw kernel is CholeskyKernel ? failure.NotPositiveDefinite(op, batch) : failure.Singular(op, batch);
        }
    }

    private static MatrixFailure Cholesky(double[,] a, out double[,] l)
    {
        int n = a.GetLength(0);
        l = new double[n, n];
        for (int j = 0; j < n; j++)
        {
            double pivot = a[j, j];
            for (int p = 0; p < j; p++) pivot -= l[j, p] * l[j, p];
            if (!(pivot > 0)) return new(0, j, pivot);
            l[j, j] = Math.Sqrt(pivot);
            for (int i = j + 1; i < n; i++)
            {
                double sum = a[i, j];
                for (int p = 0; p < j; p++) sum -= l[i, p] * l[j, p];
                l[i, j] = sum / l[j, j];
            }
        }
        return MatrixFailure.None;
    }

    private static MatrixFailure Substitute(bool lower, bool transpose, bool unit, double[,] a, double[,] x)
    {
        int n = x.GetLength(0);
        for (int i = 0; i < n && !unit; i++)
        {
            if (a[i, i] == 0) return new(0, i, 0);
        }
        bool forward = lower != transpose;
        for (int step = 0; step < n; step++)
        {
            int i = forward ? step : n - 1 - step;
            for (int c = 0; c < x.GetLength(1); c++)
            {
                double sum = x[i, c];
                for (int before = 0; before < step; before++)
                {
                    int p = forward ? before : n - 1 - before;
                    sum -= (transpose ? a[p, i] : a[i, p]) * x[p, c];
                }
                x[i, c] = unit ? sum : sum / a[i, i];
            }
        }
        return MatrixFailure.None;
    }

    private static int[] Eliminate(double[,] a, out int sign)
    {
        int m = a.GetLength(0), n = a.GetLength(1);
        int[] places = [.. Enumerable.Range(0, m)];
        sign = 1;
        for (int j = 0; j < Math.Min(m, n); j++)
        {
            int best = j;
            for (int i = j; i < m && !double.IsNaN(a[best, j]); i++)
            {
                if (double.IsNaN(a[i, j]) || Math.Abs(a[i, j]) > Math.Abs(a[best, j])) best = i;
            }
            if (best != j)
            {
                sign = -sign;
                (places[j], places[best]) = (places[best], places[j]);
                for (int c = 0; c < n; c++) (a[j, c], a[best, c]) = (a[best, c], a[j, c]);
            }
            for (int i = j + 1; i < m; i++)
            {
                if (a[j, j] != 0) a[i, j] /= a[j, j];
                for (int c = j + 1; c < n; c++) a[i, c] -= a[i, j] * a[j, c];
            }
        }
        return places;
    }

    private static MatrixFailure SolveFactored(bool transpose, double[,] lu, ReferenceArray places, int batch, double[,] b, out double[,] x)
    {
        int n = b.GetLength(0), columns = b.GetLength(1);
        x = new double[n, columns];
        int place(int i) => (int)places.Integer((batch * n) + i);
        for (int i = 0; i < n; i++)
        {
            if (lu[i, i] == 0) return new(0, i, 0);
        }
        for (int i = 0; i < n; i++)
            for (int c = 0; c < columns; c++) x[i, c] = b[transpose ? i : place(i), c];
        Substitute(lower: !transpose, transpose, unit: !transpose, lu, x);
        Substitute(lower: transpose, transpose, unit: transpose, lu, x);
        if (!transpose) return MatrixFailure.None;
        double[,] moved = new double[n, columns];
        for (int i = 0; i < n; i++)
            for (int c = 0; c < columns; c++) moved[place(i), c] = x[i, c];
        x = moved;
        return MatrixFailure.None;
    }

    /// <summary>Householder reflections of whole columns; q comes over the matrix.</summary>
    private static void Orthogonalize(double[,] a, out double[,] r)
    {
        int m = a.GetLength(0), n = a.GetLength(1);
        List<(double[] Vector, double Factor)> reflections = [];
        r = new double[n, n];
        for (int j = 0; j < n; j++)
        {
            double greatest = 0, square = 0, tail = 0;
            for (int i = j; i < m; i++) greatest = Math.Max(greatest, Math.Abs(a[i, j]));
            for (int i = j + 1; i < m; i++) tail = Math.Max(tail, Math.Abs(a[i, j]));
            double[] v = new double[m];
            double factor = 0;
            if (tail > 0 || double.IsNaN(tail))
            {
                for (int i = j; i < m; i++)
                {
                    v[i] = a[i, j] / greatest;
                    square += v[i] * v[i];
                }
                double diagonal = v[j] < 0 ? Math.Sqrt(square) : -Math.Sqrt(square);
                double reach = v[j] - diagonal;
                factor = (diagonal - v[j]) / diagonal;
                for (int i = j + 1; i < m; i++) v[i] /= reach;
                v[j] = 1;
            }
            reflections.Add((v, factor));
            Reflect(a, v, factor, j);
            for (int i = 0; i <= j; i++) r[i, j] = a[i, j];
        }
        Array.Clear(a);
        for (int i = 0; i < n; i++) a[i, i] = 1;
        for (int j = n - 1; j >= 0; j--) Reflect(a, reflections[j].Vector, reflections[j].Factor, 0);
        for (int j = 0; j < n; j++)
        {
            if (!double.IsNegative(r[j, j]) || double.IsNaN(r[j, j])) continue;
            for (int c = j; c < n; c++) r[j, c] = -r[j, c];
            for (int i = 0; i < m; i++) a[i, j] = -a[i, j];
        }
    }

    private static void Reflect(double[,] a, double[] v, double factor, int first)
    {
        for (int c = first; c < a.GetLength(1) && factor != 0; c++)
        {
            double sum = 0;
            for (int i = 0; i < v.Length; i++) sum += v[i] * a[i, c];
            for (int i = 0; i < v.Length; i++) a[i, c] -= factor * sum * v[i];
        }
    }

    public static double[,] Read(ReferenceArray array, int batch)
    {
        int rows = array.Shape[^2], columns = array.Shape[^1];
        double[,] matrix = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) matrix[i, j] = array.Float((((batch * rows) + i) * columns) + j);
        return matrix;
    }

    public static void Write(double[,] matrix, ReferenceArray array, int batch)
    {
        int at = batch * matrix.Length;
        foreach (double value in matrix) array.Set(at++, value);
    }
}
