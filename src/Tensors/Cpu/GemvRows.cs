using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Products with a vector of a matrix whose rows are contiguous, in the order of <see cref="GemvKernels{T, TVector, TSimd}"/>: lane after lane, the rows of a lane
/// are read along, while the lane's sums stay in the first-level cache. Going down single columns would touch a new page at every element.
/// </summary>
internal static unsafe class GemvRows<T, TVector, TSimd>
    where T : unmanaged
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private const int Lanes = 16;

    // Rows of one lane that are added while its sums are in a register.
    private const int RowsTogether = 4;

    /// <summary>Rows from which on every lane fills a group of rows.</summary>
    public const int LeastRows = Lanes * RowsTogether;

    // The sums of one lane take half of a first-level cache of 32 KB; those of all lanes a quarter of a second-level cache of 1 MB.
    private const int BlockBytes = 16 << 10;

    private static int BlockColumns => BlockBytes / sizeof(T);

    /// <summary>y[j] = sum over p of x[p] * matrix[p, j] for as many columns as whole vectors cover; returns that number. There must be at least <see cref="LeastRows"/> rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static int Multiply(ScratchPool pool, int outputs, int k, T* x, nint xs, T* matrix, nint step, T* y, nint ys)
    {
        var whole = outputs / TSimd.Width * TSimd.Width;
        var scratch = pool.Rent((nuint)(Lanes * BlockBytes));
        var lanes = (T*)scratch.Pointer;
        for (var j = 0; j < whole; j += BlockColumns)
        {
            var columns = Math.Min(BlockColumns, whole - j);
            var from = matrix + j;
            for (var lane = 0; lane < Lanes; lane++)
            {
                var sums = lanes + lane * columns;
                nint p = lane;
                for (; p + (RowsTogether - 1) * Lanes < k; p += RowsTogether * Lanes)
                    AddFour(columns, x + p * xs, Lanes * xs, from + p * step, Lanes * step, sums, p != lane);
                for (; p < k; p += Lanes)
                    AddOne(columns, x + p * xs, from + p * step, sums);
            }
            Combine(columns, lanes, y + j * ys, ys);
        }
        pool.Return(scratch);
        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddFour(nint columns, T* x, nint xs, T* row, nint step, T* sums, bool resume)
    {
        TVector x0 = TSimd.Broadcast(x), x1 = TSimd.Broadcast(x + xs), x2 = TSimd.Broadcast(x + 2 * xs), x3 = TSimd.Broadcast(x + 3 * xs);
        T* row1 = row + step, row2 = row + 2 * step, row3 = row + 3 * step;
        for (nint j = 0; j < columns; j += TSimd.Width)
        {
            var sum = TSimd.MultiplyAdd(x0, TSimd.Load(row + j), resume ? TSimd.Load(sums + j) : default);
            sum = TSimd.MultiplyAdd(x1, TSimd.Load(row1 + j), sum);
            sum = TSimd.MultiplyAdd(x2, TSimd.Load(row2 + j), sum);
            TSimd.Store(sums + j, TSimd.MultiplyAdd(x3, TSimd.Load(row3 + j), sum));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddOne(nint columns, T* x, T* row, T* sums)
    {
        var x0 = TSimd.Broadcast(x);
        for (nint j = 0; j < columns; j += TSimd.Width)
            TSimd.Store(sums + j, TSimd.MultiplyAdd(x0, TSimd.Load(row + j), TSimd.Load(sums + j)));
    }

    /// <summary>Sixteen lanes to one, at distances 8, 4, 2, 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Combine(int columns, T* lanes, T* y, nint ys)
    {
        for (nint j = 0; j < columns; j += TSimd.Width, lanes += TSimd.Width)
        {
            var even = TSimd.Add(TSimd.Add(Pair(lanes, columns, 0), Pair(lanes, columns, 4)), TSimd.Add(Pair(lanes, columns, 2), Pair(lanes, columns, 6)));
            var odd = TSimd.Add(TSimd.Add(Pair(lanes, columns, 1), Pair(lanes, columns, 5)), TSimd.Add(Pair(lanes, columns, 3), Pair(lanes, columns, 7)));
            var sum = TSimd.Add(even, odd);
            if (ys == 1)
            {
                TSimd.Store(y + j, sum);
                continue;
            }
            TSimd.Store(lanes, sum);
            for (nint i = 0; i < TSimd.Width; i++)
                y[(j + i) * ys] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Pair(T* lanes, nint columns, nint lane) =>
        TSimd.Add(TSimd.Load(lanes + lane * columns), TSimd.Load(lanes + (lane + Lanes / 2) * columns));
}
