namespace Engine.Mutations;

/// <summary>Which mutants a seed draws: the first of a Fisher-Yates shuffle of all, in the order of their names, by SplitMix64.</summary>
public static class Draw
{
    /// <summary>The drawn mutants, in the order in which they are tried.</summary>
    public static IReadOnlyList<Mutant> Some(IReadOnlyList<Mutant> all, int count, ulong seed)
    {
        Mutant[] order = [.. all];
        ulong state = seed;
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = (int)(Next(ref state) % (ulong)(i + 1));
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order[..Math.Min(count, order.Length)];
    }

    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
