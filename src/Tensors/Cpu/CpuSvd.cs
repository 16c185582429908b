using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Singular values and vectors: QR factors, then <see cref="RowRotations{T, TVector, TSimd}"/> of r. The rows of a larger r are first multiplied by the eigenvectors of r r^T, which
/// leaves few rotations to do. The error of that product is small beside every column, so columns of different size keep their digits.
/// </summary>
internal sealed unsafe class CpuSvd<T, TVector, TSimd>(string name, Operand a)
    : CpuFactorization(name, a.Layout.Shape[..^2], FactorCost.Of(a, 20))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly MatrixOperand a = new(a);

    // From this side on the eigenvectors take less time than the rotations they save. Part of the order of additions.
    private const int LeastPrepared = 24;

    // The power of two of the greatest element while a matrix is worked on: squares of elements much smaller than it are still normal numbers.
    private static int Level => typeof(T) == typeof(float) ? 40 : 300;

    private long Elements => (long)a.Rows * a.Columns;

    private long Square => (long)a.Columns * a.Columns;

    private long RestBytes => Math.Max(
        QrBlocks<T, TVector, TSimd>.WorkCount(a.Rows, a.Columns) * sizeof(T), (2 * Square * sizeof(T)) + EigenBlocks<T, TVector, TSimd>.WorkBytes(a.Columns));

    protected override long WorkBytes => ((Elements + (2 * Square) + (2L * a.Columns)) * sizeof(T)) + RestBytes + ((a.Columns + 2L) * sizeof(int));

    protected override Exception Error(MatrixFailure failure) => failure.NotConverged(Name, Batch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override MatrixFailure One(long index, void** operands, byte* work, in FactorCrew crew)
    {
        int m = a.Rows, n = a.Columns;
        if (n == 0) return MatrixFailure.None;
        T* u = (T*)operands[1] + (index * Elements), s = (T*)operands[2] + (index * n), vt = (T*)operands[3] + (index * Square);
        T* q = (T*)work, r = q + Elements, w = r + Square, norms = w + Square, best = norms + n, rest = best + n;
        int* order = (int*)((byte*)rest + (RestBytes & ~3L) + sizeof(int));
        a.Copy(operands[0], index, q);
        T greatest = T.Zero;
        for (nint i = 0; i < m; i++) greatest = T.Max(greatest, FactorRows.Magnitude(q + (i * n), n));
        if (!T.IsFinite(greatest))
        {
            new Span<T>(u, m * n).Fill(T.NaN);
            new Span<T>(s, n).Fill(T.NaN);
            new Span<T>(vt, n * n).Fill(T.NaN);
            return MatrixFailure.None;
        }
        int exponent = greatest == T.Zero ? 0 : Level - T.ILogB(greatest);
        Scale(q, (long)m * n, exponent);
        QrBlocks<T, TVector, TSimd>.Factor(crew, m, n, q, r, rest);
        for (nint i = 0; i < n; i++)
        {
            new Span<T>(w + (i * n), n).Clear();
            w[(i * n) + i] = T.One;
        }
        if (n >= LeastPrepared) Prepare(crew, n, r, w, norms, rest);
        if (!RowRotations<T, TVector, TSimd>.Run(n, r, w, norms)) return new(0, 0, 0);
        int rank = Order(n, norms, order);
        for (nint j = 0; j < n; j++)
        {
            T norm = s[j] = norms[order[j]];
            T* row = vt + (j * n);
            Buffer.MemoryCopy(r + ((nint)order[j] * n), row, (long)n * sizeof(T), (long)n * sizeof(T));
            if (norm != T.Zero) FactorRows.Divide(row, norm, n);
        }
        Scale(s, n, -exponent);
        // Rows of w in order of singular values.
        for (nint j = 0; j < n; j++) Buffer.MemoryCopy(w + ((nint)order[j] * n), r + (j * n), (long)n * sizeof(T), (long)n * sizeof(T));
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = m, N = n, K = n, A = q, ARow = n, AColumn = 1, B = r, BRow = 1, BColumn = n, C = u, CRow = n });
        if (rank < n) Complete(crew, n, rank, vt, r, w, rest);
        MakePositive(m, n, u, vt, best);
        return MatrixFailure.None;
    }

    /// <summary>Makes w the transposed eigenvectors of r r^T, greatest eigenvalue first, and r the product w r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Prepare(in FactorCrew crew, int n, T* r, T* w, T* values, T* work)
    {
        long square = (long)n * n;
        T* product = work, vectors = product + square;
        byte* rest = (byte*)(vectors + square);
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = n, N = n, K = n, A = r, ARow = n, AColumn = 1, B = r, BRow = 1, BColumn = n, C = product, CRow = n });
        T greatest = T.Zero;
        for (nint i = 0; i < n; i++) greatest = T.Max(greatest, FactorRows.Magnitude(product + (i * n), n));
        if (greatest == T.Zero) return;
        Scale(product, square, -T.ILogB(greatest));
        if (EigenBlocks<T, TVector, TSimd>.Factor(crew, n, product, values, vectors, rest, 0) >= 0) return;
        for (nint i = 0; i < n; i++)
        {
            for (nint j = 0; j < n; j++) w[(i * n) + j] = vectors[(j * n) + n - 1 - i];
        }
        Buffer.MemoryCopy(r, product, square * sizeof(T), square * sizeof(T));
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = n, N = n, K = n, A = w, ARow = n, AColumn = 1, B = product, BRow = n, BColumn = 1, C = r, CRow = n });
    }

    /// <summary>Multiplies by 2^exponent, in two steps: one factor may be no finite number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(T* x, long count, int exponent)
    {
        T first = T.ScaleB(T.One, exponent / 2), second = T.ScaleB(T.One, exponent - (exponent / 2));
        for (long i = 0; i < count; i++) x[i] = x[i] * first * second;
    }

    /// <summary>Rows by descending norm, equal ones as they are; gives how many are not 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Order(int n, T* norms, int* order)
    {
        int rank = 0;
        for (int i = 0; i < n; i++)
        {
            int place = i;
            for (; place > 0 && norms[order[place - 1]] < norms[i]; place--) order[place] = order[place - 1];
            order[place] = i;
            if (norms[i] != T.Zero) rank++;
        }
        return rank;
    }

    /// <summary>Fills the rows of vt from <paramref name="rank"/> on: in the QR factors of a matrix with columns of zeros those of q are still orthonormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Complete(in FactorCrew crew, int n, int rank, T* vt, T* q, T* r, T* work)
    {
        new Span<T>(q, n * n).Clear();
        for (nint j = 0; j < rank; j++)
        {
            for (nint i = 0; i < n; i++) q[(i * n) + j] = vt[(j * n) + i];
        }
        QrBlocks<T, TVector, TSimd>.Factor(crew, n, n, q, r, work);
        for (nint j = rank; j < n; j++)
        {
            for (nint i = 0; i < n; i++) vt[(j * n) + i] = q[(i * n) + j];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MakePositive(int m, int n, T* u, T* vt, T* best)
    {
        FactorRows.GreatestOfColumns(u, m, n, best);
        for (nint j = 0; j < n; j++)
        {
            best[j] = T.IsNegative(best[j]) ? -T.One : T.One;
            if (T.IsNegative(best[j])) FactorRows.Negate(vt + (j * n), 1, vt + (j * n), n);
        }
        for (nint i = 0; i < m; i++) FactorRows.Multiply(u + (i * n), best, n);
    }
}
