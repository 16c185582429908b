using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Cli.Tests;

public sealed class TrainTests : IDisposable
{
    private static readonly string[] Fields =
    [
        "command", "data", "rows", "features", "classes", "parameters", "epochs", "train_loss", "test_accuracy", "seconds", "samples_per_second",
        "seed", "threads", "weights_sha256", "out",
    ];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ATableWithNamedClassesIsLearned()
    {
        string data = folder.Blobs("trees.csv", 300);
        EngineResult result = EngineProcess.Run(
            folder.Root, "train", "--data", data, "--epochs", "8", "--seed", "3", "--threads", "2", "--out", "run", "--json");

        JsonElement json = result.Json();
        Assert.Equal("", result.Error);
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
        Assert.Equal(Fields, json.EnumerateObject().Select(p => p.Name));
        Assert.Equal("train", json.GetProperty("command").GetString());
        Assert.Equal((300, 3, 3, 8, 3, 2), (Number("rows"), Number("features"), Number("classes"), Number("epochs"), Number("seed"), Number("threads")));
        Assert.Equal((3 * 128) + 128 + (128 * 64) + 64 + (64 * 3) + 3, Number("parameters"));
        Assert.True(json.GetProperty("test_accuracy").GetDouble() > 0.95);
        Assert.Equal("run", json.GetProperty("out").GetString());
        Assert.Equal(json.GetProperty("weights_sha256").GetString(), HashOfModel(folder["run/model.safetensors"]));
        Assert.Equal(
            ["checkpoint.safetensors", "config.json", "curves.svg", "metrics.csv", "model.safetensors", "report.html"],
            Directory.EnumerateFileSystemEntries(folder["run"]).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal));

        CsvTable metrics = CsvTable.Read(folder["run/metrics.csv"]);
        Assert.Equal(["epoch", "train_loss", "test_accuracy", "seconds"], metrics.Columns);
        Assert.Equal(Enumerable.Range(1, 8).Select(i => (double)i), metrics.NumericColumn(0));
        Assert.Equal(json.GetProperty("test_accuracy").GetDouble(), metrics.NumericColumn(2)[^1]);

        JsonElement config = JsonDocument.Parse(File.ReadAllText(folder["run/config.json"])).RootElement;
        Assert.Equal(["height", "width", "leaf"], config.GetProperty("columns").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(["ash", "elm", "oak"], config.GetProperty("class_names").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(3, config.GetProperty("normalization").GetProperty("mean").GetArrayLength());

        int Number(string name) => json.GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adam")]
    [InlineData("lion")]
    [InlineData("sign")]
    [InlineData("dualized")]
    [InlineData("muon")]
    [InlineData("normuon")]
    [InlineData("muadam")]
    [InlineData("shampoo")]
    [InlineData("soap")]
    [InlineData("prodigy")]
    [InlineData("agd")]
    public void EveryOptimizerLearns(string optimizer)
    {
        string data = folder.Blobs("trees.csv", 300);
        JsonElement json = EngineProcess.Run(folder.Root, "train", "--data", data, "--optimizer", optimizer, "--epochs", "10", "--out", "run", "--json").Json();
        Assert.True(json.GetProperty("test_accuracy").GetDouble() > 0.9);
    }

    [Fact]
    public void TheReportNeedsNothingElse()
    {
        string data = folder.Blobs("trees.csv", 100);
        Assert.Equal(0, EngineProcess.Run(folder.Root, "train", "--data", data, "--epochs", "2", "--out", "run").ExitCode);

        string html = File.ReadAllText(folder["run/report.html"]);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", html, StringComparison.OrdinalIgnoreCase);
        foreach (string part in (string[])["Learning curves", "Confusion matrix", "Model", "linear 3 -&gt; 128", "<svg"])
            Assert.Contains(part, html, StringComparison.Ordinal);
        Assert.Equal("svg", XDocument.Load(folder["run/curves.svg"]).Root!.Name.LocalName);
    }

    [Fact]
    public void NumbersArePredictedInTheirOwnUnit()
    {
        string data = folder.Line("houses.csv", 300);
        JsonElement json = EngineProcess.Run(folder.Root, "train", "--data", data, "--model", "mlp:16", "--epochs", "40", "--out", "run", "--json").Json();

        Assert.Equal([.. Fields.Select(f => f == "test_accuracy" ? "test_rmse" : f)], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(0, json.GetProperty("classes").GetInt32());
        Assert.InRange(json.GetProperty("test_rmse").GetDouble(), 0.01, 20);
        Assert.Contains("test_rmse", File.ReadAllText(folder["run/metrics.csv"]), StringComparison.Ordinal);

        // The same prices in another unit: the network learns the same, and its error is given in that unit.
        JsonElement small = EngineProcess.Run(folder.Root, "train", "--data", folder.Line("small.csv", 300, unit: 1 / 1024.0), "--model", "mlp:16", "--epochs", "40", "--out", "small", "--json").Json();
        Assert.Equal(json.GetProperty("train_loss").GetDouble(), small.GetProperty("train_loss").GetDouble());
        Assert.Equal(json.GetProperty("test_rmse").GetDouble() / 1024, small.GetProperty("test_rmse").GetDouble(), 1e-6);
    }

    [Fact]
    public void PicturesAreLearnedByAConvolutionalNetwork()
    {
        // A bright column on the left or on the right.
        var random = new Random(0);
        byte[] pixels = new byte[120 * 6 * 6];
        long[] labels = new long[120];
        random.NextBytes(pixels);
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = random.Next(2);
            for (int p = 0; p < 36; p++) pixels[(i * 36) + p] = (byte)((pixels[(i * 36) + p] / 4) + (p % 6 == 5 * labels[i] ? 190 : 0));
        }
        Npz.Write(folder["bars.npz"], [new("x", Tensor.Of(pixels, [120, 6, 6])), new("y", Tensor.Of(labels))]);
        JsonElement json = EngineProcess.Run(folder.Root, "train", "--data", "bars.npz", "--model", "cnn", "--epochs", "6", "--json").Json();

        Assert.True(json.GetProperty("test_accuracy").GetDouble() > 0.9);
        string path = json.GetProperty("out").GetString()!;
        Assert.StartsWith($"runs{Path.DirectorySeparatorChar}2", path, StringComparison.Ordinal);
        Assert.True(File.Exists(folder[Path.Combine(path, "report.html")]));
    }

    [Fact]
    public void TheBuiltInDigitsNeedNoFile()
    {
        EngineResult result = EngineProcess.Run(folder.Root, "train", "--model", "linear", "--epochs", "2", "--out", "run");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("test accuracy  0.", result.Output, StringComparison.Ordinal);
    }

    private static string HashOfModel(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor leaf in SafeTensors.Read(path).Tensors.Values)
        {
            foreach (float value in leaf.ToArray<float>()) hash.AppendData(BitConverter.GetBytes(value));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
