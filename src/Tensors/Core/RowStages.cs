using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>The reductions of a kernel over rows, in order; compared by value.</summary>
[CollectionBuilder(typeof(RowStages), nameof(Create))]
public readonly struct RowStages : IEquatable<RowStages>
{
    private readonly RowStage[]? values;

    private RowStages(RowStage[] values) => this.values = values;

    /// <summary>The stages.</summary>
    public ReadOnlySpan<RowStage> Values => values;

    /// <summary>How many.</summary>
    public int Count => values?.Length ?? 0;

    /// <summary>A stage by number.</summary>
    public RowStage this[int index] => values![index];

    /// <summary>A list of some stages.</summary>
    public static RowStages Create(ReadOnlySpan<RowStage> values) => new(values.ToArray());

    /// <summary>Goes through the stages.</summary>
    public ReadOnlySpan<RowStage>.Enumerator GetEnumerator() => Values.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(RowStages other) => Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RowStages other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (RowStage stage in Values) hash.Add(stage);
        return hash.ToHashCode();
    }

    /// <summary>Value equality.</summary>
    public static bool operator ==(RowStages a, RowStages b) => a.Equals(b);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(RowStages a, RowStages b) => !a.Equals(b);

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", values ?? [])}]";
}
