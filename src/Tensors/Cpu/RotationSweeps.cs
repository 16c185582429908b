using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Rotations of neighbouring columns of a square matrix, collected in runs that go from right to left. They are applied to strips of rows that are turned into columns, so that a strip
/// stays in a near cache while hundreds of runs pass over it, and one of two rotated columns in registers.
/// </summary>
internal unsafe struct RotationSweeps<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct
    where TSimd : struct, ISimd<T, TVector>
{
    // Vectors of a strip: enough that their additions do not wait for each other.
    private const int Vectors = 4;

    // Runs of full length that are collected.
    private const int Collected = 32;

    private readonly int _n;
    private readonly T* _matrix;
    private readonly T* _factors;
    private readonly int* _runs;
    private int _rotations;
    private int _runCount;
    private int _parts;

    /// <param name="n">Side of the matrix.</param>
    /// <param name="matrix">Row-major.</param>
    /// <param name="work">As many bytes as <see cref="WorkBytes"/> says.</param>
    public RotationSweeps(int n, T* matrix, byte* work)
    {
        _n = n;
        _matrix = matrix;
        _factors = (T*)work;
        _runs = (int*)(_factors + (3L * Collected * n));
    }

    private static int Strip => Vectors * TSimd.Width;

    public static long WorkBytes(int n) => (long)Collected * n * ((3 * sizeof(T)) + (2 * sizeof(int)));

    /// <summary>Begins a run of at most <paramref name="most"/> rotations, the first of columns <paramref name="column"/> - 1 and <paramref name="column"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Begin(in FactorCrew crew, int column, int most)
    {
        if (_rotations + most > Collected * _n) Apply(crew);
        _runs[2 * _runCount] = column;
        _runs[(2 * _runCount) + 1] = _rotations;
    }

    /// <summary>(left, right) becomes (c left - s right, s left + c right).</summary>
    public void Add(T c, T s)
    {
        T* factor = _factors + (3L * _rotations++);
        (factor[0], factor[1], factor[2]) = (c, s, -s);
    }

    /// <summary>Ends the run.</summary>
    public void End()
    {
        int* length = _runs + (2 * _runCount) + 1;
        *length = _rotations - *length;
        if (*length > 0) _runCount++;
    }

    /// <summary>Applies what has been collected.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(in FactorCrew crew)
    {
        if (_runCount > 0)
        {
            RotationSweeps<T, TVector, TSimd> job = this;
            job._parts = Math.Min((_n + Strip - 1) / Strip, crew.Parts(4L * _rotations * _n));
            if (job._parts == 1) Execute(crew.Scratch, &job, 0);
            else crew.Pool!.Run(job._parts, &Execute, &job);
        }
        (_rotations, _runCount) = (0, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Execute(ScratchPool scratch, void* state, int chunk)
    {
        var job = (RotationSweeps<T, TVector, TSimd>*)state;
        int n = job->_n, strips = (n + Strip - 1) / Strip, end = (int)((long)strips * (chunk + 1) / job->_parts);
        nuint bytes = (nuint)((long)n * Strip * sizeof(T));
        Scratch memory = scratch.Rent(bytes);
        T* buffer = (T*)memory.Pointer;
        for (int strip = (int)((long)strips * chunk / job->_parts); strip < end; strip++)
        {
            T* rows = job->_matrix + ((long)strip * Strip * n);
            int height = Math.Min(Strip, n - (strip * Strip));
            // Columns beyond the last are rotated along with the others, and must hold something.
            if (height < Strip) Unsafe.InitBlockUnaligned(buffer, 0, (uint)bytes);
            GemmPacking.Transpose(rows, n, height, n, buffer, Strip);
            job->Rotate(buffer);
            GemmPacking.Transpose(buffer, Strip, n, height, rows, n);
        }
        scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Rotate(T* buffer)
    {
        int width = TSimd.Width, strip = Strip;
        TVector zero = default;
        T* factor = _factors;
        for (int run = 0; run < _runCount; run++)
        {
            T* row = buffer + ((long)_runs[2 * run] * strip);
            TVector r0 = TSimd.Load(row), r1 = TSimd.Load(row + width), r2 = TSimd.Load(row + (2 * width)), r3 = TSimd.Load(row + (3 * width));
            for (int i = _runs[(2 * run) + 1]; i > 0; i--, factor += 3)
            {
                T* right = row;
                row -= strip;
                TVector c = TSimd.Broadcast(factor), s = TSimd.Broadcast(factor + 1), minus = TSimd.Broadcast(factor + 2);
                TVector l0 = TSimd.Load(row), l1 = TSimd.Load(row + width), l2 = TSimd.Load(row + (2 * width)), l3 = TSimd.Load(row + (3 * width));
                TSimd.Store(right, TSimd.MultiplyAdd(s, l0, TSimd.MultiplyAdd(c, r0, zero)));
                TSimd.Store(right + width, TSimd.MultiplyAdd(s, l1, TSimd.MultiplyAdd(c, r1, zero)));
                TSimd.Store(right + (2 * width), TSimd.MultiplyAdd(s, l2, TSimd.MultiplyAdd(c, r2, zero)));
                TSimd.Store(right + (3 * width), TSimd.MultiplyAdd(s, l3, TSimd.MultiplyAdd(c, r3, zero)));
                r0 = TSimd.MultiplyAdd(c, l0, TSimd.MultiplyAdd(minus, r0, zero));
                r1 = TSimd.MultiplyAdd(c, l1, TSimd.MultiplyAdd(minus, r1, zero));
                r2 = TSimd.MultiplyAdd(c, l2, TSimd.MultiplyAdd(minus, r2, zero));
                r3 = TSimd.MultiplyAdd(c, l3, TSimd.MultiplyAdd(minus, r3, zero));
            }
            TSimd.Store(row, r0);
            TSimd.Store(row + width, r1);
            TSimd.Store(row + (2 * width), r2);
            TSimd.Store(row + (3 * width), r3);
        }
    }
}
