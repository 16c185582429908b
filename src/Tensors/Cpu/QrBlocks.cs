using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Householder QR of a row-major matrix with m >= n, in blocks of columns whose reflections are applied together, I - V T V^T (Schreiber and Van Loan 1989). Sums over a column
/// have sixteen lanes as in <see cref="GemvKernels{T, TVector, TSimd}"/>, products of blocks run in order.
/// </summary>
internal static unsafe class QrBlocks<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Columns of a block: part of the order of additions.</summary>
    public const int Block = 32;

    /// <summary>Elements of work memory: all reflections, a triangle per block, two strips of products.</summary>
    public static long WorkCount(int m, int n) => ((long)m * n) + ((long)(n + Block) * Block) + (2L * Block * n);

    // Sums of squares between these are right to the last bits: nothing in them has been lost or has become infinite.
    private static T LeastSquare => typeof(T) == typeof(float) ? T.CreateTruncating(1e-25) : T.CreateTruncating(1e-270);

    private static T GreatestSquare => typeof(T) == typeof(float) ? T.CreateTruncating(1e37) : T.CreateTruncating(1e306);

    /// <summary>Factors q, which holds the matrix; q and r are both written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Factor(in FactorCrew crew, int m, int n, T* q, T* r, T* work)
    {
        T* v = work, triangles = v + ((long)m * n), strip = triangles + ((long)(n + Block) * Block), second = strip + ((long)Block * n);
        T* reflections = v;
        for (int first = 0; first < n; first += Block)
        {
            int width = Math.Min(Block, n - first), length = m - first, rest = n - first - width;
            T* triangle = triangles + ((long)first * Block), panel = q + ((long)first * n) + first;
            Panel(crew, length, width, panel, n, reflections, triangle, strip);
            Apply(crew, length, width, rest, reflections, triangle, true, panel + width, n, strip, second);
            reflections += (long)length * width;
        }
        for (nint i = 0; i < n; i++)
        {
            new Span<T>(r + (i * n), (int)i).Clear();
            Buffer.MemoryCopy(q + (i * n) + i, r + (i * n) + i, (n - i) * sizeof(T), (n - i) * sizeof(T));
        }
        Form(crew, m, n, q, v, triangles, strip, second);
        MakePositive(m, n, q, r, strip);
    }

    /// <summary>q = the first n columns of the product of all reflections, last block first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Form(in FactorCrew crew, int m, int n, T* q, T* v, T* triangles, T* strip, T* second)
    {
        for (nint i = 0; i < m; i++)
        {
            new Span<T>(q + (i * n), n).Clear();
            if (i < n) q[(i * n) + i] = T.One;
        }
        for (int first = (n - 1) / Block * Block; first >= 0; first -= Block)
        {
            int width = Math.Min(Block, n - first);
            T* reflections = v + ((long)first * m) - Before(first);
            Apply(crew, m - first, width, n - first, reflections, triangles + ((long)first * Block), false, q + ((long)first * n) + first, n, strip, second);
        }
    }

    /// <summary>How many elements the reflections before a column lack to m each: block b has b * Block fewer in every row.</summary>
    private static long Before(int first)
    {
        long blocks = first / Block;
        return blocks * (blocks - 1) / 2 * Block * Block;
    }

    /// <summary>A = (I - V T V^T) A, or with T transposed, over <paramref name="columns"/> columns. Rows of <paramref name="v"/> are the columns of V; the triangle is -T.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply(in FactorCrew crew, int length, int width, int columns, T* v, T* triangle, bool transpose, T* a, nint ld, T* strip, T* second)
    {
        if (columns == 0) return;
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = width, N = columns, K = length, A = v, ARow = length, AColumn = 1, B = a, BRow = ld, BColumn = 1, C = strip, CRow = columns });
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = width, N = columns, K = width, A = triangle, ARow = transpose ? 1 : Block, AColumn = transpose ? Block : 1, B = strip, BRow = columns, BColumn = 1, C = second, CRow = columns });
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = length, N = columns, K = width, A = v, ARow = 1, AColumn = length, B = second, BRow = columns, BColumn = 1, C = a, CRow = ld, Accumulate = true });
    }

    /// <summary>Factors a block of columns one by one, turned into rows; leaves its part of r in the block, V in <paramref name="v"/> and -T in <paramref name="triangle"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panel(in FactorCrew crew, int length, int width, T* panel, nint ld, T* v, T* triangle, T* products)
    {
        T* factors = stackalloc T[Block];
        GemmPacking.Transpose(panel, ld, length, width, v, length);
        for (int j = 0; j < width; j++)
        {
            T* column = v + ((nint)j * length) + j;
            int count = length - j;
            factors[j] = Reflect(crew.Scratch, column, count, out T diagonal);
            T* next = column + length;
            if (j + 1 < width && factors[j] != T.Zero)
            {
                Dots(crew.Scratch, width - j - 1, count, column, next, length, products);
                for (nint c = 0; c < width - j - 1; c++)
                    FactorRows<T, TVector, TSimd>.SubtractMultiple(next + (c * length), column, factors[j] * products[c], count);
            }
            for (nint i = 0; i < j; i++)
            {
                panel[(i * ld) + j] = v[((nint)j * length) + i];
                v[((nint)j * length) + i] = T.Zero;
            }
            panel[(j * ld) + j] = diagonal;
        }
        Triangle(crew, length, width, v, factors, triangle, products);
    }

    /// <summary>
    /// Makes x the vector of the reflection that takes it to a multiple of the first axis: x[0] = 1; gives its factor, 0 for none. Numbers whose squares leave the range are scaled by a
    /// power of two.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Reflect(ScratchPool scratch, T* x, int count, out T diagonal)
    {
        T first = x[0], square = T.Zero, scale = T.One, rest = T.One;
        if (count > 1) Dots(scratch, 1, count - 1, x + 1, x + 1, count, &square);
        T sum = T.FusedMultiplyAdd(first, first, square);
        if (!(square > T.Zero && sum >= LeastSquare && sum <= GreatestSquare))
        {
            T tail = FactorRows.Magnitude(x + 1, count - 1);
            if (tail == T.Zero)
            {
                x[0] = T.One;
                diagonal = first;
                return T.Zero;
            }
            T greatest = T.Max(tail, T.Abs(first));
            if (T.IsFinite(greatest))
            {
                // In two steps: the reciprocal of a subnormal number is no finite one.
                int exponent = -T.ILogB(greatest);
                scale = T.ScaleB(T.One, exponent / 2);
                rest = T.ScaleB(T.One, exponent - (exponent / 2));
                FactorRows.Scale(x, scale, count);
                FactorRows.Scale(x, rest, count);
                first = x[0];
                Dots(scratch, 1, count - 1, x + 1, x + 1, count, &square);
                sum = T.FusedMultiplyAdd(first, first, square);
            }
        }
        T reflected = T.CopySign(T.Sqrt(sum), -first);
        FactorRows.Divide(x + 1, first - reflected, count - 1);
        x[0] = T.One;
        diagonal = reflected / scale / rest;
        return (reflected - first) / reflected;
    }

    /// <summary>-T from the factors and the products of the vectors: T[i, j] = -factor[j] sum over p of T[i, p] (v_p . v_j).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Triangle(in FactorCrew crew, int length, int width, T* v, T* factors, T* triangle, T* products)
    {
        FactorProduct<T, TVector, TSimd>.Multiply(crew, new() { M = width, N = width, K = length, A = v, ARow = length, AColumn = 1, B = v, BRow = 1, BColumn = length, C = products, CRow = width });
        for (nint i = 0; i < width; i++)
        {
            T* row = triangle + (i * Block);
            for (nint j = 0; j < i; j++) row[j] = T.Zero;
            row[i] = -factors[i];
            for (nint j = i + 1; j < width; j++)
            {
                T sum = T.Zero;
                for (nint p = i; p < j; p++) sum = T.FusedMultiplyAdd(row[p], products[(p * width) + j], sum);
                row[j] = -factors[j] * sum;
            }
        }
    }

    /// <summary>Products of x with rows of a matrix, each a sum of sixteen lanes.</summary>
    public static void Dots(ScratchPool scratch, int rows, int count, T* x, T* matrix, nint ld, T* result) =>
        GemvKernels<T, TVector, TSimd>.Multiply(scratch, new() { M = 1, N = rows, K = count, A = x, AColumn = 1, B = matrix, BRow = 1, BColumn = ld, C = result, CRow = rows });

    /// <summary>Changes the signs of columns of q and rows of r so that no diagonal element of r is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MakePositive(int m, int n, T* q, T* r, T* signs)
    {
        bool any = false;
        for (nint i = 0; i < n; i++)
        {
            T* row = r + (i * n);
            // -0 counts as negative; the sign of a NaN means nothing.
            bool negative = T.IsNegative(row[i]) && !T.IsNaN(row[i]);
            signs[i] = negative ? -T.One : T.One;
            any |= negative;
            if (negative) FactorRows.Negate(row + i, 1, row + i, n - (int)i);
        }
        for (nint i = 0; i < m && any; i++) FactorRows.Multiply(q + (i * n), signs, n);
    }
}
