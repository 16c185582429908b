using System.Diagnostics;

namespace Engine.Cli.Tests;

public sealed class InterruptionTests : IDisposable
{
    private const string Epochs = "60";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AnInterruptedTrainingGoesOnAsIfNothingHadHappened()
    {
        if (OperatingSystem.IsWindows()) return;
        string[] training = ["train", "--data", folder.Blobs("trees.csv", 1500), "--epochs", Epochs, "--seed", "4"];
        string expected = Hash([.. training, "--out", "whole", "--json"]);

        using (EngineProcess engine = EngineProcess.Start(folder.Root, [], [.. training, "--out", "run", "--json"]))
        {
            WaitFor(() => File.Exists(folder["run/checkpoint.safetensors"]) || engine.HasExited);
            engine.Interrupt();
            EngineResult stopped = engine.Wait();
            Assert.Equal(130, stopped.ExitCode);
            Assert.Equal("", stopped.Output);
            Assert.Contains("engine train: interrupted", stopped.Error, StringComparison.Ordinal);
            Assert.Contains("--resume run", stopped.Error, StringComparison.Ordinal);
        }
        Assert.False(File.Exists(folder["run/report.html"]));

        // What is left is a model that can be used, and a training that can be resumed.
        Assert.Equal(1500, EngineProcess.Run(folder.Root, "predict", "--model", "run", "--data", "trees.csv", "--json").Json().GetProperty("rows").GetInt32());
        Assert.Equal(expected, Hash("train", "--resume", "run", "--threads", "1", "--json"));
        Assert.Equal(int.Parse(Epochs, System.Globalization.CultureInfo.InvariantCulture) + 1, File.ReadAllLines(folder["run/metrics.csv"]).Length);
        Assert.True(File.Exists(folder["run/report.html"]));

        // A finished training has nothing left to do, and says the same again.
        Assert.Equal(expected, Hash("train", "--resume", "run", "--json"));
    }

    [Fact]
    public void OptionsOfAResumedTrainingMustAgree()
    {
        string data = folder.Blobs("trees.csv", 100);
        Assert.Equal(0, EngineProcess.Run(folder.Root, "train", "--data", data, "--epochs", "1", "--out", "run").ExitCode);

        Assert.Contains("--lr 0.5: the training to resume was begun with 0.002", Refused("--lr", "0.5"), StringComparison.Ordinal);
        foreach ((string option, string value) in ((string, string)[])
            [("--label", "a"), ("--task", "regress"), ("--model", "linear"), ("--image", "1x3x1"), ("--optimizer", "muon"), ("--batch", "7"), ("--seed", "1"), ("--test-fraction", "0.4")])
            Assert.Contains($"{option} {value}: the training to resume was begun with", Refused(option, value), StringComparison.Ordinal);
        Assert.Contains("--out other", Refused("--out", "other"), StringComparison.Ordinal);

        folder.Blobs("trees.csv", 100, seed: 1);
        Assert.Contains("not those the training in run began with", Refused(), StringComparison.Ordinal);

        string Refused(params string[] arguments) => EngineProcess.Run(folder.Root, ["train", "--resume", "run", .. arguments]).BadInput();
    }

    private string Hash(params string[] arguments) => EngineProcess.Run(folder.Root, arguments).Json().GetProperty("weights_sha256").GetString()!;

    private static void WaitFor(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "nothing happened for a minute");
            Thread.Sleep(5);
        }
    }
}
