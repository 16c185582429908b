namespace Engine.Optim.Data;

/// <summary>
/// Random numbers for drawing: each is a hash of (seed, stream, position), so a picture depends on nothing but its seed and index.
/// The hash is the output function of SplitMix64. Everything is integers, additions and multiplications, hence the same on every machine.
/// </summary>
internal struct DigitsRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state;

    public DigitsRandom(long seed, long stream)
    {
        // Both words pass through the hash one after the other, so that neighbouring seeds and streams have nothing in common.
        state = Mix(Mix((ulong)seed + Golden) + (ulong)stream * Golden);
    }

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double Uniform(double low, double high) => low + (high - low) * Uniform();

    /// <summary>About normal with mean 0 and variance 1, within 3.5: the sum of four uniforms, which needs no logarithm.</summary>
    public double Bell()
    {
        const double SquareRootOf3 = 1.7320508075688772;
        return (Uniform() + Uniform() + Uniform() + Uniform() - 2) * SquareRootOf3;
    }

    /// <summary>Uniform in 0 .. <paramref name="count"/> - 1, for small counts.</summary>
    public int Below(int count) => (int)(Uniform() * count);

    private ulong Next() => Mix(state += Golden);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
