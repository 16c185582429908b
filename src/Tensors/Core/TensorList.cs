namespace Engine.Tensors;

/// <summary>Several tensors as one tree: arguments or results whose number is known only at run time.</summary>
/// <param name="Items">The tensors.</param>
public sealed record TensorList(params Tensor[] Items) : ITree<TensorList>
{
    /// <inheritdoc/>
    public int LeafCount => Items.Length;

    /// <inheritdoc/>
    public object StructureKey => (typeof(TensorList), Items.Length);

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves) => Items.CopyTo(leaves);

    /// <inheritdoc/>
    public TensorList WithLeaves(ReadOnlySpan<Tensor> leaves) => new(leaves.ToArray());
}
