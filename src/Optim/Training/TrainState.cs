using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim.Training;

/// <summary>All that a step changes. Saved whole, so that a training can go on as if it had never stopped.</summary>
/// <param name="Weights">The weights.</param>
/// <param name="Optimizer">The optimizer's accumulators.</param>
/// <param name="Buffers">The module's buffers.</param>
/// <param name="Step">Steps done, i64[].</param>
/// <param name="Key">The key from which every step derives its own.</param>
internal sealed record TrainState(Weights Weights, OptimizerState Optimizer, Buffers Buffers, Tensor Step, RandomKey Key) : ITree<TrainState>
{
    public int LeafCount => Weights.LeafCount + Optimizer.LeafCount + Buffers.LeafCount + 2;

    public object StructureKey => (Weights.StructureKey, Optimizer.StructureKey, Buffers.StructureKey);

    public void CopyLeaves(Span<Tensor> leaves)
    {
        Weights.CopyLeaves(leaves[..Weights.LeafCount]);
        leaves = leaves[Weights.LeafCount..];
        Optimizer.CopyLeaves(leaves[..Optimizer.LeafCount]);
        leaves = leaves[Optimizer.LeafCount..];
        Buffers.CopyLeaves(leaves[..Buffers.LeafCount]);
        leaves = leaves[Buffers.LeafCount..];
        leaves[0] = Step;
        leaves[1] = Key.Data;
    }

    public TrainState WithLeaves(ReadOnlySpan<Tensor> leaves)
    {
        int optimizer = Weights.LeafCount, buffers = optimizer + Optimizer.LeafCount, rest = buffers + Buffers.LeafCount;
        return new(
            Weights.WithLeaves(leaves[..optimizer]), Optimizer.WithLeaves(leaves[optimizer..buffers]), Buffers.WithLeaves(leaves[buffers..rest]),
            leaves[rest], new RandomKey(leaves[rest + 1]));
    }
}

/// <summary>The rows of one step.</summary>
/// <param name="Features">f32[batch, columns].</param>
/// <param name="Targets">Classes i64[batch], or numbers f32[batch].</param>
internal readonly record struct Batch(Tensor Features, Tensor Targets) : ITree<Batch>
{
    public int LeafCount => 2;

    public object StructureKey => typeof(Batch);

    public void CopyLeaves(Span<Tensor> leaves) => (leaves[0], leaves[1]) = (Features, Targets);

    public Batch WithLeaves(ReadOnlySpan<Tensor> leaves) => new(leaves[0], leaves[1]);
}
