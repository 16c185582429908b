using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>How large the shapes of a case are.</summary>
public enum Scale : byte
{
    /// <summary>A few dozen elements, ranks 0 to 5.</summary>
    Small,

    /// <summary>Tens of thousands of elements, so that work is cut into tiles, chunks and threads.</summary>
    Large,
}

/// <summary>
/// Random shapes, attributes and values of one case: a function of the seed, the row and the number of the case alone, equal on every platform.
/// </summary>
public sealed class Generator
{
    private ulong state;

    /// <summary>The generator of a case.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="row">Name of the row.</param>
    /// <param name="number">Number of the case.</param>
    public Generator(long seed, string row, int number)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in row) hash = unchecked((hash ^ c) * 1099511628211);
        state = unchecked((ulong)seed * 0x9E3779B97F4A7C15) ^ hash;
        SplitMix.Next(ref state);
        state ^= unchecked((ulong)number * 0xD1B54A32D192ED03);
    }

    /// <summary>How large shapes are.</summary>
    public Scale Scale { get; init; }

    /// <summary>True when values must stay away from kinks, for derivatives.</summary>
    public bool Smooth { get; init; }

    /// <summary>True when NaN, infinities, -0 and subnormal numbers are mixed in.</summary>
    public bool Wild { get; init; }

    /// <summary>64 random bits.</summary>
    public ulong Bits() => SplitMix.Next(ref state);

    /// <summary>An integer from a range, both ends included.</summary>
    public int Integer(int low, int high) => low + (int)(Bits() % (ulong)((long)high - low + 1));

    /// <summary>A number from [low, high).</summary>
    public double Uniform(double low, double high) => low + ((high - low) * (Bits() >> 11) * (1.0 / (1UL << 53)));

    /// <summary>True once in a number of times.</summary>
    public bool OneIn(int times) => Bits() % (ulong)times == 0;

    /// <summary>One of several values.</summary>
    public T Pick<T>(params ReadOnlySpan<T> values) => values[Integer(0, values.Length - 1)];

    /// <summary>A shape of a rank within bounds; one in sixteen has an empty axis unless that is excluded.</summary>
    public Shape Shape(int minRank = 0, int maxRank = 5, bool nonEmpty = false)
    {
        int rank = Integer(minRank, Scale == Scale.Large ? Math.Clamp(3, minRank, maxRank) : maxRank);
        if (Scale == Scale.Large) rank = Math.Max(rank, Math.Min(1, maxRank));
        int[] lengths = new int[rank];
        int budget = Scale == Scale.Large ? 40_000 : 24;
        for (int i = 0; i < rank; i++)
        {
            lengths[i] = Integer(1, Math.Max(1, Scale == Scale.Large ? (i == rank - 1 ? budget : Math.Min(budget, 60)) : Math.Min(budget, 5)));
            budget = Math.Max(1, budget / lengths[i]);
        }
        Shuffle(lengths);
        if (rank > 0 && !nonEmpty && Scale == Scale.Small && OneIn(16)) lengths[Integer(0, rank - 1)] = 0;
        return Tensors.Shape.Create(lengths);
    }

    /// <summary>A length for one axis.</summary>
    public int Length(int low, int high) => Scale == Scale.Large ? Integer(low, high * 12) : Integer(low, high);

    /// <summary>A shape that broadcasts to another: some axes 1, some leading ones left out.</summary>
    public Shape Broadcastable(Shape shape)
    {
        int[] lengths = shape.Lengths.ToArray();
        for (int i = 0; i < lengths.Length; i++)
        {
            if (OneIn(4)) lengths[i] = 1;
        }
        int drop = 0;
        while (drop < lengths.Length && OneIn(5)) drop++;
        return Tensors.Shape.Create(lengths.AsSpan(drop));
    }

    /// <summary>Some axes of a rank, sometimes written from the end; sometimes none, which names all.</summary>
    public int[] Axes(int rank)
    {
        List<int> axes = [];
        for (int i = 0; i < rank; i++)
        {
            if (OneIn(2)) axes.Add(OneIn(4) ? i - rank : i);
        }
        return [.. axes];
    }

    /// <summary>An axis of a rank, sometimes counted from the end.</summary>
    public int Axis(int rank) => Integer(0, rank - 1) - (OneIn(3) ? rank : 0);

    /// <summary>0 .. count-1 in random order.</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Shuffle(order);
        return order;
    }

    /// <summary>Puts values into random order.</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = Integer(0, i);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
