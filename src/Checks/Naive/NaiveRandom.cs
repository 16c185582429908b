namespace Engine.Checks;

/// <summary>Random numbers by definition: Philox-4x32-10 (Salmon et al., SC 2011) written out in 64-bit integers.</summary>
internal static class NaiveRandom
{
    /// <summary>One of the four 32-bit words for a key of two numbers at a counter.</summary>
    public static uint Word(long key0, long key1, long counter, int word)
    {
        ulong k0 = (uint)key0, k1 = (uint)key1;
        ulong c0 = (uint)counter, c1 = (uint)(counter >> 32), c2 = (uint)(key0 >> 32), c3 = (uint)(key1 >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53 * c0, p1 = 0xCD9E8D57 * c2;
            (c0, c1, c2, c3) = ((p1 >> 32) ^ c1 ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c3 ^ k1, p0 & 0xFFFFFFFF);
            (k0, k1) = ((k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF);
        }
        return (uint)(word switch { 0 => c0, 1 => c1, 2 => c2, _ => c3 });
    }

    /// <summary>A fraction in [0, 1) of 53 bits: 27 of one word above 26 of the next.</summary>
    public static double Unit(long key0, long key1, long counter, int word) =>
        (((Word(key0, key1, counter, word) >> 5) * 67108864.0) + (Word(key0, key1, counter, word + 1) >> 6)) / 9007199254740992.0;

    /// <summary>A fraction in [0, 1) of the upper 24 bits of a word.</summary>
    public static double Single(long key0, long key1, long counter, int word) => (Word(key0, key1, counter, word) >> 8) / 16777216.0;
}
