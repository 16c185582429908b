using System.Text.Json;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Duality;

/// <summary>Reference answers from files, as f64 tensors.</summary>
internal static class Fixture
{
    public static JsonElement Read(string name)
    {
        using Stream stream = typeof(Fixture).Assembly.GetManifestResourceStream(name)!;
        return JsonDocument.Parse(stream).RootElement;
    }

    /// <summary>A nested array.</summary>
    public static Tensor Tensor(JsonElement array)
    {
        List<int> shape = [];
        for (JsonElement e = array; e.ValueKind == JsonValueKind.Array; e = e[0]) shape.Add(e.GetArrayLength());
        List<double> values = [];
        Flatten(array, values);
        return Engine.Tensors.Tensor.Of([.. values], Shape.Create([.. shape]));
    }

    private static void Flatten(JsonElement element, List<double> values)
    {
        if (element.ValueKind == JsonValueKind.Number) values.Add(element.GetDouble());
        else
            foreach (JsonElement e in element.EnumerateArray()) Flatten(e, values);
    }
}
