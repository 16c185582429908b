using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Cli.Bench;

namespace Engine.Cli;

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RunConfig))]
[JsonSerializable(typeof(TrainOutput))]
[JsonSerializable(typeof(PredictOutput))]
[JsonSerializable(typeof(SweepOutput))]
[JsonSerializable(typeof(OrthogonalizeOutput))]
[JsonSerializable(typeof(GradcheckOutput))]
[JsonSerializable(typeof(DevicesOutput))]
[JsonSerializable(typeof(BenchOutput))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>For files that people read.</summary>
    public static CliJson Indented =>
        field ??= new(new JsonSerializerOptions(Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
