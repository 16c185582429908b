using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>A list of scalar expressions, compared by value. An attribute of kernels with several results.</summary>
[CollectionBuilder(typeof(Exprs), nameof(Create))]
public readonly struct Exprs : IEquatable<Exprs>
{
    private readonly Expr[]? values;

    private Exprs(Expr[] values) => this.values = values;

    /// <summary>The expressions.</summary>
    public ReadOnlySpan<Expr> Values => values;

    /// <summary>How many.</summary>
    public int Count => values?.Length ?? 0;

    /// <summary>An expression by number.</summary>
    public Expr this[int index] => values![index];

    /// <summary>A list of some expressions.</summary>
    public static Exprs Create(ReadOnlySpan<Expr> values) => new(values.ToArray());

    /// <summary>Goes through the expressions.</summary>
    public ReadOnlySpan<Expr>.Enumerator GetEnumerator() => Values.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Exprs other) => Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Exprs other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (Expr e in Values) hash.Add(e);
        return hash.ToHashCode();
    }

    /// <summary>Value equality.</summary>
    public static bool operator ==(Exprs a, Exprs b) => a.Equals(b);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(Exprs a, Exprs b) => !a.Equals(b);

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", values ?? [])}]";
}
