using System.Globalization;
using System.Text;

namespace Engine.Autograd;

/// <summary>Rows of text as aligned columns.</summary>
internal static class TextTable
{
    /// <summary>Every row on a line of its own, columns two spaces apart.</summary>
    /// <param name="rows">Rows of the same length; the first is the heading.</param>
    /// <param name="texts">How many columns from the left are text; the others are numbers, which end at their column's end.</param>
    public static string Of(IReadOnlyList<string[]> rows, int texts)
    {
        int[] widths = [.. rows[0].Select((_, i) => rows.Max(r => r[i].Length))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
            text.AppendJoin("  ", row.Select((cell, i) => i < texts ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).Append('\n');
        return text.ToString();
    }

    /// <summary>A whole number with its thousands apart.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
