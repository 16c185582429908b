using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Einsum over random terms: the letters, with or without axes that an ellipsis stands for, and an output that is written or not.</summary>
internal static class EinsumRows
{
    private const string Letters = "bcXda";

    public static OpInfo[] All { get; } =
    [
        new("einsum", g => Terms(g, ellipsis: false)) { SingleTolerance = 1e-5 },
        new("einsum ellipsis", g => Terms(g, ellipsis: true)) { SingleTolerance = 1e-5 },
    ];

    private static OpCase Terms(Generator g, bool ellipsis)
    {
        int kinds = g.Integer(1, Letters.Length), count = g.Integer(1, 4);
        int[] lengths = [.. Letters.Select(_ => g.OneIn(16) ? 0 : g.Length(1, 3))];
        Shape hidden = ellipsis ? [g.Integer(1, 2), g.Integer(1, 2)] : [];
        // A label is the place of its letter, or -1 and -2 for the hidden axes from the right.
        int[][] terms = new int[count][];
        string[] texts = new string[count];
        var operands = new Operand[count];
        int most = 0;
        for (int i = 0; i < count; i++)
        {
            int[] named = [.. Enumerable.Range(0, g.Integer(0, 3)).Select(_ => g.Integer(0, kinds - 1))];
            Shape own = g.Broadcastable(hidden);
            bool dots = ellipsis && (own.Rank > 0 || g.OneIn(2));
            int place = g.Integer(0, named.Length);
            int[] axes = dots ? [.. Enumerable.Range(1, own.Rank).Reverse().Select(k => -k)] : [];
            most = Math.Max(most, axes.Length);
            terms[i] = [.. named[..place], .. axes, .. named[place..]];
            texts[i] = Text(named[..place]) + (dots ? "..." : "") + Text(named[place..]);
            operands[i] = new(Shape.Create([.. terms[i].Select(l => l >= 0 ? lengths[l] : own[own.Rank + l])])) { TakesWild = false };
        }
        int[] all = [.. terms.SelectMany(t => t).Where(l => l >= 0)];
        int[] front = [.. Enumerable.Range(1, most).Reverse().Select(k => -k)], output;
        string text = string.Join(g.Pick(",", ", "), texts);
        if (g.OneIn(3)) output = [.. front, .. all.Where(l => all.Count(k => k == l) == 1).OrderBy(l => Letters[l])];
        else
        {
            int[] kept = [.. all.Distinct().Where(_ => g.OneIn(2))];
            g.Shuffle<int>(kept);
            int place = g.Integer(0, kept.Length);
            output = [.. kept[..place], .. front, .. kept[place..]];
            text += $"->{Text(kept[..place])}{(most > 0 || g.OneIn(4) ? "..." : "")}{Text(kept[place..])}";
        }
        return new(xs => Ops.Einsum(text, xs), operands, a => Naive.Einsum(a, terms, output)) { Attributes = text };
    }

    private static string Text(int[] labels) => string.Concat(labels.Select(l => Letters[l]));
}
