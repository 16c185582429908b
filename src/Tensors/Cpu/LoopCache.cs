using System.Collections.Concurrent;

namespace Engine.Tensors.Cpu;

/// <summary>The emitted loops of a device: kernels that compute the same from operands of the same kind share one. Bounded: when full it starts afresh.</summary>
/// <param name="width">Bits of a vector; <see cref="SimdWidth.Elementwise"/> if omitted.</param>
internal sealed class LoopCache(int? width = null)
{
    private const int Capacity = 1024;

    private readonly ConcurrentDictionary<LoopGraph, EmittedLoop?> loops = new();

    /// <summary>The loop for some outputs, or null as <see cref="LoopEmitter.TryEmit(ReadOnlySpan{Expr}, ReadOnlySpan{TileSource}, ReadOnlySpan{int}, bool, ReadOnlySpan{RowStage}, int?)"/>.</summary>
    public EmittedLoop? Find(ReadOnlySpan<Expr> bodies, ReadOnlySpan<TileSource> inputs, ReadOnlySpan<int> coordinates, bool overRow = false, ReadOnlySpan<RowStage> reductions = default)
    {
        if (LoopGraph.TryBuild(bodies, inputs, coordinates, overRow, reductions) is not { } graph) return null;
        if (loops.TryGetValue(graph, out EmittedLoop? loop)) return loop;
        loop = LoopEmitter.TryEmit(graph, width);
        if (loops.Count >= Capacity) loops.Clear();
        return loops.GetOrAdd(graph, loop);
    }
}
