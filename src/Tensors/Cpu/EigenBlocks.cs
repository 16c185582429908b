using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Eigenvalues and vectors of a symmetric matrix (Golub and Van Loan, "Matrix Computations", 8.3): reflections to tridiagonal form, whose product is formed in blocks as in
/// <see cref="QrBlocks{T, TVector, TSimd}"/>, then QL iteration with implicit shifts (Dubrulle 1970). The iteration runs in double precision on the tridiagonal matrix alone;
/// its rotations are collected and applied to many rows of the vectors together.
/// </summary>
internal static unsafe class EigenBlocks<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // Sweeps for each eigenvalue on average; they take two.
    private const int MostSweeps = 60;

    // Off-diagonal elements beside which the diagonal does not change, and those that are nothing beside a matrix of norm 1.
    private static double Negligible => typeof(T) == typeof(float) ? 1.0 / (1 << 26) : 1.0 / (1L << 53);

    /// <summary>Bytes of work memory with the matrix, which comes first.</summary>
    public static long WorkBytes(int n) => (((long)n * n) + QrBlocks<T, TVector, TSimd>.WorkCount(n, n) + (3L * n)) * sizeof(T)
        + (2L * n * sizeof(double)) + RotationSweeps<T, TVector, TSimd>.WorkBytes(n) + (2L * n * sizeof(int)) + 64;

    /// <summary>
    /// Factors a full symmetric matrix, which is destroyed; its elements have magnitudes of at most 2. Values are multiplied by 2^exponent. Gives -1, or the number of the eigenvalue that
    /// was not found.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Factor(in FactorCrew crew, int n, T* a, T* values, T* vectors, byte* work, int exponent)
    {
        double* d = (double*)(((nint)work + 7) & ~(nint)7), e = d + n;
        T* qr = (T*)(e + n), line = qr + QrBlocks<T, TVector, TSimd>.WorkCount(n, n), factors = line + n, best = factors + n;
        var sweeps = new RotationSweeps<T, TVector, TSimd>(n, vectors, (byte*)(best + n));
        int* order = (int*)((byte*)(best + n) + RotationSweeps<T, TVector, TSimd>.WorkBytes(n));
        Tridiagonalize(crew, n, a, d, e, factors, line);
        FormVectors(crew, n - 1, a, factors, vectors, qr);
        int failed = Iterate(crew, n, d, e, ref sweeps);
        if (failed >= 0) return failed;
        sweeps.Apply(crew);
        for (int i = 0; i < n; i++)
        {
            int place = i;
            for (; place > 0 && d[order[place - 1]] > d[i]; place--) order[place] = order[place - 1];
            order[place] = i;
        }
        for (int j = 0; j < n; j++) values[j] = T.CreateTruncating(Math.ScaleB(d[order[j]], exponent));
        Arrange(n, vectors, order, line, best);
        return -1;
    }

    /// <summary>Leaves the vector of reflection k in row k behind the diagonal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tridiagonalize(in FactorCrew crew, int n, T* a, double* d, double* e, T* factors, T* w)
    {
        for (nint k = 0; k < n; k++)
        {
            d[k] = double.CreateTruncating(a[(k * n) + k]);
            e[k] = 0;
            int length = n - (int)k - 1;
            if (length == 0) break;
            T* v = a + (k * n) + k + 1, rest = v + n;
            T factor = factors[k] = QrBlocks<T, TVector, TSimd>.Reflect(crew.Scratch, v, length, out T beside);
            e[k] = double.CreateTruncating(beside);
            if (factor == T.Zero) continue;
            QrBlocks<T, TVector, TSimd>.Dots(crew.Scratch, length, length, v, rest, n, w);
            T along;
            QrBlocks<T, TVector, TSimd>.Dots(crew.Scratch, 1, length, v, w, length, &along);
            FactorRows.Scale(w, factor, length);
            FactorRows<T, TVector, TSimd>.SubtractMultiple(w, v, factor * factor * along / T.CreateTruncating(2), length);
            for (nint i = 0; i < length; i++) FactorRows<T, TVector, TSimd>.SubtractMultiples(rest + (i * n), w, v[i], v, w[i], length);
        }
    }

    /// <summary>The product of the reflections: the vectors of the tridiagonal matrix are still those of the axes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FormVectors(in FactorCrew crew, int count, T* a, T* factors, T* vectors, T* qr)
    {
        int n = count + 1;
        new Span<T>(vectors, n).Clear();
        vectors[0] = T.One;
        if (count == 0) return;
        const int block = QrBlocks<T, TVector, TSimd>.Block;
        T* triangles = qr + ((long)count * count), strip = triangles + ((long)(count + block) * block), second = strip + ((long)block * count), reflections = qr;
        for (int first = 0; first < count; first += block)
        {
            int width = Math.Min(block, count - first), length = count - first;
            for (nint j = 0; j < width; j++)
            {
                T* row = reflections + (j * length);
                new Span<T>(row, (int)j).Clear();
                nint k = first + j;
                Buffer.MemoryCopy(a + (k * n) + k + 1, row + j, (length - j) * sizeof(T), (length - j) * sizeof(T));
            }
            QrBlocks<T, TVector, TSimd>.Triangle(crew, length, width, reflections, factors + first, triangles + ((long)first * block), strip);
            reflections += (long)length * width;
        }
        QrBlocks<T, TVector, TSimd>.Form(crew, count, count, a, qr, triangles, strip, second);
        for (nint i = 0; i < count; i++)
        {
            T* row = vectors + ((i + 1) * n);
            row[0] = T.Zero;
            Buffer.MemoryCopy(a + (i * count), row + 1, (long)count * sizeof(T), (long)count * sizeof(T));
        }
    }

    /// <summary>Makes the diagonal that of the eigenvalues; gives the number of the one that was not found, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Iterate(in FactorCrew crew, int n, double* d, double* e, ref RotationSweeps<T, TVector, TSimd> sweeps)
    {
        long left = (long)MostSweeps * n;
        for (int l = 0; l < n; l++)
        {
            while (true)
            {
                int m = l;
                while (m < n - 1 && Math.Abs(e[m]) > Math.Max((Math.Abs(d[m]) + Math.Abs(d[m + 1])) * Negligible, Negligible * Negligible)) m++;
                if (m == l) break;
                if (left-- == 0) return l;
                sweeps.Begin(crew, m, m - l);
                double g = (d[l + 1] - d[l]) / (2 * e[l]);
                g = d[m] - d[l] + (e[l] / (g + Math.CopySign(Math.Sqrt((g * g) + 1), g)));
                double s = 1, c = 1, p = 0;
                int i = m - 1;
                for (; i >= l; i--)
                {
                    double f = s * e[i], b = c * e[i], r = Math.Sqrt((f * f) + (g * g));
                    e[i + 1] = r;
                    if (r == 0)
                    {
                        d[i + 1] -= p;
                        break;
                    }
                    (s, c) = (f / r, g / r);
                    g = d[i + 1] - p;
                    r = ((d[i] - g) * s) + (2 * c * b);
                    p = s * r;
                    d[i + 1] = g + p;
                    g = (c * r) - b;
                    sweeps.Add(T.CreateTruncating(c), T.CreateTruncating(s));
                }
                sweeps.End();
                e[m] = 0;
                if (i >= l) continue;
                d[l] -= p;
                e[l] = g;
            }
        }
        return -1;
    }

    /// <summary>Brings the columns in order and makes the first element of greatest magnitude in each positive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Arrange(int n, T* vectors, int* order, T* line, T* best)
    {
        FactorRows.GreatestOfColumns(vectors, n, n, best);
        for (nint i = 0; i < n; i++)
        {
            T* row = vectors + (i * n);
            Buffer.MemoryCopy(row, line, (long)n * sizeof(T), (long)n * sizeof(T));
            for (nint j = 0; j < n; j++)
            {
                int from = order[j];
                row[j] = T.IsNegative(best[from]) ? -line[from] : line[from];
            }
        }
    }
}
