namespace Engine.Tensors.Reference;

/// <summary>Eigenvalues by rotations of two rows and columns at a time, singular values by rotations of two columns (Jacobi), in double precision.</summary>
internal static class Spectra
{
    private const int Sweeps = 60;

    public static void Run(Kernel kernel, ReferenceArray input, ReferenceArray[] outputs)
    {
        int batch = input.Shape[..^2].Count;
        for (int i = 0; i < batch; i++)
        {
            double[,] a = Factorization.Read(input, i);
            if (kernel is SvdKernel)
            {
                double[,] vt = Svd(a, out double[] singular);
                Factorization.Write(a, outputs[0], i);
                for (int j = 0; j < singular.Length; j++) outputs[1].Set((i * singular.Length) + j, singular[j]);
                Factorization.Write(vt, outputs[2], i);
                continue;
            }
            SymmetricEigen(a, out double[] values, out double[,] vectors);
            for (int j = 0; j < values.Length; j++) outputs[0].Set((i * values.Length) + j, values[j]);
            Factorization.Write(vectors, outputs[1], i);
        }
    }

    private static void SymmetricEigen(double[,] a, out double[] values, out double[,] vectors)
    {
        int n = a.GetLength(0);
        double[,] v = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            v[i, i] = 1;
            for (int j = i + 1; j < n; j++) a[i, j] = a[j, i];
        }
        bool finite = a.Cast<double>().All(double.IsFinite);
        for (int sweep = 0; sweep < Sweeps && finite; sweep++)
        {
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++) Annihilate(a, v, p, q);
        }
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => a[i, i])];
        values = Array.ConvertAll(order, i => finite ? a[i, i] : double.NaN);
        vectors = new double[n, n];
        for (int j = 0; j < n; j++)
        {
            double best = 0;
            for (int i = 0; i < n; i++)
            {
                if (Math.Abs(v[i, order[j]]) > Math.Abs(best)) best = v[i, order[j]];
            }
            for (int i = 0; i < n; i++) vectors[i, j] = !finite ? double.NaN : best < 0 ? -v[i, order[j]] : v[i, order[j]];
        }
    }

    private static void Annihilate(double[,] a, double[,] v, int p, int q)
    {
        if (a[p, q] == 0) return;
        int n = a.GetLength(0);
        double ratio = (a[q, q] - a[p, p]) / 2 / a[p, q];
        double t = Math.CopySign(1, ratio) / (Math.Abs(ratio) + Math.Sqrt((ratio * ratio) + 1)), c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = ((c * a[k, p]) - (s * a[k, q]), (s * a[k, p]) + (c * a[k, q]));
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = ((c * a[p, k]) - (s * a[q, k]), (s * a[p, k]) + (c * a[q, k]));
        for (int k = 0; k < n; k++) (v[k, p], v[k, q]) = ((c * v[k, p]) - (s * v[k, q]), (s * v[k, p]) + (c * v[k, q]));
        a[p, q] = a[q, p] = 0;
    }

    /// <summary>Leaves u in a.</summary>
    private static double[,] Svd(double[,] a, out double[] values)
    {
        int m = a.GetLength(0), n = a.GetLength(1);
        double scale = a.Cast<double>().Select(Math.Abs).DefaultIfEmpty(0).Max();
        bool finite = a.Cast<double>().All(double.IsFinite);
        double[,] b = new double[m, n], v = new double[n, n], vt = new double[n, n];
        for (int i = 0; i < n; i++) v[i, i] = 1;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) b[i, j] = scale > 0 ? a[i, j] / scale : 0;
        for (int sweep = 0; sweep < Sweeps && finite; sweep++)
        {
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++) MakeOrthogonal(b, v, p, q);
        }
        double[] norms = [.. Enumerable.Range(0, n).Select(j => Math.Sqrt(Product(b, j, j)))];
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(j => norms[j])];
        values = Array.ConvertAll(order, j => finite ? norms[j] * scale : double.NaN);
        for (int k = 0; k < n; k++)
        {
            int j = order[k];
            double best = 0;
            for (int i = 0; i < m; i++) a[i, k] = norms[j] > 0 ? b[i, j] / norms[j] : 0;
            for (int axis = 0; axis < m && norms[j] == 0; axis++) TryAxis(a, k, axis, ref norms[j]);
            for (int i = 0; i < m; i++)
            {
                if (Math.Abs(a[i, k]) > Math.Abs(best)) best = a[i, k];
            }
            for (int i = 0; i < m; i++) a[i, k] = !finite ? double.NaN : best < 0 ? -a[i, k] : a[i, k];
            for (int i = 0; i < n; i++) vt[k, i] = !finite ? double.NaN : best < 0 ? -v[i, j] : v[i, j];
        }
        return vt;
    }

    /// <summary>Makes column k of a the part of an axis that is orthogonal to the columns before, if that is large.</summary>
    private static void TryAxis(double[,] a, int k, int axis, ref double norm)
    {
        int m = a.GetLength(0);
        for (int i = 0; i < m; i++) a[i, k] = i == axis ? 1 : 0;
        for (int pass = 0; pass < 2; pass++)
        {
            for (int j = 0; j < k; j++)
            {
                double share = Product(a, j, k);
                for (int i = 0; i < m; i++) a[i, k] -= share * a[i, j];
            }
        }
        double length = Math.Sqrt(Product(a, k, k));
        // Of m axes the squares of these lengths add to at least 1.
        if (length * length * m < 0.99) return;
        norm = length;
        for (int i = 0; i < m; i++) a[i, k] /= length;
    }

    private static void MakeOrthogonal(double[,] b, double[,] v, int p, int q)
    {
        double product = Product(b, p, q), first = Product(b, p, p), second = Product(b, q, q);
        if (product == 0 || Math.Abs(product) < 1e-16 * Math.Sqrt(first * second)) return;
        double ratio = (second - first) / 2 / product;
        double t = Math.CopySign(1, ratio) / (Math.Abs(ratio) + Math.Sqrt((ratio * ratio) + 1)), c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int k = 0; k < b.GetLength(0); k++) (b[k, p], b[k, q]) = ((c * b[k, p]) - (s * b[k, q]), (s * b[k, p]) + (c * b[k, q]));
        for (int k = 0; k < v.GetLength(0); k++) (v[k, p], v[k, q]) = ((c * v[k, p]) - (s * v[k, q]), (s * v[k, p]) + (c * v[k, q]));
    }

    private static double Product(double[,] x, int p, int q)
    {
        double sum = 0;
        for (int i = 0; i < x.GetLength(0); i++) sum += x[i, p] * x[i, q];
        return sum;
    }
}
