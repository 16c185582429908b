using System.Text.Json;

namespace Engine.Mutations;

/// <summary>One bug that a person could make: a text of a source file and what stands there instead.</summary>
/// <param name="Id">Its name, unique among all mutants.</param>
/// <param name="File">The file, from the root of the repository.</param>
/// <param name="Wrong">What is wrong then, in one line.</param>
/// <param name="Old">The text as it is, which stands in the file exactly once.</param>
/// <param name="New">The text that takes its place.</param>
public sealed record Mutant(string Id, string File, string Wrong, string Old, string New)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>All mutants of a folder's <c>*.json</c> files, ordered by name.</summary>
    /// <exception cref="JsonException">A file does not have the form.</exception>
    public static IReadOnlyList<Mutant> ReadAll(string folder)
    {
        List<Mutant> all = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*.json").Where(p => Path.GetFileName(p) != "packages.lock.json"))
            all.AddRange(JsonSerializer.Deserialize<Mutant[]>(System.IO.File.ReadAllBytes(path), Format) ?? []);
        return [.. all.OrderBy(m => m.Id, StringComparer.Ordinal)];
    }

    /// <summary>How often the old text stands in a source text.</summary>
    public int CountIn(string source)
    {
        int count = 0;
        for (int at = source.IndexOf(Old, StringComparison.Ordinal); at >= 0; at = source.IndexOf(Old, at + 1, StringComparison.Ordinal)) count++;
        return count;
    }

    /// <summary>The source text with the bug.</summary>
    public string ApplyTo(string source) => source.Replace(Old, New, StringComparison.Ordinal);
}
