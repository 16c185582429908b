using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// An ordered list of named tensors: the common form of weights, gradients, updates and buffers. Names are stable paths such as <c>0.weight</c>.
/// </summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public abstract class NamedLeaves<TSelf> : ITree<TSelf> where TSelf : NamedLeaves<TSelf>
{
    private readonly string[] names;
    private readonly Tensor[] tensors;

    private protected NamedLeaves(IEnumerable<string> names, IEnumerable<Tensor> tensors)
    {
        this.names = [.. names];
        this.tensors = [.. tensors];
        if (this.names.Length != this.tensors.Length)
            throw new ArgumentException($"{typeof(TSelf).Name}: {this.names.Length} names for {this.tensors.Length} tensors. Give one name per tensor.");
        if (this.names.Distinct(StringComparer.Ordinal).Count() != this.names.Length)
            throw new ArgumentException($"{typeof(TSelf).Name}: '{this.names.GroupBy(n => n, StringComparer.Ordinal).First(g => g.Count() > 1).Key}' names two tensors. Names must differ.");
        StructureKey = new NameKey(typeof(TSelf), string.Join('\n', this.names));
    }

    private protected NamedLeaves(NamedLeavesForm form, Tensor[] tensors)
    {
        names = form.Names;
        StructureKey = form.Key;
        this.tensors = tensors;
    }

    /// <summary>The names, in leaf order.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The tensors, in leaf order.</summary>
    public IReadOnlyList<Tensor> Tensors => tensors;

    /// <summary>Number of tensors.</summary>
    public int LeafCount => tensors.Length;

    /// <inheritdoc/>
    public object StructureKey { get; }

    /// <summary>Number of elements in all tensors.</summary>
    public long ElementCount => tensors.Sum(t => (long)t.Count);

    /// <summary>Memory of all tensors, in bytes.</summary>
    public long ByteCount => tensors.Sum(Bytes);

    /// <summary>The tensor at a place.</summary>
    public Tensor this[int index] => tensors[index];

    /// <summary>The tensor with a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Tensor this[string name] => tensors[IndexOf(name)];

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves) => tensors.CopyTo(leaves);

    /// <inheritdoc/>
    public TSelf WithLeaves(ReadOnlySpan<Tensor> leaves)
    {
        if (leaves.Length != tensors.Length)
            throw new ArgumentException($"{typeof(TSelf).Name}: {leaves.Length} tensors for {tensors.Length} names. Give one tensor per name.");
        return With(leaves.ToArray());
    }

    /// <summary>A table of names, types with shapes, and bytes.</summary>
    public string Summary() => TextTable.Of(
        [["tensor", "", "bytes"], .. tensors.Select((t, i) => (string[])[names[i], $"{t.Spec}", TextTable.Number(Bytes(t))]), ["total", "", TextTable.Number(ByteCount)]], texts: 2);

    /// <summary>The same names with every tensor mapped.</summary>
    public TSelf Map(Func<Tensor, Tensor> map) => With(Array.ConvertAll(tensors, t => map(t)));

    /// <summary>The same names with tensors combined one by one.</summary>
    /// <exception cref="ArgumentException">The other list has other names.</exception>
    private protected Tensor[] Zip<TOther>(NamedLeaves<TOther> other, Func<Tensor, Tensor, Tensor> combine) where TOther : NamedLeaves<TOther>
    {
        RequireSameNames(other.Names);
        Tensor[] result = new Tensor[tensors.Length];
        for (int i = 0; i < result.Length; i++) result[i] = combine(tensors[i], other[i]);
        return result;
    }

    private static long Bytes(Tensor tensor) => (long)tensor.Count * tensor.DType.Size();

    /// <summary>The structure without the tensors.</summary>
    private protected NamedLeavesForm Form => new(names, StructureKey);

    private protected abstract TSelf With(Tensor[] tensors);

    private int IndexOf(string name)
    {
        int i = Array.IndexOf(names, name);
        if (i < 0) throw new KeyNotFoundException($"{typeof(TSelf).Name}: no tensor is named '{name}'. Names: {string.Join(", ", names.Take(20))}.");
        return i;
    }

    private void RequireSameNames(IReadOnlyList<string> other)
    {
        if (ReferenceEquals(names, other) || names.AsSpan().SequenceEqual([.. other])) return;
        string only = names.Except(other, StringComparer.Ordinal).Concat(other.Except(names, StringComparer.Ordinal)).FirstOrDefault("their order");
        throw new ArgumentException($"{typeof(TSelf).Name}: the two lists differ in '{only}', got {names.Length} and {other.Count} names. Both must come from the same module.");
    }

    private sealed record NameKey(Type Type, string Joined);
}

/// <summary>Names shared by lists of the same structure.</summary>
/// <param name="Names">The names.</param>
/// <param name="Key">The structure key.</param>
internal readonly record struct NamedLeavesForm(string[] Names, object Key);
