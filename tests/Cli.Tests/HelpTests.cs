namespace Engine.Cli.Tests;

public sealed class HelpTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("train", "--resume")]
    [InlineData("predict", "--model")]
    [InlineData("gradcheck", "--cases")]
    [InlineData("devices", "--json")]
    [InlineData("bench", "--suite")]
    public void EveryVerbHasHelpWithExamples(string verb, string option)
    {
        EngineResult result = EngineProcess.Run(folder.Root, verb, "--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains(option, result.Output, StringComparison.Ordinal);
        Assert.Contains($"Examples:\n  engine {verb}", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TheProgramListsItsVerbs()
    {
        EngineResult result = EngineProcess.Run(folder.Root, "--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        foreach (string verb in (string[])["train", "predict", "gradcheck", "devices", "bench"])
            Assert.Contains($"engine {verb}", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("engine: ")]
    [InlineData("engine: ", "fly")]
    [InlineData("engine train: ", "train", "--wings", "2")]
    [InlineData("engine train: ", "train", "--epochs")]
    [InlineData("engine train: ", "train", "--seed", "1", "--seed", "2")]
    [InlineData("engine predict: ", "predict")]
    [InlineData("engine devices: ", "devices", "now")]
    public void WhatIsNoCommandIsBadInput(string prefix, params string[] arguments)
    {
        Assert.StartsWith(prefix, EngineProcess.Run(folder.Root, arguments).BadInput(), StringComparison.Ordinal);
        Assert.Empty(folder.Everything);
    }
}
