using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>A tile of scores: some queries, one row each, against one block of keys.</summary>
internal unsafe struct ScoreTile<T>
    where T : unmanaged
{
    /// <summary>Scores in units of log(2); the weights take their place. Rows are <see cref="AttentionRows.KeyBlock"/> apart.</summary>
    public T* Scores;

    /// <summary>Added to the scores, of the same form; -inf hides. Null when there is no mask.</summary>
    public T* Mask;

    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Keys of the block.</summary>
    public int Keys;

    /// <summary>Keys of the block that row 0 may see, counted from its first; may be negative or exceed <see cref="Keys"/>.</summary>
    public int Visible;

    /// <summary>How many more keys each further row sees: 1 when causal, else 0.</summary>
    public int VisibleStep;

    /// <summary>Forward: greatest score so far, per row.</summary>
    public T* Greatest;

    /// <summary>Forward: 16 lanes of the sum of weights, per row.</summary>
    public T* Sums;

    /// <summary>Forward: what this block subtracts from the scores, per row, then the factor of what was summed before, per row.</summary>
    public T* Shifts;

    /// <summary>Forward: weighted sums of the values so far; rows are <see cref="OutputWidth"/> apart.</summary>
    public T* Output;

    /// <summary>Elements of an output row, a multiple of 16.</summary>
    public int OutputWidth;

    /// <summary>Backward: logarithms of the sums of exponentials, per row.</summary>
    public T* Logarithms;

    /// <summary>Backward: products of cotangent and values, of the form of the scores; the scores' cotangents take their place.</summary>
    public T* Slopes;

    /// <summary>Backward: the means of the slopes under the weights, per row.</summary>
    public T* Means;
}

/// <summary>The element by element steps of attention on tiles of scores, as function pointers of one vector width. Every width gives the same bits.</summary>
internal unsafe struct AttentionLoops<T>
    where T : unmanaged
{
    public delegate*<ScoreTile<T>*, void> Soften;

    public delegate*<ScoreTile<T>*, void> Slope;

    public delegate*<T*, T*, int, int, T*, void> RowDots;

    public delegate*<T*, T*, nint, void> Log2;
}

internal static unsafe class AttentionRows
{
    /// <summary>Keys in a block, part of the meaning of <see cref="Accumulation.KeyBlocks"/>. A multiple of 48, so that tiles of every width fill it.</summary>
    public const int KeyBlock = 96;

    /// <summary>Lanes of a sum over keys, part of the meaning too.</summary>
    public const int Lanes = 16;

    /// <summary>Rows that are cut off at the same key: products leave out hidden keys by groups, of which the tiles of every width have whole numbers.</summary>
    public const int Group = 24;

    public static AttentionLoops<float> Single => SimdWidth.Elementwise switch
    {
        512 => Make<float, V512F, Vector512<float>, Vector512<int>, Vector512<float>>(VectorMath.Unary32(ElementaryFunction.Log2)),
        256 => Make<float, V256F, Vector256<float>, Vector256<int>, Vector256<float>>(VectorMath.Unary32(ElementaryFunction.Log2)),
        _ => Make<float, V128F, Vector128<float>, Vector128<int>, Vector128<float>>(VectorMath.Unary32(ElementaryFunction.Log2)),
    };

    public static AttentionLoops<double> Double => SimdWidth.Elementwise switch
    {
        512 => Make<double, V512D, Vector512<double>, Vector512<long>, Vector512<double>>(VectorMath.Unary64(ElementaryFunction.Log2)),
        256 => Make<double, V256D, Vector256<double>, Vector256<long>, Vector256<double>>(VectorMath.Unary64(ElementaryFunction.Log2)),
        _ => Make<double, V128D, Vector128<double>, Vector128<long>, Vector128<double>>(VectorMath.Unary64(ElementaryFunction.Log2)),
    };

    /// <summary>The smallest multiple of <see cref="Lanes"/> that is not below a count.</summary>
    public static int Whole(int count) => (count + Lanes - 1) & -Lanes;

