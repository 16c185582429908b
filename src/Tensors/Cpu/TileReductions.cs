using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Loops that reduce a tile to one value, in the order that reductions promise. A tile is at most one chunk of it.</summary>
internal static unsafe partial class TileLoops
{
    /// <summary>The loop of a reduction.</summary>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindReduction(ReduceOp op, DType operand) => (op, operand) switch
    {
        (ReduceOp.Sum, DType.F32) => &Reduce<float, LaneSum<float>>,
        (ReduceOp.Prod, DType.F32) => &Reduce<float, LaneProduct<float>>,
        (ReduceOp.Max, DType.F32) => &Reduce<float, LaneMax<float>>,
        (ReduceOp.Min, DType.F32) => &Reduce<float, LaneMin<float>>,
        (ReduceOp.Sum, DType.F64) => &Reduce<double, LaneSum<double>>,
        (ReduceOp.Prod, DType.F64) => &Reduce<double, LaneProduct<double>>,
        (ReduceOp.Max, DType.F64) => &Reduce<double, LaneMax<double>>,
        (ReduceOp.Min, DType.F64) => &Reduce<double, LaneMin<double>>,
        _ => throw new DTypeException($"rows: {op} over rows takes f32 or f64, got {operand.Name()}."),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Reduce<T, TOp>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TOp : struct, ILaneOp<T> => *(T*)target = LaneRows<T, TOp>.Chunk((T*)first, (int)count);
}
