namespace Engine.Testing.Proofs;

/// <summary>What a proof compared.</summary>
/// <param name="What">What holds.</param>
/// <param name="Count">How many comparisons.</param>
/// <param name="Worst">The greatest error found.</param>
public readonly record struct Proof(string What, long Count, double Worst)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{What}: {Count:N0} comparisons{(Worst > 0 ? $", worst error {Worst:g3}" : "")}");
}

/// <summary>Something that must hold does not; the message says for which case.</summary>
public sealed class ProofException(string message) : Exception(message);

/// <summary>Collects what a proof compares.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, (long Count, double Worst)> counts = new(StringComparer.Ordinal);

    /// <summary>Notes a comparison.</summary>
    public void Add(string what, long count = 1, double error = 0)
    {
        (long sum, double worst) = counts.GetValueOrDefault(what);
        counts[what] = (sum + count, Math.Max(worst, error));
    }

    /// <summary>Notes a comparison, or throws.</summary>
    /// <exception cref="ProofException">The condition does not hold.</exception>
    public static void Require(bool condition, string otherwise)
    {
        if (!condition) throw new ProofException(otherwise);
    }

    public IReadOnlyList<Proof> Proofs() => [.. counts.Select(c => new Proof(c.Key, c.Value.Count, c.Value.Worst))];
}
