namespace Engine.Tensors;

/// <summary>
/// The explicit state of a random stream: one i64[2] leaf. Equal keys give equal numbers on every device and for any number of threads;
/// use a key once, and split it for more.
/// </summary>
public sealed partial class RandomKey : ITree<RandomKey>
{
    /// <summary>A key from its leaf, an i64[2] tensor.</summary>
    /// <exception cref="ShapeException">The leaf is not i64[2].</exception>
    public RandomKey(Tensor data)
    {
        if (data.DType != DType.I64 || data.Rank != 1 || data.Count != 2)
            throw new ShapeException($"randomKey: the leaf must be i64[2], got {data.Spec}. Use RandomKey.FromSeed.");
        Data = data;
    }

    /// <summary>The leaf, i64[2].</summary>
    public Tensor Data { get; }

    /// <inheritdoc/>
    public int LeafCount => 1;

    /// <inheritdoc/>
    public object StructureKey => typeof(RandomKey);

    /// <summary>The key of a seed.</summary>
    public static RandomKey FromSeed(long seed) => new(Tensor.Of([seed, 0L]));

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves) => leaves[0] = Data;

    /// <inheritdoc/>
    public RandomKey WithLeaves(ReadOnlySpan<Tensor> leaves) => new(leaves[0]);
}
