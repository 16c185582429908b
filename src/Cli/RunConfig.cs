using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Optim.Data;
using Engine.Tensors.IO;

namespace Engine.Cli;

/// <summary>config.json: all that is needed to use a model, and to go on training it.</summary>
internal sealed record RunConfig
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required string Engine { get; init; }

    public required string Task { get; init; }

    public required DataConfig Data { get; init; }

    public required string? Label { get; init; }

    public required string[] Columns { get; init; }

    public required string[] ClassNames { get; init; }

    public required string? Image { get; init; }

    public required string Model { get; init; }

    public required NormalizationConfig Normalization { get; init; }

    public required NormalizationConfig? TargetNormalization { get; init; }

    public required TrainingConfig Training { get; init; }

    [JsonIgnore]
    public bool IsClassification => Task == "classify";

    [JsonIgnore]
    public int Outputs => IsClassification ? ClassNames.Length : 1;

    [JsonIgnore]
    public ImageSize? ImageSize => Image is not null && Optim.Data.ImageSize.TryParse(Image, out ImageSize size) ? size : null;

    public static RunConfig Read(string path)
    {
        try
        {
            RunConfig config = JsonSerializer.Deserialize(File.ReadAllBytes(path), CliJson.Default.RunConfig) ?? throw new JsonException("it is empty");
            config.Check(path);
            return config;
        }
        catch (JsonException e)
        {
            throw new DataFormatException($"{path}: damaged, {FirstSentence(e.Message)}", e);
        }
    }

    public void Write(string path) => AtomicFile.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, CliJson.Indented.RunConfig));

    private void Check(string path)
    {
        string? problem =
            Format != CurrentFormat ? $"its format is {Format}, this version reads {CurrentFormat}"
            : Task is not ("classify" or "regress") ? $"its task '{Task}' is unknown"
            : Columns.Length == 0 || Columns.Contains(null) ? "it has no columns, or one without a name"
            : ClassNames.Contains(null) ? "it has a class without a name"
            : IsClassification && ClassNames.Length < 2 ? "it has fewer than two classes"
            : !IsClassification && TargetNormalization is not { Mean.Length: 1, Deviation.Length: 1 } ? "it has no normalization of the target"
            : !Normalization.Fits(Columns.Length) ? "its normalization does not fit its columns"
            : TargetNormalization is not null && !TargetNormalization.Fits(1) ? "its normalization of the target does not fit"
            : !Training.IsValid ? "its training settings are out of range"
            : Image is not null && ImageSize?.Count != Columns.Length ? "its image size does not fit its columns"
            : null;
        if (problem is not null) throw new DataFormatException($"{path}: damaged, {problem}");
    }

    private static string FirstSentence(string message) => message.Split(". ")[0].ReplaceLineEndings(" ").TrimEnd('.');
}

/// <summary>Where the rows came from.</summary>
/// <param name="Source">The path, or <c>digits</c>.</param>
/// <param name="Rows">How many there were.</param>
/// <param name="Fingerprint">A hash of them, so that a training goes on with the same rows only.</param>
internal sealed record DataConfig(string Source, int Rows, string Fingerprint);

/// <summary>What is subtracted and divided by: per column, or one number for all.</summary>
internal sealed record NormalizationConfig(double[] Mean, double[] Deviation)
{
    public static NormalizationConfig Of(Normalization normalization) => new([.. normalization.Mean], [.. normalization.Deviation]);

    public bool Fits(int columns) =>
        Mean.Length == Deviation.Length && (Mean.Length == 1 || Mean.Length == columns) && Mean.All(double.IsFinite) && Deviation.All(d => d > 0 && double.IsFinite(d));

    public Normalization ToNormalization() => new(Mean, Deviation);
}

/// <summary>The choices that decide the weights.</summary>
internal sealed record TrainingConfig(string Optimizer, double LearningRate, int Epochs, int Batch, long Seed, double TestFraction)
{
    [JsonIgnore]
    public bool IsValid => OptimizerChoice.Names.Contains(Optimizer) && LearningRate > 0 && Epochs > 0 && Batch > 0 && Seed >= 0 && TestFraction is > 0 and < 1;
}
