namespace Engine.Autograd;

/// <summary>
/// The splitmix64 generator (Steele, Lea and Flood 2014): the numbers behind checks and test data, equal on every platform. Not for training, where
/// <see cref="Tensors.RandomKey"/> gives numbers that do not depend on the order of calls.
/// </summary>
public static class SplitMix
{
    /// <summary>Advances a state, which may start at any value, and gives 64 random bits.</summary>
    public static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
