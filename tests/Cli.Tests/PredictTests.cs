using System.Text.Json;
using Engine.Tensors.IO;

namespace Engine.Cli.Tests;

public sealed class PredictTests : IClassFixture<PredictTests.TrainedModel>, IDisposable
{
    private readonly TrainedModel trained;
    private readonly TestFolder folder = new();

    public PredictTests(TrainedModel trained) => this.trained = trained;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EveryRowGetsAClassWithProbabilities()
    {
        folder.Blobs("new.csv", 50, seed: 9);
        EngineResult result = Predict("--data", "new.csv", "--out", "out.csv", "--json");

        JsonElement json = result.Json();
        Assert.Equal(["command", "rows", "classes", "accuracy", "out"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal((50, 3, "out.csv"), (json.GetProperty("rows").GetInt32(), json.GetProperty("classes").GetInt32(), json.GetProperty("out").GetString()));
        Assert.True(json.GetProperty("accuracy").GetDouble() > 0.95);

        CsvTable table = CsvTable.Read(folder["out.csv"]);
        Assert.Equal(["prediction", "probability ash", "probability elm", "probability oak"], table.Columns);
        Assert.Equal(50, table.RowCount);
        string[] guesses = table.TextColumn(0), truth = CsvTable.Read(folder["new.csv"]).TextColumn(3);
        Assert.Equal(json.GetProperty("accuracy").GetDouble(), guesses.Zip(truth).Count(p => p.First == p.Second) / 50.0, 12);
        double[][] probabilities = [table.NumericColumn(1), table.NumericColumn(2), table.NumericColumn(3)];
        string[] names = ["ash", "elm", "oak"];
        for (int row = 0; row < 50; row++)
        {
            double[] p = [.. probabilities.Select(c => c[row])];
            Assert.Equal(1, p.Sum(), 5);
            Assert.Equal(guesses[row], names[Array.IndexOf(p, p.Max())]);
        }
    }

    [Fact]
    public void ColumnsAreMatchedByNameAndLabelsMayBeMissing()
    {
        folder.Blobs("new.csv", 20, seed: 5, labels: false);
        Assert.False(Predict("--data", "new.csv", "--out", "a.csv", "--json").Json().TryGetProperty("accuracy", out _));

        string[] turned = [.. File.ReadAllLines(folder["new.csv"]).Select(l => string.Join(',', l.Split(',').Reverse()))];
        folder.Lines("turned.csv", turned);
        Assert.Equal(0, Predict("--data", "turned.csv", "--out", "b.csv").ExitCode);
        Assert.Equal(File.ReadAllText(folder["a.csv"]), File.ReadAllText(folder["b.csv"]));
    }

    [Fact]
    public void PredictionsLieBesideTheModelUnlessSaidOtherwise()
    {
        folder.Blobs("new.csv", 3);
        string path = Predict("--data", "new.csv", "--json").Json().GetProperty("out").GetString()!;
        Assert.Equal(trained.Folder["run/predictions.csv"], path);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void NumbersComeInTheUnitOfTheData()
    {
        folder.Line("houses.csv", 200);
        Assert.Equal(0, EngineProcess.Run(folder.Root, "train", "--data", "houses.csv", "--model", "linear", "--epochs", "30", "--out", "run").ExitCode);
        JsonElement json = EngineProcess.Run(folder.Root, "predict", "--model", "run", "--data", "houses.csv", "--json").Json();

        Assert.Equal(["command", "rows", "classes", "rmse", "out"], json.EnumerateObject().Select(p => p.Name));
        Assert.InRange(json.GetProperty("rmse").GetDouble(), 0.0001, 30);
        Assert.InRange(CsvTable.Read(folder[json.GetProperty("out").GetString()!]).NumericColumn(0).Average(), 500, 600);
    }

    [Theory]
    [InlineData("height,width,kind\n1,2,oak\n", "new.csv: there is no column 'leaf', which the model was trained on")]
    [InlineData("height,width,leaf,age,kind\n1,2,3,4,oak\n", "new.csv: the model knows no column 'age'")]
    [InlineData("height,width,leaf,kind\n1,2,3,pine\n", "new.csv line 2: the label 'pine' is none of the model's classes (ash, elm, oak)")]
    [InlineData("height,width,leaf,kind\n1,2,inf,oak\n", "new.csv line 2, column 'leaf': 'inf' is not")]
    [InlineData("height,width,leaf,kind\n", "new.csv: no data rows")]
    public void RowsThatDoNotFitTheModelAreNamed(string content, string problem)
    {
        File.WriteAllText(folder["new.csv"], content);
        Assert.Contains(problem, Predict("--data", "new.csv", "--out", "out.csv").BadInput(), StringComparison.Ordinal);
        Assert.False(File.Exists(folder["out.csv"]));
    }

    [Fact]
    public void ADamagedModelIsNamed()
    {
        folder.Blobs("new.csv", 3);
        foreach (string name in (string[])["model.safetensors", "config.json"])
        {
            Assert.Contains(name, Damage(name, b => b[..(b.Length / 2)]), StringComparison.Ordinal);
            Assert.Contains(name, Damage(name, _ => []), StringComparison.Ordinal);
            Assert.Contains(name, Damage(name, null), StringComparison.Ordinal);
        }
        Assert.Contains("model.safetensors: damaged", Damage("model.safetensors", b => [.. b[..^1], (byte)(b[^1] ^ 1)]), StringComparison.Ordinal);
        Assert.Contains("is f32[8, 3], the module's is f32[9, 3]", Damage("config.json", b => Replace(b, "mlp:8", "mlp:9")), StringComparison.Ordinal);
        Assert.Contains("'forest' is unknown", Damage("config.json", b => Replace(b, "mlp:8", "forest")), StringComparison.Ordinal);
        Assert.Contains("config.json: damaged", Damage("config.json", b => Replace(b, "\"columns\"", "\"colums\"")), StringComparison.Ordinal);
        Assert.Contains("config.json: damaged", Damage("config.json", b => Replace(b, "\"leaf\"", "null")), StringComparison.Ordinal);
        Assert.Contains("config.json: damaged", Damage("config.json", b => Replace(b, "\"batch\": 16", "\"batch\": 0")), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoModelFolderIsBadInput()
    {
        folder.Blobs("new.csv", 3);
        Directory.CreateDirectory(folder["empty"]);
        Assert.Contains("--model nowhere: no such folder", Run("--model", "nowhere", "--data", "new.csv"), StringComparison.Ordinal);
        Assert.Contains("--model new.csv: is a file", Run("--model", "new.csv", "--data", "new.csv"), StringComparison.Ordinal);
        Assert.Contains("--model empty: holds no config.json", Run("--model", "empty", "--data", "new.csv"), StringComparison.Ordinal);
        Assert.Contains("none.csv: no such file", Run("--model", trained.Folder["run"], "--data", "none.csv"), StringComparison.Ordinal);
        Assert.Contains("--out empty: is a folder", Run("--model", trained.Folder["run"], "--data", "new.csv", "--out", "empty"), StringComparison.Ordinal);
        Assert.Contains("--out no/file.csv", Run("--model", trained.Folder["run"], "--data", "new.csv", "--out", "no/file.csv"), StringComparison.Ordinal);

        string Run(params string[] arguments) => EngineProcess.Run(folder.Root, ["predict", .. arguments]).BadInput();
    }

    private EngineResult Predict(params string[] arguments) => EngineProcess.Run(folder.Root, ["predict", "--model", trained.Folder["run"], .. arguments]);

    private string Damage(string name, Func<byte[], byte[]>? change)
    {
        string model = folder[Guid.NewGuid().ToString("N")];
        Directory.CreateDirectory(model);
        foreach (string file in (string[])["model.safetensors", "config.json"])
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(trained.Folder["run"], file));
            if (file != name) File.WriteAllBytes(Path.Combine(model, file), bytes);
            else if (change is not null) File.WriteAllBytes(Path.Combine(model, file), change(bytes));
        }
        return EngineProcess.Run(folder.Root, "predict", "--model", model, "--data", "new.csv", "--out", "out.csv").BadInput();
    }

    private static byte[] Replace(byte[] content, string old, string with)
    {
        string text = System.Text.Encoding.UTF8.GetString(content);
        Assert.Contains(old, text, StringComparison.Ordinal);
        return System.Text.Encoding.UTF8.GetBytes(text.Replace(old, with, StringComparison.Ordinal));
    }

    /// <summary>A model for all tests of this class.</summary>
    public sealed class TrainedModel : IDisposable
    {
        public TrainedModel()
        {
            Folder.Blobs("trees.csv", 300);
            EngineResult result = EngineProcess.Run(Folder.Root, "train", "--data", "trees.csv", "--model", "mlp:8", "--epochs", "30", "--out", "run");
            Assert.True(result.ExitCode == 0, result.Error);
        }

        public TestFolder Folder { get; } = new();

        public void Dispose() => Folder.Dispose();
    }
}
