using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Matrix products inside factorizations, cut into slices of rows or columns. Every element is one chain in order of k, so that no slice or block changes a bit.</summary>
internal unsafe struct FactorProduct<T, TVector, TSimd>
    where T : unmanaged
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // Slices of whole vectors or cache lines.
    private const int Unit = 16;

    private GemmProblem<T> _problem;
    private int _slices;
    private bool _cutsColumns;

    /// <summary>C = A B, or C + A B where the problem accumulates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(in FactorCrew crew, in GemmProblem<T> problem)
    {
        if (problem.M == 0 || problem.N == 0 || problem.K == 0) return;
        int parts = crew.Parts((long)problem.M * problem.N * problem.K / (problem.LowerOnly ? 2 : 1));
        if (parts == 1)
        {
            GemmBlocks<T, TVector, TSimd>.Multiply(crew.Scratch, problem);
            return;
        }
        var job = new FactorProduct<T, TVector, TSimd> { _problem = problem, _slices = parts, _cutsColumns = !problem.LowerOnly && problem.N > problem.M };
        crew.Pool!.Run(parts, &Execute, &job);
    }

    /// <summary>C - A B: the smaller of A and B is copied with its signs changed, which rounds nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(in FactorCrew crew, GemmProblem<T> problem)
    {
        if (problem.M == 0 || problem.N == 0 || problem.K == 0) return;
        problem.Accumulate = true;
        bool first = problem.M <= problem.N;
        Scratch scratch = crew.Scratch.Rent((nuint)((long)Math.Min(problem.M, problem.N) * problem.K * sizeof(T)));
        T* copy = (T*)scratch.Pointer;
        if (first) Negate(ref problem.A, ref problem.ARow, ref problem.AColumn, problem.M, problem.K, copy);
        else Negate(ref problem.B, ref problem.BRow, ref problem.BColumn, problem.K, problem.N, copy);
        Multiply(crew, problem);
        crew.Scratch.Return(scratch);
    }

    /// <summary>Replaces an operand by a copy with all signs changed, contiguous along the axis with the smaller stride.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Negate(ref T* source, ref nint row, ref nint column, int rows, int columns, T* copy)
    {
        bool turned = Math.Abs(row) < Math.Abs(column);
        (nint outerStride, nint innerStride, int outer, int inner) = turned ? (column, row, columns, rows) : (row, column, rows, columns);
        for (nint i = 0; i < outer; i++) FactorRows.Negate(source + (i * outerStride), innerStride, copy + (i * inner), inner);
        source = copy;
        (row, column) = turned ? ((nint)1, (nint)inner) : (inner, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Execute(ScratchPool scratch, void* state, int chunk)
    {
        var job = (FactorProduct<T, TVector, TSimd>*)state;
        GemmProblem<T> problem = job->_problem;
        if (job->_cutsColumns)
        {
            int begin = Boundary(problem.N, chunk, job->_slices, 1), end = Boundary(problem.N, chunk + 1, job->_slices, 1);
            problem.N = end - begin;
            problem.B += begin * problem.BColumn;
            problem.C += begin;
        }
        else
        {
            // Rows of a lower half grow longer: the last slices have fewer of them, and come first.
            if (problem.LowerOnly) chunk = job->_slices - 1 - chunk;
            double power = problem.LowerOnly ? 0.5 : 1;
            int begin = Boundary(problem.M, chunk, job->_slices, power), end = Boundary(problem.M, chunk + 1, job->_slices, power);
            if (problem.LowerOnly)
            {
                problem.N = Math.Min(problem.N, end + problem.Diagonal);
                problem.Diagonal += begin;
            }
            problem.M = end - begin;
            problem.A += begin * problem.ARow;
            problem.C += begin * problem.CRow;
        }
        if (problem.M > 0 && problem.N > 0) GemmBlocks<T, TVector, TSimd>.Multiply(scratch, problem);
    }

    private static int Boundary(int size, int slice, int slices, double power) =>
        slice == slices ? size : Math.Min(size, (int)(size * Math.Pow((double)slice / slices, power)) / Unit * Unit);
}
