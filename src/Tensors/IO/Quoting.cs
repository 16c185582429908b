namespace Engine.Tensors.IO;

/// <summary>Text from a file in a message.</summary>
internal static class Quoting
{
    /// <summary>Text in quotes, fit for a message of one line: short, and without control characters.</summary>
    public static string Quoted(string text)
    {
        const int Longest = 40;
        var shown = text.Length > Longest ? string.Concat(text.AsSpan(0, Longest), "...") : text;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) ? ' ' : c))}'";
    }
}
