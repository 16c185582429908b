namespace Engine.Tensors;

/// <summary>
/// A value made of tensors: what transforms and compiled functions take and return. The leaves come in a fixed order;
/// the rest of the value (names, counts) is its structure.
/// </summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface ITree<TSelf> where TSelf : ITree<TSelf>
{
    /// <summary>Number of tensors.</summary>
    int LeafCount { get; }

    /// <summary>Writes the tensors, in order.</summary>
    void CopyLeaves(Span<Tensor> leaves);

    /// <summary>The same structure around other tensors.</summary>
    TSelf WithLeaves(ReadOnlySpan<Tensor> leaves);

    /// <summary>Equal for two values exactly when their structures are equal. Part of the key under which a compiled plan is kept.</summary>
    object StructureKey { get; }
}

/// <summary>Reading trees.</summary>
public static class Tree
{
    /// <summary>The leaves of a tree as a new array.</summary>
    public static Tensor[] Leaves<T>(T tree) where T : ITree<T>
    {
        Tensor[] leaves = new Tensor[tree.LeafCount];
        tree.CopyLeaves(leaves);
        return leaves;
    }
}
