using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Products with a vector: y[j] = sum over p of x[p] * matrix[p, j]. Element p goes to lane p mod 16, each lane is a chain of fused multiply-adds from +0 in order of p,
/// and the lanes combine at distances 8, 4, 2, 1 (lane i += lane i + distance). Every output is independent of the others.
/// </summary>
/// <remarks>A lane that has no element in the last, incomplete group is left alone rather than given zeros: adding 0 * 0 would turn a -0 into +0.</remarks>
internal static unsafe class GemvKernels<T, TVector, TSimd>
    where T : unmanaged
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    private const int Lanes = 16;
    private const int Half = Lanes / 2;

    // Eight accumulators hide the latency of a fused multiply-add. A row of sixteen lanes is this many vectors, so they cover this many rows.
    private static int Parts => Lanes / TSimd.Width;

    // Rows of at least this many vectors are read along.
    private const int RowVectors = 4;

    private static int DotRows => Half / Parts;

    /// <summary>Computes a problem with M = 1 or N = 1 on this thread. K must not be 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Multiply(ScratchPool pool, in GemmProblem<T> problem)
    {
        if (problem.M == 1)
            Multiply(pool, problem.N, problem.K, problem.A, problem.AColumn, problem.B, problem.BColumn, problem.BRow, problem.C, 1);
        else
            Multiply(pool, problem.M, problem.K, problem.B, problem.BRow, problem.A, problem.ARow, problem.AColumn, problem.C, problem.CRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(ScratchPool pool, int outputs, int k, T* x, nint xs, T* matrix, nint stride, nint step, T* y, nint ys)
    {
        if (step == 1 && xs == 1)
        {
            DotAll(outputs, k, x, matrix, stride, y, ys);
        }
        else if (step == 1)
        {
            var scratch = pool.Rent((nuint)k * (nuint)sizeof(T));
            var copy = (T*)scratch.Pointer;
            for (nint p = 0; p < k; p++)
                copy[p] = x[p * xs];
            DotAll(outputs, k, copy, matrix, stride, y, ys);
            pool.Return(scratch);
        }
        else if (stride == 1)
        {
            var along = outputs >= RowVectors * TSimd.Width && k >= GemvRows<T, TVector, TSimd>.LeastRows;
            nint j = along ? GemvRows<T, TVector, TSimd>.Multiply(pool, outputs, k, x, xs, matrix, step, y, ys) : 0;
            for (; j < outputs; j += TSimd.Width)
                Columns(k, x, xs, matrix + j, step, y + j * ys, ys, (int)Math.Min(TSimd.Width, outputs - j));
        }
        else
        {
            var scratch = pool.Rent((nuint)k * (nuint)(TSimd.Width * sizeof(T)));
            var panel = (T*)scratch.Pointer;
            for (nint j = 0; j < outputs; j += TSimd.Width)
            {
                var count = (int)Math.Min(TSimd.Width, outputs - j);
                GemmPacking.Pack(matrix + j * stride, stride, step, count, k, panel, TSimd.Width);
                Columns(k, x, xs, panel, TSimd.Width, y + j * ys, ys, count);
            }
            pool.Return(scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotAll(int outputs, int k, T* x, T* rows, nint stride, T* y, nint ys)
    {
        for (var j = 0; j < outputs; j += DotRows)
            Dot(k, x, rows + j * stride, stride, y + j * ys, ys, Math.Min(DotRows, outputs - j));
    }

    /// <summary>Dot products of x with <paramref name="count"/> rows, at most <see cref="DotRows"/>; rows beyond repeat the last one and are not stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void Dot(int k, T* x, T* rows, nint stride, T* y, nint ys, int count)
    {
        // Accumulator q holds part q mod Parts of row q / Parts. Parts is a constant to the compiler, so each pointer below is one of DotRows rows plus a constant.
        T* p0 = Part(rows, stride, 0, count), p1 = Part(rows, stride, 1, count), p2 = Part(rows, stride, 2, count), p3 = Part(rows, stride, 3, count);
        T* p4 = Part(rows, stride, 4, count), p5 = Part(rows, stride, 5, count), p6 = Part(rows, stride, 6, count), p7 = Part(rows, stride, 7, count);
        TVector c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        nint i = 0;
        for (; i <= k - Lanes; i += Lanes)
        {
            c0 = TSimd.MultiplyAdd(TSimd.Load(x + i), TSimd.Load(p0 + i), c0);
            c1 = TSimd.MultiplyAdd(TSimd.Load(x + i + 1 % Parts * TSimd.Width), TSimd.Load(p1 + i), c1);
            c2 = TSimd.MultiplyAdd(TSimd.Load(x + i + 2 % Parts * TSimd.Width), TSimd.Load(p2 + i), c2);
            c3 = TSimd.MultiplyAdd(TSimd.Load(x + i + 3 % Parts * TSimd.Width), TSimd.Load(p3 + i), c3);
            c4 = TSimd.MultiplyAdd(TSimd.Load(x + i + 4 % Parts * TSimd.Width), TSimd.Load(p4 + i), c4);
            c5 = TSimd.MultiplyAdd(TSimd.Load(x + i + 5 % Parts * TSimd.Width), TSimd.Load(p5 + i), c5);
            c6 = TSimd.MultiplyAdd(TSimd.Load(x + i + 6 % Parts * TSimd.Width), TSimd.Load(p6 + i), c6);
            c7 = TSimd.MultiplyAdd(TSimd.Load(x + i + 7 % Parts * TSimd.Width), TSimd.Load(p7 + i), c7);
        }
        if (i < k)
        {
            var rest = (int)(k - i);
            x += i;
            c0 = Rest(x, p0 + i, c0, 0, rest);
            c1 = Rest(x, p1 + i, c1, 1, rest);
            c2 = Rest(x, p2 + i, c2, 2, rest);
            c3 = Rest(x, p3 + i, c3, 3, rest);
            c4 = Rest(x, p4 + i, c4, 4, rest);
            c5 = Rest(x, p5 + i, c5, 5, rest);
            c6 = Rest(x, p6 + i, c6, 6, rest);
            c7 = Rest(x, p7 + i, c7, 7, rest);
        }
        var lanes = stackalloc T[Half * TSimd.Width];
        TSimd.Store(lanes, c0);
        TSimd.Store(lanes + TSimd.Width, c1);
        TSimd.Store(lanes + 2 * TSimd.Width, c2);
        TSimd.Store(lanes + 3 * TSimd.Width, c3);
        TSimd.Store(lanes + 4 * TSimd.Width, c4);
        TSimd.Store(lanes + 5 * TSimd.Width, c5);
        TSimd.Store(lanes + 6 * TSimd.Width, c6);
        TSimd.Store(lanes + 7 * TSimd.Width, c7);
        for (nint row = 0; row < count; row++)
            y[row * ys] = Combine(lanes + row * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T* Part(T* rows, nint stride, int q, int count) => rows + Math.Min(q / Parts, count - 1) * stride + q % Parts * TSimd.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Rest(T* x, T* part, TVector accumulator, int q, int rest)
    {
        var begin = q % Parts * TSimd.Width;
        var count = Math.Min(rest - begin, TSimd.Width);
        return count <= 0 ? accumulator : TSimd.MultiplyAddFirst(TSimd.LoadFirst(x + begin, count), TSimd.LoadFirst(part, count), accumulator, count);
    }

    /// <summary>Sixteen lanes to one, at distances 8, 4, 2, 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Combine(T* lanes)
    {
        for (var distance = Half; distance >= Vector128<T>.Count; distance /= 2)
            for (var i = 0; i < distance; i += Vector128<T>.Count)
                (Vector128.Load(lanes + i) + Vector128.Load(lanes + i + distance)).Store(lanes + i);
        var rest = Vector128.Load(lanes);
        if (Vector128<T>.Count == 4)
            rest += Vector128.Shuffle(rest.AsInt32(), Vector128.Create(2, 3, 2, 3)).As<int, T>();
        rest += Vector128<T>.Count == 4
            ? Vector128.Shuffle(rest.AsInt32(), Vector128.Create(1, 1, 1, 1)).As<int, T>()
            : Vector128.Shuffle(rest.AsInt64(), Vector128.Create(1L, 1L)).As<long, T>();
        return rest.ToScalar();
    }

    /// <summary>One vector of outputs whose matrix elements are contiguous: a vector of accumulators per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void Columns(int k, T* x, nint xs, T* matrix, nint step, T* y, nint ys, int count)
    {
        // Two passes of eight lanes: sixteen accumulators would not leave a register over on machines that have sixteen.
        var lanes = stackalloc T[Lanes * TSimd.Width];
        var upper = lanes + Half * TSimd.Width;
        HalfLanes(k, x, xs, matrix, step, count, lanes);
        HalfLanes(k - Half, x + Half * xs, xs, matrix + Half * step, step, count, upper);

        // Lane i += lane i + 8, then at distances 4, 2, 1.
        var l0 = TSimd.Add(Sum(lanes, upper, 0), Sum(lanes, upper, 4));
        var l1 = TSimd.Add(Sum(lanes, upper, 1), Sum(lanes, upper, 5));
        var l2 = TSimd.Add(Sum(lanes, upper, 2), Sum(lanes, upper, 6));
        var l3 = TSimd.Add(Sum(lanes, upper, 3), Sum(lanes, upper, 7));
        var sum = TSimd.Add(TSimd.Add(l0, l2), TSimd.Add(l1, l3));
        if (ys == 1)
        {
            TSimd.StoreFirst(y, sum, count);
            return;
        }
        TSimd.Store(lanes, sum);
        for (nint j = 0; j < count; j++)
            y[j * ys] = lanes[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum(T* lower, T* upper, int lane) => TSimd.Add(TSimd.Load(lower + lane * TSimd.Width), TSimd.Load(upper + lane * TSimd.Width));

    /// <summary>Accumulates rows 0 to 7 of every group of sixteen, lane by lane, and stores the eight vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void HalfLanes(int k, T* x, nint xs, T* matrix, nint step, int count, T* lanes)
    {
        TVector c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        nint x2 = 2 * xs, x3 = 3 * xs, x4 = 4 * xs, x5 = 5 * xs, x6 = 6 * xs, x7 = 7 * xs;
        nint m2 = 2 * step, m3 = 3 * step, m4 = 4 * step, m5 = 5 * step, m6 = 6 * step, m7 = 7 * step;
        var groups = (k + Half) / Lanes;
        var rest = k - groups * Lanes;
        if (count == TSimd.Width)
        {
            for (; groups > 0; groups--, x += Lanes * xs, matrix += Lanes * step)
            {
                c0 = TSimd.MultiplyAdd(TSimd.Broadcast(x), TSimd.Load(matrix), c0);
                c1 = TSimd.MultiplyAdd(TSimd.Broadcast(x + xs), TSimd.Load(matrix + step), c1);
                c2 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x2), TSimd.Load(matrix + m2), c2);
                c3 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x3), TSimd.Load(matrix + m3), c3);
                c4 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x4), TSimd.Load(matrix + m4), c4);
                c5 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x5), TSimd.Load(matrix + m5), c5);
                c6 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x6), TSimd.Load(matrix + m6), c6);
                c7 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x7), TSimd.Load(matrix + m7), c7);
            }
        }
        for (; groups > 0; groups--, x += Lanes * xs, matrix += Lanes * step)
        {
            c0 = TSimd.MultiplyAdd(TSimd.Broadcast(x), TSimd.LoadFirst(matrix, count), c0);
            c1 = TSimd.MultiplyAdd(TSimd.Broadcast(x + xs), TSimd.LoadFirst(matrix + step, count), c1);
            c2 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x2), TSimd.LoadFirst(matrix + m2, count), c2);
            c3 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x3), TSimd.LoadFirst(matrix + m3, count), c3);
            c4 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x4), TSimd.LoadFirst(matrix + m4, count), c4);
            c5 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x5), TSimd.LoadFirst(matrix + m5, count), c5);
            c6 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x6), TSimd.LoadFirst(matrix + m6, count), c6);
            c7 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x7), TSimd.LoadFirst(matrix + m7, count), c7);
        }
        if (rest > 0)
            c0 = TSimd.MultiplyAdd(TSimd.Broadcast(x), TSimd.LoadFirst(matrix, count), c0);
        if (rest > 1)
            c1 = TSimd.MultiplyAdd(TSimd.Broadcast(x + xs), TSimd.LoadFirst(matrix + step, count), c1);
        if (rest > 2)
            c2 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x2), TSimd.LoadFirst(matrix + m2, count), c2);
        if (rest > 3)
            c3 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x3), TSimd.LoadFirst(matrix + m3, count), c3);
        if (rest > 4)
            c4 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x4), TSimd.LoadFirst(matrix + m4, count), c4);
        if (rest > 5)
            c5 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x5), TSimd.LoadFirst(matrix + m5, count), c5);
        if (rest > 6)
            c6 = TSimd.MultiplyAdd(TSimd.Broadcast(x + x6), TSimd.LoadFirst(matrix + m6, count), c6);
        TSimd.Store(lanes, c0);
        TSimd.Store(lanes + TSimd.Width, c1);
        TSimd.Store(lanes + 2 * TSimd.Width, c2);
        TSimd.Store(lanes + 3 * TSimd.Width, c3);
        TSimd.Store(lanes + 4 * TSimd.Width, c4);
        TSimd.Store(lanes + 5 * TSimd.Width, c5);
        TSimd.Store(lanes + 6 * TSimd.Width, c6);
        TSimd.Store(lanes + 7 * TSimd.Width, c7);
    }
}
