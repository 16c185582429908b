using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// What an optimizer remembers between steps: named tensors such as <c>first.0.weight</c> and <c>step</c>. A tree, so it flows through compiled steps,
/// and its leaves are saved and loaded like <see cref="Buffers"/>.
/// </summary>
/// <param name="leaves">The tensors.</param>
public sealed class OptimizerState(Buffers leaves) : ITree<OptimizerState>
{
    /// <summary>State from names and tensors.</summary>
    /// <exception cref="ArgumentException">Names are repeated, or their number differs from the tensors'.</exception>
    public OptimizerState(IEnumerable<string> names, IEnumerable<Tensor> tensors)
        : this(new Buffers(names, tensors))
    {
    }

    /// <summary>The state of an optimizer that remembers nothing.</summary>
    public static OptimizerState Empty { get; } = new(Buffers.Empty);

    /// <summary>The tensors by name.</summary>
    public Buffers Leaves { get; } = leaves;

    /// <inheritdoc/>
    public int LeafCount => Leaves.LeafCount;

    /// <inheritdoc/>
    public object StructureKey => (typeof(OptimizerState), Leaves.StructureKey);

    /// <summary>The tensor with a name.</summary>
    /// <exception cref="ArgumentException">There is none: the state is another optimizer's.</exception>
    public Tensor this[string name]
    {
        get
        {
            for (int i = 0; i < LeafCount; i++)
            {
                if (string.Equals(Leaves.Names[i], name, StringComparison.Ordinal)) return Leaves[i];
            }
            throw new ArgumentException($"optimizer state: no tensor is named '{name}', got {(LeafCount == 0 ? "an empty state" : string.Join(", ", Leaves.Names.Take(20)))}. "
                + "Use the state that this optimizer's Initialize or last Step returned.");
        }
    }

    /// <summary>A table of what is remembered and how many bytes it takes.</summary>
    public string Summary() => Leaves.Summary();

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves) => Leaves.CopyLeaves(leaves);

    /// <inheritdoc/>
    public OptimizerState WithLeaves(ReadOnlySpan<Tensor> leaves) => new(Leaves.WithLeaves(leaves));

    /// <summary>States of several stages as one, each under its number: <c>1.step</c>.</summary>
    internal static OptimizerState Join(IReadOnlyList<OptimizerState> parts) =>
        new(parts.SelectMany((p, i) => p.Leaves.Names.Select(n => $"{i}.{n}")), parts.SelectMany(p => p.Leaves.Tensors));

    /// <summary>The state of one stage.</summary>
    internal OptimizerState Part(int stage)
    {
        string prefix = $"{stage}.";
        int[] own = [.. Enumerable.Range(0, LeafCount).Where(i => Leaves.Names[i].StartsWith(prefix, StringComparison.Ordinal))];
        return new(own.Select(i => Leaves.Names[i][prefix.Length..]), own.Select(i => Leaves[i]));
    }
}