    /// <summary>Lanes combined at distances 8, 4, 2, 1.</summary>
    public static T Combine<T>(T* lanes)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* sums = stackalloc T[Lanes / 2];
        for (int i = 0; i < 8; i++) sums[i] = lanes[i] + lanes[i + 8];
        for (int distance = 4; distance > 0; distance >>= 1)
            for (int i = 0; i < distance; i++) sums[i] += sums[i + distance];
        return sums[0];
    }

    private static AttentionLoops<T> Make<T, L, F, I, M>(delegate*<T*, T*, nint, void> log2)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where L : IVectorLanes<T, F, I, M> => new()
        {
            Soften = &AttentionRows<T, L, F, I, M>.Soften,
            Slope = &AttentionRows<T, L, F, I, M>.Slope,
            RowDots = &AttentionRows<T, L, F, I, M>.RowDots,
            Log2 = log2,
        };
}

/// <summary>The loops of <see cref="AttentionLoops{T}"/> in lanes of one width.</summary>
internal static unsafe class AttentionRows<T, L, F, I, M>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where L : IVectorLanes<T, F, I, M>
{
    private const int KeyBlock = AttentionRows.KeyBlock;
    private const int Lanes = AttentionRows.Lanes;

    /// <summary>One step of the streaming softmax: scores become weights relative to the greatest score so far, and what was summed before is scaled to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Soften(ScoreTile<T>* tile)
    {
        T* shifts = tile->Shifts, factors = shifts + AttentionRows.Whole(tile->Rows), greatest = tile->Greatest;
        T* lanes = stackalloc T[Lanes];
        for (int row = 0; row < tile->Rows; row++) shifts[row] = Greatest(tile, row, greatest[row], lanes);
        F hidden = L.Constant(double.NegativeInfinity);
        for (int row = 0; row < tile->Rows; row += L.Count)
        {
            F next = L.Load(shifts + row);
            // A row that has seen nothing yet subtracts 0: -inf - -inf would be NaN.
            F shift = L.Select(L.Equal(next, hidden), L.Constant(0), next);
            L.Store(factors + row, Exp2(L.Sub(L.Load(greatest + row), shift)));
            L.Store(greatest + row, next);
            L.Store(shifts + row, shift);
        }
        for (int row = 0; row < tile->Rows; row++) Weigh(tile, row, shifts[row], factors[row]);
    }

    /// <summary>Scores and slopes become weights and the scores' cotangents: P = 2^(score - logarithm), P * (slope - mean).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Slope(ScoreTile<T>* tile)
    {
        F none = L.Constant(0);
        int whole = AttentionRows.Whole(tile->Keys);
        for (int row = 0; row < tile->Rows; row++)
        {
            T* scores = tile->Scores + (row * KeyBlock), slopes = tile->Slopes + (row * KeyBlock);
            int visible = Math.Clamp(tile->Visible + (row * tile->VisibleStep), 0, tile->Keys);
            F logarithm = Broadcast(tile->Logarithms[row]), mean = Broadcast(tile->Means[row]);
            int i = 0;
            if (tile->Mask != null)
            {
                T* mask = tile->Mask + (row * KeyBlock);
                for (; i < visible; i += L.Count) L.Store(scores + i, Masked(L.Load(scores + i), L.Load(mask + i)));
            }
            for (i = 0; i < visible; i += L.Count)
            {
                F weight = Exp2(L.Sub(L.Load(scores + i), logarithm));
                L.Store(scores + i, weight);
                L.Store(slopes + i, L.Mul(weight, L.Sub(L.Load(slopes + i), mean)));
            }
            for (int j = visible; j < Math.Min(i, whole); j++) scores[j] = slopes[j] = T.Zero;
            for (; i < whole; i += L.Count)
            {
                L.Store(scores + i, none);
                L.Store(slopes + i, none);
            }
        }
    }

