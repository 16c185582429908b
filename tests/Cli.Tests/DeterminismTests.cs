namespace Engine.Cli.Tests;

/// <summary>One seed, one model: whatever the threads and the vectors.</summary>
public sealed class DeterminismTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ThreadsAndVectorWidthChangeNoBit()
    {
        folder.Blobs("trees.csv", 400);
        string first = Hash([], "1");
        Assert.Equal(first, Hash([], "2"));
        Assert.Equal(first, Hash([], "3"));
        Assert.Equal(first, Hash(new() { ["DOTNET_EnableAVX512"] = "0" }, "2"));
        Assert.Equal(first, Hash(new() { ["DOTNET_PreferredVectorBitWidth"] = "128" }, "1"));
        Assert.NotEqual(first, Hash([], "1", "1"));
    }

    private string Hash(Dictionary<string, string> environment, string threads, string seed = "0") =>
        EngineProcess.Run(
            folder.Root, environment,
            "train", "--data", "trees.csv", "--epochs", "3", "--threads", threads, "--seed", seed, "--out", Guid.NewGuid().ToString("N"), "--json")
            .Json().GetProperty("weights_sha256").GetString()!;
}
