using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Loops that reduce rows, in the order that reductions promise; a row is at most one chunk of it.</summary>
internal static unsafe partial class TileLoops
{
    /// <summary>The loop of a reduction: of a tile that is one row, or of its rows, whose length comes as the third operand.</summary>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindReduction(ReduceOp op, DType operand, bool manyRows) => (op, operand) switch
    {
        (ReduceOp.Sum, DType.F32) => Reduction<float, LaneSum<float>>(manyRows),
        (ReduceOp.Prod, DType.F32) => Reduction<float, LaneProduct<float>>(manyRows),
        (ReduceOp.Max, DType.F32) => Reduction<float, LaneMax<float>>(manyRows),
        (ReduceOp.Min, DType.F32) => Reduction<float, LaneMin<float>>(manyRows),
        (ReduceOp.Sum, DType.F64) => Reduction<double, LaneSum<double>>(manyRows),
        (ReduceOp.Prod, DType.F64) => Reduction<double, LaneProduct<double>>(manyRows),
        (ReduceOp.Max, DType.F64) => Reduction<double, LaneMax<double>>(manyRows),
        (ReduceOp.Min, DType.F64) => Reduction<double, LaneMin<double>>(manyRows),
        _ => throw new DTypeException($"rows: {op} over rows takes f32 or f64, got {operand.Name()}."),
    };

    /// <summary>The loop that repeats one value per row along the rows of a tile.</summary>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Expansion(int size) => size switch
    {
        1 => &Expand<byte>,
        2 => &Expand<ushort>,
        4 => &Expand<uint>,
        _ => &Expand<ulong>,
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Reduction<T, TOp>(bool manyRows)
        where T : unmanaged where TOp : struct, ILaneOp<T> => manyRows ? &ReduceRows<T, TOp> : &Reduce<T, TOp>;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Reduce<T, TOp>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TOp : struct, ILaneOp<T> => *(T*)target = LaneRows<T, TOp>.Chunk((T*)first, (int)count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReduceRows<T, TOp>(byte* target, byte* first, byte* second, byte* third, nint rows, int flags)
        where T : unmanaged where TOp : struct, ILaneOp<T>
    {
        int length = (int)third, w = Vector<T>.Count;
        T* x = (T*)first, results = (T*)target;
        nint row = 0;
        if (length <= ReductionTree.Lanes)
        {
            // Turned around, the rows lie beside each other: a vector holds one element of each, and every row has its own lanes.
            T* block = stackalloc T[ReductionTree.Lanes * w];
            // Whole squares are turned in registers: one that reaches back over columns that are turned already is faster than the few columns left one by one.
            int squares = length < w ? length : length / w * w;
            for (; row <= rows - w; row += w)
            {
                T* corner = x + (row * length);
                GemmPacking.Pack(corner, length, 1, w, squares, block, w);
                if (squares < length) GemmPacking.Pack(corner + (length - w), length, 1, w, w, block + ((length - w) * w), w);
                Store(results + row, Combine<T, TOp>(block, length, w));
            }
        }
        for (; row < rows; row++) results[row] = LaneRows<T, TOp>.Chunk(x + (row * length), length);
    }

    /// <summary>
    /// Lanes without an element hold the identity, which changes nothing, so they are left out; the others start from it. It is applied once at the end instead: it only matters
    /// for a sum of nothing but -0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Combine<T, TOp>(T* lanes, int count, int w)
        where T : unmanaged where TOp : struct, ILaneOp<T>
    {
        int distance = ReductionTree.Lanes / 2;
        while (distance >= count) distance /= 2;
        for (; distance > 0; distance /= 2)
        {
            int pairs = Math.Min(distance, count - distance);
            for (int j = 0; j < pairs; j++) Store(lanes + (j * w), TOp.Apply(Load(lanes + (j * w)), Load(lanes + ((j + distance) * w))));
            count = distance;
        }
        return TOp.Apply(new Vector<T>(TOp.Identity), Load(lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand<T>(byte* target, byte* first, byte* second, byte* third, nint rows, int flags) where T : unmanaged
    {
        int length = (int)third, w = Vector<T>.Count;
        T* d = (T*)target, a = (T*)first, end = d + (rows * length);
        nint row = 0;
        // Vectors may reach into the next rows, which are written later, but not past the last.
        for (; row < rows && end - d >= length + w; row++, d += length)
        {
            var value = new Vector<T>(a[row]);
            for (int i = 0; i < length; i += w) Store(d + i, value);
        }
        for (; row < rows; row++, d += length) new Span<T>(d, length).Fill(a[row]);
    }
}
