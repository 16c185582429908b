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

    /// <summary>A standard normal number of two uniform ones.</summary>
    public static double Normal(long key0, long key1, long counter) =>
        Math.Sqrt(-2 * Math.Log(1 - Unit(key0, key1, counter, 0))) * Math.Cos(2 * Math.PI * Unit(key0, key1, counter, 2));

    /// <summary>-log(1 - u) by its series where u is small.</summary>
    public static double Exponential(double u) => u < 1e-4 ? u * (1 + (u * ((1.0 / 2) + (u * ((1.0 / 3) + (u / 4)))))) : -Math.Log(1 - u);

    /// <summary>A Gumbel number.</summary>
    public static double Gumbel(long key0, long key1, int i) => -Math.Log(Exponential(Math.Max(Unit(key0, key1, i, 0), Math.Pow(2, -54))));

    /// <summary>The two numbers of the key for a number.</summary>
    public static (long Key0, long Key1) Fold(long key0, long key1, long number)
    {
        long counter = number + (1L << 62);
        long pair(int word) => unchecked((long)(((ulong)Word(key0, key1, counter, word) << 32) + Word(key0, key1, counter, word + 1)));
        return (pair(0), pair(2));
    }

    /// <summary>The least count at which the distribution function of a rate passes a number.</summary>
    public static double Poisson(double u, double rate)
    {
        double probability = Math.Exp(-rate), below = probability;
        int count = 0;
        while (below <= u) below += probability *= rate / ++count;
        return count;
    }

    /// <summary>The logarithm of a gamma number by Marsaglia and Tsang's method: proposals t at blocks 2t and 2t + 1 of the counter, at most 8.</summary>
    public static double LogGamma(long key0, long key1, int i, double concentration)
    {
        double d = (concentration < 1 ? concentration + 1 : concentration) - (1.0 / 3), draw = d;
        long block(int number) => ((long)number << 32) + i;
        for (int t = 0; t < 8; t++)
        {
            double x = Normal(key0, key1, block(2 * t)), u = 1 - Unit(key0, key1, block((2 * t) + 1), 0), root = 1 + (x / (3 * Math.Sqrt(d))), v = root * root * root;
            if (root <= 0 || Math.Log(u) >= (x * x / 2) + d - (d * v) + (d * Math.Log(v))) continue;
            draw = d * v;
            break;
        }
        return concentration < 1 ? Math.Log(draw) + (Math.Log(1 - Unit(key0, key1, block(16), 0)) / concentration) : Math.Log(draw);
    }

    /// <summary>A truncated normal number: the place where the distribution function, found by bisection, reaches a uniform number.</summary>
    public static double TruncatedNormal(long key0, long key1, int i, double low, double high)
    {
        double first = Below(low), target = first + (Math.Max(Unit(key0, key1, i, 0), Math.Pow(2, -54)) * (Below(high) - first));
        for (int step = 0; step < 200; step++)
        {
            double middle = (low + high) / 2;
            if (Below(middle) < target) low = middle;
            else high = middle;
        }
        return (low + high) / 2;
    }

    /// <summary>The standard normal distribution function: its series near 0 and its continued fraction in the lower tail.</summary>
    private static double Below(double x)
    {
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (x < -2.5)
        {
            double fraction = -x;
            for (int k = 400; k >= 1; k--) fraction = -x + (k / fraction);
            return density / fraction;
        }
        double term = x, sum = x;
        for (int k = 1; k < 100; k++) sum += term *= x * x / ((2 * k) + 1);
        return 0.5 + (density * sum);
    }
}
