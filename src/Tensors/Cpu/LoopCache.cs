using System.Collections.Concurrent;

namespace Engine.Tensors.Cpu;

/// <summary>The emitted loops of a device: kernels that compute the same from operands of the same kind share one. Bounded: when full it starts afresh.</summary>
internal sealed class LoopCache
{
    private const int Capacity = 1024;

    private readonly ConcurrentDictionary<LoopGraph, EmittedLoop?> loops = new();

    /// <summary>The loop for some outputs, or null as <see cref="LoopEmitter.TryEmit(ReadOnlySpan{Expr}, ReadOnlySpan{TileSource}, ReadOnlySpan{int}, int?)"/>.</summary>
    public EmittedLoop? Find(ReadOnlySpan<Expr> bodies, ReadOnlySpan<TileSource> inputs, ReadOnlySpan<int> coordinates)
    {
        if (LoopGraph.TryBuild(bodies, inputs, coordinates) is not { } graph) return null;
        if (loops.TryGetValue(graph, out EmittedLoop? loop)) return loop;
        loop = LoopEmitter.TryEmit(graph);
        if (loops.Count >= Capacity) loops.Clear();
        return loops.GetOrAdd(graph, loop);
    }
}
