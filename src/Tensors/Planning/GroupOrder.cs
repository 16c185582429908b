using System.Numerics;

namespace Engine.Tensors;

/// <summary>Which groups of steps have to run before which: a partial order, closed under transitivity, that shrinks as groups are joined.</summary>
/// <param name="capacity">Greatest number of groups.</param>
internal sealed class GroupOrder(int capacity)
{
    private readonly int words = (capacity + 63) / 64;
    private readonly ulong[]?[] before = new ulong[capacity][];
    private readonly ulong[]?[] after = new ulong[capacity][];

    /// <summary>True when <paramref name="first"/> has to run before <paramref name="second"/>.</summary>
    public bool Precedes(int first, int second) => (before[second]![first >> 6] >> first & 1) != 0;

    /// <summary>Adds a group that reads what others compute.</summary>
    public void Add(int group, IEnumerable<int> read)
    {
        ulong[] earlier = new ulong[words];
        foreach (int other in read)
        {
            Set(earlier, other);
            Unite(earlier, before[other]!);
        }
        before[group] = earlier;
        after[group] = new ulong[words];
        foreach (int other in Members(earlier)) Set(after[other]!, group);
    }

    /// <summary>True when no third group has to run between the two.</summary>
    public bool CanJoin(int a, int b) => !Overlap(before[a]!, after[b]!) && !Overlap(before[b]!, after[a]!);

    /// <summary>Joins a group into another. <see cref="CanJoin"/> must hold.</summary>
    public void Join(int part, int whole)
    {
        ulong[] earlier = before[whole]!, later = after[whole]!;
        Unite(earlier, before[part]!);
        Unite(later, after[part]!);
        foreach (ulong[] set in (ReadOnlySpan<ulong[]>)[earlier, later])
        {
            Clear(set, part);
            Clear(set, whole);
        }
        before[part] = after[part] = null;
        foreach (int other in Members(earlier))
        {
            Unite(after[other]!, later);
            Clear(after[other]!, part);
            Set(after[other]!, whole);
        }
        foreach (int other in Members(later))
        {
            Unite(before[other]!, earlier);
            Clear(before[other]!, part);
            Set(before[other]!, whole);
        }
    }

    private static void Set(ulong[] set, int member) => set[member >> 6] |= 1UL << member;

    private static void Clear(ulong[] set, int member) => set[member >> 6] &= ~(1UL << member);

    private static void Unite(ulong[] set, ulong[] other)
    {
        for (int i = 0; i < set.Length; i++) set[i] |= other[i];
    }

    private static bool Overlap(ulong[] a, ulong[] b)
    {
        for (int i = 0; i < a.Length; i++)
        {
            if ((a[i] & b[i]) != 0) return true;
        }
        return false;
    }

    private static IEnumerable<int> Members(ulong[] set)
    {
        for (int i = 0; i < set.Length; i++)
        {
            for (ulong rest = set[i]; rest != 0; rest &= rest - 1) yield return (i * 64) + BitOperations.TrailingZeroCount(rest);
        }
    }
}
