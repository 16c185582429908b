using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors;

/// <summary>Which groups of steps have to run before which: a partial order, closed under transitivity, that shrinks as groups are joined.</summary>
/// <remarks>Most plans are made once in a process, so what runs over all groups is compiled for speed from the start.</remarks>
/// <param name="capacity">Greatest number of groups.</param>
internal sealed class GroupOrder(int capacity)
{
    private readonly int words = (capacity + 63) / 64;
    private readonly ulong[]?[] before = new ulong[capacity][];
    private int end;

    /// <summary>True when <paramref name="first"/> has to run before <paramref name="second"/>.</summary>
    public bool Precedes(int first, int second) => Has(before[second]!, first);

    /// <summary>Adds a group that reads what others compute.</summary>
    public void Add(int group, List<FusionGroup> read)
    {
        ulong[] earlier = new ulong[words];
        foreach (FusionGroup other in read)
        {
            earlier[other.Id >> 6] |= 1UL << other.Id;
            Unite(earlier, before[other.Id]!);
        }
        before[group] = earlier;
        end = Math.Max(end, group + 1);
    }

    /// <summary>True when no third group has to run between the two.</summary>
    public bool CanJoin(int a, int b) => !IsBetween(a, b) && !IsBetween(b, a);

    /// <summary>Joins a group into another: what comes after a part comes after the whole. <see cref="CanJoin"/> must hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Join(int part, int whole)
    {
        ulong[] earlier = before[whole]!;
        Unite(earlier, before[part]!);
        earlier[part >> 6] &= ~(1UL << part);
        earlier[whole >> 6] &= ~(1UL << whole);
        before[part] = null;
        for (int other = 0; other < end; other++)
        {
            if (before[other] is not { } set || !(Has(set, part) || Has(set, whole))) continue;
            Unite(set, earlier);
            set[part >> 6] &= ~(1UL << part);
            set[whole >> 6] |= 1UL << whole;
        }
    }

    /// <summary>True when a third group runs after <paramref name="first"/> and before <paramref name="second"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsBetween(int first, int second)
    {
        ulong[] earlier = before[second]!;
        if (!Has(earlier, first)) return false;
        for (int i = 0; i < words; i++)
        {
            for (ulong rest = earlier[i]; rest != 0; rest &= rest - 1)
            {
                if (Has(before[(i * 64) + BitOperations.TrailingZeroCount(rest)]!, first)) return true;
            }
        }
        return false;
    }

    private static bool Has(ulong[] set, int member) => (set[member >> 6] >> member & 1) != 0;

    private static void Unite(ulong[] set, ulong[] other)
    {
        for (int i = 0; i < set.Length; i++) set[i] |= other[i];
    }
}
