using System.Text.Json;
using Engine.Tensors;

namespace Engine.Testing;

/// <summary>Results of another program: goldens.json, which goldens.py beside it writes. Compiled into the test projects that read them.</summary>
internal static class Goldens
{
    /// <summary>The cases of a part of the file, by the type or function they belong to.</summary>
    public static IReadOnlyDictionary<string, JsonElement[]> Of(string part)
    {
        using Stream stream = typeof(Goldens).Assembly.GetManifestResourceStream("goldens.json")!;
        using var file = JsonDocument.Parse(stream);
        return file.RootElement.GetProperty(part).EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone().EnumerateArray().ToArray(), StringComparer.Ordinal);
    }

    /// <summary>A tensor of nested lists: f64 where numbers have a point, else i64, and bool of truth values.</summary>
    public static Tensor Tensor(JsonElement nested)
    {
        List<int> shape = [];
        for (JsonElement at = nested; at.ValueKind == JsonValueKind.Array; at = at[0]) shape.Add(at.GetArrayLength());
        JsonElement[] flat = [.. Flat(nested)];
        if (flat[0].ValueKind is JsonValueKind.True or JsonValueKind.False) return Tensors.Tensor.Of([.. flat.Select(e => e.GetBoolean())], Shape.Create([.. shape]));
        return flat[0].GetRawText().AsSpan().IndexOfAny('.', 'e') < 0
            ? Tensors.Tensor.Of([.. flat.Select(e => e.GetInt64())], Shape.Create([.. shape]))
            : Tensors.Tensor.Of([.. flat.Select(e => e.GetDouble())], Shape.Create([.. shape]));
    }

    private static IEnumerable<JsonElement> Flat(JsonElement nested) => nested.ValueKind == JsonValueKind.Array ? nested.EnumerateArray().SelectMany(Flat) : [nested];
}
