using System.Globalization;
using Engine.Autograd;
using Engine.Optim.Training;
using Engine.Tensors.IO;

namespace Engine.Cli;

/// <summary>The folder of one training and the names of the files in it.</summary>
/// <param name="path">The folder, as the user names it.</param>
internal sealed class RunFolder(string path)
{
    private const string HashKey = "weights_sha256";

    public string Path { get; } = path;

    public string Model => In("model.safetensors");

    public string Config => In("config.json");

    public string Metrics => In("metrics.csv");

    public string Curves => In("curves.svg");

    public string Report => In("report.html");

    public string Checkpoint => In("checkpoint.safetensors");

    public string Predictions => In("predictions.csv");

    /// <summary>A folder for a new training, checked but not created.</summary>
    /// <exception cref="UserErrorException">It is a file, or holds something.</exception>
    public static RunFolder ForNew(string? wanted)
    {
        if (wanted is null) return new(Unused());
        if (File.Exists(wanted)) throw new UserErrorException($"--out {wanted}: is a file, expected a folder");
        if (Directory.Exists(wanted) && Directory.EnumerateFileSystemEntries(wanted).Any())
            throw new UserErrorException($"--out {wanted}: the folder is not empty; name another one, or go on in it with --resume {wanted}");
        return new(wanted);
    }

    /// <summary>A folder that a training was begun in.</summary>
    /// <param name="option">The option that named it, for messages.</param>
    /// <param name="path">The folder.</param>
    /// <exception cref="UserErrorException">It is missing, or has no config.json.</exception>
    public static RunFolder ForExisting(string option, string path)
    {
        if (File.Exists(path)) throw new UserErrorException($"{option} {path}: is a file, expected the folder of a training");
        if (!Directory.Exists(path)) throw new UserErrorException($"{option} {path}: no such folder");
        var folder = new RunFolder(path);
        if (!File.Exists(folder.Config)) throw new UserErrorException($"{option} {path}: holds no config.json, so it is not the folder of a training");
        return folder;
    }

    /// <summary>Creates the folder with its first file. When that fails, nothing new is left.</summary>
    public void Create(RunConfig config)
    {
        bool isNew = !Directory.Exists(Path);
        try
        {
            Directory.CreateDirectory(Path);
            config.Write(Config);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (isNew && Directory.Exists(Path)) Directory.Delete(Path);
            throw new UserErrorException($"--out {Path}: the folder cannot be written: {e.Message}");
        }
    }

    public void WriteModel(Weights weights) =>
        WeightsFile.Save(Model, weights, metadata: new Dictionary<string, string>(StringComparer.Ordinal) { [HashKey] = LeafHash.Sha256(weights) });

    /// <summary>The weights of the model, which must be like those of a fresh one.</summary>
    /// <exception cref="DataFormatException">The file is damaged, or belongs to another model.</exception>
    public Weights ReadModel(Weights like)
    {
        if (!File.Exists(Model))
            throw new UserErrorException($"--model {Path}: holds no model.safetensors; finish the training with engine train --resume {Path}");
        SavedWeights saved = WeightsFile.Load(Model, like);
        if (saved.Metadata.GetValueOrDefault(HashKey) != LeafHash.Sha256(saved.Weights))
            throw new DataFormatException($"{Model}: damaged, the weights do not have the hash that was written with them");
        return saved.Weights;
    }

    public void WriteMetrics(IReadOnlyList<EpochReport> history, string scoreName) => AtomicFile.Write(Metrics, stream =>
    {
        using var writer = new StreamWriter(stream);
        CsvWriter.WriteRow(writer, "epoch", "train_loss", scoreName, "seconds");
        foreach (EpochReport epoch in history) CsvWriter.WriteRow(writer, [epoch.Epoch, epoch.TrainLoss, epoch.TestScore, Math.Round(epoch.Seconds, 3)]);
    });

    private static string Unused()
    {
        string stem = System.IO.Path.Combine("runs", DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        string name = stem;
        for (int i = 2; Directory.Exists(name) || File.Exists(name); i++) name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}");
        return name;
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
