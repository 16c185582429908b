using System.Text.Json;
using Engine.Tensors;
using Engine.Testing;

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
    public static Tensor Tensor(JsonElement array) => Goldens.Tensor(array).Cast(DType.F64);
}
