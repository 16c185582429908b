using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Makes the rows of a square matrix orthogonal by rotations of two at a time, in order of (row, later row), until all products of two rows are negligible beside their norms
/// (one-sided Jacobi; Demmel and Veselic 1992). Sums over a row have sixteen lanes.
/// </summary>
internal static unsafe class RowRotations<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private const int Lanes = 16;

    // Ten are many.
    private const int MostSweeps = 60;

    // Where the square of a cotangent leaves the range or no longer matters.
    private const double GreatCotangent = 1L << 40;

    private static double Rounding => typeof(T) == typeof(float) ? Math.ScaleB(1, -23) : Math.ScaleB(1, -52);

    // Rows of smaller norm are zero: products of them would lose bits. The greatest elements are near 2^40 and 2^300.
    private static T Least => typeof(T) == typeof(float) ? T.CreateTruncating(Math.ScaleB(1, -40)) : T.CreateTruncating(Math.ScaleB(1, -400));

    /// <summary>Rotates the rows of r and, along with them, those of w; norms become those of the rows of r. False when it does not end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(int n, T* r, T* w, T* norms)
    {
        double tolerance = Math.Sqrt(Math.Max(n, 4)) * Rounding;
        for (int sweep = 0; sweep < MostSweeps; sweep++)
        {
            bool done = true;
            for (nint p = 0; p < n; p++) norms[p] = Norm(r + (p * n), n);
            for (nint p = 0; p < n - 1; p++)
            {
                for (nint q = p + 1; q < n; q++) done &= !Rotate(n, r, w, norms, p, q, tolerance);
            }
            if (done) return true;
        }
        return false;
    }

    /// <summary>Makes two rows orthogonal; false when they were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Rotate(int n, T* r, T* w, T* norms, nint p, nint q, double tolerance)
    {
        T* x = r + (p * n), y = r + (q * n);
        double first = double.CreateTruncating(norms[p]), second = double.CreateTruncating(norms[q]);
        if (first == 0 || second == 0) return false;
        double product = double.CreateTruncating(Dot(x, y, n));
        if (!(Math.Abs(product) > tolerance * first * second)) return false;
        double cotangent = ((second * second) - (first * first)) / 2 / product, size = Math.Abs(cotangent);
        double tangent = Math.CopySign(size > GreatCotangent ? 0.5 / size : 1 / (size + Math.Sqrt(1 + (size * size))), cotangent);
        double cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
        T c = T.CreateTruncating(cosine), s = T.CreateTruncating(cosine * tangent);
        Turn(x, y, c, s, n);
        Turn(w + (p * n), w + (q * n), c, s, n);
        norms[p] = Norm(x, n);
        norms[q] = Norm(y, n);
        return true;
    }

    /// <summary>The norm of a row; a negligible row is set to zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Norm(T* x, int count)
    {
        T norm = T.Sqrt(Dot(x, x, count));
        if (norm >= Least) return norm;
        new Span<T>(x, count).Clear();
        return T.Zero;
    }

    /// <summary>(x, y) becomes (c x - s y, s x + c y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(T* x, T* y, T c, T s, int count)
    {
        T negative = -s;
        TVector cosine = TSimd.Broadcast(&c), sine = TSimd.Broadcast(&s), minus = TSimd.Broadcast(&negative), zero = default;
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector left = TSimd.Load(x + i), right = TSimd.Load(y + i);
            TSimd.Store(x + i, TSimd.MultiplyAdd(cosine, left, TSimd.MultiplyAdd(minus, right, zero)));
            TSimd.Store(y + i, TSimd.MultiplyAdd(sine, left, TSimd.MultiplyAdd(cosine, right, zero)));
        }
        int rest = count - i;
        if (rest == 0) return;
        TVector lastLeft = TSimd.LoadFirst(x + i, rest), lastRight = TSimd.LoadFirst(y + i, rest);
        TSimd.StoreFirst(x + i, TSimd.MultiplyAdd(cosine, lastLeft, TSimd.MultiplyAdd(minus, lastRight, zero)), rest);
        TSimd.StoreFirst(y + i, TSimd.MultiplyAdd(sine, lastLeft, TSimd.MultiplyAdd(cosine, lastRight, zero)), rest);
    }

    /// <summary>Element i goes to lane i mod 16; lanes combine at distances 8, 4, 2, 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Dot(T* x, T* y, int count)
    {
        T* lanes = stackalloc T[Lanes];
        int width = TSimd.Width, whole = count / Lanes * Lanes;
        if (width == Lanes)
        {
            TVector sum = default;
            for (int i = 0; i < whole; i += Lanes) sum = TSimd.MultiplyAdd(TSimd.Load(x + i), TSimd.Load(y + i), sum);
            TSimd.Store(lanes, sum);
        }
        else
        {
            // Pairs of vectors: of 8 lanes both halves at once, of 4 and 2 in several passes over the rows.
            for (int lane = 0; lane < Lanes; lane += 2 * width)
            {
                TVector even = default, odd = default;
                for (int i = lane; i < whole; i += Lanes)
                {
                    even = TSimd.MultiplyAdd(TSimd.Load(x + i), TSimd.Load(y + i), even);
                    odd = TSimd.MultiplyAdd(TSimd.Load(x + i + width), TSimd.Load(y + i + width), odd);
                }
                TSimd.Store(lanes + lane, even);
                TSimd.Store(lanes + lane + width, odd);
            }
        }
        for (int i = whole; i < count; i++) lanes[i - whole] = T.FusedMultiplyAdd(x[i], y[i], lanes[i - whole]);
        for (int distance = Lanes / 2; distance > 0; distance /= 2)
        {
            for (int lane = 0; lane < distance; lane++) lanes[lane] += lanes[lane + distance];
        }
        return lanes[0];
    }
}
