using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Triangular systems with many right sides, in place: halves of the triangle recursively, joined by matrix products. An element is one chain of multiply-adds in the order of
/// elimination, whatever the blocks.
/// </summary>
internal unsafe struct TriangularBlocks<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Side of the triangles that are solved row by row.</summary>
    public const int Leaf = 16;

    // Rows that are turned into columns at a time, to solve from the right.
    private const int TurnedRows = 256;

    // Threads cut right sides at whole cache lines.
    private const int Unit = 64;

    private FactorCrew _crew;
    private int _n;
    private T* _l;
    private nint _row;
    private nint _column;
    private bool _unit;
    private T* _x;
    private nint _ld;
    private int _count;
    private int _parts;
    private bool _right;

    /// <summary>Where a block of <paramref name="n"/> is cut: the largest power of two times the leaf below it.</summary>
    public static int Half(int n)
    {
        int half = Leaf;
        while (2 * half < n) half *= 2;
        return half;
    }

    /// <summary>
    /// Solves L X = W, X over W: n rows of <paramref name="columns"/> contiguous elements, <paramref name="ld"/> apart. L is lower; an upper one is given from its last row and
    /// column, with negative strides.
    /// </summary>
    public static void Solve(in FactorCrew crew, int n, T* l, nint row, nint column, bool unit, T* w, nint ld, int columns) =>
        Divide(crew, new() { _n = n, _l = l, _row = row, _column = column, _unit = unit, _x = w, _ld = ld, _count = columns });

    /// <summary>Solves X L^T = B for <paramref name="rows"/> rows of n elements, X over B; L is lower and row-major.</summary>
    public static void SolveRight(in FactorCrew crew, int n, T* l, nint ldl, T* b, nint ld, int rows) =>
        Divide(crew, new() { _n = n, _l = l, _row = ldl, _column = 1, _x = b, _ld = ld, _count = rows, _right = true });

    private static void Divide(in FactorCrew crew, TriangularBlocks<T, TVector, TSimd> job)
    {
        job._crew = crew.Alone;
        job._parts = Math.Min(crew.Parts((long)job._n * job._n * job._count / 2), (job._count + Unit - 1) / Unit);
#pragma warning disable CS8500 // The job lives in this frame, which the collector scans, until every chunk is done.
        if (job._parts <= 1)
        {
            job._parts = 1;
            Execute(crew.Scratch, &job, 0);
        }
        else
        {
            crew.Pool!.Run(job._parts, &Execute, &job);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Execute(ScratchPool scratch, void* state, int chunk)
    {
        var job = (TriangularBlocks<T, TVector, TSimd>*)state;
#pragma warning restore CS8500
        int begin = Boundary(job->_count, chunk, job->_parts), count = Boundary(job->_count, chunk + 1, job->_parts) - begin;
        if (count == 0) return;
        if (job->_right) Right(job->_crew, job->_n, job->_l, job->_row, job->_x + (begin * job->_ld), job->_ld, count);
        else Left(job->_crew, job->_n, job->_l, job->_row, job->_column, job->_unit, job->_x + begin, job->_ld, count);
    }

    private static int Boundary(int count, int part, int parts) => part == parts ? count : (int)((long)count * part / parts) / Unit * Unit;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Left(in FactorCrew crew, int n, T* l, nint row, nint column, bool unit, T* w, nint ld, int columns)
    {
        if (n <= Leaf)
        {
            Rows(n, l, row, column, unit, w, ld, columns);
            return;
        }
        int half = Half(n);
        Left(crew, half, l, row, column, unit, w, ld, columns);
        FactorProduct<T, TVector, TSimd>.Subtract(crew, new()
        {
            M = n - half,
            N = columns,
            K = half,
            A = l + (half * row),
            ARow = row,
            AColumn = column,
            B = w,
            BRow = ld,
            BColumn = 1,
            C = w + (half * ld),
            CRow = ld,
        });
        Left(crew, n - half, l + (half * (row + column)), row, column, unit, w + (half * ld), ld, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Right(in FactorCrew crew, int n, T* l, nint ldl, T* b, nint ld, int rows)
    {
        if (n <= Leaf)
        {
            Scratch scratch = crew.Scratch.Rent(TurnedRows * Leaf * (nuint)sizeof(T));
            T* turned = (T*)scratch.Pointer;
            for (int i = 0; i < rows; i += TurnedRows)
            {
                int count = Math.Min(TurnedRows, rows - i);
                GemmPacking.Transpose(b + (i * ld), ld, count, n, turned, count);
                Rows(n, l, ldl, 1, false, turned, count, count);
                GemmPacking.Transpose(turned, count, n, count, b + (i * ld), (int)ld);
            }
            crew.Scratch.Return(scratch);
            return;
        }
        int half = Half(n);
        Right(crew, half, l, ldl, b, ld, rows);
        FactorProduct<T, TVector, TSimd>.Subtract(crew, new()
        {
            M = rows,
            N = n - half,
            K = half,
            A = b,
            ARow = ld,
            AColumn = 1,
            B = l + (half * ldl),
            BRow = 1,
            BColumn = ldl,
            C = b + half,
            CRow = ld,
        });
        Right(crew, n - half, l + (half * (ldl + 1)), ldl, b + half, ld, rows);
    }

    /// <summary>Row by row, in strips of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows(int n, T* l, nint row, nint column, bool unit, T* w, nint ld, int columns)
    {
        T* negative = stackalloc T[Leaf * Leaf];
        for (nint j = 0; j < n; j++)
            for (nint p = 0; p < j; p++) negative[(j * Leaf) + p] = -l[(j * row) + (p * column)];
        int c = 0;
        for (; c <= columns - (4 * TSimd.Width); c += 4 * TSimd.Width)
        {
            for (nint j = 0; j < n; j++)
            {
                T* y = w + (j * ld) + c;
                TVector y0 = TSimd.Load(y), y1 = TSimd.Load(y + TSimd.Width), y2 = TSimd.Load(y + (2 * TSimd.Width)), y3 = TSimd.Load(y + (3 * TSimd.Width));
                for (nint p = 0; p < j; p++)
                {
                    TVector factor = TSimd.Broadcast(negative + (j * Leaf) + p);
                    T* x = w + (p * ld) + c;
                    y0 = TSimd.MultiplyAdd(factor, TSimd.Load(x), y0);
                    y1 = TSimd.MultiplyAdd(factor, TSimd.Load(x + TSimd.Width), y1);
                    y2 = TSimd.MultiplyAdd(factor, TSimd.Load(x + (2 * TSimd.Width)), y2);
                    y3 = TSimd.MultiplyAdd(factor, TSimd.Load(x + (3 * TSimd.Width)), y3);
                }
                TSimd.Store(y, y0);
                TSimd.Store(y + TSimd.Width, y1);
                TSimd.Store(y + (2 * TSimd.Width), y2);
                TSimd.Store(y + (3 * TSimd.Width), y3);
                if (!unit) FactorRows.Divide(y, l[j * (row + column)], 4 * TSimd.Width);
            }
        }
        for (; c < columns; c += TSimd.Width)
        {
            int count = Math.Min(TSimd.Width, columns - c);
            for (nint j = 0; j < n; j++)
            {
                T* y = w + (j * ld) + c;
                TVector sum = TSimd.LoadFirst(y, count);
                for (nint p = 0; p < j; p++) sum = TSimd.MultiplyAdd(TSimd.Broadcast(negative + (j * Leaf) + p), TSimd.LoadFirst(w + (p * ld) + c, count), sum);
                TSimd.StoreFirst(y, sum, count);
                if (!unit) FactorRows.Divide(y, l[j * (row + column)], count);
            }
        }
    }
}