    /// <summary>Sums of products of the rows of two matrices: element i goes to lane i mod 16 as a chain of fused multiply-adds.</summary>
    /// <param name="a">Rows of a multiple of 16 elements.</param>
    /// <param name="b">Of the same form.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="sums">One per row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RowDots(T* a, T* b, int rows, int width, T* sums)
    {
        T* lanes = stackalloc T[Lanes];
        for (int row = 0; row < rows; row++, a += width, b += width)
        {
            for (int c = 0; c < Lanes; c += L.Count)
            {
                F sum = L.Constant(0);
                for (int i = c; i < width; i += Lanes) sum = L.Fma(L.Load(a + i), L.Load(b + i), sum);
                L.Store(lanes + c, sum);
            }
            sums[row] = AttentionRows.Combine(lanes);
        }
    }

    /// <summary>The greatest of a row's visible scores and of what was greatest before; NaN is passed over, as its weight will be NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Greatest(ScoreTile<T>* tile, int row, T before, T* lanes)
    {
        T* scores = tile->Scores + (row * KeyBlock);
        int visible = Math.Clamp(tile->Visible + (row * tile->VisibleStep), 0, tile->Keys), whole = AttentionRows.Whole(visible);
        if (tile->Mask != null)
        {
            T* mask = tile->Mask + (row * KeyBlock);
            for (int i = 0; i < visible; i += L.Count) L.Store(scores + i, Masked(L.Load(scores + i), L.Load(mask + i)));
        }
        for (int i = visible; i < whole; i++) scores[i] = T.NegativeInfinity;
        F first = L.Constant(double.NegativeInfinity), second = first;
        for (int i = 0; i < whole; i += Lanes)
        {
            first = L.MaxNative(L.Load(scores + i), first);
            for (int c = L.Count; c < Lanes; c += L.Count) second = L.MaxNative(L.Load(scores + i + c), second);
        }
        L.Store(lanes, L.MaxNative(first, second));
        Vector128<T> most = Vector128.Load(lanes);
        for (int c = Vector128<T>.Count; c < L.Count; c += Vector128<T>.Count) most = Vector128.MaxNative(most, Vector128.Load(lanes + c));
        for (int c = 0; c < Vector128<T>.Count; c++) before = T.MaxNative(most.GetElement(c), before);
        return before;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weigh(ScoreTile<T>* tile, int row, T shift, T factor)
    {
        T* scores = tile->Scores + (row * KeyBlock), sums = tile->Sums + (row * Lanes);
        int visible = Math.Clamp(tile->Visible + (row * tile->VisibleStep), 0, tile->Keys), whole = AttentionRows.Whole(visible);
        F subtracted = Broadcast(shift), scaled = Broadcast(factor);
        for (int c = 0; c < Lanes; c += L.Count)
        {
            F sum = L.Mul(L.Load(sums + c), scaled);
            for (int i = c; i < whole; i += Lanes)
            {
                F weight = Exp2(L.Sub(L.Load(scores + i), subtracted));
                L.Store(scores + i, weight);
                sum = L.Add(sum, weight);
            }
            L.Store(sums + c, sum);
        }
        F none = L.Constant(0);
        for (int i = whole; i < AttentionRows.Whole(tile->Keys); i += L.Count) L.Store(scores + i, none);
        if (factor == T.One) return;
        T* output = tile->Output + ((nint)row * tile->OutputWidth);
        for (int i = 0; i < tile->OutputWidth; i += L.Count) L.Store(output + i, L.Mul(L.Load(output + i), scaled));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Masked(F score, F mask)
    {
        F hidden = L.Constant(double.NegativeInfinity);
        return L.Select(L.Equal(mask, hidden), hidden, L.Add(score, mask));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Exp2(F x) => typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Exp2Normal(x) : Portable64<L, F, I, M>.Exp2Normal(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Broadcast(T value) => L.Constant(double.CreateTruncating(value));
}
